"""Reading histories: whose, which series, which points, and aggregates by period."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import apsw
import msgspec
import numpy as np

from sympolis.context.aggregate import buckets
from sympolis.context.buckets import Instants
from sympolis.context.evaluate import selects_by_state, subject_matcher
from sympolis.context.query import HistoryQuery, TimeProperty, TimeRange, TimeRelation
from sympolis.context.store import History, Series
from sympolis.domain.changes import TimeKind
from sympolis.stores import sql
from sympolis.stores.embedded import bodies, reader, tiers
from sympolis.stores.embedded.points import KINDS, TIMES, Line, Row, created_of, decode_point, modified_of
from sympolis.stores.embedded.tiers import EVER

_SQL = sql.load("sympolis.stores.embedded", "timeline.sql")
_STORED: Final[Mapping[TimeProperty | None, frozenset[TimeKind]]] = {
    None: frozenset(TimeKind),
    TimeProperty.OBSERVED_AT: frozenset({TimeKind.OBSERVED}),
    TimeProperty.CREATED_AT: frozenset({TimeKind.OBSERVED, TimeKind.RECORDED}),
    TimeProperty.MODIFIED_AT: frozenset({TimeKind.OBSERVED, TimeKind.RECORDED}),
    TimeProperty.DELETED_AT: frozenset({TimeKind.DELETED}),
}
"""The points that can have a time."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whose history."""

    id: str
    key: int
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Series:
    """A series: its lines, by the kind of time that their points stand under."""

    name: str
    dataset: str
    lines: tuple[tuple[int, Line], ...]


def history(db: apsw.Connection, query: HistoryQuery) -> History:
    """The selected observations or aggregates, from one snapshot."""
    with reader.snapshot(db):
        return _Reading(db, query).history()


class _Reading:
    """One answer in the making."""

    def __init__(self, db: apsw.Connection, query: HistoryQuery) -> None:
        self._db = db
        self._query = query
        self._by = query.by
        self._low, self._high = span(query.range)
        self._room = query.max_instances
        self._complete = True

    def history(self) -> History:
        """The page, walking no further than to its end unless all are to be counted."""
        wanted = self._query.entities
        first, after = wanted.offset, wanted.offset + wanted.limit
        found: list[Series] = []
        place = 0
        for subject in self._subjects():
            if not wanted.count and place >= after:
                break
            if first <= place < after:
                own = list(self._of(subject))
                found += [series for series in own if series.observations or series.buckets]
                place += bool(own)
            else:
                place += self._has_any(subject)
        return History(tuple(found), place if wanted.count else None, self._complete)

    def _subjects(self) -> Iterator[_Subject]:
        wanted = self._query.entities
        by_state = reader.selected_ids(self._db, wanted) if selects_by_state(wanted) else None
        by_subject = subject_matcher(wanted)
        ids = msgspec.json.encode(wanted.ids).decode()
        rows = self._db.execute(_SQL["subjects_of"], {"ids": ids}) if wanted.ids else _all_subjects(self._db)
        for entity_id, key, types_json in rows:
            types = tuple(msgspec.json.decode(types_json))
            if by_subject(entity_id, types) and (by_state is None or entity_id in by_state):
                yield _Subject(entity_id, key, types)

    def _series(self, subject: _Subject) -> list[_Series]:
        """The series of a subject that may have what is asked for, in order of name and dataset."""
        groups: dict[tuple[str, str], list[tuple[int, Line]]] = {}
        for key in tiers.lines_of(self._db, subject.key):
            line = tiers.line_of(self._db, key)
            if line.time in _STORED[self._by] and (not self._query.names or line.name in self._query.names):
                groups.setdefault((line.name, line.dataset), []).append((key, line))
        return [_Series(name, dataset, tuple(lines)) for (name, dataset), lines in sorted(groups.items())]

    def _has_any(self, subject: _Subject) -> bool:
        return any(self._has_points(subject, series) for series in self._series(subject))

    def _has_points(self, subject: _Subject, series: _Series) -> bool:
        if self._by in _ONE_TIME:
            place = (self._low, self._high)
            return any(tiers.has_points(self._db, (subject.key, key), place) for key, _ in series.lines)
        return bool(self._timed(subject, series))

    def _of(self, subject: _Subject) -> Iterator[Series]:
        """The series with something in the range: with it as far as there is room, or else empty."""
        for series in self._series(subject):
            head = Series(subject.id, subject.types, series.name, series.dataset or None)
            found = self._aggregated(head, subject, series) if self._query.methods else None
            found = found or self._observed(head, subject, series)
            if found is not None:
                yield found

    # --- points

    def _observed(self, head: Series, subject: _Subject, series: _Series) -> Series | None:
        if self._query.methods:
            return None
        found = self._points(subject, series)
        if not found:
            return head if self._query.last_n == 0 and self._has_points(subject, series) else None
        self._complete &= len(found) <= self._room
        shown = found[: self._room]
        self._room -= len(shown)
        if not shown:
            return head
        points = [decode_point(subject.id, subject.types, line, row) for row, line in shown]
        return replace(head, observations=tuple(points), kind=points[-1].kind)

    def _points(self, subject: _Subject, series: _Series) -> list[tuple[Row, Line]]:
        """The chosen points in order, one more than there is room for at most."""
        if self._by in _ONE_TIME and len(series.lines) == 1:
            [(key, line)] = series.lines
            most = self._room + 1
            rows = tiers.read_points(
                self._db, (subject.key, key), (self._low, self._high), self._query.last_n, most
            )
            return [(row, line) for row in rows[:most]]
        timed = self._timed(subject, series)
        newest = timed if self._query.last_n is None else timed[max(len(timed) - self._query.last_n, 0) :]
        return [(row, line) for _, row, line in newest[: self._room + 1]]

    def _timed(self, subject: _Subject, series: _Series) -> list[tuple[int, Row, Line]]:
        """All points in the range with the time that the query goes by, in its order."""
        ever = (self._low, self._high) if self._by in _ONE_TIME else EVER
        found: list[tuple[int, Row, Line]] = []
        for key, line in series.lines:
            for row in tiers.read_points(self._db, (subject.key, key), ever):
                at = _time(row, line.time, self._by)
                if at is not None and self._low <= at < self._high:
                    found.append((at, row, line))
        return sorted(found, key=lambda one: (one[0], one[1][0], TIMES.index(one[2].time)))

    # --- aggregates

    def _aggregated(self, head: Series, subject: _Subject, series: _Series) -> Series | None:
        times, values, kind = self._values(subject, series)
        if not len(values):
            return None
        return replace(head, buckets=buckets(times, values, self._query), kind=KINDS[kind])

    def _values(self, subject: _Subject, series: _Series) -> tuple[Instants, tiers.Values, int]:
        """Times and values in the range, and the kind of the newest."""
        if self._by in _ONE_TIME and len(series.lines) == 1:
            [(key, _)] = series.lines
            return tiers.read_values(self._db, (subject.key, key), (self._low, self._high))
        timed = self._timed(subject, series)
        values = tiers.plain([row[1] for _, row, _ in timed])
        return np.array([at for at, _, _ in timed], dtype=np.int64), values, timed[-1][1][3] if timed else 0


_ONE_TIME: Final = frozenset({None, TimeProperty.OBSERVED_AT, TimeProperty.DELETED_AT})
"""Times under which points stand in the table."""


def _time(row: Row, time: TimeKind, by: TimeProperty | None) -> int | None:
    if by is TimeProperty.CREATED_AT:
        return created_of(row, time)
    if by is TimeProperty.MODIFIED_AT:
        return modified_of(row, time)
    return row[0]


def _all_subjects(db: apsw.Connection) -> Iterable[tuple[Any, ...]]:
    return db.execute(_SQL["subjects"])


def span(wanted: TimeRange | None) -> tuple[int, int]:
    """The range as [low, high) in microseconds."""
    low, high = EVER
    if wanted is None:
        return low, high
    at = bodies.microseconds(wanted.at)
    if wanted.relation is TimeRelation.BEFORE:
        return low, at
    return at, high if wanted.end is None else bodies.microseconds(wanted.end)
