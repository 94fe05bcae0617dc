"""A part of a long history that all its series share: from one end of the range up to one instant (clause 6.3.10).

Cutting each series by its number of instances would leave holes: who goes on where the answer ended would miss what
the others have before that. So an answer that is too long ends, for all series of all its entities, at the same time;
forwards from the beginning, or, where the newest instances were asked for (``lastN``), backwards from the end.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from sympolis.context.instances import time_of
from sympolis.context.past import Past, history_of
from sympolis.context.periods import just_after
from sympolis.context.query import HistoryQuery, TimeProperty, TimeRange, TimeRelation
from sympolis.context.store import History, Series

_MOST_INSTANCES: Final = 10_000_000


async def page_of(past: Past, query: HistoryQuery, *, tenant: str = "") -> tuple[History, HistoryQuery]:
    """The history, as far as ``max_instances`` go, and the query that it answers.

    What is too long without a time to go by is paged by ``observedAt``. At least one instant is always whole.
    """
    found = await history_of(past, query, tenant=tenant)
    if found.complete or query.methods:
        return found, query
    if query.by is None:
        query = replace(query, time=TimeProperty.OBSERVED_AT)
    if query.last_n is None:
        return await _forwards(past, query, tenant), query
    return await _backwards(past, query, tenant), query


async def _forwards(past: Past, query: HistoryQuery, tenant: str) -> History:
    """Shorten the range until what lies in it fits: a store gives what fits of one series after the other."""
    found = await history_of(past, query, tenant=tenant)
    cut, end = not found.complete, None
    while not found.complete:
        last = _time(found.series[-1], -1, query)
        end = just_after(last) if end is None or just_after(last) < end else last
        shorter = replace(query, range=_until(query, end))
        found = await history_of(past, shorter, tenant=tenant)
        if not found.series:  # nothing fits but a single instant
            one = replace(query, range=_until(query, just_after(end)), max_instances=_MOST_INSTANCES)
            found = await history_of(past, one, tenant=tenant)
    return replace(found, complete=not cut)


async def _backwards(past: Past, query: HistoryQuery, tenant: str) -> History:
    """As many of the newest of each series as fit, then only what is not older than what any of them had to leave."""
    assert query.last_n is not None
    everything = replace(query, max_instances=_MOST_INSTANCES)
    heads = await history_of(past, replace(everything, last_n=1), tenant=tenant)
    each = max(query.max_instances // max(len(heads.series), 1), 1)
    if each >= query.last_n:
        return await history_of(past, everything, tenant=tenant)
    found = await history_of(past, replace(everything, last_n=each), tenant=tenant)
    since = max(
        (_time(one, 0, query) for one in found.series if len(one.observations) == each),
        default=None,
    )
    if since is None:
        return found
    kept = (_since(one, since, query) for one in found.series)
    return replace(found, series=tuple(one for one in kept if one.observations), complete=False)


def _until(query: HistoryQuery, end: datetime) -> TimeRange:
    about = query.by or TimeProperty.OBSERVED_AT
    if query.range is None or query.range.relation is TimeRelation.BEFORE:
        return TimeRange(TimeRelation.BEFORE, end, None, about)
    return TimeRange(TimeRelation.BETWEEN, query.range.at, end, about)


def _time(series: Series, place: int, query: HistoryQuery) -> datetime:
    point = series.observations[place]
    return time_of(point, query.by) or point.at


def _since(series: Series, since: datetime, query: HistoryQuery) -> Series:
    kept = (point for point in series.observations if (time_of(point, query.by) or point.at) >= since)
    return replace(series, observations=tuple(kept))
