"""Which things of a kind are near a place, and how a place is written where it stands for a name.

Things lie in cells of a hundredth of a degree, so that a row meets its surroundings and not the whole register.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from math import cos, floor, radians
from typing import Final

from sympolis.governance.masterdata.model import Thing
from sympolis.governance.masterdata.names import distance_m

Position = tuple[float, float]
"""Longitude, latitude in degrees."""
CELL_DEG: Final = 0.01
FARTHEST_M: Final = 10_000.0
"""Nobody joins farther than this (``acquisition.mapping.JoinRule.within_m``)."""
_METRES_PER_DEG: Final = 111_000.0
"""Of latitude, a little less than anywhere, so that no cell within reach is left out."""
_PLACE: Final = re.compile(
    r"(?:^|(?P<words>.+) )at (?P<ns>[NS])(?P<lat>[0-9.]+) (?P<ew>[EW])(?P<lon>[0-9.]+)$", re.S
)


class Surroundings:
    """The things of one kind that have a position."""

    def __init__(self, things: Iterable[Thing]) -> None:
        self._cells: dict[tuple[int, int], list[tuple[Thing, Position]]] = {}
        for one in things:
            if one.position is not None:
                self._cells.setdefault(_cell(one.position), []).append((one, one.position))

    def near(self, position: Position, within_m: float) -> list[tuple[Thing, float]]:
        """The things within so many metres with their distances, the nearest first."""
        found = [
            (thing, distance_m(position, place))
            for cell in _cells(position, within_m)
            for thing, place in self._cells.get(cell, ())
        ]
        return sorted((one for one in found if one[1] <= within_m), key=lambda one: (one[1], one[0].id))


def _cell(position: Position) -> tuple[int, int]:
    return floor(position[0] / CELL_DEG), floor(position[1] / CELL_DEG)


def _cells(position: Position, within_m: float) -> Iterator[tuple[int, int]]:
    """The cells that a square around the circle touches."""
    lon, lat = position
    high = within_m / _METRES_PER_DEG
    wide = high / max(0.01, cos(radians(min(90.0, abs(lat) + high))))
    west, south = _cell((lon - wide, lat - high))
    east, north = _cell((lon + wide, lat + high))
    return ((x, y) for x in range(west, east + 1) for y in range(south, north + 1))


def placed(words: str, position: Position) -> str:
    """What a row says together with where it is, to a metre: ``Via Roma at N44.49380 E11.34310``."""
    lon, lat = position
    spot = f"at {'S' if lat < 0 else 'N'}{abs(lat):.5f} {'W' if lon < 0 else 'E'}{abs(lon):.5f}"
    return f"{words} {spot}" if words else spot


def apart(text: str) -> tuple[str, Position | None]:
    """The words and the place of ``placed``; None for a name without a place."""
    found = _PLACE.match(text)
    try:
        lat, lon = (float(found[name]) for name in ("lat", "lon")) if found else (0.0, 0.0)
    except ValueError:
        found = None
    if found is None:
        return text, None
    return found["words"] or "", (-lon if found["ew"] == "W" else lon, -lat if found["ns"] == "S" else lat)
