"""Carries measures out on traffic, speed, shade and places, and refuses those that cannot be answered honestly."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from sympolis.domain.scenario import Override
from sympolis.plugins.simulator import Measure, Parameter
from sympolis.plugins.simulators.street_liveability import offer
from sympolis.plugins.simulators.street_liveability.classes import STREETS
from sympolis.plugins.simulators.street_liveability.state import State
from sympolis.plugins.simulators.street_liveability.themes import WALKING_KMH
from sympolis.plugins.simulators.street_liveability.town import Town

ELSEWHERE_M = 500.0
"""Removed traffic appears on roads within this distance of where it was. A declared simplification."""

_BY_NAME = {measure.name: measure for measure in offer.MEASURES}


def carry_out(town: Town, state: State, overrides: Sequence[Override]) -> None:
    """Change the state by checked overrides, one after the other."""
    for override in overrides:
        where, rows = override.where, np.array(town.inside(override.where), dtype=int)
        _ACTS[override.measure](town, state, rows, _values(override) | {"polygon": where.get("polygon")})


def _values(override: Override) -> dict[str, Any]:
    return {p.name: p.default for p in _BY_NAME[override.measure].parameters} | dict(override.parameters)


def _roads(town: Town, rows: Any) -> Any:
    return np.array([i for i in rows if STREETS[town.classes[i]].vehicles > 0], dtype=int)


def _pedestrianise(town: Town, state: State, rows: Any, given: Mapping[str, Any]) -> None:
    rows = _roads(town, rows)
    length_km = np.array(town.length_m) / 1000
    taken = state.flow[rows] * (1 - given["residual"])
    moved = float((taken * length_km[rows]).sum()) * given["displaced"]
    state.flow[rows] -= taken
    state.speed_kmh[rows] = np.minimum(state.speed_kmh[rows], WALKING_KMH)
    state.walkable_m[rows] = [STREETS[town.classes[i]].width_m for i in rows]
    others = _others(town, rows)
    carried = float((state.flow[others] * length_km[others]).sum())
    if carried > 0:
        state.flow[others] *= 1 + moved / carried
        state.displaced += moved


def _others(town: Town, rows: Any) -> Any:
    """Roads near the streets that were closed."""
    middles = town.middle_m()
    near = np.zeros(len(town.ids), dtype=bool)
    for row in rows:
        near |= np.hypot(*(middles - middles[row]).T) <= ELSEWHERE_M
    near[rows] = False
    return _roads(town, np.flatnonzero(near))


def _limit(_town: Town, state: State, rows: Any, given: Mapping[str, Any]) -> None:
    slower = np.minimum(given["speed"], state.speed_kmh[rows])
    state.speed_kmh[rows] -= given["compliance"] * (state.speed_kmh[rows] - slower)


def _plant(town: Town, state: State, rows: Any, given: Mapping[str, Any]) -> None:
    _shade(town, state, rows, given["trees"] * given["crown"])


def _sails(town: Town, state: State, rows: Any, given: Mapping[str, Any]) -> None:
    _shade(town, state, rows, given["square_metres"] * given["cover"])


def _shade(town: Town, state: State, rows: Any, square_metres: float) -> None:
    """Spread evenly over the ground; only what was in the sun gains: s + (1 − s)·min(added, 1)."""
    ground = sum(town.length_m[i] * STREETS[town.classes[i]].width_m for i in rows)
    state.shade[rows] += (1 - state.shade[rows]) * min(square_metres / ground, 1.0)


def _serve(town: Town, state: State, rows: Any, given: Mapping[str, Any]) -> None:
    if given["polygon"] is not None:
        rows = [_middle_of(town, rows)]
    for row in rows:
        half = town.length_m[row] / 2
        state.places += [(given["kind"], town.starts[row], half), (given["kind"], town.ends[row], half)]


def _middle_of(town: Town, rows: Any) -> int:
    middles = town.middle_m()[rows]
    return int(rows[np.hypot(*(middles - middles.mean(axis=0)).T).argmin()])


_ACTS: Mapping[str, Callable[[Town, State, Any, Mapping[str, Any]], None]] = {
    offer.PEDESTRIANISE.name: _pedestrianise,
    offer.LIMIT.name: _limit,
    offer.PLANT_TREES.name: _plant,
    offer.SHADE.name: _sails,
    offer.ADD_SERVICE.name: _serve,
}


def refusals(town: Town, overrides: Sequence[Override]) -> list[str]:
    """Why these overrides cannot be answered, in plain words; empty if they can."""
    return [reason for override in overrides for reason in _refusals(town, override)]


def _refusals(town: Town, override: Override) -> Iterator[str]:
    measure = _BY_NAME.get(override.measure)
    if measure is None:
        yield f"unknown measure {override.measure!r}; this model knows {', '.join(_BY_NAME)}"
        return
    wrong = [*_value_refusals(measure, override), *_where_refusals(town, override.where)]
    yield from wrong
    if not wrong:
        yield from _sense(town, override, town.inside(override.where))


def _sense(town: Town, override: Override, rows: list[int]) -> Iterator[str]:
    """What is well formed but would change nothing, or could not be judged."""
    value, roads = _values(override), _roads(town, rows)
    if override.measure in (offer.PEDESTRIANISE.name, offer.LIMIT.name) and not len(roads):
        yield "no cars drive on the streets named today"
    elif override.measure == offer.LIMIT.name and max(town.limit_kmh[i] for i in roads) <= value["speed"]:
        yield f"the streets named are limited to {value['speed']:g} km/h or less today; that would not lower it"
    if override.measure in (offer.PLANT_TREES.name, offer.SHADE.name) and all(
        town.shade[i] is None for i in rows
    ):
        yield "nobody has looked how much shade the streets named have: what more of it changes is not known"
    if override.measure == offer.ADD_SERVICE.name:
        yield from _service_refusals(town, override, rows, str(value["kind"]))


def _service_refusals(town: Town, override: Override, rows: list[int], kind: str) -> Iterator[str]:
    if kind not in town.kinds:
        known = ", ".join(town.kinds) or "none"
        yield f"the twin knows no place of the kind {kind!r} today, so it is not part of the score; it knows {known}"
    if "polygon" not in override.where and len(rows) > offer.MOST_PLACES:
        yield f"{len(rows)} new places at once; at most {offer.MOST_PLACES} are allowed"


def _where_refusals(town: Town, where: Mapping[str, Any]) -> Iterator[str]:
    if "area" in where and "polygon" not in where:
        yield f"the area {where['area']!r} has no polygon"
        return
    if "polygon" not in where and not where.get("segments"):
        yield "say where: streets, an area or a polygon"
        return
    try:
        found = town.inside(where)
    except (ValueError, TypeError, shapely.errors.ShapelyError) as cause:
        yield f"the place cannot be read: {cause}"
        return
    if not found:
        yield "the place holds no street of the model"


def _value_refusals(measure: Measure, override: Override) -> Iterator[str]:
    known = {p.name: p for p in measure.parameters}
    for name, value in override.parameters.items():
        if name not in known:
            yield f"{measure.name} has no parameter {name!r}; it has {', '.join(known) or 'none'}"
        elif problem := _problem(known[name], value):
            yield f"{name}: {problem}"


def _problem(parameter: Parameter, value: Any) -> str:
    if parameter.choices:
        return "" if value in parameter.choices else f"{value!r} is not one of {', '.join(parameter.choices)}"
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return f"a number was expected, not {value!r}"
    low = -math.inf if parameter.low is None else parameter.low
    high = math.inf if parameter.high is None else parameter.high
    return "" if low <= value <= high else f"{value:g} lies outside {low:g}–{high:g} {parameter.unit}"
