"""Whether a point satisfies a geo-query, told by a few multiplications as far as they can tell.

A search around a place looks at dozens of points, and making arrays of them takes longer than all the arithmetic. The
length of a degree varies with the latitude: its extremes between here and there bound the distance from both sides, and
only what lies in the band between them (some centimetres at 500 m) has to be measured. Of a box whose sides follow the
degrees a point within its sides is certain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

from sympolis.context.query import GeoQuery, GeoRelation

EQUATOR_M: Final = 6378137.0
ECCENTRICITY2: Final = 0.00669437999014
"""Half the length and the flatness of the ellipsoid WGS84."""
_SLACK: Final = 1e-9
"""More than rounding can do to the bounds, relatively."""

Verdict = Callable[[float, float], bool | None]
"""From longitude and latitude to whether the point fits; None: measure it."""
Box = tuple[float, float, float, float]


def verdict(query: GeoQuery, box: Box | None) -> Verdict | None:
    """What tells of the points within the sides of ``box`` whether they fit; None where nothing simple does."""
    kind = query.geometry.get("type")
    if box is None:
        return None
    if query.relation is GeoRelation.NEAR:
        return _near(query, box) if kind == "Point" and query.max_distance_m is not None else None
    if query.relation in (GeoRelation.WITHIN, GeoRelation.INTERSECTS) and kind == "Polygon":
        return certain if _fills(query.geometry["coordinates"], box) else None
    return None


def certain(_longitude: float, _latitude: float) -> bool:
    """The verdict on each point within the box, where the query asks for nothing but the box."""
    return True


def _fills(rings: Sequence[Any], box: Box) -> bool:
    """Whether a polygon is its own box."""
    west, south, east, north = box
    if len(rings) != 1 or len(rings[0]) != 5 or west == east or south == north:
        return False
    ring = [tuple(position[:2]) for position in rings[0]]
    around = all((one[0] == two[0]) != (one[1] == two[1]) for one, two in pairwise(ring))
    return around and set(ring) == {(west, south), (east, south), (east, north), (west, north)}


def _near(query: GeoQuery, box: Box) -> Verdict | None:
    longitude, latitude = query.geometry["coordinates"][:2]
    _, south, _, north = box
    if south <= 0 <= north or north - south > 10:
        return None  # lengths are not monotonous across the equator, and the bounds of half a continent tell nothing
    here, there = _degree_m((latitude + south) / 2), _degree_m((latitude + north) / 2)
    (east_low, east_high), (north_low, north_high) = sorted((here[0], there[0])), sorted((here[1], there[1]))
    least, most = query.min_distance_m or 0.0, query.max_distance_m or 0.0
    surely_far, surely_near = (most * (1 + _SLACK)) ** 2, (most * (1 - _SLACK)) ** 2
    too_near, far_enough = (least * (1 - _SLACK)) ** 2, (least * (1 + _SLACK)) ** 2
    low, high = (east_low**2, north_low**2), (east_high**2, north_high**2)

    def judge(x: float, y: float) -> bool | None:
        across, along = (x - longitude) ** 2, (y - latitude) ** 2
        at_least, at_most = across * low[0] + along * low[1], across * high[0] + along * high[1]
        if at_least > surely_far or at_most < too_near:
            return False
        return True if at_most <= surely_near and at_least >= far_enough else None

    return judge


def _degree_m(latitude: float) -> tuple[float, float]:
    """Length of a degree of longitude and of latitude on WGS84 at a latitude in degrees."""
    angle = math.radians(latitude)
    bend = 1 - ECCENTRICITY2 * math.sin(angle) ** 2
    east = math.radians(EQUATOR_M * math.cos(angle) / math.sqrt(bend))
    return east, math.radians(EQUATOR_M * (1 - ECCENTRICITY2) / bend**1.5)
