"""Short forms for what a simulator declares: texts in three languages, numbers with bounds, amounts to decide on.

A declaration is read far more often than written; the long form of ``Parameter`` would bury the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

from sympolis.domain.measure import Direction
from sympolis.plugins.simulator import FieldSpec, IndicatorSpec, Parameter

Texts = Mapping[str, str]

PLANNER = "Decision of the planner"


def texts(en: str, it: str, de: str) -> Texts:
    """The same in three languages."""
    return {"en": en, "it": it, "de": de}


def number(
    name: str,
    title: Texts,
    unit: str,
    default: float,
    bounds: tuple[float, float],
    source: str,
    plausible: tuple[float, float] | None = None,
) -> Parameter:
    """A number with hard bounds, where it comes from and, if it is honestly uncertain, over which range."""
    low, high = bounds
    return Parameter(
        name, title, unit=unit, default=default, low=low, high=high, plausible=plausible, source=source
    )


def amount(name: str, title: Texts, unit: str, default: int, bounds: tuple[int, int]) -> Parameter:
    """A whole number that a planner decides on."""
    low, high = bounds
    return Parameter(name, title, "integer", unit, default, low, high, source=PLANNER)


def figure(
    name: str,
    title: Texts,
    unit: str,
    direction: Direction = Direction.NEUTRAL,
    decimals: int = 0,
    *,
    given: str = "",
) -> IndicatorSpec:
    """A figure of the whole run; ``given``: the parameter without which it says nothing."""
    return IndicatorSpec(name, title, unit, direction, decimals, given)


def column(
    name: str, title: Texts, unit: str, over_area: str = "", direction: Direction = Direction.NEUTRAL
) -> FieldSpec:
    """A figure of each place."""
    return FieldSpec(name, title, unit, direction, over_area)
