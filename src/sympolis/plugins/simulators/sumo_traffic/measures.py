"""Carries measures out on trips and speeds, and refuses those that the model cannot answer honestly.

Each trip decides with its own random positions (``Trip.draws``), so that the same driver pays, detours or gives up in
every run of the same seed. Only trips that a measure concerns change; a trip that finds no way is counted.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sympolis.domain.scenario import Override, Window
from sympolis.plugins.simulator import Measure, Parameter
from sympolis.plugins.simulators.sumo_traffic.cordons import Answer, Cordon, Hours
from sympolis.plugins.simulators.sumo_traffic.demand import WARM_UP_S, Level, Trip, hourly_vehicles
from sympolis.plugins.simulators.sumo_traffic.fleet import CLASSES, EURO_CLASSES
from sympolis.plugins.simulators.sumo_traffic.network import Network
from sympolis.plugins.simulators.sumo_traffic.places import inside, rings
from sympolis.plugins.simulators.sumo_traffic.prepared import Prepared
from sympolis.plugins.simulators.sumo_traffic.routing import Route, Router
from sympolis.plugins.simulators.sumo_traffic.settings import MEASURES

STRANDED_LIMIT = 0.01
"""A closure that leaves more than this share of all trips without a way is refused."""
WORTH_CHANGING = 0.05
"""Drivers who are slowed down, not stopped, change their route if that saves this share of its time, on top of what it
would have saved them already today: who does not take the quicker way now has reasons that stay."""
BATCHES = 4
"""Detours are chosen in this many batches, each seeing the traffic of those before (incremental assignment)."""
_PAYS, _DETOURS, _INFORMED = range(3)
"""Of the random positions each trip carries; the fourth is the cordons'."""
_BY_NAME = {measure.name: measure for measure in MEASURES}


@dataclass(frozen=True, slots=True)
class Barrier:
    """A closed set of streets. Trips with an end in one of its connected parts keep access to that part."""

    parts: tuple[frozenset[int], ...]
    exempt: frozenset[str]
    evaporation: float = 0.0
    """Share of the trips that would have to go round which are not driven in these streets at all any more."""

    def banned(self, ends: Collection[int], vehicle_class: str) -> frozenset[int]:
        """The segments that a trip with these local ends may not enter."""
        if vehicle_class in self.exempt:
            return frozenset()
        return frozenset().union(*(part for part in self.parts if part.isdisjoint(ends)))


@dataclass(slots=True)
class Plan:
    """The measures of one scenario, ready to be met by trips."""

    speeds_ms: dict[int, float] = field(default_factory=dict)
    barriers: list[Barrier] = field(default_factory=list)
    cordons: list[Cordon] = field(default_factory=list)
    gates: frozenset[int] = frozenset()

    def closed_to(self, route: Route, vehicle_class: str) -> frozenset[int]:
        """The segments that barriers close to trips on ``route``. An end at a gate is not a local one."""
        ends = {route[0], route[-1]} - self.gates
        return frozenset().union(*(barrier.banned(ends, vehicle_class) for barrier in self.barriers))

    @property
    def evaporation(self) -> float:
        """The largest share among the barriers."""
        return max((barrier.evaporation for barrier in self.barriers), default=0.0)


@dataclass(slots=True)
class Outcome:
    """What the trips made of the measures."""

    trips: list[Trip]
    rerouted: int = 0
    not_made: int = 0
    stranded: int = 0
    shifted: int = 0
    """Trips that set off at another time; those that then leave the simulated hours are not among ``trips``."""
    revenue: float = 0.0
    """EUR, of trips that set off within the window."""


def value_of(override: Override, name: str) -> Any:
    """A parameter of an override, or its default."""
    found = next(p for p in _BY_NAME[override.measure].parameters if p.name == name)
    return override.parameters.get(name, found.default)


# --- where --------------------------------------------------------------------------------------------------------


def segments_of(network: Network, where: Mapping[str, Any]) -> frozenset[int]:
    """The segments a ``where`` speaks of; unknown ids are left out (``check`` names them)."""
    if "polygon" in where:
        shape = rings(where["polygon"])
        return frozenset(i for i, s in enumerate(network.segments) if inside(s.line, shape))
    found = (network.find(str(reference)) for reference in where.get("segments", ()))
    return frozenset(number for number in found if number is not None)


def connected_parts(network: Network, segments: Collection[int]) -> tuple[frozenset[int], ...]:
    """The segments, grouped by shared nodes."""
    at_node: dict[int, set[int]] = defaultdict(set)
    for number in segments:
        at_node[network.segments[number].start].add(number)
        at_node[network.segments[number].end].add(number)
    left, parts = set(segments), []
    while left:
        part, edge = set(), {min(left)}
        while edge:
            part |= edge
            nodes = {n for i in edge for n in (network.segments[i].start, network.segments[i].end)}
            edge = {i for n in nodes for i in at_node[n]} - part
        left -= part
        parts.append(frozenset(part))
    return tuple(parts)


# --- planning -----------------------------------------------------------------------------------------------------


def make_plan(network: Network, overrides: Sequence[Override]) -> Plan:
    """Translate checked overrides."""
    plan = Plan(gates=network.gates)
    for override in overrides:
        _MAKERS[override.measure](plan, network, override)
    return plan


def _plan_closure(plan: Plan, network: Network, override: Override) -> None:
    parts = connected_parts(network, segments_of(network, override.where))
    exempt, evaporation = frozenset(value_of(override, "exempt")), float(value_of(override, "evaporation"))
    plan.barriers.append(Barrier(parts, exempt, evaporation))


def _plan_speed(plan: Plan, network: Network, override: Override) -> None:
    limit_ms = float(value_of(override, "speed")) / 3.6
    compliance = float(value_of(override, "compliance"))
    for number in segments_of(network, override.where):
        today = network.segments[number].speed_ms
        if today > limit_ms:
            slower = today - compliance * (today - limit_ms)
            plan.speeds_ms[number] = min(slower, plan.speeds_ms.get(number, slower))


def _plan_charge(plan: Plan, network: Network, override: Override) -> None:
    """Those who still pay: (1 + charge / trip cost) ^ elasticity, a constant elasticity to the trip's money cost."""
    dearer = 1 + float(value_of(override, "charge")) / float(value_of(override, "trip_cost"))
    paying = dearer ** float(value_of(override, "elasticity"))
    shares = (paying, float(value_of(override, "detour_share")), float(value_of(override, "exempt_share")))
    segments = segments_of(network, override.where)
    exempt, price = frozenset(value_of(override, "exempt")), float(value_of(override, "charge"))
    plan.cordons.append(Cordon(segments, *shares, exempt, price))


def _plan_class_charge(plan: Plan, network: Network, override: Override) -> None:
    """Those who still pay: ½^(price/p50), as in the mobility-policy model; some of the others come at another time."""

    def value(name: str) -> float:
        return float(value_of(override, name))

    times = ("start", "end", "p50_anticipating", "p50_anticipation", "p50_postponing", "p50_postponement")
    cordon = Cordon(
        segments_of(network, override.where),
        paying_share=0.0,
        detour_share=value("detour_share"),
        exempt_share=value("exempt_share"),
        exempt=frozenset(value_of(override, "exempt")),
        prices=tuple(value(f"euro_{euro}") for euro in range(EURO_CLASSES)),
        p50_cost=value("p50_cost"),
        hours=Hours(*(value(name) for name in times)),
    )
    plan.cordons.append(cordon)


def _plan_restriction(plan: Plan, network: Network, override: Override) -> None:
    segments = segments_of(network, override.where)
    permits = float(value_of(override, "permit_share"))
    plan.cordons.append(Cordon(segments, 0.0, 1.0, permits, frozenset(value_of(override, "exempt"))))


_MAKERS = {
    "close_street": _plan_closure,
    "limit_speed": _plan_speed,
    "charge_entry": _plan_charge,
    "charge_by_class": _plan_class_charge,
    "restrict_entry": _plan_restriction,
}


# --- carrying out -------------------------------------------------------------------------------------------------


def carry_out(
    plan: Plan, network: Network, trips: Sequence[Trip], *, informed_share: float, span_s: tuple[float, float]
) -> Outcome:
    """The trips as they are made under the plan.

    ``span_s``: the window [s after midnight]; trips are drawn for it and for the warm-up before it.
    """
    hours = (span_s[1] - span_s[0] + WARM_UP_S) / 3600
    router = Router(network, plan.speeds_ms)
    router.load((trip.route, 1 / hours) for trip in trips)
    concerned = [i for i, trip in enumerate(trips) if _is_concerned(plan, trip)]
    made: dict[int, Trip | None] = {}
    outcome = Outcome([])
    order = sorted(concerned, key=lambda i: trips[i].draws[_DETOURS])
    for batch in range(BATCHES):
        found: dict[Any, Route | None] = {}
        for number in order[batch::BATCHES]:
            trip = _pay_or_shift(plan, trips[number], span_s, outcome)
            made[number] = trip and _decide(plan, router, trip, informed_share, found, outcome)
        changed = [n for n in order[batch::BATCHES] if made[n] != trips[n]]
        router.load((trips[n].route, -1 / hours) for n in changed)
        router.load((trip.route, 1 / hours) for n in changed if (trip := made[n]))
    kept = [trip for i, old in enumerate(trips) if (trip := made.get(i, old)) is not None]
    outcome.trips = sorted(kept, key=lambda t: (t.depart_s, t.stream)) if outcome.shifted else kept
    return outcome


def _pay_or_shift(plan: Plan, trip: Trip, span_s: tuple[float, float], outcome: Outcome) -> Trip | None:
    """The trip, perhaps at another time; None where that lies outside the simulated hours. Counts what is paid."""
    for cordon in plan.cordons:
        answer = cordon.answer(trip, plan.gates)
        if answer is Answer.PAYS and trip.depart_s >= span_s[0]:
            outcome.revenue += cordon.price_of(trip)
        elif answer is Answer.SHIFTS:
            outcome.shifted += 1
            trip = replace(trip, depart_s=round(cordon.other_time(trip) or 0.0, 1))
            if not span_s[0] - WARM_UP_S <= trip.depart_s < span_s[1]:
                return None
    return trip


def _is_concerned(plan: Plan, trip: Trip) -> bool:
    on_the_way = set(trip.route)
    return (
        not on_the_way.isdisjoint(plan.speeds_ms)
        or any(not on_the_way.isdisjoint(part) for barrier in plan.barriers for part in barrier.parts)
        or any(not on_the_way.isdisjoint(cordon.segments) for cordon in plan.cordons)
    )


def _decide(
    plan: Plan,
    router: Router,
    trip: Trip,
    informed_share: float,
    found: dict[Any, Route | None],
    outcome: Outcome,
) -> Trip | None:
    """The trip as its driver now makes it, or None."""
    banned = plan.closed_to(trip.route, trip.vehicle_class)
    declined = [c for c in plan.cordons if c.answer(trip, plan.gates) is Answer.DECLINES]
    if any(trip.route[-1] in c.segments or trip.draws[_DETOURS] >= c.detour_share for c in declined):
        outcome.not_made += 1
        return None
    avoided = banned.union(*(cordon.segments for cordon in declined))
    informed = trip.draws[_INFORMED] < informed_share
    if avoided.isdisjoint(trip.route):
        return _quicker(plan, router, trip, avoided, informed, found, outcome)
    if not declined and CLASSES[trip.vehicle_class].paying and trip.draws[_PAYS] < plan.evaporation:
        outcome.not_made += 1
        return None
    route = _search(router, trip, avoided, informed, found)
    if route is None:
        outcome.not_made += bool(declined)
        outcome.stranded += not declined
        return None
    outcome.rerouted += 1
    return replace(trip, route=route)


def _quicker(
    plan: Plan,
    router: Router,
    trip: Trip,
    avoided: frozenset[int],
    informed: bool,
    found: dict[Any, Route | None],
    outcome: Outcome,
) -> Trip:
    """A trip that is only slowed down: it changes its route if that is clearly quicker. Timetables stay."""
    if trip.vehicle_class == "bus" or not informed or set(trip.route).isdisjoint(plan.speeds_ms):
        return trip
    route = _search(router, trip, avoided, informed, found)
    if route is None or route == trip.route:
        return trip
    own = router.seconds(trip.route)
    gain = own - router.seconds(route)
    spurned = max(0.0, router.seconds(trip.route, today=True) - router.seconds(route, today=True))
    if gain <= spurned + WORTH_CHANGING * own:
        return trip
    outcome.rerouted += 1
    return replace(trip, route=route)


def _search(
    router: Router, trip: Trip, avoided: frozenset[int], informed: bool, found: dict[Any, Route | None]
) -> Route | None:
    key = (trip.route[0], trip.route[-1], trip.vehicle_class, avoided, informed)
    if key not in found:
        vehicle = CLASSES[trip.vehicle_class]
        found[key] = router.find(key[0], key[1], vehicle, banned=avoided, informed=informed)
    return found[key]


# --- refusing -----------------------------------------------------------------------------------------------------


def refusals(prepared: Prepared, overrides: Sequence[Override], window: Window) -> list[str]:
    """Why these overrides cannot be simulated, in plain words; empty if they can."""
    reasons = list(_window_refusals(prepared, window))
    for override in overrides:
        reasons += _override_refusals(prepared, override)
    if not reasons:
        reasons += _stranding_refusals(prepared, overrides, window)
    return reasons


def _window_refusals(prepared: Prepared, window: Window) -> Iterator[str]:
    if not 0 <= window.start_hour < window.end_hour <= 24:
        yield f"the window {window.start_hour}–{window.end_hour} is not a span of whole hours within a day"
        return
    factors = prepared.hour_factors()
    empty = [hour for hour in range(window.start_hour, window.end_hour) if factors[hour] <= 0]
    if empty:
        hours = ", ".join(f"{hour}–{hour + 1}" for hour in empty)
        yield f"there is neither demand nor a count for the hours {hours}: nothing would drive there"


def _override_refusals(prepared: Prepared, override: Override) -> Iterator[str]:
    measure = _BY_NAME.get(override.measure)
    if measure is None:
        yield f"unknown measure {override.measure!r}; this model knows {', '.join(_BY_NAME)}"
        return
    problems = [*_where_refusals(prepared.network, measure, override), *_value_refusals(measure, override)]
    yield from problems
    if not problems and override.measure == "limit_speed":
        yield from _speed_refusals(prepared.network, override)


def _where_refusals(network: Network, measure: Measure, override: Override) -> Iterator[str]:
    where = override.where
    given = [key for key in ("segments", "area", "polygon") if key in where]
    if not any(key in measure.targets for key in given):
        yield f"{measure.name} needs one of {', '.join(measure.targets)} in 'where'"
        return
    if "area" in where and "polygon" not in where:
        yield f"the area {where['area']!r} has no polygon"
        return
    if "polygon" in where:
        problem = _polygon_problem(network, where["polygon"])
        if problem:
            yield problem
        return
    unknown = [str(s) for s in where["segments"] if network.find(str(s)) is None]
    if unknown:
        yield f"not streets of the modelled network: {', '.join(unknown[:5])}{' …' if len(unknown) > 5 else ''}"
    elif not where["segments"]:
        yield "no street was named"


def _polygon_problem(network: Network, polygon: Mapping[str, Any]) -> str:
    try:
        shape = rings(polygon)
    except (KeyError, TypeError, ValueError, IndexError):
        return "the polygon is not a GeoJSON Polygon or MultiPolygon in longitude and latitude"
    if not any(inside(s.line, shape) for s in network.segments):
        return "the area holds no street of the modelled network"
    return ""


def _value_refusals(measure: Measure, override: Override) -> Iterator[str]:
    known = {p.name: p for p in measure.parameters}
    for name, value in override.parameters.items():
        if name not in known:
            yield f"{measure.name} has no parameter {name!r}; it has {', '.join(known)}"
        elif problem := _value_problem(known[name], value):
            yield f"{name}: {problem}"


def _value_problem(parameter: Parameter, value: Any) -> str:
    if parameter.kind == "choices":
        wrong = (
            isinstance(value, str) or not isinstance(value, Sequence) or set(value) - set(parameter.choices)
        )
        return f"any of {', '.join(parameter.choices)} was expected, not {value!r}" if wrong else ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"a number was expected, not {value!r}"
    low, high = parameter.low, parameter.high
    if (low is not None and value < low) or (high is not None and value > high) or math.isnan(value):
        return f"{value:g} lies outside {low:g}–{high:g} {parameter.unit}".rstrip(" 1")
    return ""


def _speed_refusals(network: Network, override: Override) -> Iterator[str]:
    speed = float(value_of(override, "speed"))
    today = [network.segments[i].speed_ms * 3.6 for i in segments_of(network, override.where)]
    if max(today) <= speed + 0.5:
        yield f"the streets named are limited to {max(today):.0f} km/h today; {speed:g} km/h would not lower that"


def _stranding_refusals(prepared: Prepared, overrides: Sequence[Override], window: Window) -> Iterator[str]:
    plan = make_plan(prepared.network, overrides)
    if not plan.barriers:
        return
    level = Level({}, prepared.hour_factors())
    flows = [0.0] * len(prepared.streams)
    for hour in range(window.start_hour, window.end_hour):
        flows = [a + b for a, b in zip(flows, hourly_vehicles(prepared.streams, level, hour), strict=True)]
    yield from _too_many_stranded(prepared, plan, flows)


def _too_many_stranded(prepared: Prepared, plan: Plan, flows: Sequence[float]) -> Iterator[str]:
    network = prepared.network
    router = Router(network)
    lost: Counter[int] = Counter()
    for stream, flow in zip(prepared.streams, flows, strict=True):
        banned = plan.closed_to(stream.route, stream.vehicle_class)
        if banned.isdisjoint(stream.route):
            continue
        if (
            router.find(stream.route[0], stream.route[-1], CLASSES[stream.vehicle_class], banned=banned)
            is None
        ):
            lost[stream.route[0]] += round(flow)
    total, stranded = sum(flows), sum(lost.values())
    if stranded > STRANDED_LIMIT * total:
        origin = network.segments[lost.most_common(1)[0][0]]
        name = origin.name or origin.id
        yield (
            f"the closure would leave {stranded:.0f} of {total:.0f} trips without any way (most of them start at "
            f"{name}); the model does not know how they would travel outside its streets"
        )
