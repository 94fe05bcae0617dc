"""Reading histories: ranges, the newest points, aggregates by period. One statement for all series of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Final

from sympolis.context.evaluate import selects_by_state, subject_matcher
from sympolis.context.query import Aggregation, AllOf, HistoryQuery, TimeRange, TimeRelation, TypeIs
from sympolis.context.store import Bucket, History, Series
from sympolis.domain.changes import Observation
from sympolis.domain.entity import AttributeKind
from sympolis.stores import sql
from sympolis.stores.observed import check_time_property
from sympolis.stores.postgres import reader
from sympolis.stores.postgres.bodies import decode_value, decode_word
from sympolis.stores.postgres.compile import Parameters
from sympolis.stores.postgres.months import aware
from sympolis.stores.postgres.server import Connection

_SQL = sql.load("sympolis.stores.postgres", "store.sql")
_EVER: Final = (datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class _Line:
    """A series with the bounds of its months."""

    key: int
    head: Series
    since: datetime
    until: datetime


async def history(db: Connection, tenant: int, keys: reader.Keys, query: HistoryQuery) -> History:
    """The selected observations or aggregates, of one moment."""
    check_time_property(query)
    async with reader.snapshot(db):
        lines, total = await _page_of_lines(db, tenant, keys, query)
        low, high = _bounds(lines, query.range)
        if not lines:
            return History((), total)
        if query.methods:
            return History(tuple(await _aggregated(db, lines, query, low, high)), total)
        series, complete = await _observed(db, lines, query, low, high)
        return History(tuple(series), total, complete)


# --- which series


async def _page_of_lines(
    db: Connection, tenant: int, keys: reader.Keys, query: HistoryQuery
) -> tuple[list[_Line], int | None]:
    """The series of the entities on the page, and the number of entities where it was asked for."""
    parameters = Parameters(tenant)
    where = await _conditions(db, tenant, keys, query, parameters)
    wanted = query.entities
    if wanted.id_pattern is not None:
        return _paged([line for line in await _lines(db, where, parameters) if _fits(line, query)], query)
    total = None
    if wanted.count:
        total = await db.fetchval(
            f"SELECT count(DISTINCT s.entity) FROM series s WHERE {where}",  # noqa: S608
            *parameters.values,
        )
    limit, offset = parameters.add(wanted.limit), parameters.add(wanted.offset)
    page = (
        f"{where} AND s.entity IN (SELECT s.entity FROM series s WHERE {where}"  # noqa: S608
        f" GROUP BY s.entity ORDER BY s.entity LIMIT {limit} OFFSET {offset})"
    )
    return await _lines(db, page, parameters), total


def _fits(line: _Line, query: HistoryQuery) -> bool:
    return subject_matcher(query.entities)(line.head.entity_id, line.head.types)


def _paged(lines: Sequence[_Line], query: HistoryQuery) -> tuple[list[_Line], int | None]:
    subjects = [list(group) for _, group in groupby(lines, key=lambda line: line.head.entity_id)]
    page = subjects[query.entities.offset : query.entities.offset + query.entities.limit]
    return [line for subject in page for line in subject], len(subjects) if query.entities.count else None


async def _conditions(
    db: Connection, tenant: int, keys: reader.Keys, query: HistoryQuery, parameters: Parameters
) -> str:
    """The conditions on ``s``, a series, but for the id pattern."""
    wanted = query.entities
    found = ["s.tenant = $1"]
    if wanted.ids:
        found.append(f"s.entity = ANY({parameters.add(list(wanted.ids))}::text[])")
    if selects_by_state(wanted):
        ids = await reader.selected_ids(db, tenant, keys, wanted)
        found.append(f"s.entity = ANY({parameters.add(ids)}::text[])")
    if query.names:
        numbers = [keys[name] for name in query.names if name in keys]
        found.append(f"s.name = ANY({parameters.add(numbers)}::int[])")
    if wanted.types is not None:
        found.append(_types(wanted.types, parameters))
    if query.range is not None:
        low, high = (parameters.add(bound) for bound in _span(query.range))
        found.append(
            f"s.until > {low} AND s.since < {high} AND EXISTS (SELECT 1 FROM observation o"  # noqa: S608
            f" WHERE o.series = s.key AND o.at >= {low} AND o.at < {high})"
        )
    return " AND ".join(found)


def _types(expression: Any, parameters: Parameters) -> str:
    if isinstance(expression, TypeIs):
        return f"{parameters.add(expression.name)}::text = ANY(s.types)"
    sign = " AND " if isinstance(expression, AllOf) else " OR "
    return f"({sign.join(_types(part, parameters) for part in expression.parts)})"


async def _lines(db: Connection, where: str, parameters: Parameters) -> list[_Line]:
    rows = await db.fetch(
        "SELECT s.key, s.entity, s.types, n.iri, s.dataset, s.kind, s.since, s.until"  # noqa: S608
        f" FROM series s JOIN name n ON n.key = s.name WHERE {where} ORDER BY s.entity, n.iri, s.dataset",
        *parameters.values,
    )
    return [_line(row) for row in rows]


def _line(row: Sequence[Any]) -> _Line:
    key, entity_id, types, name, dataset, kind, since, until = row
    head = Series(entity_id, tuple(types), name, dataset or None, kind=AttributeKind(kind))
    return _Line(key, head, aware(since), aware(until))


def _span(wanted: TimeRange | None) -> tuple[datetime, datetime]:
    """The range as [low, high)."""
    if wanted is None:
        return _EVER
    if wanted.relation is TimeRelation.BEFORE:
        return _EVER[0], wanted.at
    return wanted.at, wanted.end or _EVER[1]


def _bounds(lines: Sequence[_Line], wanted: TimeRange | None) -> tuple[datetime, datetime]:
    """The part of the range in which these series have points: only its partitions are looked at."""
    low, high = _span(wanted)
    since = min((line.since for line in lines), default=low)
    until = max((line.until for line in lines), default=high)
    return max(low, since), min(high, until)


# --- observations


async def _observed(
    db: Connection, lines: Sequence[_Line], query: HistoryQuery, low: datetime, high: datetime
) -> tuple[list[Series], bool]:
    most = query.max_instances
    arguments: list[Any] = [[line.key for line in lines], low, high, most + 1]
    if query.last_n is not None:
        arguments.append(query.last_n)
    rows = await db.fetch(_SQL["points" if query.last_n is None else "latest_points"], *arguments)
    found: list[Series] = []
    for place, group in groupby(rows[:most], key=lambda row: row[0]):
        head = lines[place - 1].head
        found.append(replace(head, observations=tuple(_observation(head, row) for row in group)))
    return found, len(rows) <= most


def _observation(head: Series, row: Sequence[Any]) -> Observation:
    _, at, number, form, word, unit = row
    value = decode_value(number, form, word)
    return Observation(
        head.entity_id, head.types, head.name, aware(at), value, unit, head.dataset_id, head.kind
    )


# --- aggregates


_COLUMNS: Final[Mapping[Aggregation, tuple[str, ...]]] = {
    Aggregation.TOTAL_COUNT: ("total",),
    Aggregation.DISTINCT_COUNT: ("different",),
    Aggregation.SUM: ("sum",),
    Aggregation.AVG: ("avg",),
    Aggregation.MIN: ("low", "first_word", "whole"),
    Aggregation.MAX: ("high", "last_word", "whole"),
    Aggregation.STDDEV: ("stddev",),
    Aggregation.SUMSQ: ("sumsq",),
}
"""The figures (``figure_…`` of the SQL file) that a method needs; only these are worked out."""


async def _aggregated(
    db: Connection, lines: Sequence[_Line], query: HistoryQuery, low: datetime, high: datetime
) -> list[Series]:
    wanted = query.range
    start = wanted.at if wanted is not None and wanted.relation is not TimeRelation.BEFORE else None
    keys = [line.key for line in lines]
    rows = await db.fetch(_buckets(query), keys, low, high, start, float(query.period_s))
    found = []
    for place, group in groupby(rows, key=lambda row: row[0]):
        buckets = tuple(_bucket(row, query) for row in group)
        found.append(replace(lines[place - 1].head, buckets=buckets))
    return found


def _buckets(query: HistoryQuery) -> str:
    columns = dict.fromkeys(column for method in query.methods for column in _COLUMNS[method])
    if not query.period_s:
        columns["last"] = None
    figures = ", ".join(f"{_SQL[f'figure_{column}']} AS {column}" for column in columns)
    return _SQL["buckets"].replace("/* figures */", figures)


def _bucket(row: Any, query: HistoryQuery) -> Bucket:
    opened = row["opened"]
    if query.period_s:
        end = opened + timedelta(seconds=query.period_s)
    else:
        end = query.range.end if query.range is not None and query.range.end else row["last"]
    return Bucket(opened, end, {method: _figure(row, _COLUMNS[method]) for method in query.methods})


def _figure(row: Any, columns: Sequence[str]) -> float | int | str | None:
    """A number; of the least and the greatest, a whole one where all are, and a text where there are no numbers."""
    found: float | int | None = row[columns[0]]
    if len(columns) == 1:
        return found
    if found is None:
        return None if row[columns[1]] is None else decode_word(row[columns[1]])
    return int(found) if row[columns[2]] else found
