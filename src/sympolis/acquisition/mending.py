"""Mends geometries where a mapping has declared it: repairs that change how a place is written, not which it is.

Each repair leaves a sound geometry alone. What a repair cannot mend stays as it was, and the check that follows
refuses it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

Geometry = Mapping[str, Any]
Bounds = tuple[float, float, float, float]
"""West, south, east, north."""


def mend(geometry: Geometry, repairs: tuple[str, ...], inside: Bounds | None) -> Geometry:
    """``geometry`` (WGS84) after ``repairs``, in the order in which they build on each other."""
    for name in _ORDER:
        if name in repairs:
            geometry = _axes(geometry, inside) if name == "axes" else _REPAIRS[name](geometry)
    return geometry


def _axes(geometry: Geometry, inside: Bounds | None) -> Geometry:
    """Swap latitude and longitude where only the swapped geometry lies inside the city."""
    swapped = {**geometry, "coordinates": _swapped(geometry["coordinates"])}
    if inside is None or _lies_in(geometry, inside) or not _lies_in(swapped, inside):
        return geometry
    return swapped


def _swapped(part: Any) -> Any:
    if part and not isinstance(part[0], list):
        return [part[1], part[0], *part[2:]]
    return [_swapped(inner) for inner in part]


def _lies_in(geometry: Geometry, bounds: Bounds) -> bool:
    west, south, east, north = bounds
    return all(west <= x <= east and south <= y <= north for x, y in _flat(geometry["coordinates"]))


def _flat(part: Any) -> list[tuple[float, float]]:
    if part and not isinstance(part[0], list):
        return [(part[0], part[1])]
    return [position for inner in part for position in _flat(inner)]


def _rings(geometry: Geometry, change: Callable[[list[Any]], list[Any]]) -> Geometry:
    """``geometry`` with ``change`` made to the list of rings of every polygon."""
    coordinates = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        return {**geometry, "coordinates": change(coordinates)}
    if geometry["type"] == "MultiPolygon":
        return {**geometry, "coordinates": [change(rings) for rings in coordinates]}
    return geometry


def _closed(geometry: Geometry) -> Geometry:
    return _rings(
        geometry,
        lambda rings: [ring if len(ring) < 3 or ring[0] == ring[-1] else [*ring, ring[0]] for ring in rings],
    )


def _oriented(geometry: Geometry) -> Geometry:
    """Outer rings counter-clockwise, holes clockwise (RFC 7946, section 3.1.6)."""

    def orient(rings: list[Any]) -> list[Any]:
        return [
            ring if (_area(ring) >= 0) is (index == 0) else ring[::-1] for index, ring in enumerate(rings)
        ]

    return _rings(geometry, orient)


def _area(ring: list[Any]) -> float:
    """Twice the signed area in square degrees; positive for counter-clockwise."""
    return float(sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring)))


def _valid(geometry: Geometry) -> Geometry:
    """Rings that cross themselves become the area they enclose (``shapely.make_valid``, by structure)."""
    if geometry["type"] not in ("Polygon", "MultiPolygon"):
        return geometry
    import shapely
    from shapely.geometry import mapping, shape

    try:
        found = shape(geometry)
        if found.is_valid:
            return geometry
        found = shapely.make_valid(found, method="structure", keep_collapsed=False)
    except (ValueError, shapely.GEOSException):
        return geometry
    if found.is_empty or found.geom_type not in ("Polygon", "MultiPolygon"):
        return geometry
    return {"type": found.geom_type, "coordinates": _lists(mapping(found)["coordinates"])}


def _lists(part: Any) -> Any:
    return [_lists(inner) for inner in part] if isinstance(part, tuple | list) else part


_ORDER = ("closed", "axes", "valid", "orientation")
_REPAIRS: Mapping[str, Callable[[Geometry], Geometry]] = {
    "closed": _closed,
    "valid": _valid,
    "orientation": _oriented,
}
