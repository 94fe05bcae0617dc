"""Finds the way for drivers whose way is closed, dear or slow: a small deterministic shortest-path search.

SUMO's own rerouting would let every driver in the network change the route, also where nothing happened; here only
those concerned do, and who finds no way is counted instead of lost.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping

from sympolis.plugins.simulators.sumo_traffic.fleet import VehicleClass
from sympolis.plugins.simulators.sumo_traffic.network import Network, Segment

Route = tuple[int, ...]

LANE_CAPACITY = 1600.0
SIGNALLED_LANE_CAPACITY = 850.0
"""Vehicles per hour and lane, free and before a signal with roughly half the green."""
SIGNAL_DELAY_S = 15.0
"""Mean wait at a signal in light traffic, half of a red of 30 s."""
BPR_ALPHA, BPR_BETA = 0.15, 4.0
"""Bureau of Public Roads (1964), Traffic Assignment Manual."""


def may_use(segment: Segment, vehicle_class: VehicleClass) -> bool:
    """Whether this class of vehicles is allowed on the segment."""
    if segment.allowed is None or vehicle_class.sumo_class == "ignoring":
        return True
    return vehicle_class.sumo_class in segment.allowed


def _capacity(segment: Segment) -> float:
    return segment.lanes * (SIGNALLED_LANE_CAPACITY if segment.signalled else LANE_CAPACITY)


class Router:
    """Shortest paths over one network; costs grow with the flow that it has been told of.

    ``speeds_ms`` holds the free speeds that differ from today's.
    """

    def __init__(self, network: Network, speeds_ms: Mapping[int, float] | None = None) -> None:
        self._network = network
        self._today = [
            s.length_m / s.speed_ms + (SIGNAL_DELAY_S if s.signalled else 0.0) for s in network.segments
        ]
        self._free = list(self._today)
        for number, speed in (speeds_ms or {}).items():
            segment = network.segments[number]
            self._free[number] += segment.length_m / speed - segment.length_m / segment.speed_ms
        self._capacity = [_capacity(s) for s in network.segments]
        self._flow: defaultdict[int, float] = defaultdict(float)

    def load(self, routes: Iterable[tuple[Route, float]]) -> None:
        """Take note of traffic (route, vehicles per hour) already on the way."""
        for route, flow in routes:
            for segment in route:
                self._flow[segment] += flow

    def cost(self, segment: int, *, informed: bool) -> float:
        """Seconds over a segment: in free flow, or (``informed``) in the traffic that is there."""
        return self._free[segment] * (self._crowding(segment) if informed else 1.0)

    def _crowding(self, segment: int) -> float:
        return float(1 + BPR_ALPHA * (self._flow[segment] / self._capacity[segment]) ** BPR_BETA)

    def seconds(self, route: Route, *, today: bool = False) -> float:
        """Seconds over a whole route in the traffic that is there; ``today``: at today's speeds."""
        free = self._today if today else self._free
        return sum(free[segment] * self._crowding(segment) for segment in route)

    def find(
        self,
        origin: int,
        destination: int,
        vehicle: VehicleClass,
        *,
        banned: Collection[int] = (),
        informed: bool = False,
    ) -> Route | None:
        """The quickest route, both ends included, or None. ``banned`` segments are not entered."""
        usable = self._usable(vehicle, banned)
        if not usable(origin) or not usable(destination):
            return None
        best = {origin: 0.0}
        came: dict[int, int] = {}
        queue = [(0.0, origin)]
        while queue:
            cost, segment = heapq.heappop(queue)
            if segment == destination:
                return _walk(came, origin, destination)
            if cost > best[segment]:
                continue
            for following in self._network.segments[segment].successors:
                reached = cost + self.cost(following, informed=informed)
                if usable(following) and reached < best.get(following, float("inf")):
                    best[following], came[following] = reached, segment
                    heapq.heappush(queue, (reached, following))
        return None

    def _usable(self, vehicle: VehicleClass, banned: Collection[int]) -> Callable[[int], bool]:
        segments = self._network.segments
        return lambda number: number not in banned and may_use(segments[number], vehicle)


def _walk(came: dict[int, int], origin: int, destination: int) -> Route:
    route = [destination]
    while route[-1] != origin:
        route.append(came[route[-1]])
    return tuple(reversed(route))
