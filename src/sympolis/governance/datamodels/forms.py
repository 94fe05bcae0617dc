"""The published forms of a data model: JSON Schema, SHACL shapes and JSON-LD @context, each made from one statement.

The schema is of the simplified representation (ETSI GS CIM 009, clause 4.5.4); the shapes are of the normalised one
read as RDF (clause 4.5.2), where a value stands behind ``ngsi-ld:hasValue`` and a target behind ``ngsi-ld:hasObject``.
"""

from __future__ import annotations

import json
from typing import Any

from sympolis.governance.datamodels.model import DataModel, ModelAttribute, expected, value_schema

NGSI_LD = "https://uri.etsi.org/ngsi-ld/"
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(model: DataModel, address: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of an entity, published at ``address``."""
    properties: dict[str, Any] = {
        "id": {"type": "string", "format": "uri"},
        "type": {"anyOf": [{"const": model.name}, {"type": "array", "contains": {"const": model.name}}]},
    }
    for name, attribute in model.attributes.items():
        notes = {"description": _words(attribute), "x-unitCode": attribute.unit}
        properties[name] = value_schema(attribute) | {key: note for key, note in notes.items() if note}
    return {
        "$schema": _DRAFT,
        "$id": address,
        "title": f"{model.name} {model.version}",
        "description": model.description.get("en") or model.title.get("en", ""),
        "type": "object",
        "required": ["id", "type", *required(model)],
        "properties": properties,
        "additionalProperties": not model.closed,
    }


def required(model: DataModel) -> list[str]:
    """Names of the attributes that no entity may lack."""
    return [name for name, attribute in model.attributes.items() if attribute.required]


def _words(attribute: ModelAttribute) -> str:
    return attribute.description.get("en") or expected(attribute)


def context(model: DataModel) -> dict[str, Any]:
    """The JSON-LD @context: the type and every attribute; to be used before the NGSI-LD core context."""
    terms: dict[str, Any] = {model.name: model.iri}
    terms |= {name: model.attribute_iri(name) for name in model.attributes if name != "location"}
    return {"@context": terms}


_NUMBERS = "xsd:integer xsd:decimal xsd:double"
_DATATYPES = {"text": "xsd:string", "boolean": "xsd:boolean", "integer": "xsd:integer"}


def shapes(model: DataModel, address: str) -> str:
    """The SHACL shapes in Turtle, published at ``address``."""
    blocks = [block for name in model.attributes for block in _property(model, name)]
    lines = [
        "@prefix sh: <http://www.w3.org/ns/shacl#> .",
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .",
        f"@prefix ngsi-ld: <{NGSI_LD}> .",
        "",
        f"<{address}#{model.name}> a sh:NodeShape ;",
        f"    sh:targetClass <{model.iri}> ;",
        "    sh:name " + ", ".join(_literal(text, tag) for tag, text in sorted(model.title.items())),
    ]
    return "\n".join(lines) + "".join(f" ;\n    sh:property [ {block} ]" for block in blocks) + " .\n"


def _literal(text: str, language: str = "") -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return f"{quoted}@{language}" if language else quoted


def _property(model: DataModel, name: str) -> list[str]:
    """The property shapes of one attribute: its presence, its value, its unit."""
    attribute, path = model.attributes[name], f"<{model.attribute_iri(name)}>"
    found = []
    if attribute.required:
        found.append(f"sh:path {path} ; sh:minCount 1")
    value = _value(attribute)
    if value:
        member = "hasObject" if attribute.type == "relationship" else "hasValue"
        found.append(
            f"sh:path ( {path} ngsi-ld:{member} ) ; {value} ; sh:message {_literal(_message(name, attribute))}@en"
        )
    if attribute.unit is not None:
        found.append(f"sh:path ( {path} ngsi-ld:unitCode ) ; sh:in ( {_literal(attribute.unit)} )")
    return found


def _message(name: str, attribute: ModelAttribute) -> str:
    return f"{name}: expected {expected(attribute)}"


def _value(attribute: ModelAttribute) -> str:
    parts = []
    if attribute.type == "number":
        kinds = " ".join(f"[ sh:datatype {kind} ]" for kind in _NUMBERS.split())
        parts.append(f"sh:or ( {kinds} )")
    elif attribute.type in _DATATYPES:
        parts.append(f"sh:datatype {_DATATYPES[attribute.type]}")
    elif attribute.type == "relationship":
        parts.append("sh:nodeKind sh:IRI")
    if attribute.values:
        parts.append(f"sh:in ( {' '.join(_literal(value) for value in attribute.values)} )")
    if attribute.minimum is not None:
        parts.append(f"sh:minInclusive {_number(attribute.minimum)}")
    if attribute.maximum is not None:
        parts.append(f"sh:maxInclusive {_number(attribute.maximum)}")
    if attribute.pattern:
        parts.append(f"sh:pattern {_literal(attribute.pattern)}")
    return " ; ".join(parts)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
