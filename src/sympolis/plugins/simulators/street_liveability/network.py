"""Walking distances: stretches of street that meet end to end, and the shortest way to the nearest place of a kind.

One search from all places of a kind at once gives every junction its nearest one (Dijkstra 1959, DOI
10.1007/BF01386390); the same tree says which streets the walkers take.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Values = NDArray[np.float64]

MEETING_M = 1.0
"""Ends of stretches nearer than this are one junction."""
NO_SECTION = -1


@dataclass(frozen=True, slots=True)
class Walks:
    """By junction: metres to the nearest place, and the section and junction that lead there (−1 at a place)."""

    metres: Values
    section: NDArray[np.intp]
    towards: NDArray[np.intp]


def junctions(lines: Sequence[BaseGeometry]) -> tuple[list[int], list[int], list[tuple[float, float]]]:
    """First and last junction of each line, and where the junctions lie [m]."""
    known: dict[tuple[int, int], list[int]] = {}
    places: list[tuple[float, float]] = []
    ends = [[_junction(line.coords[k][:2], known, places) for line in lines] for k in (0, -1)]
    return ends[0], ends[1], places


def _junction(
    at: tuple[float, ...], known: dict[tuple[int, int], list[int]], places: list[tuple[float, float]]
) -> int:
    column, row = math.floor(at[0] / MEETING_M), math.floor(at[1] / MEETING_M)
    for near in ((column + dx, row + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
        for number in known.get(near, ()):
            if math.dist(places[number], at) <= MEETING_M:
                return number
    places.append((at[0], at[1]))
    known.setdefault((column, row), []).append(len(places) - 1)
    return len(places) - 1


def nearest_junction(places: Sequence[tuple[float, float]], point: BaseGeometry) -> tuple[int, float]:
    """The junction nearest to a point, and the straight way to it [m]."""
    apart = np.hypot(*(np.array(places) - shapely.get_coordinates(point)[0]).T)
    number = int(apart.argmin())
    return number, float(apart[number])


class Graph:
    """Sections as edges that are walked both ways."""

    def __init__(self, starts: Sequence[int], ends: Sequence[int], metres: Sequence[float]) -> None:
        self._sections = list(zip(starts, ends, metres, strict=True))
        size = max((*starts, *ends), default=-1) + 1
        self._from: list[list[tuple[int, float, int]]] = [[] for _ in range(size)]
        for number, (start, end, length) in enumerate(self._sections):
            self._from[start].append((end, length, number))
            self._from[end].append((start, length, number))

    def walks(self, places: Iterable[tuple[int, float]]) -> Walks:
        """Shortest ways to the nearest of ``places``: (junction, metres from it to the door)."""
        size = len(self._from)
        found = Walks(np.full(size, np.inf), np.full(size, NO_SECTION), np.full(size, NO_SECTION))
        queue = sorted((offset, junction) for junction, offset in places)
        for offset, junction in queue:
            found.metres[junction] = min(found.metres[junction], offset)
        while queue:
            metres, junction = heapq.heappop(queue)
            if metres <= found.metres[junction]:
                self._relax(junction, metres, found, queue)
        return found

    def _relax(self, junction: int, metres: float, found: Walks, queue: list[tuple[float, int]]) -> None:
        for other, length, section in self._from[junction]:
            if metres + length < found.metres[other]:
                found.metres[other] = metres + length
                found.section[other], found.towards[other] = section, junction
                heapq.heappush(queue, (metres + length, other))

    def from_middles(self, walks: Walks) -> Values:
        """Metres from each section's middle to the nearest place."""
        return np.array(
            [
                min(walks.metres[start], walks.metres[end]) + length / 2
                for start, end, length in self._sections
            ]
        )

    def load(self, walks: Walks, walkers: Values) -> Values:
        """Walkers on each section when those of every section take the shortest way to the nearest place."""
        load, at = np.zeros(len(self._sections)), np.zeros(len(self._from))
        for number, (start, end, _) in enumerate(self._sections):
            nearer = start if walks.metres[start] <= walks.metres[end] else end
            load[number] += walkers[number]
            at[nearer] += walkers[number]
        for junction in np.argsort(-walks.metres, kind="stable"):
            if walks.section[junction] != NO_SECTION:
                load[walks.section[junction]] += at[junction]
                at[walks.towards[junction]] += at[junction]
        return load
