"""Turns the twin's travel demand into the trips of one simulated day, the same for the base and for every what-if.

A ``TravelDemand`` entity is a stream: one route, one vehicle class, departures per interval. Trips are drawn stream by
stream from generators keyed by (seed, stream), so that a scenario meets exactly the trips of its baseline and the
difference between them is the measure's doing (common random numbers).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sympolis.domain.errors import ModelFailed
from sympolis.domain.scenario import Window
from sympolis.plugins.simulators.sumo_traffic.fleet import CLASSES
from sympolis.plugins.simulators.sumo_traffic.network import Network
from sympolis.plugins.simulators.sumo_traffic.routing import Route

WARM_UP_S = 900
"""Simulated before the window, so that the streets are not empty when counting begins."""
HOURS_PER_DAY = 24
DRAWS = 4
"""Random positions each trip carries: pays or not, detours or not, informed or not, exempt or not."""
BUS_SERVICE = (0.0,) * 5 + (0.5,) + (1.0,) * 15 + (0.5,) * 3
"""Assumption: buses run as in the demand's own hour from 6 to 21, half as often from 5 and until midnight."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop on the way: ``lane`` of ``segment``, from ``end_m - length_m`` to ``end_m``, for ``duration_s``."""

    segment: int
    lane: int
    end_m: float
    length_m: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class Stream:
    """Departures along one route: ``departures[k]`` vehicles in the k-th interval from ``start_minute`` of the day."""

    id: str
    vehicle_class: str
    route: Route
    start_minute: int
    interval_minutes: int
    departures: tuple[float, ...]
    stops: tuple[Stop, ...] = ()

    @property
    def scheduled(self) -> bool:
        """Whether it runs to a timetable: such traffic does not follow the day's ups and downs."""
        return self.vehicle_class == "bus"


@dataclass(frozen=True, slots=True)
class Trip:
    """One vehicle: when it wants to start [s after midnight], its way, and its random positions in [0, 1)."""

    stream: int
    depart_s: float
    vehicle_class: str
    route: Route
    fleet_position: float
    draws: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """How much of the streams' demand there is: by stream (calibration), by hour (profile) and overall."""

    by_stream: Mapping[str, float]
    by_hour: Sequence[float]
    scale: float = 1.0

    def factor(self, stream: Stream, hour: int) -> float:
        """What a stream's departures are multiplied with in this hour of the day."""
        if stream.scheduled:
            return BUS_SERVICE[hour]
        return self.by_stream.get(stream.id, 1.0) * self.by_hour[hour] * self.scale


def read_stream(entity: Mapping[str, Any], network: Network) -> Stream:
    """A stream from a ``TravelDemand`` entity. Raises ``ModelFailed`` naming entity and attribute."""
    where = str(entity["id"])
    kind = str(entity.get("vehicleClass", "car"))
    if kind not in CLASSES:
        raise ModelFailed(
            f"unknown class {kind!r}, known are {', '.join(CLASSES)}", where=f"{where}: vehicleClass"
        )
    hours, _, minutes = str(entity.get("startTime", "00:00")).partition(":")
    return Stream(
        id=where,
        vehicle_class=kind,
        route=tuple(_segment(network, part, f"{where}: route") for part in entity["route"]),
        start_minute=int(hours) * 60 + int(minutes or 0),
        interval_minutes=int(entity.get("intervalMinutes", 60)),
        departures=tuple(float(n) for n in entity["departures"]),
        stops=tuple(_stop(network, stop, where) for stop in entity.get("stops") or ()),
    )


def _segment(network: Network, reference: str, where: str) -> int:
    found = network.find(str(reference))
    if found is None:
        raise ModelFailed(f"{reference!r} is not a simulated road segment", where=where)
    return found


def _stop(network: Network, stop: Mapping[str, Any], where: str) -> Stop:
    segment = _segment(network, stop["segment"], f"{where}: stops")
    return Stop(
        segment, int(stop["lane"]), float(stop["end"]), float(stop["length"]), float(stop["duration"])
    )


def pattern(stream: Stream, hour: int) -> list[float]:
    """Departures in this hour by interval: the stream's own, or its first hour's where it has none."""
    per_hour = max(1, 60 // stream.interval_minutes)
    first = (hour * 60 - stream.start_minute) // stream.interval_minutes
    if not 0 <= first < len(stream.departures):
        first = 0
    return list(stream.departures[first : first + per_hour])


def covers(stream: Stream, hour: int) -> bool:
    """Whether the stream itself says how many vehicles leave in this hour."""
    return 0 <= hour * 60 - stream.start_minute < len(stream.departures) * stream.interval_minutes


def hourly_vehicles(streams: Sequence[Stream], level: Level, hour: int) -> list[float]:
    """Expected vehicles of each stream in this hour."""
    return [sum(pattern(stream, hour)) * level.factor(stream, hour) for stream in streams]


def draw_trips(streams: Sequence[Stream], level: Level, window: Window, seed: int) -> list[Trip]:
    """The trips of one plausible day: those that leave in ``window`` and in the warm-up before it, by departure."""
    trips = [
        trip for number, stream in enumerate(streams) for trip in _trips(number, stream, level, window, seed)
    ]
    return sorted(trips, key=lambda t: (t.depart_s, t.stream))


def _trips(number: int, stream: Stream, level: Level, window: Window, seed: int) -> Iterator[Trip]:
    random = np.random.default_rng([seed, number])
    carried = float(random.random())  # systematic sampling: a stream of 3.4 vehicles has 3 or 4, never 0 or 9
    for start_s, length_s, expected in _intervals(stream, level, window):
        carried += expected
        count = math.floor(carried)
        carried -= count
        for first, second, *draws in random.random((count, 2 + DRAWS)).tolist():
            depart = round(start_s + first * length_s, 1)
            yield Trip(number, depart, stream.vehicle_class, stream.route, second, tuple(draws))


def _intervals(stream: Stream, level: Level, window: Window) -> Iterator[tuple[float, float, float]]:
    """(start [s], length [s], expected vehicles) from the beginning of the warm-up to the end of the window."""
    length = stream.interval_minutes * 60.0
    begin = window.start_hour * 3600.0 - WARM_UP_S
    for hour in range(window.start_hour - 1, window.end_hour):
        day_hour = hour % HOURS_PER_DAY
        factor = level.factor(stream, day_hour)
        for index, departures in enumerate(pattern(stream, day_hour)):
            start = hour * 3600.0 + index * length
            late = max(0.0, begin - start)
            if late < length:
                yield start + late, length - late, departures * factor * (length - late) / length
