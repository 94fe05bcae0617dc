"""Aggregating a series over periods (clause 4.5.19): what the figures mean, in plain Python and in columns.

Sums, means and deviations are of the numbers among the values (None where there is none); ``min`` and ``max`` are of
the numbers, or, where there are no numbers, of the texts; counts are of all values. The deviation is that of the
population. Where all values are numbers, NumPy does the same for many periods at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sympolis.context.buckets import Buckets, instant, microseconds
from sympolis.context.query import Aggregation, HistoryQuery, TimeRange, TimeRelation
from sympolis.context.store import Bucket
from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from sympolis.context.buckets import Instants

    _Numbers = npt.NDArray[Any]
else:
    np = later("numpy")

_PLAIN: Final = ({int}, {float}, {int, float})
_EXACT: Final = 2**53
_SHORT: Final = 64
"""Periods of more values are summed one by one, exactly; of fewer, all at once."""


def in_range(at: datetime, wanted: TimeRange | None) -> bool:
    """Whether an instant lies in a time range."""
    if wanted is None:
        return True
    if wanted.relation is TimeRelation.BEFORE:
        return at < wanted.at
    return at >= wanted.at and (wanted.end is None or at < wanted.end)


def aggregate(times: Sequence[datetime], values: Sequence[Any], query: HistoryQuery) -> Sequence[Bucket]:
    """The buckets of one series, given its times (in order, not empty) and its values.

    Periods without observations are left out.
    """
    return buckets(np.array([microseconds(at) for at in times], dtype=np.int64), values, query)


def buckets(times: Instants, values: Sequence[Any] | _Numbers, query: HistoryQuery) -> Sequence[Bucket]:
    """Like ``aggregate``, with the times as microseconds since 1970; the values may be an array of numbers."""
    start = _start(int(times[0]), query.range)
    if query.period_s == 0:
        end = query.range.end if query.range is not None and query.range.end else instant(int(times[-1]))
        figures = {method: _FIGURES[method](_listed(values)) for method in query.methods}
        return (Bucket(instant(start), end, figures),)
    period = query.period_s * 1_000_000
    places = (times - start) // period
    cuts = np.concatenate(([0], np.flatnonzero(places[1:] != places[:-1]) + 1, [len(values)]))
    opened = start + places[cuts[:-1]] * period
    return Buckets(opened, opened + period, _columns(values, cuts, query.methods))


def period_begin(first: int, wanted: TimeRange | None, period: int) -> int:
    """Where the period of the first observation begins, in microseconds."""
    start = _start(first, wanted)
    return start + (first - start) // period * period


def _start(first: int, wanted: TimeRange | None) -> int:
    """Where the first period begins: at the range's start; without one, at the first observation."""
    if wanted is None or wanted.relation is TimeRelation.BEFORE:
        return first
    return microseconds(wanted.at)


def _columns(
    values: Sequence[Any] | _Numbers, cuts: npt.NDArray[np.int64], methods: Sequence[Aggregation]
) -> dict[Aggregation, Sequence[Any]]:
    """For each method the figures of all periods; ``cuts`` are the places where they begin, and the end."""
    numbers = _as_numbers(values) if len(values) < _SHORT * len(cuts) else None
    listed: Sequence[Any] | None = None
    found: dict[Aggregation, Sequence[Any]] = {}
    for method in methods:
        if numbers is not None and method in _AT_ONCE:
            found[method] = _AT_ONCE[method](numbers, cuts).tolist()
        else:
            listed = _listed(values) if listed is None else listed
            pieces = zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)
            found[method] = [_FIGURES[method](listed[first:after]) for first, after in pieces]
    return found


def _listed(values: Sequence[Any] | _Numbers) -> Sequence[Any]:
    if isinstance(values, np.ndarray):
        found: Sequence[Any] = values.tolist()
        return found
    return values


def _as_numbers(values: Sequence[Any] | _Numbers) -> _Numbers | None:
    """The values as an array, if it says the same as they do."""
    if isinstance(values, np.ndarray):
        return values if values.dtype.kind == "f" or np.abs(values).max() <= _EXACT else None
    kinds = set(map(type, values))
    if kinds == {float}:
        return np.array(values, dtype=np.float64)
    if kinds == {int} and min(values) >= -_EXACT and max(values) <= _EXACT:
        return np.array(values, dtype=np.int64)
    return None


# --- many periods at once


def _counts(_numbers: _Numbers, cuts: npt.NDArray[np.int64]) -> _Numbers:
    return np.diff(cuts)


def _sums(numbers: _Numbers, cuts: npt.NDArray[np.int64]) -> _Numbers:
    return np.add.reduceat(numbers.astype(np.float64, copy=False), cuts[:-1])


def _means(numbers: _Numbers, cuts: npt.NDArray[np.int64]) -> _Numbers:
    return _sums(numbers, cuts) / np.diff(cuts)


def _squares(numbers: _Numbers, cuts: npt.NDArray[np.int64]) -> _Numbers:
    return _sums(np.square(numbers.astype(np.float64, copy=False)), cuts)


def _deviations(numbers: _Numbers, cuts: npt.NDArray[np.int64]) -> _Numbers:
    from_mean = numbers - np.repeat(_means(numbers, cuts), np.diff(cuts))
    return np.sqrt(_means(np.square(from_mean), cuts))


_AT_ONCE: Mapping[Aggregation, Callable[[_Numbers, npt.NDArray[np.int64]], _Numbers]] = {
    Aggregation.TOTAL_COUNT: _counts,
    Aggregation.SUM: _sums,
    Aggregation.AVG: _means,
    Aggregation.MIN: lambda numbers, cuts: np.minimum.reduceat(numbers, cuts[:-1]),
    Aggregation.MAX: lambda numbers, cuts: np.maximum.reduceat(numbers, cuts[:-1]),
    Aggregation.STDDEV: _deviations,
    Aggregation.SUMSQ: _squares,
}


# --- one period


def _numbers(values: Sequence[Any]) -> Sequence[float]:
    if set(map(type, values)) in _PLAIN:
        return values
    return [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]


def _comparable(values: Sequence[Any]) -> Sequence[Any]:
    return _numbers(values) or [value for value in values if isinstance(value, str)]


def _distinct(values: Sequence[Any]) -> int:
    if set(map(type, values)) in _PLAIN:
        return len(set(values))
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


def figures(values: Sequence[Any], methods: Sequence[Aggregation]) -> dict[Aggregation, Any]:
    """The figures of some values, taken together."""
    return {method: _FIGURES[method](values) for method in methods}
