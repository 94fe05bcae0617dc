"""Reading histories: ranges, the latest points, aggregates by period. SQL does the work, per series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import Any, Final

import apsw
import msgspec

from sympolis.context.evaluate import selects_by_state, subject_matcher
from sympolis.context.query import Aggregation, HistoryQuery, TimeRange, TimeRelation
from sympolis.context.store import Bucket, History, Series
from sympolis.domain.changes import Observation
from sympolis.domain.entity import AttributeKind
from sympolis.stores import sql
from sympolis.stores.embedded import bodies, reader
from sympolis.stores.embedded.files import fetch_value
from sympolis.stores.observed import check_time_property

_SQL = sql.load("sympolis.stores.embedded", "timeline.sql")
_EVER: Final = (-(2**62), 2**62)


@dataclass(frozen=True, slots=True)
class _Line:
    """A series as it stands in the table, with the part of the time that is asked for."""

    key: int
    head: Series
    low: int
    high: int

    def span(self, **more: Any) -> dict[str, Any]:
        return {"series": self.key, "low": self.low, "high": self.high, **more}


def history(db: apsw.Connection, query: HistoryQuery) -> History:
    """The selected observations or aggregates, from one snapshot."""
    check_time_property(query)
    with reader.snapshot(db):
        lines = (line for line in _lines(db, query) if _has_points(db, line))
        grouped = (list(group) for _, group in groupby(lines, key=lambda line: line.head.entity_id))
        first, after = query.entities.offset, query.entities.offset + query.entities.limit
        subjects = list(grouped if query.entities.count else islice(grouped, after))
        page = subjects[first:after]
        total = len(subjects) if query.entities.count else None
        shown = [line for subject in page for line in subject]
        if query.methods:
            return History(tuple(_aggregated(db, line, query) for line in shown), total)
        series, complete = _observed(db, shown, query)
        return History(tuple(series), total, complete)


def _lines(db: apsw.Connection, query: HistoryQuery) -> Iterator[_Line]:
    wanted = query.entities
    by_state = reader.selected_ids(db, wanted) if selects_by_state(wanted) else None
    by_subject = subject_matcher(wanted)
    low, high = _span(query.range)
    parameters = {"ids": _json_or_null(wanted.ids), "names": _json_or_null(query.names)}
    statement = _SQL["series_of" if wanted.ids else "all_series"]
    for key, entity_id, types_json, name, dataset, kind in db.execute(statement, parameters):
        types = tuple(msgspec.json.decode(types_json))
        if by_subject(entity_id, types) and (by_state is None or entity_id in by_state):
            head = Series(entity_id, types, name, dataset or None, kind=AttributeKind(kind))
            yield _Line(key, head, low, high)


def _has_points(db: apsw.Connection, line: _Line) -> bool:
    return bool(fetch_value(db, _SQL["has_points"], line.span()))


def _observed(db: apsw.Connection, lines: Sequence[_Line], query: HistoryQuery) -> tuple[list[Series], bool]:
    found: list[Series] = []
    room = query.max_instances
    complete = True
    for line in lines:
        points = _points(db, line, query, room + 1)
        complete &= len(points) <= room
        if points[:room]:
            found.append(replace(line.head, observations=tuple(points[:room])))
        room -= min(len(points), room)
    return found, complete


def _points(db: apsw.Connection, line: _Line, query: HistoryQuery, most: int) -> list[Observation]:
    """At most so many points in order of time; with ``last_n``, of the newest ones."""
    if query.last_n is None:
        rows = db.execute(_SQL["points"], line.span(most=most)).fetchall()
    else:
        rows = db.execute(_SQL["latest_points"], line.span(most=query.last_n)).fetchall()[::-1][:most]
    return [_observation(line.head, row) for row in rows]


def _observation(head: Series, row: tuple[Any, ...]) -> Observation:
    at, value, unit = row
    return Observation(
        head.entity_id,
        head.types,
        head.name,
        bodies.instant(at),
        bodies.decode_value(value),
        unit,
        head.dataset_id,
        head.kind,
    )


# --- aggregates


def _aggregated(db: apsw.Connection, line: _Line, query: HistoryQuery) -> Series:
    ends: Any = db.execute(_SQL["ends"], line.span()).fetchone()
    first, last = ends
    start = first if query.range is None or query.range.relation is TimeRelation.BEFORE else line.low
    whole = query.period_s == 0
    period = last - start + 1 if whole else query.period_s * 1_000_000
    end = line.high if query.range is not None and query.range.end is not None else last
    columns = _MEANS if set(_MEANS).issuperset(query.methods) else _COLUMNS
    statement = _SQL["means" if columns is _MEANS else "buckets"]
    buckets = []
    for place, *figures in db.execute(statement, line.span(start=start, period=period)):
        opened = start + place * period
        closed = end if whole else opened + period
        by_method = dict(zip(columns, figures, strict=True))
        buckets.append(
            Bucket(
                bodies.instant(opened),
                bodies.instant(closed),
                {method: _figure(method, by_method) for method in query.methods},
            )
        )
    return replace(line.head, buckets=tuple(buckets))


_COLUMNS = (
    Aggregation.TOTAL_COUNT,
    Aggregation.DISTINCT_COUNT,
    Aggregation.SUM,
    Aggregation.AVG,
    Aggregation.MIN,
    Aggregation.MAX,
    Aggregation.STDDEV,
    Aggregation.SUMSQ,
)
"""The figures in the order of the statement ``buckets``; STDDEV is a variance there."""
_MEANS = (Aggregation.TOTAL_COUNT, Aggregation.SUM, Aggregation.AVG)
"""The figures in the order of the statement ``means``."""


def _figure(method: Aggregation, by_method: dict[Aggregation, Any]) -> Any:
    found = by_method[method]
    if method is Aggregation.STDDEV and found is not None:
        return max(found, 0.0) ** 0.5
    return found


def _span(wanted: TimeRange | None) -> tuple[int, int]:
    """The range as [low, high) in microseconds."""
    low, high = _EVER
    if wanted is None:
        return low, high
    at = bodies.microseconds(wanted.at)
    if wanted.relation is TimeRelation.BEFORE:
        return low, at
    return at, high if wanted.end is None else bodies.microseconds(wanted.end)


def _json_or_null(values: Sequence[str]) -> str | None:
    """Each value once: the statement that starts from the ids would give a series as often as its id is named."""
    return msgspec.json.encode(list(dict.fromkeys(values))).decode() if values else None
