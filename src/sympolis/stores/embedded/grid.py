"""A grid over the world for points: cells of 1/256 degree, some 400 metres.

One integer per cell, rows of latitude first, so that the cells of a box are few ranges. Points of the same cell are
kept in the order of ids (see ``spot`` in migration 0009): a page of what lies near a place is taken from the cells
around it, and costs the same in a dense city as in a sparse one. Half as wide, they would be too many to go through;
twice as wide, two thirds of what is in them would lie outside of a box of a kilometre.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from sympolis.context.nearness import Box

_PER_DEGREE: Final = 256
_COLUMNS: Final = 360 * _PER_DEGREE + 1
_ROWS: Final = 180 * _PER_DEGREE + 1

Position = tuple[float, float]
"""Longitude, latitude."""


def cell(longitude: float, latitude: float) -> int:
    """The number of the cell that a position on the globe is in."""
    return int((latitude + 90) * _PER_DEGREE) * _COLUMNS + int((longitude + 180) * _PER_DEGREE)


def ranges(box: Box) -> Iterator[tuple[int, int]]:
    """The cells that a box touches, as ranges with both ends included."""
    west, south, east, north = box
    first, last = _column(west), _column(east)
    for row in range(_row(south), _row(north) + 1):
        yield row * _COLUMNS + first, row * _COLUMNS + last


def count(box: Box) -> int:
    """How many cells a box touches."""
    west, south, east, north = box
    return (_row(north) - _row(south) + 1) * (_column(east) - _column(west) + 1)


def position(shape: Any) -> Position | None:
    """The position of a GeoJSON point that the grid can hold; None for any other geometry."""
    if type(shape) is not dict or shape["type"] != "Point":
        return None
    longitude, latitude = shape["coordinates"][:2]
    inside = -180 <= longitude <= 180 and -90 <= latitude <= 90
    return (float(longitude), float(latitude)) if inside else None


def _row(latitude: float) -> int:
    return min(max(math.floor((latitude + 90) * _PER_DEGREE), 0), _ROWS - 1)


def _column(longitude: float) -> int:
    return min(max(math.floor((longitude + 180) * _PER_DEGREE), 0), _COLUMNS - 1)
