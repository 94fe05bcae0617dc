"""Figures of a dense series, made by SQLite: where many points share a period, fetching them all costs the most.

A walk from period to period finds the points of each by the index; nothing is sorted. That pays where a period has
several points and one figure is wanted. Anything else is left to ``context.aggregate``, which is also the measure of
what figures mean: for numbers both give the same, but for the rounding of sums.
"""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import apsw

from sympolis.context.aggregate import period_begin
from sympolis.context.buckets import Buckets
from sympolis.context.query import Aggregation, HistoryQuery
from sympolis.later import later
from sympolis.stores import sql
from sympolis.stores.embedded import tiers

if TYPE_CHECKING:
    import numpy as np
else:
    np = later("numpy")

_SQL: Final = sql.load("sympolis.stores.embedded", "dense.sql")
_MOST_PERIODS: Final = 100_000
_PROBED: Final = 256
_FEWEST: Final = 3
"""Points in a period from which on this way is the shorter."""
_PLAIN: Final = {float, int, NoneType}
WALKS: Final = {
    method: _SQL["walk"].replace("FIGURE", _SQL[method.value])
    for method in Aggregation
    if method.value in _SQL
}
"""The statement for each figure that is made so."""


class Dense(NamedTuple):
    """The periods of a series, and the kind of its newest point."""

    buckets: Buckets
    kind: int


def dense(db: apsw.Connection, place: tiers.Place, times: tiers.Times, query: HistoryQuery) -> Dense | None:
    """The figures of a series of the table in a time; None where they are not to be had in this way.

    Nothing of the series may be archived in that time.
    """
    statement = WALKS.get(query.methods[0]) if len(query.methods) == 1 else None
    if statement is None or not query.period_s:
        return None
    period = query.period_s * 1_000_000
    ends = _ends(db, place, times, period)
    if ends is None:
        return None
    first, last, kind = ends
    opened = period_begin(first, query.range, period)
    if (last - opened) // period >= _MOST_PERIODS:
        return None
    rows = db.execute(statement, (*place, opened, last, period, times[1])).fetchall()
    column: list[Any] = [figure for (figure,) in rows]
    kinds = set(map(type, column))
    if not kinds <= _PLAIN:
        return None
    starts = opened + np.arange(len(column), dtype=np.int64) * period
    if NoneType in kinds:
        starts = starts[[figure is not None for figure in column]]
        column = [figure for figure in column if figure is not None]
    return Dense(Buckets(starts, starts + period, {query.methods[0]: column}), kind)


def _ends(
    db: apsw.Connection, place: tiers.Place, times: tiers.Times, period: int
) -> tuple[int, int, int] | None:
    """The times of the first and the last point and the kind of the last; None where points are far between."""
    probed: Any = db.execute(_SQL["probe"], (*place, *times, _PROBED)).fetchone()
    if probed is None or probed[1] is None or probed[1] - probed[0] > period * _PROBED // _FEWEST:
        return None
    [(last, kind)] = db.execute(_SQL["last"], (*place, *times))
    return probed[0], last, kind
