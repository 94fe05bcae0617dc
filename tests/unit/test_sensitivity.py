"""Sensitivity: published indices come out, and a result that does not vary has none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sympolis.analysis import sensitivity
from sympolis.orchestration.sensitivity_table import narrowed


def ishigami(row: list[float]) -> float:
    """Ishigami & Homma 1990 (DOI 10.1109/ISUMA.1990.151285) with a = 7, b = 0.1 over [-π, π]³."""
    one, two, three = ((2 * share - 1) * math.pi for share in row)
    return math.sin(one) + 7 * math.pow(math.sin(two), 2) + 0.1 * math.pow(three, 4) * math.sin(one)


def test_the_ishigami_function_gets_its_published_indices() -> None:
    rows = sensitivity.shares(inputs=3, n=4096, seed=1)
    found = sensitivity.indices(values=[ishigami(row) for row in rows], inputs=3, seed=1)
    assert len(rows) == 4096 * 5
    assert [one["first"] for one in found] == pytest.approx([0.314, 0.442, 0.0], abs=0.015)
    assert [one["total"] for one in found] == pytest.approx([0.558, 0.442, 0.244], abs=0.01)
    assert all(one["first_low"] <= one["first"] <= one["first_high"] for one in found)
    assert all(one["total_low"] <= one["total"] <= one["total_high"] for one in found)


def test_few_points_say_so_by_their_intervals() -> None:
    def widest(n: int) -> float:
        rows = sensitivity.shares(inputs=3, n=n, seed=1)
        found = sensitivity.indices(values=[ishigami(row) for row in rows], inputs=3, seed=1)
        return max(one["first_high"] - one["first_low"] for one in found)

    assert widest(32) > 2 * widest(512)


def test_each_mixed_point_differs_from_its_row_of_a_in_one_place() -> None:
    rows = np.array(sensitivity.shares(inputs=3, n=8, seed=2)).reshape(5, 8, 3)
    for column in range(3):
        differs = rows[2 + column] != rows[0]
        assert differs[:, column].all()
        assert not np.delete(differs, column, axis=1).any()
        assert (rows[2 + column][:, column] == rows[1][:, column]).all()


def test_an_input_that_changes_nothing_has_an_interval_too() -> None:
    rows = sensitivity.shares(inputs=2, n=8, seed=1)
    found = sensitivity.indices(values=[row[0] for row in rows], inputs=2, seed=1)
    assert [found[1][name] for name in ("first", "first_low", "first_high")] == pytest.approx(
        [0, 0, 0], abs=1e-9
    )
    assert all(math.isfinite(value) for one in found for value in one.values())


def test_what_does_not_vary_has_no_indices() -> None:
    assert sensitivity.indices(values=[3.0] * 40, inputs=3, seed=1) == []


@pytest.mark.parametrize("n", [0, 1, 3, 100])
def test_an_unbalanced_sample_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        sensitivity.shares(inputs=2, n=n, seed=1)


@pytest.mark.parametrize(("first", "left"), [(0.0, 2.0), (0.75, 1.0), (1.0, 0.0), (-0.1, 2.0), (1.2, 0.0)])
def test_knowing_an_input_narrows_the_interval(first: float, left: float) -> None:
    assert narrowed(2.0, first) == pytest.approx(left)
