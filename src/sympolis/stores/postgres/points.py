"""Adding points to histories: their series, the partitions they need, and which of them say something new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from sympolis.context.store import Retraction
from sympolis.domain.changes import Observation
from sympolis.stores import sql
from sympolis.stores.postgres.bodies import encode_value
from sympolis.stores.postgres.months import Partitions, aware, month_of
from sympolis.stores.postgres.names import Names
from sympolis.stores.postgres.server import Connection, Server

_SQL = sql.load("sympolis.stores.postgres", "store.sql")
_AT_ONCE: Final = 5_000
_MOST_SERIES_KEPT: Final = 50_000

_Handle = tuple[str, int, str]
"""Entity, number of the name, dataset ('' = the default one)."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A series as its row says; ``since`` and ``until`` bound the months of its points."""

    key: int
    types: tuple[str, ...]
    kind: str
    since: datetime
    until: datetime


class Points:
    """The writer's side of history for one tenant; remembers series as long as no one else changes them."""

    def __init__(self, server: Server, tenant: int, names: Names, partitions: Partitions) -> None:
        self._server = server
        self._tenant = tenant
        self._names = names
        self._partitions = partitions
        self._lines: dict[_Handle, _Line] = {}
        self._version = -1
        self.added = 0
        self.touched = False
        self.series_changed = False

    def begin(self, version: int) -> None:
        """A transaction begins; ``version`` is the tenant's ``series_version``."""
        if version != self._version or len(self._lines) > _MOST_SERIES_KEPT:
            self._lines.clear()
        self._version = version
        self.added, self.touched, self.series_changed = 0, False, False

    def committed(self) -> None:
        """The transaction is durable, and so is what is remembered of it."""
        self._version += int(self.series_changed)

    def forget(self) -> None:
        """The transaction was undone."""
        self._lines.clear()
        self._version = -1

    async def keep(self, db: Connection, batches: Sequence[Sequence[Observation]]) -> list[list[Observation]]:
        """Add the points of each batch, in order; of each batch those that were new or different."""
        given = [point for batch in batches for point in batch]
        if not given:
            return [[] for _ in batches]
        await self._names.make({point.name for point in given})
        await self._make_months(given)
        handles = [self._handle(point) for point in given]
        await self._resolve(db, given, handles)
        accepted = await self._insert(db, given, [self._lines[handle].key for handle in handles])
        return list(_split(given, accepted, [len(batch) for batch in batches]))

    def _handle(self, point: Observation) -> _Handle:
        return (point.entity_id, self._names[point.name], point.dataset_id or "")

    async def _make_months(self, points: Iterable[Observation]) -> None:
        missing = self._partitions.missing({month_of(point.at) for point in points})
        if missing:
            async with self._server.side() as connection:
                await self._partitions.make(connection, missing)

    # --- series

    async def _resolve(
        self, db: Connection, points: Sequence[Observation], handles: Sequence[_Handle]
    ) -> None:
        """See that every series is there and its row says what its newest statement says."""
        await self._find(db, sorted({handle for handle in handles if handle not in self._lines}))
        wanted: dict[_Handle, _Line] = {}
        for handle, point in zip(handles, points, strict=True):
            wanted[handle] = _with(wanted.get(handle) or self._lines.get(handle), point)
        changed = {handle: line for handle, line in wanted.items() if line != self._lines.get(handle)}
        if not changed:
            return
        self.series_changed = self.touched = True
        rows = await db.fetch(_SQL["keep_series"], self._tenant, *_columns(changed))
        for row in rows:
            handle = (row["entity"], row["name"], row["dataset"])
            line = changed[handle]
            self._lines[handle] = _Line(row["key"], line.types, line.kind, line.since, line.until)

    async def _find(self, db: Connection, handles: Sequence[_Handle]) -> None:
        if not handles:
            return
        columns = [list(column) for column in zip(*handles, strict=True)]
        for row in await db.fetch(_SQL["find_series"], self._tenant, *columns):
            entity, name, dataset, key, types, kind, since, until = row
            self._lines[entity, name, dataset] = _Line(key, tuple(types), kind, aware(since), aware(until))

    # --- points

    async def retract(
        self, db: Connection, wanted: Retraction, at: datetime
    ) -> tuple[list[Observation], int]:
        """Delete points: one that stands for each series that lost some, and how many there were."""
        every = wanted.every or wanted.name is None
        rows = await db.fetch(
            _SQL["retract_points"],
            self._tenant,
            wanted.entity_id,
            wanted.name,
            every,
            wanted.dataset_id or "",
            wanted.at,
        )
        hit = [row for row in rows if row["points"]]
        total = sum(row["points"] for row in hit)
        if total:
            await db.execute(_SQL["drop_empty_series"], [row["key"] for row in hit])
            self._lines.clear()
            self.added -= total
            self.series_changed = self.touched = True
        return [
            Observation(wanted.entity_id, tuple(row["types"]), row["iri"], at, None) for row in hit
        ], total

    async def _insert(self, db: Connection, points: Sequence[Observation], keys: Sequence[int]) -> set[int]:
        """The places of the points that were new or different. A time that occurs again waits for the next wave."""
        accepted: set[int] = set()
        for wave in _waves(points, keys):
            for start in range(0, len(wave), _AT_ONCE):
                accepted |= await self._insert_some(db, points, keys, wave[start : start + _AT_ONCE])
        self.touched |= bool(accepted)
        return accepted

    async def _insert_some(
        self, db: Connection, points: Sequence[Observation], keys: Sequence[int], places: Sequence[int]
    ) -> set[int]:
        by_row = {(keys[place], points[place].at.astimezone(UTC)): place for place in places}
        added = await db.fetch(_SQL["add_points"], *_point_columns(points, keys, places))
        accepted = {by_row[row["series"], aware(row["at"])] for row in added}
        self.added += len(accepted)
        known = [place for place in places if place not in accepted]
        if known:
            times = [points[place].at for place in known]
            columns = _point_columns(points, keys, known)
            changed = await db.fetch(_SQL["change_points"], *columns, min(times), max(times))
            accepted |= {by_row[row["series"], aware(row["at"])] for row in changed}
        return accepted


def _with(line: _Line | None, point: Observation) -> _Line:
    start, end = month_of(point.at)
    if line is None:
        return _Line(0, point.types, point.kind.value, start, end)
    if (
        line.types == point.types
        and line.kind == point.kind.value
        and line.since <= start
        and end <= line.until
    ):
        return line
    return _Line(line.key, point.types, point.kind.value, min(line.since, start), max(line.until, end))


def _columns(lines: dict[_Handle, _Line]) -> Iterator[list[Any]]:
    entities, names, datasets = zip(*lines, strict=True)
    yield list(entities)
    yield list(names)
    yield list(datasets)
    yield [line.kind for line in lines.values()]
    yield [msgspec.json.encode(line.types).decode() for line in lines.values()]
    yield [line.since for line in lines.values()]
    yield [line.until for line in lines.values()]


def _waves(points: Sequence[Observation], keys: Sequence[int]) -> list[list[int]]:
    """Places of points, so that no wave has two of one series and time; later statements are in later waves."""
    seen: dict[tuple[int, datetime], int] = {}
    waves: list[list[int]] = []
    for place, (point, key) in enumerate(zip(points, keys, strict=True)):
        wave = seen.get((key, point.at), 0)
        seen[key, point.at] = wave + 1
        if wave == len(waves):
            waves.append([])
        waves[wave].append(place)
    return waves


def _point_columns(
    points: Sequence[Observation], keys: Sequence[int], places: Sequence[int]
) -> list[list[Any]]:
    rows = []
    for place in places:
        point = points[place]
        rows.append((keys[place], point.at, *encode_value(point.value), point.unit_code))
    return [list(column) for column in zip(*rows, strict=True)]


def _split(
    points: Sequence[Observation], accepted: set[int], sizes: Sequence[int]
) -> Iterator[list[Observation]]:
    start = 0
    for size in sizes:
        yield [points[place] for place in range(start, start + size) if place in accepted]
        start += size
