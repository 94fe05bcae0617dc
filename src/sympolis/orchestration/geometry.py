"""Streets and areas: which streets an override touches, and how much of each street lies in which area.

Lengths are measured on a local plane (equirectangular around each geometry's latitude), good to a few tenths of a
percent across a city: enough for shares and for picking streets.
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
"""Less than this share of a street inside an area is drawing error at a shared border."""


class Streets:
    """The lines that results refer to, by feature id, ready for spatial questions."""

    def __init__(self, lines: Mapping[str, Mapping[str, Any]]) -> None:
        self.ids = tuple(lines)
        shapes = [shape(dict(line)) for line in lines.values()]
        self._scale = _scale(shapes)
        self._lines = [_flat(line, self._scale) for line in shapes]
        self._middles = [line.interpolate(0.5, normalized=True) for line in self._lines]
        self._tree = shapely.STRtree(self._lines)

    def touched_by(self, overrides: Sequence[Override]) -> list[str]:
        """Ids of the streets that overrides name, or whose middle lies in their polygon; in feature order."""
        found: set[str] = set()
        for override in overrides:
            found.update(override.where.get("segments", ()))
            if override.where.get("polygon"):
                found.update(self._inside(override.where["polygon"]))
        return [name for name in self.ids if name in found]

    def area(self, area_id: str, facts: Mapping[str, Any], features: Mapping[str, int]) -> Area:
        """An area with the streets in it; ``features`` gives each street's position in the results."""
        region = _flat(_valid(facts["location"]), self._scale)
        streets, shares, lengths = [], [], []
        for index in self._tree.query(region, predicate="intersects"):
            line = self._lines[index]
            inside = line.intersection(region).length
            position = features.get(self.ids[index])
            if position is not None and inside > TOUCHING * line.length:
                streets.append(position)
                shares.append(inside / line.length)
                lengths.append(inside)
        return Area(
            id=area_id,
            name=str(facts.get("name") or area_id.rsplit(":", 1)[-1]),
            population=_number(facts.get("population")),
            fragility=_number(facts.get("fragility")),
            streets=np.array(streets, dtype=np.intp),
            share=np.array(shares, dtype=np.float64),
            length_km=np.array(lengths, dtype=np.float64),
        )

    def _inside(self, polygon: Mapping[str, Any]) -> list[str]:
        region = _flat(_valid(polygon), self._scale)
        shapely.prepare(region)
        inside = shapely.contains(region, self._middles)
        return [self.ids[index] for index in np.flatnonzero(inside)]


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
