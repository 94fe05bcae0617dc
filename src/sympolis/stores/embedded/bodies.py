"""Entities and observed values as SQLite keeps them.

An entity is compact JSON of its domain fields, absent ones left out, so that msgspec rebuilds the dataclasses in one
call and a person can read the file (``SELECT CAST(body AS TEXT) FROM entity``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from sympolis.domain.changes import Change, ChangeKind
from sympolis.domain.entity import Attribute, Entity

_encode = msgspec.json.Encoder().encode
_decode_entity = msgspec.json.Decoder(Entity).decode
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LARGEST: Final = 2**63 - 1


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


def encode_value(value: Any) -> int | float | str | bytes:
    """An observed value: numbers and texts as they are, the rest as JSON."""
    if isinstance(value, str | float):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST:
        return value
    return _encode(value)


def decode_value(stored: Any) -> Any:
    """The value that ``encode_value`` wrote."""
    return msgspec.json.decode(stored) if isinstance(stored, bytes) else stored


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (at - _EPOCH) // _MICROSECOND


def instant(stored: int) -> datetime:
    """The time of so many microseconds."""
    return _EPOCH + timedelta(microseconds=stored)


def encode_change(change: Change) -> tuple[Any, ...]:
    """A line of the change log as a row."""
    return (
        change.number,
        microseconds(change.at),
        change.kind.value,
        change.entity_id,
        _encode(change.types).decode(),
        _encode(change.attributes).decode(),
        change.cause,
    )


def decode_change(row: Sequence[Any]) -> Change:
    """The change that ``encode_change`` made a row of."""
    number, at, kind, entity_id, types, attributes, cause = row
    return Change(
        number=number,
        at=instant(at),
        kind=ChangeKind(kind),
        entity_id=entity_id,
        types=tuple(msgspec.json.decode(types)),
        attributes=tuple(msgspec.json.decode(attributes)),
        cause=cause,
    )
