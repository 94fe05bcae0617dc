"""A version of an entity as RDF: what the NGSI-LD core context makes of it, with geometries as GeoSPARQL literals.

A member's IRI is the entity's with the time of its newest change, so it names one state for ever; a deleted entity
leaves an ``as:Delete``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sympolis.api.ldes.triples import (
    RDF_TYPE,
    XSD,
    Term,
    Writer,
    iri,
    number_literal,
    text_literal,
    truth_literal,
)
from sympolis.context.core_context import NGSI_LD
from sympolis.context.instants import format_instant
from sympolis.domain.changes import Change
from sympolis.domain.entity import Attribute, AttributeKind, Entity

IS_VERSION_OF: Final = "http://purl.org/dc/terms/isVersionOf"
MODIFIED: Final = "http://purl.org/dc/terms/modified"
_DELETE: Final = "https://www.w3.org/ns/activitystreams#Delete"
_OBJECT: Final = "https://www.w3.org/ns/activitystreams#object"
_WKT: Final = "http://www.opengis.net/ont/geosparql#wktLiteral"
_JSON: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON"

_VALUE_PREDICATES: Final = {
    AttributeKind.PROPERTY: "hasValue",
    AttributeKind.GEO_PROPERTY: "hasValue",
    AttributeKind.RELATIONSHIP: "hasObject",
    AttributeKind.LANGUAGE_PROPERTY: "hasLanguageMap",
    AttributeKind.JSON_PROPERTY: "hasJSON",
    AttributeKind.VOCAB_PROPERTY: "hasVocab",
    AttributeKind.LIST_PROPERTY: "hasValueList",
    AttributeKind.LIST_RELATIONSHIP: "hasObjectList",
}


def write_version(writer: Writer, entity: Entity, at: datetime) -> Term:
    """The entity's present state, last changed ``at``; gives the member's IRI."""
    member = iri(f"{entity.id}#{format_instant(at)}")
    _say_version(writer, member, entity.id, at)
    for name in entity.types:
        writer.add(member, RDF_TYPE, iri(name))
    for scope in entity.scope:
        writer.add(member, NGSI_LD + "scope", text_literal(scope))
    for name, instance in entity.instances():
        writer.add(member, name, _write_attribute(writer, instance))
    return member


def write_deletion(writer: Writer, change: Change) -> Term:
    """That an entity was deleted; gives the member's IRI."""
    member = iri(f"{change.entity_id}#deleted-{format_instant(change.at)}")
    _say_version(writer, member, change.entity_id, change.at)
    writer.add(member, RDF_TYPE, iri(_DELETE))
    writer.add(member, _OBJECT, iri(change.entity_id))
    return member


def _say_version(writer: Writer, member: Term, entity_id: str, at: datetime) -> None:
    writer.add(member, IS_VERSION_OF, iri(entity_id))
    writer.add(member, MODIFIED, text_literal(format_instant(at), datatype=XSD + "dateTime"))


def _write_attribute(writer: Writer, instance: Attribute) -> Term:
    node = writer.blank()
    writer.add(node, RDF_TYPE, iri(NGSI_LD + instance.kind))
    for value in _values(instance):
        writer.add(node, NGSI_LD + _VALUE_PREDICATES[instance.kind], value)
    if instance.observed_at is not None:
        observed = text_literal(format_instant(instance.observed_at), datatype=NGSI_LD + "DateTime")
        writer.add(node, NGSI_LD + "observedAt", observed)
    if instance.unit_code is not None:
        writer.add(node, NGSI_LD + "unitCode", text_literal(instance.unit_code))
    if instance.dataset_id is not None:
        writer.add(node, NGSI_LD + "datasetId", iri(instance.dataset_id))
    for name, inner in instance.attributes.items():
        for one in inner:
            writer.add(node, name, _write_attribute(writer, one))
    return node


def _values(instance: Attribute) -> Iterable[Term]:
    """The value as RDF terms: several where the value is a plain list or a language map."""
    kind, value = instance.kind, instance.value
    if kind in (AttributeKind.RELATIONSHIP, AttributeKind.VOCAB_PROPERTY):
        return [iri(str(one)) for one in _several(value)]
    if kind is AttributeKind.GEO_PROPERTY:
        return [_geometry(value)]
    if kind is AttributeKind.LANGUAGE_PROPERTY:
        return [
            text_literal(str(text), language="" if language == "@none" else language)
            for language, texts in value.items()
            for text in _several(texts)
        ]
    if kind is AttributeKind.PROPERTY:
        return [_plain(one) for one in _several(value)]
    return [_as_json(value)]


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _plain(value: Any) -> Term:
    if isinstance(value, bool):
        return truth_literal(value)
    if isinstance(value, int | float):
        return number_literal(value)
    return text_literal(value) if isinstance(value, str) else _as_json(value)


def _as_json(value: Any) -> Term:
    return text_literal(json.dumps(value, ensure_ascii=False, separators=(",", ":")), datatype=_JSON)


def _geometry(value: Any) -> Term:
    """Well-known text, longitude first (CRS84, GeoSPARQL's default)."""
    from shapely import geometry

    return text_literal(geometry.shape(value).wkt, datatype=_WKT)
