"""Carries measures out on speeds, cars and surfaces, and refuses those that the model cannot answer honestly."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from sympolis.domain.scenario import Override, Window
from sympolis.plugins.simulator import Linked, Measure, Member, Parameter
from sympolis.plugins.simulators.road_noise.levels import Traffic
from sympolis.plugins.simulators.road_noise.settings import FED, LIMIT, MEASURES, SURFACE, TRAFFIC
from sympolis.plugins.simulators.road_noise.streets import Streets

_BY_NAME = {measure.name: measure for measure in MEASURES}
CALM_KMH = 30.0
"""At and below this limit people drive at it: the share of the limit that is driven rises linearly to 1 from 50
km/h."""
FREE_KMH = 50.0
LIGHT = "1"
SPEEDS_ARE_GIVEN = "speeds come from the traffic model that feeds this one: the lower limit must be set there"


def driven_kmh(limit_kmh: Any, share: float) -> Any:
    """Mean speed for a limit: ``share`` of it from 50 km/h on, all of it up to 30 (but not faster than at 50)."""
    limit = np.asarray(limit_kmh, dtype=float)
    calm = np.clip((FREE_KMH - limit) / (FREE_KMH - CALM_KMH), 0.0, 1.0)
    return np.minimum(limit * (share + (1 - share) * calm), np.maximum(share * limit, share * FREE_KMH))


def traffic_of(streets: Streets, member: Member, given: Mapping[str, Any]) -> tuple[Traffic, list[str]]:
    """What drives under checked overrides, and what must be said about it.

    Flows and speeds are another model's where one feeds the need ``traffic``, else the demand's with typical speeds.
    """
    hours = tuple(range(member.window.start_hour, member.window.end_hour))
    share = float(given["driven_share"])
    factors = np.array(streets.profile)[list(hours)]
    flows = {name: np.outer(factors, values) for name, values in streets.flows.items()}
    flows.setdefault(LIGHT, np.zeros((len(hours), len(streets.ids))))
    speed = np.tile(driven_kmh(streets.limit_kmh, share), (len(hours), 1))
    traffic = Traffic(flows, speed, np.zeros(len(streets.ids), dtype=np.bool_), hours)
    linked = member.linked.get(FED.name)
    if linked is None:
        scale = float(given["demand_scale"])
        traffic.flows = {name: values * scale for name, values in traffic.flows.items()}
    else:
        _take(streets, traffic, linked)
    for override in member.overrides:
        _carry_out(streets, traffic, override, share, fed=linked is not None)
    slowed = linked is not None and any(one.measure == LIMIT.name for one in member.overrides)
    return traffic, [SPEEDS_ARE_GIVEN] if slowed else []


def _take(streets: Streets, traffic: Traffic, linked: Linked) -> None:
    """Another model's flows and speeds; the mix of categories stays the demand's, new traffic is light."""
    index = {name: i for i, name in enumerate(streets.ids)}
    pairs = [(index[name], k) for k, name in enumerate(linked.features) if name in index]
    rows, columns = [i for i, _ in pairs], [k for _, k in pairs]
    flow = np.nan_to_num(np.asarray(linked.fields["flow"], dtype=float))[:, columns]
    speed = np.asarray(linked.fields["speed"], dtype=float)[:, columns]
    today = sum(traffic.flows.values(), np.zeros_like(traffic.speed_kmh))[:, rows]
    for name, values in traffic.flows.items():
        plain = float(name == LIGHT)
        share = np.divide(values[:, rows], today, out=np.full_like(today, plain), where=today > 0)
        values[:, rows] = share * flow
    known = np.isfinite(speed) & (speed > 0)
    traffic.speed_kmh[:, rows] = np.where(known, speed, traffic.speed_kmh[:, rows])


def _carry_out(
    streets: Streets, traffic: Traffic, override: Override, driven_share: float, *, fed: bool
) -> None:
    rows, value = streets.inside(override.where), _values(override)
    if override.measure == TRAFFIC.name:
        traffic.flows[LIGHT][:, rows] *= 1 + float(value["change"]) / 100
    elif override.measure == SURFACE.name:
        traffic.quiet[rows] = True
    elif not fed:
        target = np.minimum(np.array(streets.limit_kmh)[rows], float(value["speed"]))
        now = traffic.speed_kmh[:, rows]
        slower = np.minimum(driven_kmh(target, driven_share), now)
        traffic.speed_kmh[:, rows] = now - float(value["compliance"]) * (now - slower)


def _values(override: Override) -> dict[str, Any]:
    return {p.name: p.default for p in _BY_NAME[override.measure].parameters} | dict(override.parameters)


def refusals(streets: Streets, overrides: Sequence[Override], window: Window) -> list[str]:
    """Why these overrides cannot be answered, in plain words; empty if they can."""
    if not 0 <= window.start_hour < window.end_hour <= 24:
        return [f"the window {window.start_hour}–{window.end_hour} is not a span of whole hours within a day"]
    return [reason for override in overrides for reason in _refusals(streets, override)]


def _refusals(streets: Streets, override: Override) -> Iterator[str]:
    measure = _BY_NAME.get(override.measure)
    if measure is None:
        yield f"unknown measure {override.measure!r}; this model knows {', '.join(_BY_NAME)}"
        return
    wrong = [*_value_refusals(measure, override), *_where_refusals(streets, override.where)]
    yield from wrong
    if not wrong and measure is LIMIT:
        fastest = max(streets.limit_kmh[i] for i in streets.inside(override.where))
        if fastest <= float(_values(override)["speed"]) + 0.5:
            yield f"the streets named are limited to {fastest:.0f} km/h today; that would not lower it"


def _where_refusals(streets: Streets, where: Mapping[str, Any]) -> Iterator[str]:
    if "area" in where and "polygon" not in where:
        yield f"the area {where['area']!r} has no polygon"
        return
    if "polygon" not in where and not where.get("segments"):
        yield "say where: streets, an area or a polygon"
        return
    try:
        found = streets.inside(where)
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
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return f"a number was expected, not {value!r}"
    low = -math.inf if parameter.low is None else parameter.low
    high = math.inf if parameter.high is None else parameter.high
    return "" if low <= value <= high else f"{value:g} lies outside {low:g}–{high:g} {parameter.unit}"
