"""A figure that rests on a parameter nobody gave is left out of a run, instead of standing there as nought."""

from __future__ import annotations

from typing import Any

from sympolis.domain.measure import Direction
from sympolis.orchestration.run_desk import _figures
from sympolis.plugins.simulator import IndicatorSpec, MemberResult

SPECS = (
    IndicatorSpec("demand", {"en": "Demand"}, "GWh/a", Direction.LOWER),
    IndicatorSpec("residual", {"en": "Residual"}, "GWh/a", Direction.NEUTRAL, given="official"),
)


def _told(fixed: dict[str, Any]) -> list[str]:
    results = [MemberResult((), {}, {"demand": value, "residual": 0.0}) for value in (1.0, 2.0)]
    return [one.name for one in _figures(SPECS, fixed, results)]


def test_a_residual_without_an_official_figure_is_not_told() -> None:
    assert _told({"official": 0.0}) == ["demand"]


def test_a_residual_of_nought_is_told_where_there_is_something_to_compare_with() -> None:
    assert _told({"official": 5_500.0}) == ["demand", "residual"]
    assert _told({}) == ["demand", "residual"], "an official figure that is drawn is one"
