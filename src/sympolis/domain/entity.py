"""Entities, attributes and relationships: the NGSI-LD information model (ETSI GS CIM 009, clause 4.2–4.5).

Names inside the twin are always *expanded* IRIs; short terms exist only at the edge (``context.terms``).
Values are frozen: a change makes a new entity (``dataclasses.replace``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sympolis.domain.records import Record

NULL = "urn:ngsi-ld:null"
"""The NGSI-LD Null: deletes a member in merge and partial update (clause 4.5.0)."""


class AttributeKind(StrEnum):
    """The kinds of attribute of the information model (clause 4.5)."""

    PROPERTY = "Property"
    RELATIONSHIP = "Relationship"
    GEO_PROPERTY = "GeoProperty"
    LANGUAGE_PROPERTY = "LanguageProperty"
    JSON_PROPERTY = "JsonProperty"
    VOCAB_PROPERTY = "VocabProperty"
    LIST_PROPERTY = "ListProperty"
    LIST_RELATIONSHIP = "ListRelationship"

    @property
    def value_member(self) -> str:
        """The JSON member that carries this kind's value, e.g. ``object`` for a Relationship."""
        return _VALUE_MEMBER[self]


_VALUE_MEMBER = {
    AttributeKind.PROPERTY: "value",
    AttributeKind.RELATIONSHIP: "object",
    AttributeKind.GEO_PROPERTY: "value",
    AttributeKind.LANGUAGE_PROPERTY: "languageMap",
    AttributeKind.JSON_PROPERTY: "json",
    AttributeKind.VOCAB_PROPERTY: "vocab",
    AttributeKind.LIST_PROPERTY: "valueList",
    AttributeKind.LIST_RELATIONSHIP: "objectList",
}


class Attribute(Record, frozen=True, gc=False):
    """One instance of an attribute.

    ``value`` holds what the kind's value member holds: any JSON value for a Property, an IRI (or list of IRIs)
    for a Relationship, a GeoJSON geometry for a GeoProperty, a language map for a LanguageProperty.
    Times are aware datetimes in UTC; ``unit_code`` is a UN/CEFACT Recommendation 20 code.
    """

    kind: AttributeKind
    value: Any
    observed_at: datetime | None = None
    unit_code: str | None = None
    dataset_id: str | None = None
    attributes: Mapping[str, tuple[Attribute, ...]] = {}
    members: Mapping[str, Any] = {}
    """Further standard members: ``objectType``, ``valueType``, ``expiresAt``, ``ngsildproof`` …"""
    created_at: datetime | None = None
    """None: when the entity (or the attribute that this one belongs to) was created."""
    modified_at: datetime | None = None
    """None: not modified since its creation."""
    instance_id: str | None = None


class Entity(Record, frozen=True, gc=False):
    """Something in the world that the twin knows about.

    ``types`` and the keys of ``attributes`` are expanded IRIs; each attribute name has one instance per
    ``dataset_id`` (clause 4.5.5), the default instance first.
    """

    id: str
    types: tuple[str, ...]
    attributes: Mapping[str, tuple[Attribute, ...]] = {}
    scope: tuple[str, ...] = ()
    created_at: datetime | None = None
    modified_at: datetime | None = None
    members: Mapping[str, Any] = {}
    """Further standard members of the entity: ``expiresAt`` …"""

    def attribute(self, name: str, dataset_id: str | None = None) -> Attribute | None:
        """The instance of ``name`` with this ``dataset_id`` (None: the default instance), if there is one."""
        for instance in self.attributes.get(name, ()):
            if instance.dataset_id == dataset_id:
                return instance
        return None

    def value(self, name: str, default: Any = None) -> Any:
        """The value of the default instance of ``name``, or ``default``."""
        found = self.attribute(name)
        return default if found is None else found.value

    def instances(self) -> Iterator[tuple[str, Attribute]]:
        """Every (name, instance) pair."""
        for name, found in self.attributes.items():
            for instance in found:
                yield name, instance
