"""How much of the network lies within a few minutes by car: what a measure does to accessibility, street by street.

A cumulative measure of accessibility (Geurs & van Wee 2004, Journal of Transport Geography 12(2), 127–140, DOI
10.1016/j.jtrangeo.2003.10.005): kilometres of street that a driver reaches from the end of a street within a span of
time, at the speeds of the simulated hour. What a trip costs in money does not count, only what may be driven and how
long it takes.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sympolis.plugins.simulators.sumo_traffic.fleet import CLASSES
from sympolis.plugins.simulators.sumo_traffic.measures import Plan
from sympolis.plugins.simulators.sumo_traffic.network import Network
from sympolis.plugins.simulators.sumo_traffic.routing import Router, may_use

SPAN_S = 300.0
"""Five minutes: with ten, nearly everything in a quarter is in reach and nothing can change."""
CAR = CLASSES["car"]
_SLOWEST_KMH = 1.0
"""A street where nothing moved is not closed: somebody gets through within the hour."""


@dataclass(frozen=True, slots=True)
class Ways:
    """Where a car without a permit may drive: ``following[i]`` after segment ``i``, whatever the time it takes."""

    following: tuple[tuple[int, ...], ...]
    open_to_cars: tuple[bool, ...]
    closures: tuple[frozenset[int], ...]
    """Streets that may be reached and left by those at home there, and not be driven through."""

    def from_street(self, origin: int, here: int) -> Iterator[int]:
        """The segments that may follow on ``here`` for a driver who set off at ``origin``."""
        closed = [part for part in self.closures if here in part and origin not in part]
        return (one for one in self.following[here] if all(one in part for part in closed))


def ways(network: Network, plan: Plan) -> Ways:
    """The ways that the measures of ``plan`` leave to a car without a permit; charges close none."""
    permits_only = [
        cordon.segments for cordon in plan.cordons if cordon.permits_only and CAR.name not in cordon.exempt
    ]
    open_to_cars = tuple(may_use(segment, CAR) for segment in network.segments)
    following = tuple(
        tuple(
            one
            for one in segment.successors
            if open_to_cars[one] and all(one not in area or here in area for area in permits_only)
        )
        for here, segment in enumerate(network.segments)
    )
    closures = tuple(
        part for barrier in plan.barriers if CAR.name not in barrier.exempt for part in barrier.parts
    )
    return Ways(following, open_to_cars, closures)


def reach_km(network: Network, plan: Plan, speeds_kmh: Sequence[Sequence[float]]) -> list[list[float]]:
    """``[hour][segment]``: kilometres of street within ``SPAN_S`` of driving, the street itself among them.

    ``speeds_kmh`` are the simulated ones; where nobody drove (NaN), a street takes what it takes in free flow. NaN
    for streets that are closed to cars.
    """
    found, router = ways(network, plan), Router(network, plan.speeds_ms)
    free = [router.cost(number, informed=False) for number in range(len(network.segments))]
    return [_hour(network, found, _seconds(network, free, speeds)) for speeds in speeds_kmh]


def _seconds(network: Network, free: Sequence[float], speeds_kmh: Sequence[float]) -> list[float]:
    return [
        seconds if math.isnan(speed) else segment.length_m / (max(speed, _SLOWEST_KMH) / 3.6)
        for segment, seconds, speed in zip(network.segments, free, speeds_kmh, strict=True)
    ]


def _hour(network: Network, found: Ways, seconds: Sequence[float]) -> list[float]:
    return [
        _from(origin, network, found, seconds) if open_to_cars else math.nan
        for origin, open_to_cars in enumerate(found.open_to_cars)
    ]


def _from(origin: int, network: Network, found: Ways, seconds: Sequence[float]) -> float:
    """Kilometres of street that are wholly driven within the span, from the end of ``origin`` on."""
    best = {origin: 0.0}
    queue = [(0.0, origin)]
    while queue:
        spent, here = heapq.heappop(queue)
        if spent > best[here]:
            continue
        for one in found.from_street(origin, here):
            reached = spent + seconds[one]
            if reached <= SPAN_S and reached < best.get(one, math.inf):
                best[one] = reached
                heapq.heappush(queue, (reached, one))
    return sum(network.segments[one].length_m for one in best) / 1000


def mean_km(network: Network, reach: Sequence[Sequence[float]]) -> float:
    """The mean over streets, each by its length, and hours; 0 where no street is open to cars."""
    known = [
        (km, segment.length_m)
        for hour in reach
        for km, segment in zip(hour, network.segments, strict=True)
        if not math.isnan(km)
    ]
    metres = sum(length_m for _, length_m in known)
    return sum(km * length_m for km, length_m in known) / metres if metres else 0.0
