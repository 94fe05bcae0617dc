"""The routes of the twin's management with their documentation."""

from __future__ import annotations

from typing import Final

from sympolis.api.http import JSON
from sympolis.api.management.ldt_layers import LdtLayers
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import INTEGER, TEXT, TEXTS, Schema, reference, several, structure

SCHEMAS: Final[dict[str, Schema]] = {
    "LdtLayer": structure(
        {
            "number": INTEGER,
            "id": TEXT,
            "title": TEXTS,
            "description": TEXTS,
            "names": structure({"blueprint": TEXT, "mim8": TEXT}),
            "state": {"type": "string", "enum": ["working", "attention", "empty"]},
            "reasons": several(TEXTS),
            "figures": several(structure({"name": TEXT, "title": TEXTS, "value": INTEGER})),
            "controls": several(
                structure({"title": TEXTS, "page": TEXT, "api": TEXT, "address": TEXT}, required=("title",))
            ),
        }
    )
}


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none for a broker alone."""
    if parts.city is None:
        return ()
    return (
        Operation(
            method="GET",
            path="/api/layers",
            handle=LdtLayers(parts).overview,
            name="listLdtLayers",
            title="The seven layers of the twin, their state and controls",
            tag="Management",
            text="Controls are those that whoever asks may use.",
            answers={
                200: Answer("The layers.", {JSON: structure({"layers": several(reference("LdtLayer"))})})
            },
        ),
    )
