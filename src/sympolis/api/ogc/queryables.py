"""What a filter may name: the properties of a collection's features as a JSON Schema (OGC 19-079r2, section 6)."""

from __future__ import annotations

from typing import Any, Final

from sympolis.api.ogc.collections import Collection
from sympolis.context.codec import LOCATION
from sympolis.context.terms import Terms
from sympolis.domain.entity import AttributeKind

SCHEMA_JSON: Final = "application/schema+json"
_PLACE: Final = {"format": "geometry-any", "x-ogc-role": "primary-geometry"}
_KINDS: Final = {
    AttributeKind.RELATIONSHIP: {"type": "string", "format": "uri"},
    AttributeKind.VOCAB_PROPERTY: {"type": "string"},
    AttributeKind.GEO_PROPERTY: {"format": "geometry-any"},
}


def queryables(collection: Collection, terms: Terms, iri: str) -> dict[str, Any]:
    """The schema; a property whose values may be of any type has no ``type``."""
    properties: dict[str, Any] = {"id": {"type": "string", "x-ogc-role": "id"}}
    for name, kinds in collection.attributes.items():
        short = terms.compact(name)
        known = _KINDS.get(next(iter(kinds))) if len(kinds) == 1 else None
        properties[short] = _PLACE if name == LOCATION else {"title": short, **(known or {})}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": iri,
        "type": "object",
        "title": collection.id,
        "properties": properties,
        "additionalProperties": False,
    }
