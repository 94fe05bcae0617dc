"""Small words for writing JSON Schemas as Python data beside the routes that they describe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
INTEGER: Schema = {"type": "integer"}
BOOLEAN: Schema = {"type": "boolean"}
OBJECT: Schema = {"type": "object"}
TIME: Schema = {"type": "string", "format": "date-time"}
TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
"""A text for people, by language."""


def optional(schema: Schema) -> Schema:
    """The schema, or null."""
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def several(items: Schema) -> Schema:
    """An array of these."""
    return {"type": "array", "items": items}


def structure(properties: Mapping[str, Schema], *, required: tuple[str, ...] = ()) -> Schema:
    """An object with these members; further members are allowed, so that a client survives our growth."""
    schema: dict[str, Any] = {"type": "object", "properties": dict(properties)}
    if required:
        schema["required"] = list(required)
    return schema


def reference(name: str) -> Schema:
    """A named schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


PROBLEM = structure(
    {
        "type": TEXT,
        "title": TEXT,
        "status": INTEGER,
        "detail": TEXT,
        "where": TEXT,
        "hint": TEXT,
        "instance": TEXT,
    },
    required=("type", "title", "status", "detail"),
)
"""Problem details (RFC 9457), with where the mistake is and what to do."""
