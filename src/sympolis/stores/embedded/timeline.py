"""Writing histories: which points a change adds, and taking points back. Runs in the writer's thread.

The recorder hands over what changes and is told what to log; tables and statements of the history are known here and
in ``history`` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import apsw
import msgspec

from sympolis.context import effects
from sympolis.context.store import Retraction
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Entity
from sympolis.stores import sql
from sympolis.stores.embedded import bodies
from sympolis.stores.embedded.files import fetch_all

_SQL = sql.load("sympolis.stores.embedded", "timeline.sql")
_MOST_ENTITIES_KEPT = 5_000

_PointRow = tuple[int, int, int | float | str | bytes, str | None]
_Series = tuple[int, tuple[str, ...], str]
"""Key, the entity's types, kind of attribute."""


class Timeline:
    """The history's tables. ``name`` gives the number that stands for an IRI in the file."""

    def __init__(self, connection: apsw.Connection, name: Callable[[str], int]) -> None:
        self._db = connection
        self._name = name
        self._series: dict[str, dict[tuple[str, str], _Series]] = {}
        self._points: list[Observation] = []
        self._tally = 0

    def mark(self) -> int:
        """What is not written down yet, to go back to with ``reload``."""
        return self._tally

    def reload(self, mark: int = 0) -> None:
        """Forget what a rolled-back transaction or savepoint has put into memory."""
        self._series.clear()
        self._points.clear()
        self._tally = mark

    def note(self, before: Entity | None, after: Entity | None, names: Sequence[str], at: datetime) -> None:
        """Remember what the step of an entity, in attributes of these names, adds to the history."""
        if after is not None:
            self._points += effects.new_observations(before, after)

    def write(self) -> None:
        """Write down what was noted since the last time, once per job."""
        points, self._points = self._points, []
        if points:
            added, _ = self._add_rows([_row(self._series_key(point), point) for point in points])
            self._tally += added

    def observe(self, observations: Sequence[Observation], at: datetime) -> tuple[list[Observation], int]:
        """The first new point of each (entity, name), and how many points were new or different."""
        grown: list[Observation] = []
        accepted = 0
        for points in _by_series(observations):
            series = self._series_key(points[-1])
            added, changed = self._add_rows([_row(series, point) for point in points])
            self._tally += added
            accepted += changed
            if changed:
                grown.append(points[0])
        return grown, accepted

    def retract(self, retraction: Retraction, at: datetime) -> tuple[list[Observation], int]:
        """One point for each series that lost some, and how many points are gone."""
        gone: list[Observation] = []
        total = 0
        wanted = {
            "entity": retraction.entity_id,
            "name": retraction.name,
            "every": retraction.every or retraction.name is None,
            "dataset": retraction.dataset_id or "",
        }
        moment = None if retraction.at is None else bodies.microseconds(retraction.at)
        for series, types, name in fetch_all(self._db, _SQL["series_to_retract"], wanted):
            before = self._db.total_changes()
            self._db.execute(_SQL["retract_points"], {"series": series, "at": moment})
            if count := self._db.total_changes() - before:
                total += count
                known = tuple(msgspec.json.decode(types))
                gone.append(Observation(retraction.entity_id, known, name, at, None))
            self._db.execute(_SQL["drop_empty_series"], {"series": series})
        self._series.clear()
        self._tally -= total
        return gone, total

    def flush(self) -> None:
        """Write the count down, once per transaction."""
        if self._tally:
            self._db.execute(_SQL["add_to_tally"], (self._tally,))
            self._tally = 0

    def _add_rows(self, rows: Sequence[_PointRow]) -> tuple[int, int]:
        """How many points were new, and how many new or different. Most are new, so that is tried first."""
        before = self._db.total_changes()
        self._db.executemany(_SQL["add_observation"], rows)
        added = self._db.total_changes() - before
        if added < len(rows):
            self._db.executemany(_SQL["change_observation"], rows)
        return added, self._db.total_changes() - before

    def _series_key(self, point: Observation) -> int:
        """The key of the point's series, which is made or brought up to date where needed."""
        own = self._series.get(point.entity_id)
        if own is None:
            own = self._series_of(point.entity_id)
        handle = (point.name, point.dataset_id or "")
        known = own.get(handle)
        if known is None:
            known = own[handle] = self._add_series(point)
        elif known[1:] != (point.types, point.kind.value):
            types = msgspec.json.encode(point.types).decode()
            self._db.execute(_SQL["change_series"], (types, point.kind.value, known[0]))
            known = own[handle] = (known[0], point.types, point.kind.value)
        return known[0]

    def _series_of(self, entity_id: str) -> dict[tuple[str, str], _Series]:
        """All series of an entity, remembered: who writes one point mostly writes more."""
        if len(self._series) >= _MOST_ENTITIES_KEPT:
            self._series.clear()
        found = self._series[entity_id] = {
            (name, dataset): (key, tuple(msgspec.json.decode(types)), kind)
            for key, name, dataset, types, kind in self._db.execute(_SQL["series_keys"], (entity_id,))
        }
        return found

    def _add_series(self, point: Observation) -> _Series:
        types = msgspec.json.encode(point.types).decode()
        row = (point.entity_id, self._name(point.name), point.dataset_id or "", point.kind.value, types)
        [(key,)] = self._db.execute(_SQL["add_series"], row)
        return key, point.types, point.kind.value


def _by_series(observations: Sequence[Observation]) -> Iterator[list[Observation]]:
    """Points grouped by series, in order of first appearance."""
    groups: dict[tuple[str, str, str | None], list[Observation]] = {}
    for point in observations:
        groups.setdefault((point.entity_id, point.name, point.dataset_id), []).append(point)
    yield from groups.values()


def _row(series: int, point: Observation) -> _PointRow:
    return (series, bodies.microseconds(point.at), bodies.encode_value(point.value), point.unit_code)
