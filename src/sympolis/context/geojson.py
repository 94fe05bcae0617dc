"""GeoJSON geometries as values: are they well-formed (RFC 7946), are they on the globe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympolis.domain.errors import BadRequestData

_DEPTH = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
GEOMETRY_TYPES = frozenset(_DEPTH) | {"GeometryCollection"}
_SHORTEST = {"LineString": 2, "MultiLineString": 2, "Polygon": 4, "MultiPolygon": 4}
_HINT = 'for example {"type": "Point", "coordinates": [11.34, 44.49]}, longitude first'


def is_geometry(value: Any) -> bool:
    """Whether ``value`` looks like a geometry; ``check_geometry`` says whether it is a good one."""
    if not isinstance(value, Mapping):
        return False
    kind = value.get("type")
    return (
        isinstance(kind, str) and kind in GEOMETRY_TYPES and ("coordinates" in value or "geometries" in value)
    )


def check_geometry(value: Any, *, where: str) -> Mapping[str, Any]:
    """``value`` if it is a geometry in WGS84. Raises ``BadRequestData``."""
    if type(value) is not dict and not isinstance(value, Mapping):
        raise BadRequestData("this must be a GeoJSON geometry", where=where, hint=_HINT)
    kind = value.get("type")
    if kind == "GeometryCollection":
        raise BadRequestData("a GeometryCollection cannot be a GeoProperty (clause 4.7)", where=where)
    if not isinstance(kind, str) or kind not in _DEPTH:
        raise BadRequestData(f"unknown geometry type {kind!r}", where=f"{where}: type", hint=_HINT)
    _check_coordinates(value.get("coordinates"), kind, f"{where}: coordinates")
    return value


def _check_coordinates(coordinates: Any, kind: str, where: str) -> None:
    depth = _DEPTH[kind]
    if depth == 0:
        return _check_position(coordinates, where)
    parts = [coordinates]
    for _ in range(depth - 1):
        parts = [part for parent in parts for part in _listed(parent, where)]
    shortest = _SHORTEST.get(kind, 1)
    for part in parts:
        positions = _listed(part, where)
        if len(positions) < shortest:
            raise BadRequestData(f"a {kind} needs at least {shortest} positions", where=where, hint=_HINT)
        for position in positions:
            _check_position(position, where)
        if shortest == 4 and positions[0] != positions[-1]:
            raise BadRequestData("the ring of a polygon must end where it begins", where=where)
    return None


def _listed(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list | tuple) or not value:
        raise BadRequestData(
            "coordinates are missing or not nested as the type needs", where=where, hint=_HINT
        )
    return list(value)


def _check_position(position: Any, where: str) -> None:
    try:
        longitude, latitude, *height = position
        if -180 <= longitude <= 180 and -90 <= latitude <= 90 and len(height) < 2:
            return
    except (TypeError, ValueError):
        pass
    raise BadRequestData("this is not a position in WGS84", where=where, hint=_HINT)
