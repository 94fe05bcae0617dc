"""The JSON of identity, policies, stages, requests of people and the audit log, as OpenAPI describes it."""

from __future__ import annotations

from sympolis.api.schemas import BOOLEAN, INTEGER, OBJECT, TEXT, TEXTS, TIME, Schema, several, structure
from sympolis.governance.lifecycle.stages import Stage

SCHEMAS: dict[str, Schema] = {
    "Me": structure(
        {
            "mode": {"enum": ["machine", "required", "open"]},
            "known": BOOLEAN,
            "id": TEXT,
            "name": TEXT,
            "proof": TEXT,
            "roles": several(TEXT),
            "rights": several(TEXT),
            "purposes": several(TEXT),
        },
        required=("mode", "known", "id", "roles", "rights"),
    ),
    "Roles": structure({"roles": several(OBJECT), "rights": OBJECT}, required=("roles", "rights")),
    "DatasetPolicy": structure(
        {"dataset": TEXT, "policy": {"type": ["object", "null"]}, "words": several(several(TEXT))},
        required=("dataset", "policy", "words"),
    ),
    "DatasetAccess": structure(
        {"dataset": TEXT, "readable": BOOLEAN, "words": several(TEXT)},
        required=("dataset", "readable", "words"),
    ),
    "DatasetStage": structure(
        {
            "dataset": TEXT,
            "stage": {"enum": list(Stage)},
            "public": BOOLEAN,
            "next": several({"enum": list(Stage)}),
            "steps": several(structure({"stage": TEXT, "at": TIME, "by": TEXT, "why": TEXT})),
        },
        required=("dataset", "stage", "public", "next", "steps"),
    ),
    "SubjectReport": structure(
        {
            "id": TEXT,
            "attributes": several(TEXT),
            "history": OBJECT,
            "rows": several(structure({"source": TEXT, "delivery": TEXT, "rows": several(OBJECT)})),
            "backups": several(TEXT),
        },
        required=("id", "attributes", "history", "rows"),
    ),
    "Erasure": structure(
        {
            "id": TEXT,
            "at": TIME,
            "instances": INTEGER,
            "deliveries": several(TEXT),
            "held_rows": INTEGER,
            "backups": several(TEXT),
            "left": several(TEXT),
        },
        required=("id", "at", "instances", "left"),
    ),
    "Erasures": structure(
        {"erasures": several(structure({"at": TIME, "by": TEXT, "why": TEXT, "sources": several(TEXT)}))},
        required=("erasures",),
    ),
    "AuditEntries": structure(
        {
            "entries": several(
                structure(
                    {
                        "number": INTEGER,
                        "at": TIME,
                        "event": OBJECT,
                        "before": TEXT,
                        "hash": TEXT,
                        "words": TEXTS,
                    }
                )
            ),
            "next": {"type": ["integer", "null"]},
        },
        required=("entries", "next"),
    ),
}
