"""Reading histories: whose, which series, which points, and aggregates by period."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import apsw
import msgspec

from sympolis.context.aggregate import buckets
from sympolis.context.evaluate import selects_by_state, subject_matcher, type_holds
from sympolis.context.query import HistoryQuery, Query, TimeProperty, TimeRange, TimeRelation
from sympolis.context.store import Bucket, History, Series
from sympolis.domain.changes import TimeKind
from sympolis.domain.entity import AttributeKind
from sympolis.later import later
from sympolis.stores import sql
from sympolis.stores.embedded import bodies, reader, tiers
from sympolis.stores.embedded.dense import dense
from sympolis.stores.embedded.files import fetch_all
from sympolis.stores.embedded.points import KINDS, TIMES, Line, Row, created_of, decode_point, modified_of
from sympolis.stores.embedded.tiers import EVER

if TYPE_CHECKING:
    import numpy as np

    from sympolis.context.buckets import Instants
else:
    np = later("numpy")

_SQL = sql.load("sympolis.stores.embedded", "timeline.sql")
_ALL: Final = 2**62
_BRIEF: Final = 31 * 86_400 * 1_000_000
"""A month, in microseconds."""
_STORED: Final[Mapping[TimeProperty | None, frozenset[TimeKind]]] = {
    None: frozenset(TimeKind),
    TimeProperty.OBSERVED_AT: frozenset({TimeKind.OBSERVED}),
    TimeProperty.CREATED_AT: frozenset({TimeKind.OBSERVED, TimeKind.RECORDED}),
    TimeProperty.MODIFIED_AT: frozenset({TimeKind.OBSERVED, TimeKind.RECORDED}),
    TimeProperty.DELETED_AT: frozenset({TimeKind.DELETED}),
}
"""The points that can have a time."""


class _Subject(NamedTuple):
    """Whose history."""

    id: str
    key: int
    types: tuple[str, ...]


class _Series(NamedTuple):
    """A series: its lines, by the kind of time that their points stand under."""

    name: str
    dataset: str
    lines: list[tuple[int, Line]]


def is_brief(query: HistoryQuery) -> bool:
    """Whether a query is likely to be answered in some milliseconds: aggregates of long ranges are not."""
    low, high = span(query.range)
    return not query.methods or high - low <= _BRIEF


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
        self._few: dict[int, list[Row]] | None = None

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
        if _names_only(wanted):
            for entity_id, key, types_json in self._rows_of_subjects(wanted.ids):
                yield _Subject(entity_id, key, tuple(msgspec.json.decode(types_json)))
            return
        by_state = reader.selected_ids(self._db, wanted) if selects_by_state(wanted) else None
        by_subject = subject_matcher(wanted)
        for entity_id, key, types_json in self._rows_of_subjects(wanted.ids, wanted.types):
            types = tuple(msgspec.json.decode(types_json))
            if by_subject(entity_id, types) and (by_state is None or entity_id in by_state):
                yield _Subject(entity_id, key, types)

    def _rows_of_subjects(self, ids: tuple[str, ...], types: Any = None) -> Iterable[tuple[Any, ...]]:
        """Id, key and types of those with these ids, or else of everyone who may be of these types."""
        if len(ids) == 1:
            return fetch_all(self._db, _SQL["subject_of"], ids)
        if ids:
            return self._db.execute(_SQL["subjects_of"], {"ids": msgspec.json.encode(ids).decode()})
        if types is None:
            return self._db.execute(_SQL["subjects"])
        typings = [
            key
            for listed, key in fetch_all(self._db, _SQL["typings"])
            if type_holds(types, msgspec.json.decode(listed))
        ]
        return self._db.execute(_SQL["subjects_typed"], {"typings": msgspec.json.encode(typings).decode()})

    def _series(self, subject: _Subject) -> list[_Series]:
        """The series of a subject that may have what is asked for, in order of name and dataset."""
        self._few = tiers.few_points(self._db, subject.key)
        own = tiers.lines_of(self._db, subject.key) if self._few is None else self._few
        stored, names = _STORED[self._by], self._query.names
        lines = tiers.lines(self._db)
        groups: dict[tuple[str, str], list[tuple[int, Line]]] = {}
        for key in own:
            line = lines[key]
            if line.time in stored and (not names or line.name in names):
                groups.setdefault(line[:2], []).append((key, line))
        return [_Series(*groups_key, lines) for groups_key, lines in sorted(groups.items())]

    def _read(
        self, subject: _Subject, key: int, times: tiers.Times, last_n: int | None, most: int
    ) -> list[Row]:
        """The points of a line of the subject that ``_series`` was called for."""
        if self._few is not None:
            return tiers.among(self._few[key], times, last_n, most)
        return tiers.read_points(self._db, (subject.key, key), times, last_n, most)

    def _has_any(self, subject: _Subject) -> bool:
        return any(self._has_points(subject, series) for series in self._series(subject))

    def _has_points(self, subject: _Subject, series: _Series) -> bool:
        if self._by in _ONE_TIME:
            place = (self._low, self._high)
            return any(tiers.has_points(self._db, (subject.key, key), place) for key, _ in series.lines)
        return bool(self._timed(subject, series))

    def _of(self, subject: _Subject) -> Iterator[Series]:
        """The series with something in the range: with it as far as there is room, or else empty."""
        read = self._aggregated if self._query.methods else self._observed
        for series in self._series(subject):
            found = read(subject, series)
            if found is not None:
                yield found

    # --- points

    def _observed(self, subject: _Subject, series: _Series) -> Series | None:
        found = self._points(subject, series)
        entity_id, _, types = subject
        if not found:
            empty = self._query.last_n == 0 and self._has_points(subject, series)
            return Series(entity_id, types, series.name, series.dataset or None) if empty else None
        self._complete &= len(found) <= self._room
        shown = found[: self._room]
        self._room -= len(shown)
        points = tuple([decode_point(entity_id, types, line, row) for row, line in shown])
        kind = points[-1].kind if points else AttributeKind.PROPERTY
        return Series(entity_id, types, series.name, series.dataset or None, points, (), kind)

    def _points(self, subject: _Subject, series: _Series) -> list[tuple[Row, Line]]:
        """The chosen points in order, one more than there is room for at most."""
        if self._by in _ONE_TIME and len(series.lines) == 1:
            [(key, line)] = series.lines
            most = self._room + 1
            rows = self._read(subject, key, (self._low, self._high), self._query.last_n, most)
            return [(row, line) for row in rows[:most]]
        timed = self._timed(subject, series)
        newest = timed if self._query.last_n is None else timed[max(len(timed) - self._query.last_n, 0) :]
        return [(row, line) for _, row, line in newest[: self._room + 1]]

    def _timed(self, subject: _Subject, series: _Series) -> list[tuple[int, Row, Line]]:
        """All points in the range with the time that the query goes by, in its order."""
        ever = (self._low, self._high) if self._by in _ONE_TIME else EVER
        found: list[tuple[int, Row, Line]] = []
        for key, line in series.lines:
            for row in self._read(subject, key, ever, None, _ALL):
                at = _time(row, line.time, self._by)
                if at is not None and self._low <= at < self._high:
                    found.append((at, row, line))
        return sorted(found, key=lambda one: (one[0], one[1][0], TIMES.index(one[2].time)))

    # --- aggregates

    def _aggregated(self, subject: _Subject, series: _Series) -> Series | None:
        told = self._dense(subject, series)
        if told is not None:
            return Series(subject.id, subject.types, series.name, series.dataset or None, (), *told)
        times, values, kind = self._values(subject, series)
        if not len(values):
            return None
        found = buckets(times, values, self._query)
        return Series(subject.id, subject.types, series.name, series.dataset or None, (), found, KINDS[kind])

    def _dense(self, subject: _Subject, series: _Series) -> tuple[Sequence[Bucket], AttributeKind] | None:
        """The figures and the kind of the newest point, where the database makes them all by itself."""
        if self._by not in _ONE_TIME or len(series.lines) > 1:
            return None
        place, times = (subject.key, series.lines[0][0]), (self._low, self._high)
        if tiers.pieces(self._db, place, times):
            return None
        found = dense(self._db, place, times, self._query)
        return None if found is None else (found.buckets, KINDS[found.kind])

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


def _names_only(wanted: Query) -> bool:
    """Whether a query says whom it wants by id alone."""
    more = (wanted.id_pattern, wanted.types, wanted.q, wanted.geo, wanted.scopes)
    return not any(part is not None for part in more) and not (wanted.attributes or wanted.selectors)


def _time(row: Row, time: TimeKind, by: TimeProperty | None) -> int | None:
    if by is TimeProperty.CREATED_AT:
        return created_of(row, time)
    if by is TimeProperty.MODIFIED_AT:
        return modified_of(row, time)
    return row[0]


def span(wanted: TimeRange | None) -> tuple[int, int]:
    """The range as [low, high) in microseconds."""
    low, high = EVER
    if wanted is None:
        return low, high
    at = bodies.microseconds(wanted.at)
    if wanted.relation is TimeRelation.BEFORE:
        return low, at
    return at, high if wanted.end is None else bodies.microseconds(wanted.end)
