"""Entities as the stores keep them.

Compact JSON of the domain fields, absent ones left out, so that msgspec rebuilds the dataclasses in one call
and a person can read it in the database.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sympolis.domain.entity import Attribute, Entity

_encode = msgspec.json.Encoder().encode
_decode_entity = msgspec.json.Decoder(Entity).decode


def encode_entity(entity: Entity) -> bytes:
    """An entity as JSON."""
    document: dict[str, Any] = {"id": entity.id, "types": entity.types}
    if entity.attributes:
        document["attributes"] = {
            name: [_attribute(one) for one in instances] for name, instances in entity.attributes.items()
        }
    for field in ("scope", "created_at", "modified_at", "members"):
        value = getattr(entity, field)
        if value:
            document[field] = value
    return _encode(document)


def _attribute(attribute: Attribute) -> dict[str, Any]:
    document: dict[str, Any] = {"kind": attribute.kind, "value": attribute.value}
    if attribute.observed_at is not None:
        document["observed_at"] = attribute.observed_at
    if attribute.unit_code is not None:
        document["unit_code"] = attribute.unit_code
    if attribute.dataset_id is not None:
        document["dataset_id"] = attribute.dataset_id
    if attribute.attributes:
        document["attributes"] = {
            name: [_attribute(one) for one in instances] for name, instances in attribute.attributes.items()
        }
    for field in ("members", "created_at", "modified_at", "instance_id"):
        value = getattr(attribute, field)
        if value:
            document[field] = value
    return document


def decode_entity(body: bytes) -> Entity:
    """The entity that ``encode_entity`` wrote."""
    return _decode_entity(body)
