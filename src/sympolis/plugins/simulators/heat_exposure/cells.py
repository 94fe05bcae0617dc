"""The city as one grid: coverages brought onto the cells of the surface temperatures, and which cell lies in which
area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry import shape as read_shape

from sympolis.domain.errors import ModelFailed
from sympolis.plugins.simulator import grid_values

Values = NDArray[np.float64]
NEAR_CELLS, WIDE_CELLS = 3, 9
"""Sides of the squares over which a cell's surroundings are averaged: 270 m and 810 m with cells of 90 m."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The grid that all others are brought to: CRS, shape and affine (``x = a·column + b·line + c`` …)."""

    crs: str
    shape: tuple[int, int]
    affine: tuple[float, float, float, float, float, float]

    def centres(self) -> tuple[Values, Values]:
        """x and y of the cells' centres, in metres of ``crs``."""
        lines, columns = np.indices(self.shape) + 0.5
        a, b, c, d, e, f = self.affine
        return a * columns + b * lines + c, d * columns + e * lines + f

    @property
    def cell_m2(self) -> float:
        """Area of a cell."""
        a, b, _, d, e, _ = self.affine
        return abs(a * e - b * d)


def frame_of(grid: Mapping[str, Any]) -> Frame:
    """The frame of one coverage's ``grid``."""
    lines, columns = (int(n) for n in grid["shape"])
    a, b, c, d, e, f = (float(n) for n in grid["affine"])
    return Frame(str(grid["crs"]), (lines, columns), (a, b, c, d, e, f))


def sample(grid: Mapping[str, Any], frame: Frame) -> Values:
    """A grid's values at the centres of ``frame`` (the cell that holds each centre); NaN outside it."""
    own = frame_of(grid)
    values = np.asarray(grid_values(grid), dtype=float)
    if own == frame:
        return values
    if own.crs != frame.crs:
        message = f"grids in {own.crs} and {frame.crs} cannot be laid over each other"
        raise ModelFailed(message, where="Coverage", hint="publish the grids in one reference system")
    a, b, c, d, e, f = own.affine
    x, y = frame.centres()
    turn = a * e - b * d
    columns = np.floor((e * (x - c) - b * (y - f)) / turn).astype(int)
    lines = np.floor((a * (y - f) - d * (x - c)) / turn).astype(int)
    inside = (lines >= 0) & (lines < own.shape[0]) & (columns >= 0) & (columns < own.shape[1])
    found = np.full(frame.shape, np.nan)
    found[inside] = values[lines[inside], columns[inside]]
    return found


def surroundings(values: Values, size: int) -> Values:
    """Mean over the ``size`` × ``size`` cells around each cell, missing ones left out; NaN where there are none."""
    known = np.isfinite(values)
    total = _window_sum(np.where(known, values, 0.0), size)
    count = _window_sum(known.astype(float), size)
    return np.where(count > 0.5, total / np.maximum(count, 1.0), np.nan)


def _window_sum(values: Values, size: int) -> Values:
    half = size // 2
    padded = np.pad(values, half + 1)[:-1, :-1]
    sums = padded.cumsum(axis=0).cumsum(axis=1)
    high, wide = values.shape
    far, near = slice(size, size + high), slice(0, high)
    right, left = slice(size, size + wide), slice(0, wide)
    found: Values = sums[far, right] - sums[near, right] - sums[far, left] + sums[near, left]
    return found


def degrees(frame: Frame) -> tuple[Values, Values]:
    """Longitude and latitude of the cells' centres."""
    x, y = frame.centres()
    to_degrees = Transformer.from_crs(frame.crs, "EPSG:4326", always_xy=True).transform
    longitude, latitude = to_degrees(x, y)
    return np.asarray(longitude), np.asarray(latitude)


def places(shapes: Sequence[Mapping[str, Any]], longitude: Values, latitude: Values) -> NDArray[np.intp]:
    """For each cell the position of the shape that its centre lies in; −1 where in none."""
    found = np.full(longitude.shape, -1, dtype=np.intp)
    for position, geometry in enumerate(shapes):
        found[inside(geometry, longitude, latitude)] = position
    return found


def inside(geometry: Mapping[str, Any], longitude: Values, latitude: Values) -> NDArray[np.bool_]:
    """Which centres lie in a GeoJSON Polygon or MultiPolygon."""
    polygon = read_shape(geometry)
    shapely.prepare(polygon)
    found: NDArray[np.bool_] = shapely.contains_xy(polygon, longitude, latitude)
    return found


def cell_at(frame: Frame, lines: Sequence[Mapping[str, Any]]) -> NDArray[np.intp]:
    """The flat index of the cell under the middle of each line; −1 outside the grid."""
    to_metres = Transformer.from_crs("EPSG:4326", frame.crs, always_xy=True).transform
    middles = [read_shape(line).interpolate(0.5, normalized=True) for line in lines]
    if not middles:
        return np.empty(0, dtype=np.intp)
    x, y = to_metres([point.x for point in middles], [point.y for point in middles])
    a, b, c, d, e, f = frame.affine
    turn = a * e - b * d
    columns = np.floor((e * (np.asarray(x) - c) - b * (np.asarray(y) - f)) / turn).astype(int)
    rows = np.floor((a * (np.asarray(y) - f) - d * (np.asarray(x) - c)) / turn).astype(int)
    here = (rows >= 0) & (rows < frame.shape[0]) & (columns >= 0) & (columns < frame.shape[1])
    return np.where(here, rows * frame.shape[1] + columns, -1).astype(np.intp)
