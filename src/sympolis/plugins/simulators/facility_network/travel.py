"""Minutes from where people live to each site, from straight lines and stated speeds: no road network is needed.

A straight line times a detour is the usual stand-in for a network distance (Boscoe et al. 2012, DOI
10.1080/00330124.2011.583586). Public transport is as coarse: walk to the nearest stop, wait, ride straight, walk on;
timetables and changes are not known. A city with a network or a timetable replaces this file's three functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Values = NDArray[np.float64]

WALK, TRANSIT, CAR = "walk", "walk_or_transit", "car"
MODES = (WALK, TRANSIT, CAR)
_MIN_PER_H = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast people are; speeds in km/h, times in minutes, ``detour`` metres walked per metre of straight "
    "line."""

    mode: str
    walk_kmh: float
    detour: float
    ride_kmh: float
    wait_min: float
    car_kmh: float
    parking_min: float

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Pace:
        """From a model's parameters."""
        numbers = ("walk_kmh", "detour", "ride_kmh", "wait_min", "car_kmh", "parking_min")
        return cls(str(given["mode"]), *(float(given[name]) for name in numbers))


def straight_m(points: Values, sites: Values) -> Values:
    """Metres between each of ``points`` (n, 2) and each of ``sites`` (m, 2): shape (n, m)."""
    return np.asarray(
        np.hypot(points[:, None, 0] - sites[None, :, 0], points[:, None, 1] - sites[None, :, 1]),
        dtype=np.float64,
    )


def nearest_m(points: Values, stops: Values) -> Values:
    """Metres from each point to the nearest stop; without stops nobody can ride."""
    if not len(stops) or not len(points):
        return np.full(len(points), np.inf)
    tree = shapely.STRtree(shapely.points(stops))
    _, metres = tree.query_nearest(shapely.points(points), return_distance=True, all_matches=False)
    return np.asarray(metres, dtype=np.float64)


def walking_min(metres: Values, pace: Pace) -> Values:
    """Minutes on foot for straight metres."""
    return np.asarray(metres * pace.detour / 1000.0 / pace.walk_kmh * _MIN_PER_H, dtype=np.float64)


def minutes(metres: Values, from_stop_m: Values, to_stop_m: Values, pace: Pace) -> Values:
    """Minutes for each pair by the mode asked about; ``from_stop_m``, ``to_stop_m`` are to each end's "
    "nearest stop."""
    walking = walking_min(metres, pace)
    if pace.mode == WALK:
        return walking
    kilometres = metres * pace.detour / 1000.0
    if pace.mode == CAR:
        return np.asarray(kilometres / pace.car_kmh * _MIN_PER_H + pace.parking_min, dtype=np.float64)
    ends = walking_min(from_stop_m, pace)[:, None] + walking_min(to_stop_m, pace)[None, :]
    riding = ends + pace.wait_min + kilometres / pace.ride_kmh * _MIN_PER_H
    return np.minimum(walking, riding)
