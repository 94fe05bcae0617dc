"""Fit figures against worked values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sympolis.analysis import calibration
from sympolis.analysis.calibration import determination, figures, geh, squared_correlation


@pytest.mark.parametrize(
    ("simulated", "observed", "expected"),
    [
        (1000, 1000, 0.0),
        (1100, 1000, 3.086),
        (850, 1000, 4.932),
        (120, 100, 1.907),
        (0, 0, 0.0),
        (0, 50, 10.0),
    ],
)
def test_geh_vectors(simulated: float, observed: float, expected: float) -> None:
    assert float(geh(simulated, observed)) == pytest.approx(expected, abs=5e-4)


def test_geh_is_symmetric_and_refuses_negative_flows() -> None:
    assert float(geh(300, 200)) == float(geh(200, 300))
    with pytest.raises(ValueError, match="0 or more"):
        geh([-1.0], [2.0])


def test_a_line_through_the_points_forgives_a_wrong_total_and_the_determination_does_not() -> None:
    observed = np.array([100.0, 200.0, 300.0, 400.0])
    assert squared_correlation(observed * 0.5, observed) == pytest.approx(1.0)
    assert determination(observed * 0.5, observed) == pytest.approx(1 - 75_000 / 50_000)
    assert determination(observed, observed) == 1.0


def test_figures_of_one_split() -> None:
    found = figures([90.0, 210.0, 1000.0], [100.0, 200.0, 500.0])
    assert found["geh_below_5"] == pytest.approx(2 / 3)
    assert found["ratio"] == pytest.approx(1300 / 800)
    assert found["n"] == 3


def test_too_few_points_have_no_fit() -> None:
    found = figures([], [])
    assert math.isnan(found["r2"]) and math.isnan(found["ratio"]) and found["n"] == 0
    assert math.isnan(squared_correlation([1.0, 1.0], [1.0, 2.0]))
    with pytest.raises(ValueError, match="per observed"):
        figures([1.0], [1.0, 2.0])


def test_what_is_lost_counts_by_the_kind_of_figure() -> None:
    then = {"r2": 0.9, "geh_below_5": 0.6, "ratio": 1.02, "mae": 10.0, "n": 36.0}
    now = {"r2": 0.82, "geh_below_5": 0.62, "ratio": 0.95, "mae": 11.0, "n": 12.0}
    lost = calibration.losses(then, now)
    assert lost == pytest.approx({"r2": 0.08, "geh_below_5": -0.02, "ratio": 0.03, "mae": 0.1})
    assert calibration.drift_of(lost) == "slight"
    assert calibration.drift_of({"mae": 0.3}) == "drifted"
    assert calibration.drift_of({"r2": -0.5}) == calibration.drift_of({}) == "none"
