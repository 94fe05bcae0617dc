"""Reading histories: which entities and series are meant, and what is told of them. One moment for all of an answer.

Observed values by their time are nearly all that is asked, and SQL answers it, aggregates included. What else there is
(see ``steps`` and ``recorded``) is joined to them here, series by series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from sympolis.context.evaluate import selects_by_state, subject_matcher
from sympolis.context.instances import chosen
from sympolis.context.query import (
    Aggregation,
    AllOf,
    HistoryQuery,
    NoneOf,
    TimeProperty,
    TimeRange,
    TimeRelation,
    TypeIs,
)
from sympolis.context.store import Bucket, History, Series
from sympolis.domain.entity import AttributeKind
from sympolis.stores import sql
from sympolis.stores.postgres import at_once, reader, recorded
from sympolis.stores.postgres.bodies import KINDS, decode_word
from sympolis.stores.postgres.compile import Parameters
from sympolis.stores.postgres.months import aware
from sympolis.stores.postgres.series import EVER, SeriesKey, Timed, cut, key_of, observation, series_of, span
from sympolis.stores.postgres.server import Connection

_SQL = sql.load("sympolis.stores.postgres", "store.sql")
_DIRECT: Final = (None, TimeProperty.OBSERVED_AT)
"""Times by which observed points are in the order that they are kept in."""


@dataclass(frozen=True, slots=True)
class Line:
    """A series of observed points with the bounds of its months."""

    key: int
    head: Series
    since: datetime
    until: datetime

    @property
    def handle(self) -> SeriesKey:
        """What it is the series of."""
        return (self.head.entity_id, self.head.name, self.head.dataset_id or "")


async def history(db: Connection, tenant: int, keys: reader.Keys, query: HistoryQuery) -> History:
    """The selected instances or aggregates, of one moment."""
    if at_once.is_enough(query):
        found = await at_once.history(db, tenant, keys, query)
        if found is not None:
            return found
    async with reader.snapshot(db):
        page, total = await _page(db, tenant, keys, query)
        if not page:
            return History((), total)
        lines = await _lines(db, tenant, keys, query, page)
        others = await _others(db, tenant, keys, query, page=page, lines=lines)
        direct = [line for line in lines if line.handle not in others] if query.by in _DIRECT else []
        series = await _told(db, direct, query)
        if others:
            told = [series_of(key, points, query) for key, points in others.items() if points]
            series = sorted([*series, *told], key=key_of)
        return cut(series, total, query)


# --- which entities


async def _page(
    db: Connection, tenant: int, keys: reader.Keys, query: HistoryQuery
) -> tuple[list[str], int | None]:
    """The ids of the entities on the page, and their number where it was asked for."""
    wanted = query.entities
    few = len(wanted.ids) <= wanted.limit and not wanted.offset
    if wanted.ids and few and not (wanted.count or _looks_closer(query)):
        return list(wanted.ids), None  # those of which there is nothing to tell have no series
    parameters = Parameters(tenant)
    where = await _conditions(db, tenant, keys, query, parameters)
    if wanted.id_pattern is not None or wanted.selectors:
        return await _page_by_looking(db, where, parameters, query)
    total = None
    if wanted.count:
        total = await db.fetchval(f"SELECT count(*) FROM subject j WHERE {where}", *parameters.values)  # noqa: S608
    limit, offset = parameters.add(wanted.limit), parameters.add(wanted.offset)
    rows = await db.fetch(
        f"SELECT j.entity FROM subject j WHERE {where} ORDER BY j.entity LIMIT {limit} OFFSET {offset}",  # noqa: S608
        *parameters.values,
    )
    return [row[0] for row in rows], total


def _looks_closer(query: HistoryQuery) -> bool:
    """Whether more than its id decides about an entity."""
    wanted = query.entities
    asked = wanted.types is not None or wanted.id_pattern is not None or bool(wanted.selectors)
    return asked or selects_by_state(wanted)


async def _page_by_looking(
    db: Connection, where: str, parameters: Parameters, query: HistoryQuery
) -> tuple[list[str], int | None]:
    wanted = query.entities
    fits = subject_matcher(wanted)
    statement = f"SELECT j.entity, j.types FROM subject j WHERE {where} ORDER BY j.entity"  # noqa: S608
    rows = await db.fetch(statement, *parameters.values)
    found = [entity_id for entity_id, types in rows if fits(entity_id, tuple(types))]
    page = found[wanted.offset : wanted.offset + wanted.limit]
    return page, len(found) if wanted.count else None


async def _conditions(
    db: Connection, tenant: int, keys: reader.Keys, query: HistoryQuery, parameters: Parameters
) -> str:
    """The conditions on ``j``, an entity with a history, but for id pattern and selectors."""
    wanted = query.entities
    found = ["j.tenant = $1"]
    if wanted.ids:
        found.append(f"j.entity = ANY({parameters.add(list(wanted.ids))}::text[])")
    if selects_by_state(wanted):
        ids = await reader.selected_ids(db, tenant, keys, wanted)
        found.append(f"j.entity = ANY({parameters.add(ids)}::text[])")
    if wanted.types is not None:
        found.append(_types(wanted.types, parameters))
    if query.names or query.range is not None or query.by is not None:
        found.append(_has_some(keys, query, parameters))
    return " AND ".join(found)


def _types(expression: Any, parameters: Parameters) -> str:
    if isinstance(expression, TypeIs):
        return f"{parameters.add(expression.name)}::text = ANY(j.types)"
    if isinstance(expression, NoneOf):
        return f"NOT ({parameters.add(list(expression.names))}::text[] && j.types)"
    sign = " AND " if isinstance(expression, AllOf) else " OR "
    return f"({sign.join(_types(part, parameters) for part in expression.parts)})"


def _has_some(keys: reader.Keys, query: HistoryQuery, parameters: Parameters) -> str:
    """Whether the entity has an instance that the query is about."""
    numbers = [keys[name] for name in query.names if name in keys]
    names = parameters.add(numbers) + "::int[]" if query.names else None
    bounded = query.range is not None
    if not bounded and query.by is TimeProperty.OBSERVED_AT:  # whatever has a series
        return recorded.has_observed(query.by, "", "", names, bounded=False)
    low, high = (parameters.add(bound) for bound in span(query.range))
    observed = recorded.has_observed(query.by, low, high, names, bounded=bounded)
    others = recorded.has_others(query.by, low, high, names)
    return f"({' OR '.join(filter(None, (observed, others)))})"


# --- which series


async def _lines(
    db: Connection, tenant: int, keys: reader.Keys, query: HistoryQuery, page: Sequence[str]
) -> list[Line]:
    """The series of observed points of the entities on the page."""
    if query.by is TimeProperty.DELETED_AT:
        return []
    names = [keys[name] for name in query.names if name in keys] if query.names else None
    low, high = span(query.range) if query.by in _DIRECT else EVER
    return [_line(row) for row in await db.fetch(_SQL["lines"], tenant, page, names, low, high)]


def _line(row: Sequence[Any]) -> Line:
    key, entity_id, types, name, dataset, kind, since, until = row
    head = Series(entity_id, tuple(types), name, dataset or None, kind=AttributeKind(kind))
    return Line(key, head, aware(since), aware(until))


def _bounds(lines: Sequence[Line], wanted: TimeRange | None) -> tuple[datetime, datetime]:
    """The part of the range in which these series have points: only its partitions are looked at."""
    low, high = span(wanted)
    since = min((line.since for line in lines), default=low)
    until = max((line.until for line in lines), default=high)
    return max(low, since), min(high, until)


# --- what else there is of them


async def _others(
    db: Connection,
    tenant: int,
    keys: reader.Keys,
    query: HistoryQuery,
    *,
    page: Sequence[str],
    lines: Sequence[Line],
) -> dict[SeriesKey, Timed]:
    """The instances of each series that SQL alone cannot tell of, with the times that the query goes by."""
    if query.by is TimeProperty.OBSERVED_AT:
        return {}
    numbers = [keys[name] for name in query.names if name in keys] if query.names else None
    found = await recorded.steps(db, tenant, query, page, span=span(query.range), names=numbers)
    if query.by is None:
        mixed = [line for line in lines if line.handle in found]
        points = await _observed(db, mixed, query) if mixed else []
    else:
        points = await _timed_otherwise(db, lines, query)
    for one in points:
        key = (one.entity_id, one.name, one.dataset_id or "")
        found[key] = [*found.get(key, ()), *one.observations]
    return {key: chosen(instances, query) for key, instances in found.items()}


async def _timed_otherwise(db: Connection, lines: Sequence[Line], query: HistoryQuery) -> list[Series]:
    """Observed points by when they came or changed."""
    statement = recorded.STATEMENTS.get(query.by)
    if statement is None or not lines:
        return []
    rows = await db.fetch(_SQL[statement], [line.key for line in lines], *span(query.range))
    rows.sort(key=lambda row: row[0])
    return _grouped(lines, rows)


# --- observed points


async def _told(db: Connection, lines: Sequence[Line], query: HistoryQuery) -> list[Series]:
    if not lines:
        return []
    return await (_aggregated if query.methods else _observed)(db, lines, query)


async def _observed(db: Connection, lines: Sequence[Line], query: HistoryQuery) -> list[Series]:
    """The points of these series, one more than may be shown at most."""
    most = query.max_instances + 1 if not query.methods else None
    arguments: list[Any] = [[line.key for line in lines], *_bounds(lines, query.range), most]
    newest = query.last_n if not query.methods else None
    if newest is not None:
        arguments.append(newest)
    rows = await db.fetch(_SQL["points" if newest is None else "latest_points"], *arguments)
    return _grouped(lines, rows)


def _grouped(lines: Sequence[Line], rows: Sequence[Any]) -> list[Series]:
    found: list[Series] = []
    for place, group in groupby(rows, key=lambda row: row[0]):
        head = lines[place - 1].head
        points = tuple([observation(head, row) for row in group])
        found.append(replace(head, observations=points, kind=points[-1].kind))
    return found


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


async def _aggregated(db: Connection, lines: Sequence[Line], query: HistoryQuery) -> list[Series]:
    wanted = query.range
    start = wanted.at if wanted is not None and wanted.relation is not TimeRelation.BEFORE else None
    keys = [line.key for line in lines]
    bounds = _bounds(lines, wanted)
    rows = await db.fetch(_buckets(query), keys, *bounds, start, float(query.period_s))
    found = []
    for place, group in groupby(rows, key=lambda row: row[0]):
        head, told = lines[place - 1].head, list(group)
        kind = told[0]["kind"]
        buckets = tuple(_simple(told, query) if _is_simple(query) else [_bucket(row, query) for row in told])
        found.append(replace(head, buckets=buckets, kind=head.kind if kind is None else KINDS[kind]))
    return found


def _buckets(query: HistoryQuery) -> str:
    columns = dict.fromkeys(column for method in query.methods for column in _COLUMNS[method])
    if not query.period_s:
        columns["last"] = None
    figures = ", ".join(f"{_SQL[f'figure_{column}']} AS {column}" for column in columns)
    return _SQL["buckets"].replace("/* figures */", figures)


def _is_simple(query: HistoryQuery) -> bool:
    """Whether each figure is a column of its own, as of means by the hour."""
    return bool(query.period_s) and len(query.methods) == 1 and len(_COLUMNS[query.methods[0]]) == 1


def _simple(rows: Sequence[Any], query: HistoryQuery) -> list[Bucket]:
    """A year has 8,760 hours: this is done for each."""
    [method] = query.methods
    period = timedelta(seconds=query.period_s)
    return [Bucket(row[2], row[2] + period, {method: row[3]}) for row in rows]


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
