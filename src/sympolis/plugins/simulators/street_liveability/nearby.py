"""What reaches a street from traffic on it and around it: straight pieces of road, each heard under an angle.

A receiver at distance d from the line of a straight source with strength s per metre gets s·θ/(2π·d), where θ is the
angle under which it sees the source: s/(2·d) from an endless road, less from a piece of one. Noise (as energy) and the
proxy of air pollution both use this weight.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import shapely
from shapely.geometry.base import BaseGeometry

REACH_M = 60.0
"""Farther roads are not looked at: in a dense centre houses stand between. A declared simplification."""
BESIDE_M = 15.0
"""A footway with a road this near runs beside it, and shares its traffic."""
RECEIVER_M = 5.0
"""Nobody walks nearer to the lane's middle; at this distance along a road the people on its pavement are."""


def weights(
    points: Sequence[BaseGeometry], sources: Sequence[BaseGeometry], numbers: Sequence[int]
) -> Iterator[tuple[int, int, float]]:
    """(receiver, number of the source, weight [1/m]) for every source within reach."""
    tree = shapely.STRtree(list(sources))
    for receiver, source in tree.query(list(points), predicate="dwithin", distance=REACH_M).T:
        yield int(receiver), numbers[source], weight(points[receiver], sources[source])


def weight(point: BaseGeometry, line: BaseGeometry) -> float:
    """θ/(2π·d) summed over the line's straight pieces; none is nearer than ``RECEIVER_M``."""
    x, y = shapely.get_coordinates(point)[0]
    corners = shapely.get_coordinates(line)
    return sum(_piece(x, y, *first, *second) for first, second in pairwise(corners))


def _piece(x: float, y: float, x1: float, y1: float, x2: float, y2: float) -> float:
    length = math.hypot(x2 - x1, y2 - y1)
    if length == 0:
        return 0.0
    along_x, along_y = (x2 - x1) / length, (y2 - y1) / length
    first = (x1 - x) * along_x + (y1 - y) * along_y
    apart = max(abs((x1 - x) * along_y - (y1 - y) * along_x), RECEIVER_M)
    angle = math.atan((first + length) / apart) - math.atan(first / apart)
    return angle / (2 * math.pi * apart)


def beside(
    points: Sequence[BaseGeometry], sources: Sequence[BaseGeometry], numbers: Sequence[int]
) -> list[int]:
    """The road that each section runs along: the nearest within ``BESIDE_M``, else −1."""
    if not sources:
        return [-1] * len(points)
    tree = shapely.STRtree(list(sources))
    found = [-1] * len(points)
    for receiver, source in tree.query_nearest(list(points), max_distance=BESIDE_M, all_matches=False).T:
        found[receiver] = numbers[source]
    return found
