"""Where a tile is: its bounding volume as bounds in degrees (3D Tiles 1.1, section 7.4), and positions on the earth."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]
Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

_LEAST_M: Final = 6_300_000.0
_METRES_PER_DEGREE: Final = 111_000.0
_LENGTHS: Final = {"region": 6, "box": 12, "sphere": 4}
_CORNERS: Final = np.array([(x, y, z) for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)])


class Nowhere(ValueError):
    """A position that is not on the earth's surface; its words say so."""


@functools.cache
def _transformer() -> Any:
    import pyproj

    return pyproj.Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)


def geodetic(positions: Array) -> Array:
    """Longitude, latitude [degrees] and height above the ellipsoid [m] of metres from the earth's centre, shape (n, 3).

    Raises ``Nowhere`` for positions deep below the ground: of a model without a place on the earth.
    """
    if not np.isfinite(positions).all():
        raise Nowhere("has a coordinate that is no number")
    if len(positions) and np.linalg.norm(positions, axis=1).min() < _LEAST_M:
        raise Nowhere("lies inside the earth: its tileset has no transform to the earth's centre (EPSG:4978)")
    return np.column_stack(_transformer().transform(*positions.T))


def moved(positions: Array, transform: Array) -> Array:
    """Positions, shape (n, 3), through a matrix of four by four."""
    return positions @ transform[:3, :3].T + transform[:3, 3]


def matrix(told: object) -> Array:
    """Sixteen numbers, column by column. Raises ``ValueError``."""
    found = numbers(told, 16, "transform").reshape(4, 4).T
    if not np.array_equal(found[3], (0.0, 0.0, 0.0, 1.0)):
        raise ValueError("has a transform whose last row is not 0, 0, 0, 1")
    return found


def numbers(told: object, count: int, name: str) -> Array:
    """Finite numbers of a list. Raises ``ValueError`` naming it."""
    plain = isinstance(told, Sequence) and len(told) == count
    if not plain or not all(isinstance(one, int | float) and math.isfinite(one) for one in told):  # type: ignore[attr-defined]
        raise ValueError(f"has a {name} that is not {count} numbers")
    return np.array(told, float)


def bounds(volume: object, transform: Array) -> Bounds | None:
    """What a tile's volume covers; None for a kind that is not known. Raises ``ValueError`` where it is none."""
    if not isinstance(volume, Mapping):
        raise ValueError("has no boundingVolume")
    kind = next((one for one in _LENGTHS if one in volume), None)
    if kind is None:
        if not volume.get("extensions"):
            raise ValueError("has a boundingVolume that is no region, box or sphere")
        return None
    found = numbers(volume[kind], _LENGTHS[kind], kind)
    if kind == "region":
        west, south, east, north = np.degrees(found[:4]).tolist()
        return west, south, east, north
    return _box(found, transform) if kind == "box" else _sphere(found, transform)


def _box(told: Array, transform: Array) -> Bounds | None:
    return _around(moved(told[:3] + _CORNERS @ told[3:].reshape(3, 3), transform), 0.0)


def _sphere(told: Array, transform: Array) -> Bounds | None:
    stretch = float(np.linalg.norm(transform[:3, :3], axis=0).max())
    return _around(moved(told[None, :3], transform), float(told[3]) * stretch)


def _around(positions: Array, radius_m: float) -> Bounds | None:
    """Around some corners; None for what is too large to have bounds (a country, the earth)."""
    middle = positions.mean(axis=0)
    reach = float(np.linalg.norm(positions - middle, axis=1).max()) + radius_m
    if reach > _METRES_PER_DEGREE * 5:
        return None
    lon, lat, _ = geodetic(middle[None])[0].tolist()
    north = reach / _METRES_PER_DEGREE
    east = north / max(math.cos(math.radians(lat)), 0.05)
    return lon - east, lat - north, lon + east, lat + north


def meet(one: Bounds | None, other: Bounds | None) -> bool:
    """Whether they touch; what has no bounds is everywhere."""
    if one is None or other is None:
        return True
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]
