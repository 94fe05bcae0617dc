"""Intervals against published and independent statistics."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sympolis.analysis import intervals
from sympolis.analysis.intervals import central_probability, prediction, relative_precision, student_t


@pytest.mark.parametrize(
    ("level", "freedom", "printed"),
    [
        (0.90, 1, 6.314),
        (0.90, 3, 2.353),
        (0.90, 7, 1.895),
        (0.90, 11, 1.796),
        (0.95, 4, 2.776),
        (0.99, 10, 3.169),
    ],
)
def test_student_t_is_that_of_the_printed_tables(level: float, freedom: int, printed: float) -> None:
    assert student_t(level, freedom) == pytest.approx(printed, abs=6e-4)


def test_student_t_agrees_with_scipy() -> None:
    special = pytest.importorskip("scipy.special")
    for freedom in (1, 2, 3, 4, 5, 8, 11, 15, 30, 63):
        for level in (0.5, 0.8, 0.9, 0.95, 0.999):
            expected = float(special.stdtrit(freedom, (1 + level) / 2))
            assert student_t(level, freedom) == pytest.approx(expected, rel=1e-9)


def test_central_probability_grows_from_nothing_to_everything() -> None:
    assert central_probability(0.0, 5) == 0.0
    assert central_probability(1e9, 5) == pytest.approx(1.0)


@pytest.mark.parametrize(("level", "freedom"), [(0.0, 3), (1.0, 3), (0.9, 0)])
def test_student_t_refuses_what_has_no_meaning(level: float, freedom: int) -> None:
    with pytest.raises(ValueError, match="level"):
        student_t(level, freedom)


def test_a_worked_prediction_interval() -> None:
    """Five observations with mean 50.1 and s = 1.31 (Hahn & Meeker 1991, sec. 4.6 form): mean ± t s sqrt(1 + 1/5)."""
    values = np.array([51.4, 49.5, 48.7, 49.3, 51.6])
    spread = prediction(values, level=0.95)
    half = 2.776445 * np.std(values, ddof=1) * math.sqrt(1.2)
    assert float(spread.mean) == pytest.approx(50.10)
    assert float(spread.low) == pytest.approx(50.10 - half, abs=1e-5)
    assert float(spread.high) == pytest.approx(50.10 + half, abs=1e-5)
    assert half == pytest.approx(3.99, abs=0.02)


def test_the_interval_holds_a_further_draw_as_often_as_it_says() -> None:
    random = np.random.default_rng(20240108)
    draws = random.normal(100.0, 15.0, size=(9, 20_000))
    spread = prediction(draws[:8])
    held = (spread.low <= draws[8]) & (draws[8] <= spread.high)
    assert held.mean() == pytest.approx(0.9, abs=0.01)


def test_pure_noise_is_called_clear_in_less_than_one_case_of_a_thousand() -> None:
    random = np.random.default_rng(7)
    spread = prediction(random.normal(0.0, 1.0, size=(8, 50_000)))
    assert np.mean((spread.low > 0) | (spread.high < 0)) < 0.001


def test_missing_values_use_the_members_there_are_and_too_few_give_none() -> None:
    nan = math.nan
    values = np.array([[1.0, 1.0, nan], [2.0, 2.0, nan], [3.0, nan, nan], [4.0, nan, 5.0]])
    spread = prediction(values)
    half = student_t(0.9, 1) * math.sqrt(0.5) * math.sqrt(1.5)
    assert spread.mean.tolist()[:2] == [2.5, 1.5]
    assert spread.high[1] - 1.5 == pytest.approx(half)
    assert np.isnan([spread.mean[2], spread.low[2], spread.high[2]]).all()


def test_a_count_is_never_shown_below_zero_but_a_difference_may_be() -> None:
    counts = np.array([[0.0], [0.0], [0.0], [8.0]])
    assert intervals.cut_at_zero(prediction(counts), counts).low[0] == 0.0
    changes = counts - 4.0
    assert intervals.cut_at_zero(prediction(changes), changes).low[0] < -4.0


def test_relative_precision_is_the_confidence_interval_of_the_mean() -> None:
    values = np.array([98.0, 102.0, 100.0, 100.0])
    expected = student_t(0.9, 3) * np.std(values, ddof=1) / 2 / 100
    assert relative_precision(values) == pytest.approx(expected)
    assert relative_precision(np.zeros(4)) == 0.0
    assert relative_precision(np.array([1.0])) == math.inf
    assert relative_precision(np.array([-1.0, 1.0])) == math.inf


def test_no_more_than_all_of_them() -> None:
    shares = np.array([[97.0], [99.0], [100.0], [100.0]])
    assert intervals.prediction(shares).high[0] > 100.0
    assert intervals.cut_at_whole(intervals.prediction(shares), shares).high[0] == 100.0
    beyond = np.array([[90.0], [120.0]])
    assert intervals.cut_at_whole(intervals.prediction(beyond), beyond).high[0] > 120.0, "it was not a share"
