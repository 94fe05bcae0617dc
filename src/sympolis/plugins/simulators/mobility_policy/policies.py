"""Translates overrides into charges on zones, and refuses those that the model cannot answer honestly."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely

from sympolis.domain.scenario import Override, Window
from sympolis.plugins.simulator import Measure, Parameter
from sympolis.plugins.simulators.mobility_policy.behaviour import Charge, Habits
from sympolis.plugins.simulators.mobility_policy.settings import (
    CHARGE,
    CLASSES,
    HABIT_PARAMETERS,
    MEASURES,
)
from sympolis.plugins.simulators.mobility_policy.zones import Model

_BY_NAME = {measure.name: measure for measure in MEASURES}


@dataclass(frozen=True, slots=True)
class Policy:
    """A charge on a set of zones."""

    zones: tuple[int, ...]
    charge: Charge


def read(model: Model, override: Override) -> Policy:
    """The policy of a checked override."""
    value = _values(override)
    if override.measure == CHARGE.name:
        euros = tuple(float(value[f"euro_{euro}"]) for euro in range(CLASSES))
        exempt = float(value["exempt_share"])
    else:
        euros, exempt = (math.inf,) * CLASSES, float(value["permit_share"])
    charge = Charge(euros, float(value["start"]), float(value["end"]), exempt)
    return Policy(tuple(model.inside(override.where)), charge)


def habits(given: Mapping[str, Any]) -> Habits:
    """How firmly this member's drivers keep to what they do."""
    return Habits(**{parameter.name: float(given[parameter.name]) for parameter in HABIT_PARAMETERS})


def _values(override: Override) -> dict[str, Any]:
    return {p.name: p.default for p in _BY_NAME[override.measure].parameters} | dict(override.parameters)


def refusals(model: Model, overrides: Sequence[Override], window: Window) -> list[str]:
    """Why these overrides cannot be answered, in plain words; empty if they can."""
    reasons = [] if 0 <= window.start_hour < window.end_hour <= 24 else [_window_reason(window)]
    for override in overrides:
        reasons += _override_refusals(model, override)
    if not reasons:
        reasons += _overlaps(model, overrides)
    return reasons


def _window_reason(window: Window) -> str:
    return f"the window {window.start_hour}–{window.end_hour} is not a span of whole hours within a day"


def _override_refusals(model: Model, override: Override) -> Iterator[str]:
    measure = _BY_NAME.get(override.measure)
    if measure is None:
        yield f"unknown measure {override.measure!r}; this model knows {', '.join(_BY_NAME)}"
        return
    wrong = list(_value_refusals(measure, override))
    yield from wrong
    if not wrong and _values(override)["start"] >= _values(override)["end"]:
        yield "the measure ends before it starts: give hours within one day"
    yield from _where_refusals(model, override.where)


def _where_refusals(model: Model, where: Mapping[str, Any]) -> Iterator[str]:
    if "area" in where and "polygon" not in where:
        yield f"the area {where['area']!r} has no polygon"
        return
    if "polygon" not in where and not where.get("features"):
        yield "say where: an area, a polygon or zones"
        return
    try:
        found = model.inside(where)
    except (ValueError, TypeError, shapely.errors.ShapelyError) as cause:
        yield f"the place cannot be read: {cause}"
        return
    if not found:
        yield "no zone of the model has its middle in that place; draw it larger or choose zones on the map"


def _value_refusals(measure: Measure, override: Override) -> Iterator[str]:
    known = {p.name: p for p in measure.parameters}
    for name, value in override.parameters.items():
        if name not in known:
            yield f"{measure.name} has no parameter {name!r}; it has {', '.join(known)}"
        elif problem := _problem(known[name], value):
            yield f"{name}: {problem}"


def _problem(parameter: Parameter, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return f"a number was expected, not {value!r}"
    low, high = float(parameter.low or 0.0), float(parameter.high or math.inf)
    return "" if low <= value <= high else f"{value:g} lies outside {low:g}–{high:g} {parameter.unit}"


def _overlaps(model: Model, overrides: Sequence[Override]) -> Iterator[str]:
    taken: set[int] = set()
    for override in overrides:
        found = set(model.inside(override.where))
        if taken & found:
            yield f"two measures concern the same zone {model.zones[min(taken & found)]}; join them in one"
        taken |= found
