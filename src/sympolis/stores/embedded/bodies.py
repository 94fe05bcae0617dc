"""Observed values and changes as SQLite keeps them. Entities are kept as in every store (``stores.bodies``).

``SELECT CAST(body AS TEXT) FROM entity`` reads them without us.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from sympolis.domain.changes import Change, ChangeKind
from sympolis.stores.bodies import decode_entity, encode_entity

__all__ = [
    "change_row",
    "decode_change",
    "decode_entity",
    "decode_value",
    "encode_entity",
    "encode_value",
    "instant",
    "microseconds",
]

_encode = msgspec.json.Encoder().encode
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LARGEST: Final = 2**63 - 1


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
    return _EPOCH + timedelta(0, 0, stored)


def change_row(change: Change, at: int, types: str, attributes: str) -> tuple[Any, ...]:
    """A line of the change log as a row, with its time in microseconds and its lists as the log has them."""
    return (
        change.number,
        at,
        change.kind,
        change.entity_id,
        types,
        attributes,
        change.cause,
    )


def decode_change(row: Sequence[Any]) -> Change:
    """The change that ``change_row`` made a row of, its lists as JSON."""
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
