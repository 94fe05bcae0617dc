"""A data model: the attributes that entities of one type have, with type, unit and bounds, in one published version.

One statement of a model gives all its forms: JSON Schema, SHACL shapes, JSON-LD @context (``forms``) and the check at
the door (``conformance``). Names of types and attributes and their units are facts of the Smart Data Models where a
model is one of theirs; the statements are the platform's or the city's own.
"""

# ruff: noqa: RUF009 - option() declares an immutable field, like dataclasses.field
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sympolis.domain.reading import Texts, option

TERM: Final = "[A-Za-z][A-Za-z0-9_]*"
VERSION: Final = r"\d+\.\d+\.\d+"
TYPES: Final = (
    "any",
    "text",
    "number",
    "integer",
    "boolean",
    "time",
    "list",
    "object",
    "geometry",
    "relationship",
    "texts",
)
"""``texts`` is one text per language; ``geometry`` GeoJSON; ``relationship`` the id (or ids) of other entities."""


@dataclass(frozen=True, kw_only=True)
class ModelAttribute:
    """One attribute of a model."""

    type: str = option("any", choices=TYPES)
    iri: str = ""
    """What the name stands for; empty: the model's base with the name behind it."""
    unit: str | None = option(None, pattern="[A-Z0-9]{2,3}")
    """UN/CEFACT Recommendation 20 code that values are in."""
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    """The only values allowed, if any are named."""
    pattern: str = ""
    """What a text must look like, as a regular expression of JSON Schema."""
    required: bool = False
    description: Texts = option({})
    also: tuple[str, ...] = ()
    """Words by which sources call it, in any language; how ``source new`` recognises a column."""


@dataclass(frozen=True, kw_only=True)
class DataModel:
    """One version of one model (``data-models/<name>.toml`` in a city package)."""

    name: str = option(pattern=TERM)
    """The entity type's short name."""
    version: str = option(pattern=VERSION)
    title: Texts
    description: Texts = option({})
    base: str = ""
    """What the IRIs of type and attributes begin with."""
    also: tuple[str, ...] = ()
    """Words that hint at the model, in any language."""
    closed: bool = False
    """Whether attributes that the model does not name are findings."""
    attributes: Mapping[str, ModelAttribute] = option({})

    @property
    def iri(self) -> str:
        """The entity type's IRI."""
        return self.base + self.name

    def attribute_iri(self, name: str) -> str:
        """What the short name of an attribute stands for."""
        return self.attributes[name].iri or self.base + name


def value_schema(attribute: ModelAttribute) -> dict[str, Any]:
    """The JSON Schema of an attribute's value, as simplified NGSI-LD gives it."""
    schema = dict(_SCHEMAS[attribute.type])
    bounds = {
        "minimum": attribute.minimum,
        "maximum": attribute.maximum,
        "pattern": attribute.pattern or None,
    }
    schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    if attribute.values:
        schema["enum"] = list(attribute.values)
    return schema


_URI: Final = {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9+.-]*:"}
_SCHEMAS: Final[Mapping[str, Mapping[str, Any]]] = {
    "any": {},
    "text": {"type": "string"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "list": {"type": "array"},
    "object": {"type": "object"},
    "texts": {"type": "object", "additionalProperties": {"type": "string"}},
    "time": {
        "anyOf": [
            {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}"},
            {"type": "object", "required": ["@type", "@value"]},
        ]
    },
    "geometry": {
        "type": "object",
        "required": ["type", "coordinates"],
        "properties": {
            "type": {
                "enum": ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"]
            },
            "coordinates": {"type": "array"},
        },
    },
    "relationship": {"anyOf": [_URI, {"type": "array", "items": _URI}]},
}


def expected(attribute: ModelAttribute) -> str:
    """What an attribute's value must be, in words."""
    parts = [attribute.type]
    if attribute.values:
        parts = [f"one of {', '.join(attribute.values)}"]
    if attribute.minimum is not None or attribute.maximum is not None:
        low = "…" if attribute.minimum is None else f"{attribute.minimum:g}"
        high = "…" if attribute.maximum is None else f"{attribute.maximum:g}"
        parts.append(f"{low} to {high}")
    if attribute.unit is not None:
        parts.append(f"in {attribute.unit}")
    return ", ".join(parts)
