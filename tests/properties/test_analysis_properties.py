"""What must hold for any numbers: no good word without a clear change, and intervals that surround their mean."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sympolis.analysis.comparison import indicator_change, written_as_nothing
from sympolis.analysis.intervals import cut_at_zero, prediction
from sympolis.domain.measure import Direction, Interval, Verdict, verdict
from sympolis.plugins.simulator import IndicatorSpec

numbers = st.floats(-1e9, 1e9, allow_nan=False, allow_subnormal=False)
directions = st.sampled_from(Direction)
samples = st.integers(2, 12).flatmap(lambda n: st.tuples(arrays(np.float64, n, elements=numbers), st.just(n)))
pairs = st.integers(2, 12).flatmap(
    lambda n: st.tuples(arrays(np.float64, n, elements=numbers), arrays(np.float64, n, elements=numbers))
)


@given(numbers, numbers, directions)
def test_never_a_word_for_a_change_that_may_be_none(a: float, b: float, direction: Direction) -> None:
    interval = Interval(min(a, b), max(a, b))
    assert (verdict(interval, direction) is Verdict.NO_CLEAR_CHANGE) == interval.contains(0.0)


@given(pairs, directions)
def test_a_verdict_follows_its_own_interval(
    pair: tuple[np.ndarray, np.ndarray], direction: Direction
) -> None:
    change = indicator_change(IndicatorSpec("x", {}, "", direction), *pair)
    crosses = change.change.interval.contains(0.0)
    nothing = written_as_nothing(change.change, change.percent, change.spec.decimals)
    assert (change.verdict is Verdict.NO_CLEAR_CHANGE) == (crosses or nothing)
    if change.percent is not None:
        assert change.percent.interval.contains(0.0) == crosses
    if change.verdict is Verdict.LIKELY_BETTER:
        assert (change.change.value < 0) == (direction is Direction.LOWER)


@given(samples)
def test_an_interval_contains_its_mean(sample: tuple[np.ndarray, int]) -> None:
    values, _ = sample
    spread = prediction(values)
    assert spread.low <= spread.mean <= spread.high
    cut = cut_at_zero(spread, values)
    assert cut.low <= cut.mean <= cut.high


@given(samples, st.floats(0.5, 2.0), st.floats(-1e3, 1e3))
def test_units_do_not_change_what_an_interval_says(
    sample: tuple[np.ndarray, int], scale: float, shift: float
) -> None:
    values, _ = sample
    moved, plain = prediction(values * scale + shift), prediction(values)
    tolerance = 1e-6 * (1.0 + float(np.abs(values).max()) * scale + abs(shift))
    assert abs(float(moved.low) - (float(plain.low) * scale + shift)) < tolerance
    assert abs(float(moved.high) - (float(plain.high) * scale + shift)) < tolerance
