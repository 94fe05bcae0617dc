"""Adding instances to histories: their series, the partitions they need, and which of them say something new.

What has an ``observedAt`` is a row of ``observation``; the rest is left to ``steps``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from sympolis.context.instances import recorded
from sympolis.context.store import Retraction
from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import AttributeKind
from sympolis.stores import sql
from sympolis.stores.postgres import steps, trimming
from sympolis.stores.postgres.bodies import (
    KINDS,
    NUMBERS,
    decode_more,
    decode_value,
    encode_more,
    encode_value,
)
from sympolis.stores.postgres.months import OBSERVED, STEPS, TABLES, Partitions, ahead, aware, month_of
from sympolis.stores.postgres.names import Names
from sympolis.stores.postgres.server import Connection, Server

_SQL = sql.load("sympolis.stores.postgres", "store.sql")
_AT_ONCE: Final = 5_000
_MOST_KEPT: Final = 50_000

_Handle = tuple[str, int, str]
"""Entity, number of the name, dataset ('' = the default one)."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one write or one call of ``observe`` adds, and when it was accepted."""

    points: Sequence[Observation]
    at: datetime


@dataclass(frozen=True, slots=True)
class _Line:
    """A series as its row says; ``since`` and ``until`` bound the months of its points."""

    key: int
    kind: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class _Given:
    """Instances of all batches one after the other, each with the time at which it was accepted."""

    points: list[Observation]
    times: list[datetime]

    @classmethod
    def of(cls, batches: Sequence[Batch]) -> _Given:
        points = [point for batch in batches for point in batch.points]
        return cls(points, [batch.at for batch in batches for _ in batch.points])


class Points:
    """The writer's side of history for one tenant; remembers series as long as no one else changes them."""

    def __init__(self, server: Server, tenant: int, names: Names, partitions: Partitions) -> None:
        self._server = server
        self._tenant = tenant
        self._names = names
        self._partitions = partitions
        self._lines: dict[_Handle, _Line] = {}
        self._types: dict[str, tuple[str, ...]] = {}
        self._version = -1
        self.added = 0
        self.touched = False
        self.series_changed = False

    def begin(self, version: int) -> None:
        """A transaction begins; ``version`` is the tenant's ``series_version``."""
        if version != self._version or len(self._lines) + len(self._types) > _MOST_KEPT:
            self._lines.clear()
            self._types.clear()
        self._version = version
        self.added, self.touched, self.series_changed = 0, False, False

    def committed(self) -> None:
        """The transaction is durable, and so is what is remembered of it."""
        self._version += int(self.series_changed)

    def forget(self) -> None:
        """The transaction was undone."""
        self._lines.clear()
        self._types.clear()
        self._version = -1

    async def keep(self, db: Connection, batches: Sequence[Batch]) -> list[list[Observation]]:
        """Add the instances of each batch, in order; of each batch those that were new or different."""
        given = _Given.of(batches)
        if not given.points:
            return [[] for _ in batches]
        await self._make_months(given)
        await self._know_types(db, given.points)
        observed = [place for place, point in enumerate(given.points) if point.time is TimeKind.OBSERVED]
        others = [place for place, point in enumerate(given.points) if point.time is not TimeKind.OBSERVED]
        accepted = await self._observe(db, given, observed)
        accepted |= await steps.keep(
            db, self._tenant, self._names, points=given.points, times=given.times, places=others
        )
        self.touched |= bool(accepted)
        return list(_split(given.points, accepted, [len(batch.points) for batch in batches]))

    async def _make_months(self, given: _Given) -> None:
        wanted = {
            (OBSERVED if point.time is TimeKind.OBSERVED else STEPS, month_of(point.at))
            for point in given.points
        }
        wanted.update((table, month) for table in TABLES for month in ahead(given.times[-1]))
        missing = self._partitions.missing(wanted)
        if missing:
            async with self._server.side() as connection:
                await self._partitions.make(connection, missing)

    async def _know_types(self, db: Connection, points: Sequence[Observation]) -> None:
        """See that the rows of these entities say what types they have now."""
        wanted = {point.entity_id: point.types for point in points}
        unknown = sorted(entity_id for entity_id in wanted if entity_id not in self._types)
        if unknown:
            rows = await db.fetch(_SQL["find_subjects"], self._tenant, unknown)
            self._types.update((row["entity"], tuple(row["types"])) for row in rows)
        changed = {one: types for one, types in wanted.items() if self._types.get(one) != types}
        if changed:
            types = [msgspec.json.encode(one).decode() for one in changed.values()]
            await db.execute(_SQL["keep_subjects"], self._tenant, list(changed), types)
            self._types.update(changed)
            self.series_changed = self.touched = True

    # --- series

    async def _observe(self, db: Connection, given: _Given, places: Sequence[int]) -> set[int]:
        """Add the observed instances at these places; the places of those that say something new."""
        if not places:
            return set()
        await self._names.make({given.points[place].name for place in places})
        handles = {place: self._handle(given.points[place]) for place in places}
        await self._resolve(db, given.points, handles)
        lines = {place: self._lines[handle] for place, handle in handles.items()}
        return await self._insert(db, given, lines)

    def _handle(self, point: Observation) -> _Handle:
        return (point.entity_id, self._names[point.name], point.dataset_id or "")

    async def _resolve(
        self, db: Connection, points: Sequence[Observation], handles: dict[int, _Handle]
    ) -> None:
        """See that every series is there, with bounds that its new points lie in."""
        await self._find(db, sorted({handle for handle in handles.values() if handle not in self._lines}))
        wanted: dict[_Handle, _Line] = {}
        for place, handle in handles.items():
            wanted[handle] = _with(wanted.get(handle) or self._lines.get(handle), points[place])
        changed = {handle: line for handle, line in wanted.items() if line != self._lines.get(handle)}
        if not changed:
            return
        self.series_changed = self.touched = True
        rows = await db.fetch(_SQL["keep_series"], self._tenant, *self._columns(changed))
        for row in rows:
            handle = (row["entity"], row["name"], row["dataset"])
            line = changed[handle]
            self._lines[handle] = _Line(row["key"], line.kind, line.since, line.until)

    async def _find(self, db: Connection, handles: Sequence[_Handle]) -> None:
        if not handles:
            return
        columns = [list(column) for column in zip(*handles, strict=True)]
        for row in await db.fetch(_SQL["find_series"], self._tenant, *columns):
            entity, name, dataset, key, kind, since, until = row
            self._lines[entity, name, dataset] = _Line(key, kind, aware(since), aware(until))

    def _columns(self, lines: dict[_Handle, _Line]) -> Iterator[list[Any]]:
        entities, names, datasets = zip(*lines, strict=True)
        yield list(entities)
        yield list(names)
        yield list(datasets)
        yield [line.kind for line in lines.values()]
        yield [msgspec.json.encode(self._types[entity]).decode() for entity in entities]
        yield [line.since for line in lines.values()]
        yield [line.until for line in lines.values()]

    # --- points

    async def _insert(self, db: Connection, given: _Given, lines: dict[int, _Line]) -> set[int]:
        """The places of the points that were new or different. A time that occurs again waits for the next wave."""
        accepted: set[int] = set()
        for wave in _waves(given.points, lines):
            for start in range(0, len(wave), _AT_ONCE):
                accepted |= await self._insert_some(db, given, lines, wave[start : start + _AT_ONCE])
        return accepted

    async def _insert_some(
        self, db: Connection, given: _Given, lines: dict[int, _Line], places: Sequence[int]
    ) -> set[int]:
        by_row = {(lines[place].key, given.points[place].at.astimezone(UTC)): place for place in places}
        new = {place: recorded(given.points[place], None, given.times[place]) for place in places}
        rows = await db.fetch(_SQL["add_points"], *_point_columns(new, lines))
        accepted = {by_row[row["series"], aware(row["at"])] for row in rows}
        self.added += len(accepted)
        there = {row: place for row, place in by_row.items() if place not in accepted}
        return accepted | await self._correct(db, given, lines, there) if there else accepted

    async def _correct(
        self, db: Connection, given: _Given, lines: dict[int, _Line], there: dict[tuple[int, datetime], int]
    ) -> set[int]:
        """Put points in the place of those about the same time, where they say something else."""
        times = [at for _, at in there]
        span = min(times), max(times)
        rows = await db.fetch(_SQL["known_points"], [key for key, _ in there], times, *span)
        changed = {}
        for row in rows:
            place = there[row["series"], aware(row["at"])]
            known = _known(given.points[place], row, lines[place].kind)
            found = recorded(given.points[place], known, given.times[place])
            if found is not None:
                changed[place] = found
        if changed:
            await db.execute(_SQL["change_points"], *_point_columns(changed, lines), *span)
        return set(changed)

    # --- taking back

    async def retract(
        self, db: Connection, wanted: Retraction, at: datetime
    ) -> tuple[list[Observation], int]:
        """Delete instances: one that stands for each name that lost some, and how many there were."""
        gone: Counter[str] = Counter()
        if wanted.at is None or wanted.time is TimeKind.OBSERVED:
            gone += await self._retract_observed(db, wanted)
            self.added -= gone.total()
        if wanted.at is None or wanted.time is not TimeKind.OBSERVED:
            gone += Counter(await steps.retract(db, self._tenant, self._names, wanted))
        self.touched |= bool(gone)
        types = await self._types_of(db, wanted.entity_id)
        if gone:
            self._types.pop(wanted.entity_id, None)
            self.series_changed = True
            await db.execute(_SQL["drop_empty_subject"], self._tenant, wanted.entity_id)
        stand_ins = [Observation(wanted.entity_id, types, name, at, None) for name in sorted(gone)]
        return stand_ins, gone.total()

    async def trim(
        self, db: Connection, portion: trimming.Portion, at: datetime
    ) -> tuple[Sequence[Observation], int]:
        """Delete what was observed within a time: one that stands for each series, and how many there were."""
        found = await trimming.cut(db, self._tenant, portion, at)
        self.added -= found.total
        self.touched |= bool(found.total)
        if found.emptied:
            self._lines.clear()
            self._types.clear()
            self.series_changed = True
        return found.stand_ins, found.total

    async def _retract_observed(self, db: Connection, wanted: Retraction) -> Counter[str]:
        every = wanted.every or wanted.name is None
        dataset = wanted.dataset_id or ""
        rows = await db.fetch(
            _SQL["retract_points"], self._tenant, wanted.entity_id, wanted.name, every, dataset, wanted.at
        )
        hit = [row for row in rows if row["points"]]
        if hit:
            await db.execute(_SQL["drop_empty_series"], [row["key"] for row in hit])
            self._lines.clear()
            self.series_changed = True
        gone: Counter[str] = Counter()
        for row in hit:
            gone[row["iri"]] += row["points"]
        return gone

    async def _types_of(self, db: Connection, entity_id: str) -> tuple[str, ...]:
        rows = await db.fetch(_SQL["find_subjects"], self._tenant, [entity_id])
        return tuple(rows[0]["types"]) if rows else ()


def _with(line: _Line | None, point: Observation) -> _Line:
    start, end = month_of(point.at)
    if line is None:
        return _Line(0, point.kind.value, start, end)
    if line.since <= start and end <= line.until:
        return line
    return _Line(line.key, line.kind, min(line.since, start), max(line.until, end))


def _waves(points: Sequence[Observation], lines: dict[int, _Line]) -> list[list[int]]:
    """Places of points, so that no wave has two of one series and time; later statements are in later waves."""
    seen: dict[tuple[int, datetime], int] = {}
    waves: list[list[int]] = []
    for place, line in lines.items():
        at = points[place].at
        wave = seen.get((line.key, at), 0)
        seen[line.key, at] = wave + 1
        if wave == len(waves):
            waves.append([])
        waves[wave].append(place)
    return waves


def _known(point: Observation, row: Any, kind: str) -> Observation:
    """The instance that a row of ``known_points`` is, about the same as ``point``."""
    attributes, members, instance_id = decode_more(row["more"])
    return Observation(
        point.entity_id,
        point.types,
        point.name,
        point.at,
        decode_value(row["number"], row["form"], row["word"]),
        row["unit"],
        point.dataset_id,
        AttributeKind(kind) if row["kind"] is None else KINDS[row["kind"]],
        attributes=attributes,
        members=members,
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        instance_id=instance_id,
    )


def _point_columns(points: dict[int, Any], lines: dict[int, _Line]) -> list[list[Any]]:
    rows = []
    for place, point in points.items():
        number, form, word = encode_value(point.value)
        rows.append(
            (
                lines[place].key, point.at, number, form, word, point.unit_code, NUMBERS[point.kind],
                encode_more(point), point.created_at, point.modified_at,
            )
        )  # fmt: skip
    return [list(column) for column in zip(*rows, strict=True)]


def _split(
    points: Sequence[Observation], accepted: set[int], sizes: Iterable[int]
) -> Iterator[list[Observation]]:
    start = 0
    for size in sizes:
        yield [points[place] for place in range(start, start + size) if place in accepted]
        start += size
