"""Aggregating a series over periods (clause 4.5.19): what the figures mean, in plain Python.

Sums, means and deviations are of the numbers among the values (None where there is none); ``min`` and ``max`` are of
the numbers, or, where there are no numbers, of the texts; counts are of all values. The deviation is that of the
population.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import msgspec

from sympolis.context.query import Aggregation, HistoryQuery, TimeRange, TimeRelation
from sympolis.context.store import Bucket
from sympolis.domain.changes import Observation


def in_range(at: datetime, wanted: TimeRange | None) -> bool:
    """Whether an instant lies in a time range."""
    if wanted is None:
        return True
    if wanted.relation is TimeRelation.BEFORE:
        return at < wanted.at
    return at >= wanted.at and (wanted.end is None or at < wanted.end)


def aggregate(points: Sequence[Observation], query: HistoryQuery) -> tuple[Bucket, ...]:
    """The buckets of one series (in time order, not empty); periods without observations are left out."""
    start = _start(points, query.range)
    if query.period_s == 0:
        end = query.range.end if query.range is not None and query.range.end else points[-1].at
        return (_bucket(start, end, points, query.methods),)
    period = timedelta(seconds=query.period_s)
    grouped = groupby(points, key=lambda point: (point.at - start) // period)
    return tuple(
        _bucket(start + place * period, start + (place + 1) * period, list(group), query.methods)
        for place, group in grouped
    )


def _start(points: Sequence[Observation], wanted: TimeRange | None) -> datetime:
    """Where the first period begins: at the range's start; without one, at the first observation."""
    if wanted is None or wanted.relation is TimeRelation.BEFORE:
        return points[0].at
    return wanted.at


def _bucket(
    start: datetime, end: datetime, points: Sequence[Observation], methods: Sequence[Aggregation]
) -> Bucket:
    values = [point.value for point in points]
    return Bucket(start, end, {method: _FIGURES[method](values) for method in methods})


def _numbers(values: Sequence[Any]) -> list[float]:
    return [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]


def _comparable(values: Sequence[Any]) -> Sequence[Any]:
    return _numbers(values) or [value for value in values if isinstance(value, str)]


def _distinct(values: Sequence[Any]) -> int:
    return len({msgspec.json.encode(_as_number(value)) for value in values})


def _as_number(value: Any) -> Any:
    """1 and 1.0 are one value."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _mean(values: Sequence[Any]) -> float | None:
    numbers = _numbers(values)
    return math.fsum(numbers) / len(numbers) if numbers else None


def _deviation(values: Sequence[Any]) -> float | None:
    numbers, mean = _numbers(values), _mean(values)
    if mean is None:
        return None
    return math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / len(numbers))


def _sum(values: Sequence[Any]) -> float | None:
    numbers = _numbers(values)
    return math.fsum(numbers) if numbers else None


def _sum_of_squares(values: Sequence[Any]) -> float | None:
    numbers = _numbers(values)
    return math.fsum(number * number for number in numbers) if numbers else None


_FIGURES: Mapping[Aggregation, Callable[[Sequence[Any]], Any]] = {
    Aggregation.TOTAL_COUNT: len,
    Aggregation.DISTINCT_COUNT: _distinct,
    Aggregation.SUM: _sum,
    Aggregation.AVG: _mean,
    Aggregation.MIN: lambda values: min(_comparable(values), default=None),
    Aggregation.MAX: lambda values: max(_comparable(values), default=None),
    Aggregation.STDDEV: _deviation,
    Aggregation.SUMSQ: _sum_of_squares,
}
