"""What is told of entities that are given by their ids, in one statement: so it is of one moment, and quick."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from sympolis.context.evaluate import selects_by_state
from sympolis.context.instances import chosen
from sympolis.context.query import HistoryQuery, TimeProperty
from sympolis.context.store import History, Series
from sympolis.domain.changes import Observation
from sympolis.domain.entity import AttributeKind
from sympolis.stores import sql
from sympolis.stores.postgres import reader, recorded
from sympolis.stores.postgres.months import aware
from sympolis.stores.postgres.series import SeriesKey, cut, key_of, observation, series_of, span
from sympolis.stores.postgres.server import Connection
from sympolis.stores.postgres.steps import decode

_SQL = sql.load("sympolis.stores.postgres", "store.sql")
_BODY: Final = 14
"""The column of ``history_at_once`` that steps have and points have not."""


def is_enough(query: HistoryQuery) -> bool:
    """Whether the ids alone say which entities are meant, and points are in the order that they are kept in."""
    wanted = query.entities
    given = bool(wanted.ids) and len(wanted.ids) <= wanted.limit and not (wanted.offset or wanted.count)
    more = wanted.types is not None or wanted.id_pattern is not None or bool(wanted.selectors)
    direct = query.by in (None, TimeProperty.OBSERVED_AT)
    return given and direct and not (more or query.methods or selects_by_state(wanted))


async def history(db: Connection, tenant: int, keys: reader.Keys, query: HistoryQuery) -> History | None:
    """The answer; None where there is more to look for than one statement gives."""
    most_steps = 0
    if query.by is None:
        most_steps = recorded.FEW if query.last_n is None else max(recorded.FEW, 2 * query.last_n)
    names = [keys[name] for name in query.names if name in keys] if query.names else None
    rows = await db.fetch(
        _SQL["history_at_once"],
        tenant,
        list(query.entities.ids),
        names,
        *span(query.range),
        query.last_n,
        query.max_instances + 1,
        most_steps,
    )
    steps = [row for row in rows if row[_BODY] is not None]
    if most_steps and len(steps) >= most_steps:
        return None
    return _told([row for row in rows if row[_BODY] is None], steps, query)


def _told(points: Sequence[Any], steps: Sequence[Any], query: HistoryQuery) -> History:
    others: dict[SeriesKey, list[Observation]] = {}
    for row in steps:
        recorded.take(others, decode(row[_BODY], row[0], tuple(row[1]), aware(row[5])), query)
    found: list[Series] = []
    for _, group in groupby(points, key=lambda row: row[:5]):
        series = _observed(list(group))
        if key_of(series) in others:
            others[key_of(series)] += series.observations
        else:
            found.append(series)
    for key, instances in others.items():
        timed = chosen(instances, query)
        if timed:
            found.append(series_of(key, timed, query))
    return cut(sorted(found, key=key_of) if others else found, None, query)


def _observed(rows: Sequence[Any]) -> Series:
    entity_id, types, name, dataset, kind = rows[0][:5]
    head = Series(entity_id, tuple(types), name, dataset or None, kind=AttributeKind(kind))
    points = tuple([observation(head, row[4:_BODY]) for row in rows])
    return Series(entity_id, head.types, name, head.dataset_id, points, kind=points[-1].kind)
