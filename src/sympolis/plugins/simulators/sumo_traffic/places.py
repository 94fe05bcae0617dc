"""Decides which streets lie in an area, so that a planner can draw one instead of listing streets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

LonLat = tuple[float, float]
Ring = tuple[LonLat, ...]


def rings(geometry: Mapping[str, Any]) -> tuple[Ring, ...]:
    """Every ring of a GeoJSON Polygon or MultiPolygon (or a Feature of one). Raises ``ValueError``, ``KeyError``."""
    if geometry["type"] == "Feature":
        return rings(geometry["geometry"])
    if geometry["type"] not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"a Polygon or MultiPolygon was expected, not {geometry['type']}")
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    found = tuple(tuple((float(p[0]), float(p[1])) for p in ring) for polygon in polygons for ring in polygon)
    if not found or any(len(ring) < 4 for ring in found):
        raise ValueError("a ring needs at least four points")
    return found


def inside(line: Sequence[LonLat], shape: Sequence[Ring]) -> bool:
    """Whether the middle of ``line`` lies in ``shape`` (even-odd rule: a ring within a ring is a hole)."""
    x, y = middle(line)
    crossings = 0
    for ring in shape:
        for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
            if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
                crossings += 1
    return crossings % 2 == 1


def middle(line: Sequence[LonLat]) -> LonLat:
    """The point half way along ``line``."""
    legs = [_distance(a, b) for a, b in pairwise(line)]
    left = sum(legs) / 2
    for (a, b), leg in zip(pairwise(line), legs, strict=True):
        if leg >= left and leg > 0:
            share = left / leg
            return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])
        left -= leg
    return line[0]


def _distance(a: LonLat, b: LonLat) -> float:
    return float(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5)
