"""The routes of identity, policies and audit with their documentation."""

from __future__ import annotations

from sympolis.api.governance import trail
from sympolis.api.governance.people import People
from sympolis.api.governance.policies import Policies
from sympolis.api.governance.trail import Trail
from sympolis.api.http import JSON, LD_JSON
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import BOOLEAN, INTEGER, OBJECT, TEXT, TIME, Schema, reference, several, structure

_IDENTITY, _POLICIES, _AUDIT = "Identity", "Policies", "Audit"
_DATASET = {"dataset": "A dataset's id."}
_EXAMPLE = {
    "@context": "http://www.w3.org/ns/odrl.jsonld",
    "@type": "Set",
    "permission": [
        {
            "action": "read",
            "assignee": "urn:sympolis:role:partner",
            "constraint": [
                {
                    "leftOperand": "purpose",
                    "operator": "eq",
                    "rightOperand": {"@id": "https://w3id.org/dpv#ResearchAndDevelopment"},
                }
            ],
        }
    ],
}

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
    "AuditEntries": structure(
        {
            "entries": several(
                structure({"number": INTEGER, "at": TIME, "event": OBJECT, "before": TEXT, "hash": TEXT})
            ),
            "next": {"type": ["integer", "null"]},
        },
        required=("entries", "next"),
    ),
}


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none where nothing is said about who may do what."""
    if parts.governed is None:
        return ()
    found = (*_people(People(parts.governed)), _trail(Trail(parts.governed)))
    return found if parts.city is None else (*found, *_policies(Policies(parts.governed)))


def _people(handlers: People) -> tuple[Operation, ...]:
    return (
        Operation(
            method="GET",
            path="/api/identity/me",
            handle=handlers.me,
            name="getMe",
            title="Who you are here and what you may do",
            tag=_IDENTITY,
            answers={200: Answer("Roles and rights.", {JSON: reference("Me")})},
        ),
        Operation(
            method="GET",
            path="/api/identity/roles",
            handle=handlers.roles,
            name="listRoles",
            title="Roles and what each may do",
            tag=_IDENTITY,
            answers={200: Answer("The table.", {JSON: reference("Roles")})},
        ),
    )


def _trail(handlers: Trail) -> Operation:
    return Operation(
        method="GET",
        path="/api/admin/audit",
        handle=handlers.list,
        name="listAudit",
        title="The audit log, newest first",
        tag=_AUDIT,
        parameters=trail.PARAMETERS,
        answers={200: Answer("A page of it.", {JSON: reference("AuditEntries")})},
    )


def _policies(handlers: Policies) -> tuple[Operation, ...]:
    path = "/api/datasets/{dataset}/policy"
    shown = {200: Answer("The policy, and what holds in plain words.", {JSON: reference("DatasetPolicy")})}
    return (
        Operation(
            method="GET",
            path=path,
            handle=handlers.get,
            name="getPolicy",
            title="The policy of a dataset",
            tag=_POLICIES,
            path_texts=_DATASET,
            answers=shown,
        ),
        Operation(
            method="PUT",
            path=path,
            handle=handlers.put,
            name="setPolicy",
            title="Set the policy of a dataset",
            tag=_POLICIES,
            path_texts=_DATASET,
            text="ODRL 2.2 as JSON-LD. Parties are urn:sympolis:role:NAME and urn:sympolis:subject:ID.",
            body=Body({"type": "object"}, (JSON, LD_JSON), _EXAMPLE),
            answers=shown,
        ),
        Operation(
            method="DELETE",
            path=path,
            handle=handlers.delete,
            name="deletePolicy",
            title="Take the policy of a dataset away",
            tag=_POLICIES,
            path_texts=_DATASET,
            answers={204: Answer("Done.")},
        ),
        Operation(
            method="GET",
            path="/api/datasets/{dataset}/access",
            handle=handlers.access,
            name="explainAccess",
            title="Whether you may read a dataset, and why",
            tag=_POLICIES,
            path_texts=_DATASET,
            text="Headers: Sympolis-Purpose (an IRI) and Sympolis-Place state what policies may ask for.",
            answers={200: Answer("The answer in words.", {JSON: reference("DatasetAccess")})},
        ),
    )
