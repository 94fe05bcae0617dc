"""Aggregating a series over periods (clause 4.5.19): what the figures mean, in plain Python.

Sums, means and deviations are of the numbers among the values (None where there is none); ``min`` and ``max`` are of
the numbers, or, where there are no numbers, of the texts; counts are of all values. The deviation is that of the
population.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import numpy as np

from sympolis.context.query import Aggregation, HistoryQuery, TimeRange, TimeRelation
from sympolis.context.store import Bucket

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (at - _EPOCH) // _MICROSECOND


def instant(stored: int) -> datetime:
    """The time of so many microseconds."""
    return _EPOCH + timedelta(microseconds=stored)


def in_range(at: datetime, wanted: TimeRange | None) -> bool:
    """Whether an instant lies in a time range."""
    if wanted is None:
        return True
    if wanted.relation is TimeRelation.BEFORE:
        return at < wanted.at
    return at >= wanted.at and (wanted.end is None or at < wanted.end)


def aggregate(times: Sequence[datetime], values: Sequence[Any], query: HistoryQuery) -> tuple[Bucket, ...]:
    """The buckets of one series, given its times (in order, not empty) and its values.

    Periods without observations are left out.
    """
    instants = [microseconds(at) for at in times]
    return buckets(instants, values, query)


def buckets(times: Sequence[int], values: Sequence[Any], query: HistoryQuery) -> tuple[Bucket, ...]:
    """Like ``aggregate``, with the times as microseconds since 1970 (a list or an array)."""
    start = _start(times, query.range)
    if query.period_s == 0:
        end = query.range.end if query.range is not None and query.range.end else instant(int(times[-1]))
        return (Bucket(instant(start), end, _figures(values, query.methods)),)
    period = query.period_s * 1_000_000
    places = (np.asarray(times, dtype=np.int64) - start) // period
    cuts = [0, *(np.flatnonzero(places[1:] != places[:-1]) + 1).tolist(), len(values)]
    opened = [start + place * period for place in places[cuts[:-1]].tolist()]
    return tuple(
        Bucket(instant(at), instant(at + period), _figures(values[first:after], query.methods))
        for at, first, after in zip(opened, cuts, cuts[1:], strict=False)
    )


def _start(times: Sequence[int], wanted: TimeRange | None) -> int:
    """Where the first period begins: at the range's start; without one, at the first observation."""
    if wanted is None or wanted.relation is TimeRelation.BEFORE:
        return int(times[0])
    return microseconds(wanted.at)


def _figures(values: Sequence[Any], methods: Sequence[Aggregation]) -> dict[Aggregation, Any]:
    return {method: _FIGURES[method](values) for method in methods}


_PLAIN: Final = {int, float}


def _numbers(values: Sequence[Any]) -> Sequence[float]:
    if set(map(type, values)) <= _PLAIN:
        return values
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
