"""Aggregates by calendar periods: months and years differ in length, which no store has to know (clause 4.5.19).

Each period is asked for by itself, as one whole range; the periods of an answer are few enough for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sympolis.context.past import Past
from sympolis.context.periods import Duration, just_after
from sympolis.context.query import HistoryQuery, Query, TimeProperty, TimeRange, TimeRelation
from sympolis.context.store import Bucket, History, Series
from sympolis.domain.errors import TooComplexQuery

_MOST_PERIODS: Final = 1200
"""A hundred years of months."""
_Name = tuple[str, str, str | None]


async def by_calendar(
    past: Past, query: HistoryQuery, period: Duration, whole: History, *, tenant: str = ""
) -> History:
    """``whole``, which is the answer to ``query`` over its whole range, with a bucket for each period instead.

    All series of an answer share their periods: from the range's start, or from the first instance of all.
    Raises ``TooComplexQuery`` for more periods than one answer may have.
    """
    if not whole.series:
        return whole
    start, end = _ends(whole.series, query.range)
    found: dict[_Name, list[Bucket]] = {_name(one): [] for one in whole.series}
    ids = tuple(dict.fromkeys(one.entity_id for one in whole.series))
    entities = Query(ids=ids, limit=len(ids))
    about = TimeProperty.OBSERVED_AT if query.range is None else query.range.property
    for opened, closed in _periods(period, start, end):
        span = TimeRange(TimeRelation.BETWEEN, opened, min(closed, end), about)
        part = await past.history(replace(query, entities=entities, range=span, period_s=0), tenant=tenant)
        for one in part.series:
            buckets = (replace(bucket, start=opened, end=closed) for bucket in one.buckets)
            found.setdefault(_name(one), []).extend(buckets)
    return replace(
        whole, series=tuple(replace(one, buckets=tuple(found[_name(one)])) for one in whole.series)
    )


def _periods(period: Duration, start: datetime, end: datetime) -> Iterable[tuple[datetime, datetime]]:
    for number, one in enumerate(period.periods(start, end)):
        if number >= _MOST_PERIODS:
            raise TooComplexQuery(
                f"the range has more than {_MOST_PERIODS} such periods",
                where="aggrPeriodDuration",
                hint="ask for longer periods, or for a part of the range",
            )
        yield one


def _ends(series: Sequence[Series], wanted: TimeRange | None) -> tuple[datetime, datetime]:
    """Where the periods begin, and the first instant that no instance lies at or after."""
    buckets = [bucket for one in series for bucket in one.buckets]
    start = min(bucket.start for bucket in buckets)
    if wanted is not None and wanted.relation is not TimeRelation.BEFORE:
        start = wanted.at
    if wanted is not None and wanted.relation is TimeRelation.BEFORE:
        return start, wanted.at
    if wanted is not None and wanted.end is not None:
        return start, wanted.end
    return start, just_after(max(bucket.end for bucket in buckets))


def _name(series: Series) -> _Name:
    return series.entity_id, series.name, series.dataset_id
