"""Walls and roofs of buildings as triangles, exactly where they stand on the earth (WGS 84, EPSG:4978).

Positions are relative to a tile's middle, in metres to the east, up and to the south as glTF has its axes: single
precision is enough there. Roofs are flat, floors are not drawn.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

_AXIS_M: Final = 6_378_137.0
_FLATTENING: Final = 1 / 298.257223563
_E2: Final = _FLATTENING * (2 - _FLATTENING)


@dataclass(frozen=True, slots=True)
class Frame:
    """East, north and up at a place: ``axes`` in rows, ``middle`` in metres from the earth's centre."""

    middle: Array
    axes: Array

    @classmethod
    def at(cls, longitude: float, latitude: float, height: float) -> Frame:
        """The frame of a place in degrees and metres above the ellipsoid."""
        lon, lat = math.radians(longitude), math.radians(latitude)
        (sin_lon, cos_lon), (sin_lat, cos_lat) = ((math.sin(one), math.cos(one)) for one in (lon, lat))
        axes = np.array([
            (-sin_lon, cos_lon, 0.0),
            (-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat),
            (cos_lat * cos_lon, cos_lat * sin_lon, sin_lat),
        ])  # fmt: skip
        return cls(geocentric(np.array([[longitude, latitude]]), height)[0], axes)

    def place(self, degrees: Array, height: float) -> Array:
        """Positions of glTF, shape (n, 3), of longitudes and latitudes at one height."""
        east, north, up = (self.axes @ (geocentric(degrees, height) - self.middle).T)[:3]
        return np.column_stack([east, up, -north])

    def matrix(self) -> list[float]:
        """From the frame to the earth's centre, column by column, as a tile's ``transform``."""
        whole = np.eye(4)
        whole[:3, :3], whole[:3, 3] = self.axes.T, self.middle
        found: list[float] = whole.T.ravel().tolist()
        return found


def geocentric(degrees: Array, height: float) -> Array:
    """Longitudes and latitudes at one height above the ellipsoid in metres from the earth's centre, shape (n, 3)."""
    lon, lat = np.radians(degrees).T
    normal = _AXIS_M / np.sqrt(1 - _E2 * np.sin(lat) ** 2)
    around = (normal + height) * np.cos(lat)
    return np.column_stack([
        around * np.cos(lon), around * np.sin(lon), (normal * (1 - _E2) + height) * np.sin(lat),
    ])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mesh:
    """Triangles: positions and normals, shape (n, 3), three indices each, and whose each vertex is."""

    positions: Array
    normals: Array
    indices: Array
    features: Array


@dataclass(frozen=True, slots=True)
class Solid:
    """A building: its outline in degrees as GeoJSON, its height and that of its ground [m above the ellipsoid]."""

    outline: Mapping[str, Any]
    height: float
    ground: float


def mesh(solids: Sequence[Solid], frame: Frame) -> Mesh:
    """All of them as one mesh; the number of each is its feature id."""
    parts = [(n, *part) for n, one in enumerate(solids) for part in _parts(one, frame)]
    counts = [len(positions) for _, positions, _, _ in parts]
    starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    return Mesh(
        _joined([positions for _, positions, _, _ in parts], np.float32),
        _joined([normals for _, _, normals, _ in parts], np.float32),
        _joined([part[3] + start for part, start in zip(parts, starts, strict=False)], np.uint32),
        np.repeat(np.array([part[0] for part in parts], np.float32), counts),
    )


def _joined(arrays: Sequence[Array], kind: Any) -> Array:
    return np.concatenate(arrays).astype(kind) if arrays else np.zeros((0, 3), kind)


def _parts(solid: Solid, frame: Frame) -> Iterator[tuple[Array, Array, Array]]:
    import shapely

    top = solid.ground + solid.height
    for polygon in shapely.get_parts(shapely.from_geojson(json.dumps(solid.outline))):
        if polygon.geom_type != "Polygon" or polygon.is_empty or not polygon.is_valid:
            continue
        turned = shapely.geometry.polygon.orient(polygon)
        yield from _roof(turned, frame, top)
        for ring in (turned.exterior, *turned.interiors):
            yield _walls(shapely.get_coordinates(ring), frame, solid.ground, top)


def _roof(polygon: Any, frame: Frame, top: float) -> Iterator[tuple[Array, Array, Array]]:
    import shapely

    triangles = shapely.get_parts(shapely.constrained_delaunay_triangles(polygon))
    if not len(triangles):
        return
    rings = np.array([shapely.get_coordinates(shapely.geometry.polygon.orient(one))[:3] for one in triangles])
    corners = rings.reshape(-1, 2)
    up = np.tile([0.0, 1.0, 0.0], (len(corners), 1))
    yield frame.place(corners, top), up, np.arange(len(corners)).reshape(-1, 3)


def _walls(ring: Array, frame: Frame, ground: float, top: float) -> tuple[Array, Array, Array]:
    """Two triangles for each edge, seen from outside; the ring's first point is its last."""
    low, high = frame.place(ring, ground), frame.place(ring, top)
    corners = np.stack([low[:-1], low[1:], high[1:], high[:-1]], axis=1)
    along = low[1:] - low[:-1]
    out = np.column_stack([-along[:, 2], np.zeros(len(along)), along[:, 0]])
    lengths = np.linalg.norm(out, axis=1, keepdims=True)
    normals = np.repeat(out / np.maximum(lengths, 1e-9), 4, axis=0)
    normals[np.repeat(lengths[:, 0] < 1e-9, 4)] = (1.0, 0.0, 0.0)
    quads = np.arange(len(along))[:, None] * 4
    indices = np.concatenate([quads + np.array([0, 1, 2]), quads + np.array([0, 2, 3])])
    return corners.reshape(-1, 3), normals, indices
