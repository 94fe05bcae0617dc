"""What was written without a time of its own, and what was deleted: one row per write of an entity.

An attribute without ``observedAt`` stands in the history under the time of its write, and so do deletions and scopes. A
write of ten attributes is one row here, not ten: such histories are asked entity by entity, and every write pays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from sympolis.context.instances import recorded
from sympolis.context.store import Retraction
from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import Attribute, AttributeKind
from sympolis.stores import sql
from sympolis.stores.postgres.months import aware
from sympolis.stores.postgres.names import Names
from sympolis.stores.postgres.server import Connection

_SQL = sql.load("sympolis.stores.postgres", "store.sql")

Key = tuple[str, datetime]
"""Entity and time (UTC) of a step."""
OTHER_DATASET: Final = 0
"""Stands among a step's names for an instance that is not of the default dataset."""
REWRITTEN: Final = -1
"""Stands among them for an instance that was modified: its time is not only that of the step."""
_Slot = tuple[str, str | None, TimeKind]
_Content = dict[_Slot, Observation]


class _Instance(msgspec.Struct, omit_defaults=True):
    """An instance as a step's JSON has it."""

    name: str
    value: Any
    time: TimeKind = TimeKind.RECORDED
    dataset: str | None = None
    kind: AttributeKind = AttributeKind.PROPERTY
    unit: str | None = None
    attributes: Mapping[str, tuple[Attribute, ...]] = {}
    members: Mapping[str, Any] = {}
    modified_at: datetime | None = None
    instance_id: str | None = None


_encode = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(list[_Instance]).decode


def decode(body: bytes, entity_id: str, types: tuple[str, ...], at: datetime) -> list[Observation]:
    """The instances of a step."""
    return [
        Observation(
            entity_id, types, one.name, at, one.value, one.unit, one.dataset, one.kind, one.time,
            one.attributes, one.members, None, one.modified_at, one.instance_id,
        )
        for one in _decode(body)
    ]  # fmt: skip


def _encoded(content: _Content) -> bytes:
    return _encode([_instance(point) for point in content.values()])


def _instance(point: Observation) -> _Instance:
    return _Instance(
        point.name, point.value, point.time, point.dataset_id, point.kind, point.unit_code,
        point.attributes, point.members, point.modified_at, point.instance_id,
    )  # fmt: skip


async def keep(
    db: Connection,
    tenant: int,
    names: Names,
    *,
    points: Sequence[Observation],
    times: Sequence[datetime],
    places: Sequence[int],
) -> set[int]:
    """Add the points at these places, each accepted at its time; the places of those that say something new."""
    by_step: dict[Key, list[int]] = {}
    for place in places:
        point = points[place]
        by_step.setdefault((point.entity_id, point.at.astimezone(UTC)), []).append(place)
    if not by_step:
        return set()
    await names.make({points[place].name for place in places})
    contents: dict[Key, _Content] = {key: {} for key in by_step}
    accepted = {key: _take_in(contents[key], points, times, by_step[key]) for key in by_step}
    rows = await db.fetch(_SQL["add_steps"], tenant, *_columns(contents, names))
    added = {(row["entity"], aware(row["at"])) for row in rows}
    known = await _known(db, tenant, [key for key in by_step if key not in added])
    for key, content in known.items():
        accepted[key] = _take_in(content, points, times, by_step[key])
    changed = {key: content for key, content in known.items() if accepted[key]}
    if changed:
        await db.execute(_SQL["change_steps"], tenant, *_columns(changed, names))
    return set().union(*accepted.values())


def _take_in(
    content: _Content, points: Sequence[Observation], times: Sequence[datetime], places: Sequence[int]
) -> set[int]:
    accepted: set[int] = set()
    for place in places:
        point = points[place]
        slot = (point.name, point.dataset_id, point.time)
        found = recorded(point, content.get(slot), times[place])
        if found is not None:
            content[slot] = found
            accepted.add(place)
    return accepted


async def _known(db: Connection, tenant: int, keys: Sequence[Key]) -> dict[Key, _Content]:
    if not keys:
        return {}
    entities, times = [key[0] for key in keys], [key[1] for key in keys]
    rows = await db.fetch(_SQL["known_steps"], tenant, entities, times, min(times), max(times))
    found = {}
    for entity_id, at, body in rows:
        instances = decode(body, entity_id, (), aware(at))
        found[entity_id, aware(at)] = {_slot(one): one for one in instances}
    return found


def _slot(point: Observation) -> _Slot:
    return (point.name, point.dataset_id, point.time)


def _columns(contents: Mapping[Key, _Content], names: Names) -> list[list[Any]]:
    rows = [
        (
            *key,
            _numbers(content, names, deleted=False),
            _numbers(content, names, deleted=True),
            _encoded(content),
        )
        for key, content in contents.items()
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def _numbers(content: _Content, names: Names, *, deleted: bool) -> str:
    """The numbers of the names that were deleted, or else written, as JSON, with what else there is to know of them."""
    found: set[int] = set()
    for (name, dataset, kind), point in content.items():
        if (kind is TimeKind.DELETED) is deleted:
            found.add(names[name])
            if dataset is not None:
                found.add(OTHER_DATASET)
            if point.modified_at is not None:
                found.add(REWRITTEN)
    return msgspec.json.encode(sorted(found)).decode()


async def retract(db: Connection, tenant: int, names: Names, wanted: Retraction) -> list[str]:
    """Delete instances; the name of each that was there."""
    gone: list[str] = []
    changed: dict[Key, _Content] = {}
    for at, body in await db.fetch(_SQL["steps_of_entity"], tenant, wanted.entity_id, wanted.at):
        instances = decode(body, wanted.entity_id, (), aware(at))
        hit = [one for one in instances if _is_meant(one, wanted)]
        if hit:
            gone += [one.name for one in hit]
            left = {_slot(one): one for one in instances if one not in hit}
            changed[wanted.entity_id, aware(at)] = left
    kept = {key: content for key, content in changed.items() if content}
    emptied = [key for key, content in changed.items() if not content]
    if kept:
        await names.look_up({one.name for content in kept.values() for one in content.values()})
        await db.execute(_SQL["change_steps"], tenant, *_columns(kept, names))
    if emptied:
        await db.execute(_SQL["drop_steps"], tenant, [key[0] for key in emptied], [key[1] for key in emptied])
    return gone


def _is_meant(one: Observation, wanted: Retraction) -> bool:
    if wanted.name not in (None, one.name) or (wanted.at is not None and one.time is not wanted.time):
        return False
    return wanted.every or wanted.name is None or one.dataset_id == wanted.dataset_id
