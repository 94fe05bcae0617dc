"""Features and areas: which features an override touches, and how much of each lies in which area.

Features are lines, polygons or points; their extent is kilometres, square kilometres or one. Lengths are measured on a
local plane (equirectangular around the features' mean latitude), good to a few tenths of a percent across a city:
enough for shares and for picking features.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from sympolis.analysis.equity import Area
from sympolis.domain.scenario import Override

KM_PER_DEGREE = 111.195
"""One degree of latitude on a sphere of 6,371 km."""
TOUCHING = 0.02
"""Less than this share of a feature inside an area is drawing error at a shared border."""
_LINE, _POLYGON = 1, 2
"""Dimensions of shapely geometries; points have 0."""


class Places:
    """The lines, polygons or points that results refer to, by feature id, ready for spatial questions."""

    def __init__(self, geometries: Mapping[str, Mapping[str, Any]]) -> None:
        self.ids = tuple(geometries)
        shapes = [_valid(geometry) for geometry in geometries.values()]
        self._scale = _scale(shapes)
        self._shapes = [_flat(found, self._scale) for found in shapes]
        self._middles = [_middle(found) for found in self._shapes]
        self._tree = shapely.STRtree(self._shapes)

    def touched_by(self, overrides: Sequence[Override]) -> list[str]:
        """Ids of the features that overrides name or that lie in their polygon; in feature order.

        A line or point lies in a polygon with its middle, an area where the polygon covers more than its border.
        """
        found: set[str] = set()
        for override in overrides:
            found.update(override.where.get("segments", ()), override.where.get("features", ()))
            if override.where.get("polygon"):
                found.update(self._inside(override.where["polygon"]))
        return [name for name in self.ids if name in found]

    def area(self, area_id: str, facts: Mapping[str, Any], features: Mapping[str, int]) -> Area:
        """An area with the features in it; ``features`` gives each one's position in the results.

        Where the area is a feature itself, it is the only one that counts in it.
        """
        inside = self._itself(area_id) or self._parts(facts["location"])
        kept = [(features[name], share, extent) for name, share, extent in inside if name in features]
        positions, shares, extents = zip(*kept, strict=True) if kept else ((), (), ())
        return Area(
            id=area_id,
            name=str(facts.get("name") or area_id.rsplit(":", 1)[-1]),
            population=_number(facts.get("population")),
            fragility=_number(facts.get("fragility")),
            features=np.array(positions, dtype=np.intp),
            share=np.array(shares, dtype=np.float64),
            extent=np.array(extents, dtype=np.float64),
        )

    def _itself(self, area_id: str) -> list[tuple[str, float, float]]:
        if area_id not in self.ids:
            return []
        shape = self._shapes[self.ids.index(area_id)]
        return [(area_id, 1.0, _extent(shape, _dimension(shape)))]

    def _parts(self, location: Mapping[str, Any]) -> list[tuple[str, float, float]]:
        """Of each feature in a region: its id, the share of it inside and the extent of that part."""
        region = _flat(_valid(location), self._scale)
        found = []
        for index in self._tree.query(region, predicate="intersects"):
            shape = self._shapes[index]
            dimension = _dimension(shape)
            inside, whole = _extent(shape.intersection(region), dimension), _extent(shape, dimension)
            share = inside / whole if whole else 0.0
            if share > TOUCHING:
                found.append((self.ids[index], share, inside))
        return found

    def _inside(self, polygon: Mapping[str, Any]) -> list[str]:
        region = _flat(_valid(polygon), self._scale)
        shapely.prepare(region)
        inside = shapely.contains(region, self._middles) if self._middles else np.array([], dtype=bool)
        found = {self.ids[index] for index in np.flatnonzero(inside)}
        near = self._tree.query(region, predicate="intersects")
        found.update(self.ids[index] for index in near if _covers(region, self._shapes[index]))
        return [name for name in self.ids if name in found]


def _covers(region: BaseGeometry, shape: BaseGeometry) -> bool:
    """Whether a region covers more of an area than its border; lines and points are judged by their middle."""
    if _dimension(shape) != _POLYGON or not shape.area:
        return False
    return bool(shape.intersection(region).area > TOUCHING * shape.area)


def _middle(shape: BaseGeometry) -> BaseGeometry:
    if shape.geom_type == "LineString":
        return shape.interpolate(0.5, normalized=True)
    return shape.representative_point()


def _dimension(shape: BaseGeometry) -> int:
    return int(shapely.get_dimensions(shape))


def _extent(shape: BaseGeometry, dimension: int) -> float:
    """Kilometres of a line, square kilometres of a polygon, 1 of a point."""
    if dimension == _POLYGON:
        return float(shape.area)
    return float(shape.length) if dimension == _LINE else 1.0


def is_region(value: Any) -> bool:
    """Whether ``value`` is a GeoJSON Polygon or MultiPolygon."""
    return isinstance(value, Mapping) and value.get("type") in ("Polygon", "MultiPolygon")


def _valid(geometry: Mapping[str, Any]) -> BaseGeometry:
    found = shape(dict(geometry))
    return found if found.is_valid else shapely.make_valid(found)


def _scale(shapes: Sequence[BaseGeometry]) -> tuple[float, float]:
    """Kilometres per degree of longitude and of latitude."""
    latitudes = [found.bounds[1] for found in shapes]
    latitude = math.radians(sum(latitudes) / len(latitudes)) if latitudes else 0.0
    return KM_PER_DEGREE * math.cos(latitude), KM_PER_DEGREE


def _flat(geometry: BaseGeometry, scale: tuple[float, float]) -> BaseGeometry:
    return shapely.transform(geometry, lambda positions: positions * scale)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
