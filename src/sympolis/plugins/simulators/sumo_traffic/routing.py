"""Finds the way for drivers whose way is closed, dear or slow: a small deterministic shortest-path search.

SUMO's own rerouting would let every driver in the network change the route, also where nothing happened; here only
those concerned do, and who finds no way is counted instead of lost.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence

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


class Router:
    """Shortest paths over one network with given speeds; costs grow with the flow that it has been told of."""

    def __init__(self, network: Network, speeds_ms: Sequence[float]) -> None:
        self._network = network
        self._free = [
            s.length_m / speed + (SIGNAL_DELAY_S if s.signalled else 0.0)
            for s, speed in zip(network.segments, speeds_ms, strict=True)
        ]
        self._capacity = [s.lanes * (SIGNALLED_LANE_CAPACITY if s.signalled else LANE_CAPACITY) for s in network.segments]
        self._flow: defaultdict[int, float] = defaultdict(float)

    def load(self, routes: Iterable[tuple[Route, float]]) -> None:
        """Take note of traffic (route, vehicles per hour) already on the way."""
        for route, flow in routes:
            for segment in route:
                self._flow[segment] += flow

    def cost(self, segment: int, *, informed: bool) -> float:
        """Seconds over a segment: in free flow, or (``informed``) in the traffic that is there."""
        free = self._free[segment]
        if not informed:
            return free
        return free * (1 + BPR_ALPHA * (self._flow[segment] / self._capacity[segment]) ** BPR_BETA)

    def route_cost(self, route: Route, *, informed: bool) -> float:
        """Seconds over a whole route."""
        return sum(self.cost(segment, informed=informed) for segment in route)

    def find(
        self, origin: int, destination: int, vehicle: VehicleClass, *, banned: Collection[int] = (), informed: bool = False
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
