"""Areas that cost something to enter: who must pay, who does, who comes at another time, who declines.

Every driver keeps the random positions of the trip. A position that has decided one thing is stretched over what
is left open and decides the next, so that a dearer charge turns away everybody whom a cheaper one does.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from sympolis.plugins.simulators.sumo_traffic.demand import Trip
from sympolis.plugins.simulators.sumo_traffic.fleet import CLASSES, euro_class
from sympolis.plugins.simulators.sumo_traffic.routing import Route

PAYS, EXEMPT = 0, 3
"""Which of a trip's random positions decide."""
SECONDS_PER_HOUR = 3600.0
NEVER = math.inf


class Answer(Enum):
    """What a driver makes of a cordon."""

    FREE = "free"
    PAYS = "pays"
    SHIFTS = "shifts"
    DECLINES = "declines"


@dataclass(frozen=True, slots=True)
class Hours:
    """When a charge holds, and how many of those who do not pay come before or after it instead.

    Half of them come earlier if the charge has held for ``p50_earlier`` hours when they would come, later if it
    holds for another ``p50_later``; half of those come at most ``p50_early`` (``p50_late``) hours before it begins
    (after it ends).
    """

    start_h: float
    end_h: float
    p50_earlier: float
    p50_early: float
    p50_later: float
    p50_late: float

    def holds(self, depart_s: float) -> bool:
        """Whether the charge holds for who sets off then."""
        return self.start_h <= depart_s / SECONDS_PER_HOUR <= self.end_h

    def other_time(self, depart_s: float, position: float) -> float | None:
        """When this driver, at ``position`` in [0, 1) of those who do not pay, sets off instead [s]; None: no shift."""
        at = depart_s / SECONDS_PER_HOUR
        earlier = 0.5 ** ((at - self.start_h) / self.p50_earlier) if self.start_h > 0 else 0.0
        later = 0.5 ** ((self.end_h - at) / self.p50_later) if self.end_h < 24 else 0.0
        most = max(1.0, earlier + later)
        earlier, later = earlier / most, later / most
        if position < earlier:
            return (self.start_h - self.p50_early * _halvings(position / earlier)) * SECONDS_PER_HOUR
        if position < earlier + later:
            return (self.end_h + self.p50_late * _halvings((position - earlier) / later)) * SECONDS_PER_HOUR
        return None


def _halvings(position: float) -> float:
    """How often ½ must be taken to come down to ``1 − position``: an exponential distance in half-distances."""
    return -math.log2(max(1 - position, 1e-9))


@dataclass(frozen=True, slots=True)
class Cordon:
    """An area to enter which one must pay (or hold a permit: ``paying_share`` 0)."""

    segments: frozenset[int]
    paying_share: float
    detour_share: float
    exempt_share: float
    exempt: frozenset[str]
    price: float = 0.0
    """EUR for each entry."""
    prices: tuple[float, ...] = ()
    """EUR by Euro class instead; electric vehicles pay nothing."""
    p50_cost: float = NEVER
    """Price at which half of the drivers give in, where it goes by class."""
    hours: Hours | None = None
    """None: the whole day, and nobody shifts."""

    @property
    def permits_only(self) -> bool:
        """Whether nobody can enter by paying."""
        return self.paying_share == 0 and not self.prices

    def price_of(self, trip: Trip) -> float:
        """What this trip's vehicle pays for an entry [EUR]."""
        if not self.prices:
            return self.price
        euro = euro_class(CLASSES[trip.vehicle_class], trip.fleet_position)
        return 0.0 if euro is None else self.prices[euro]

    def paying_of(self, trip: Trip) -> float:
        """Share of such drivers that pays."""
        return 0.5 ** (self.price_of(trip) / self.p50_cost) if self.prices else self.paying_share

    def answer(self, trip: Trip, gates: Collection[int]) -> Answer:
        """What this trip's driver does about it."""
        if self._is_free(trip, gates):
            return Answer.FREE
        if trip.draws[PAYS] < self.paying_of(trip):
            return Answer.PAYS
        return Answer.DECLINES if self.other_time(trip) is None else Answer.SHIFTS

    def other_time(self, trip: Trip) -> float | None:
        """When the driver, who does not pay, sets off instead [s after midnight]; None if at no other time."""
        if self.hours is None:
            return None
        paying = self.paying_of(trip)
        return self.hours.other_time(trip.depart_s, (trip.draws[PAYS] - paying) / (1 - paying))

    def _is_free(self, trip: Trip, gates: Collection[int]) -> bool:
        if trip.vehicle_class in self.exempt or not CLASSES[trip.vehicle_class].paying:
            return True
        if trip.draws[EXEMPT] < self.exempt_share or not enters(trip.route, self.segments, gates):
            return True
        if self.prices and self.price_of(trip) == 0:
            return True
        return self.hours is not None and not self.hours.holds(trip.depart_s)


def enters(route: Route, segments: Collection[int], gates: Collection[int] = ()) -> bool:
    """Whether a route goes from outside into ``segments``, or comes into the network at a gate that lies in them."""
    if route[0] in segments and route[0] in gates:
        return True
    return any(b in segments and a not in segments for a, b in pairwise(route))
