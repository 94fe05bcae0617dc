"""Which values which figures can be made of (clause 4.5.19.1, tables 1 to 3), beyond the numbers that stores know.

Truth values count as 0 and 1, arrays by their sizes; relationships, places, texts in languages and names of a
vocabulary can only be counted. What is asked for by name and cannot have a figure is refused (clause 5.7.4); of all
the rest only the figures that they can have are given.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import NoneType
from typing import Any, Final

from sympolis.context.aggregate import figures
from sympolis.context.buckets import Buckets
from sympolis.context.instances import time_of
from sympolis.context.past import Past
from sympolis.context.query import Aggregation, HistoryQuery, Query
from sympolis.context.store import Bucket, History, Series
from sympolis.domain.entity import AttributeKind
from sympolis.domain.errors import InvalidRequest, TooComplexQuery

_MOST_INSTANCES: Final = 200_000
_COUNTS: Final = frozenset({Aggregation.TOTAL_COUNT, Aggregation.DISTINCT_COUNT})
_OF_SIZES: Final = frozenset({Aggregation.AVG, Aggregation.MIN, Aggregation.MAX, Aggregation.SUM})
"""What can be said of arrays besides how many there are."""
_MEASURED: Final = frozenset({AttributeKind.PROPERTY, AttributeKind.LIST_PROPERTY})


async def with_figures(
    past: Past, query: HistoryQuery, found: History, name_of: Callable[[str], str], *, tenant: str = ""
) -> History:
    """The aggregates with every figure that the values can have, and no others.

    ``name_of`` gives an attribute's short name. Raises ``InvalidRequest`` where an attribute that ``query`` names
    cannot have a figure, ``TooComplexQuery`` where too many values would have to be looked at.
    """
    series = []
    for one in found.series:
        full = await _completed(past, query, one, tenant)
        lacking = [method for method in query.methods if not _is_there(full, method)]
        if lacking and query.names:
            raise InvalidRequest(
                f"{', '.join(lacking)} cannot be made of these values", where=name_of(one.name)
            )
        if len(lacking) < len(query.methods):
            series.append(_without(full, lacking))
    return replace(found, series=tuple(series))


async def _completed(past: Past, query: HistoryQuery, series: Series, tenant: str) -> Series:
    if series.kind not in _MEASURED:
        return _without(series, [method for method in query.methods if method not in _COUNTS])
    if not _has_gaps(series.buckets):
        return series
    times, values = await _values(past, query, series, tenant)
    starts = [bucket.start for bucket in series.buckets]
    parts: list[list[Any]] = [[] for _ in starts]
    for at, value in zip(times, values, strict=True):
        parts[max(bisect_right(starts, at) - 1, 0)].append(value)
    buckets = (
        replace(bucket, figures=_figures(bucket.figures, part))
        for bucket, part in zip(series.buckets, parts, strict=True)
    )
    return replace(series, buckets=tuple(buckets))


async def _values(
    past: Past, query: HistoryQuery, series: Series, tenant: str
) -> tuple[list[Any], list[Any]]:
    subject = Query(ids=(series.entity_id,), limit=1)
    own = replace(query, entities=subject, names=(series.name,), methods=(), max_instances=_MOST_INSTANCES)
    found = await past.history(own, tenant=tenant)
    if not found.complete:
        raise TooComplexQuery("too many values that are not numbers", where="aggrMethods")
    points = [
        point for one in found.series if one.dataset_id == series.dataset_id for point in one.observations
    ]
    return [time_of(point, query.by) or point.at for point in points], [point.value for point in points]


def _figures(known: Mapping[Aggregation, Any], values: Sequence[Any]) -> dict[Aggregation, Any]:
    """The figures that the store gave, and for those it had none of, what truth values and sizes give."""
    return {
        method: figure if figure is not None else _figure(method, values) for method, figure in known.items()
    }


def _figure(method: Aggregation, values: Sequence[Any]) -> Any:
    measured = [int(value) for value in values if isinstance(value, bool)]
    if not measured and method in _OF_SIZES:
        measured = [len(value) for value in values if isinstance(value, list)]
    return figures(measured, [method])[method] if measured else None


def _has_gaps(buckets: Sequence[Bucket]) -> bool:
    """Whether any figure is missing; a year of hours is looked through without making nine thousand buckets of it."""
    if isinstance(buckets, Buckets):
        return any(NoneType in set(map(type, column)) for column in buckets.figures.values())
    return any(figure is None for bucket in buckets for figure in bucket.figures.values())


def _is_there(series: Series, method: Aggregation) -> bool:
    if isinstance(series.buckets, Buckets):
        return bool(set(map(type, series.buckets.figures.get(method, ()))) - {NoneType})
    return any(bucket.figures.get(method) is not None for bucket in series.buckets)


def _without(series: Series, lacking: Iterable[Aggregation]) -> Series:
    gone = frozenset(lacking)
    if not gone:
        return series
    return replace(series, buckets=tuple(_left(bucket, gone) for bucket in series.buckets))


def _left(bucket: Bucket, gone: frozenset[Aggregation]) -> Bucket:
    return replace(
        bucket, figures={method: one for method, one in bucket.figures.items() if method not in gone}
    )
