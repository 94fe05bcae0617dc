"""Points of the history as SQLite keeps them, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from sympolis.context.instances import same_instance
from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import NULL, Attribute, AttributeKind
from sympolis.stores.embedded.bodies import decode_value, encode_value, instant, microseconds

KINDS: Final = tuple(AttributeKind)
"""Their places stand in files: append only."""
TIMES: Final = (TimeKind.OBSERVED, TimeKind.RECORDED, TimeKind.DELETED)
"""Likewise."""
GONE: Final = -1
"""The kind of a point that hides an archived one."""
_KIND_CODES: Final = {kind: code for code, kind in enumerate(KINDS)}
_TIME_CODES: Final = {time: code for code, time in enumerate(TIMES)}

Row = tuple[int, Any, str | None, int, int | None, int | None, bytes | None]
"""at, value, unit, kind, created, modified, more."""


class Line(NamedTuple):
    """What a series is about, apart from its entity."""

    name: str
    dataset: str
    time: TimeKind


class _More(msgspec.Struct, omit_defaults=True):
    """What few points have."""

    attributes: Mapping[str, tuple[Attribute, ...]] = {}
    members: Mapping[str, Any] = {}
    instance_id: str | None = None


_encode_more = msgspec.json.Encoder().encode
_decode_more = msgspec.json.Decoder(_More).decode


def time_code(time: TimeKind) -> int:
    """The number that stands for a kind of time."""
    return _TIME_CODES[time]


def encode_point(point: Observation, now: int) -> Row:
    """A point as a row. ``now``: when an observed one was created that does not say so, in microseconds."""
    at = made = microseconds(point.at)
    created = None
    if point.time is TimeKind.OBSERVED:
        made = now if point.created_at is None else microseconds(point.created_at)
        created = made - at
    modified = None if point.modified_at is None else microseconds(point.modified_at) - made
    more = None
    if point.attributes or point.members or point.instance_id is not None:
        more = _encode_more(_More(point.attributes, point.members, point.instance_id))
    value = None if point.time is TimeKind.DELETED else encode_value(point.value)
    return (at, value, point.unit_code, _KIND_CODES[point.kind], created, modified, more)


def encode_instance(
    subject: int, line: int, at: int, created: int | None, instance: Attribute
) -> tuple[Any, ...]:
    """An attribute instance that was written now, as ``encode_point`` makes a row of its point; behind its place.

    ``at``: its ``observedAt`` in microseconds, or now where it has none; ``created``: from there to now, or None.
    """
    more = None
    if instance.attributes or instance.members:
        more = _encode_more(_More(instance.attributes, instance.members))
    value = instance.value
    kind = instance.kind
    return (
        subject,
        line,
        at,
        value if type(value) in _AS_IS else encode_value(value),
        instance.unit_code,
        0 if kind is _PROPERTY else _KIND_CODES[kind],
        created,
        None,
        more,
    )


_AS_IS: Final = frozenset((str, float))
_PROPERTY: Final = AttributeKind.PROPERTY


def decode_point(entity_id: str, types: tuple[str, ...], line: Line, row: Row) -> Observation:
    """The point that ``encode_point`` made a row of."""
    at, value, unit, kind, created, modified, more = row
    name, dataset, time = line
    if more is None and modified is None and value is not None and type(value) is not bytes:
        came = None if created is None else instant(at + created)
        return Observation(
            entity_id,
            types,
            name,
            instant(at),
            value,
            unit,
            dataset or None,
            KINDS[kind],
            time,
            created_at=came,
        )
    made = at if created is None else at + created
    rest = _NOTHING if more is None else _decode_more(more)
    return Observation(
        entity_id,
        types,
        name,
        instant(at),
        NULL if value is None and time is TimeKind.DELETED else decode_value(value),
        unit,
        dataset or None,
        KINDS[kind],
        time,
        rest.attributes,
        rest.members,
        None if created is None else instant(made),
        None if modified is None else instant(made + modified),
        rest.instance_id,
    )


_NOTHING: Final = _More()


def created_of(row: Row, time: TimeKind) -> int | None:
    """When the point of a row was created; None where nobody knows."""
    if time is TimeKind.OBSERVED:
        return None if row[4] is None else row[0] + row[4]
    return row[0]


def modified_of(row: Row, time: TimeKind) -> int | None:
    """When the point of a row was modified, or else created; None where nobody knows."""
    if row[5] is None:
        return created_of(row, time)
    return row[0] + (row[4] or 0) + row[5]


def encode_end(kind: AttributeKind, now: int) -> Row:
    """A deletion that happened now."""
    return (now, None, None, _KIND_CODES[kind], None, None, None)


_NOBODY: Final = Line("", "", TimeKind.OBSERVED)


def replacing(row: Row, known: Row, now: int) -> Row | None:
    """The row as it takes the place of another; None where it says nothing new (``instances.recorded``)."""
    if row == known or known[3] == GONE:
        return None if row == known else row
    one, other = (decode_point("", (), _NOBODY, each) for each in (row, known))
    if same_instance(one, other):
        return None
    at, value, unit, kind, created, modified, more = row
    if created is not None and at + created == now and known[4] is not None:
        created = known[4]
    if modified is None:
        modified = now - at - (created or 0)
    return (at, value, unit, kind, created, modified, more)
