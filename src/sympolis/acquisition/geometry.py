"""Where a row is: takes coordinates in the forms portals publish and gives sound GeoJSON in WGS84, inside the city.

Refuses rather than repairs: a polygon that crosses itself or a point in the sea is shown to a person, unless the
mapping declares what may be mended (``repair``; how, is in ``mending``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from sympolis.acquisition import mending
from sympolis.acquisition.mapping import GeometryRule
from sympolis.acquisition.quality import Unfit

Geometry = mending.Geometry
Bounds = mending.Bounds
Transform = Callable[[float, float], tuple[float, float]]

_DEPTH = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
"""How many lists stand around a position in each type's coordinates (RFC 7946, section 3.1)."""

DECIMALS = 7
"""About one centimetre; more is noise."""


class Locator:
    """Takes a row's geometry by one rule. ``inside``: the bounding box to lie in, None for anywhere."""

    def __init__(self, rule: GeometryRule, crs: str, inside: Bounds | None) -> None:
        self._rule = rule
        self._take = _TAKERS[rule.form]
        self._transform = transform(crs)
        self._inside = inside

    def locate(self, fields: Mapping[str, Any], record_geometry: Geometry | None) -> Geometry | None:
        """The geometry in WGS84, None where there is none. Raises ``Unfit``."""
        found = self._take(self._rule, fields, record_geometry)
        if found is None:
            if self._rule.required:
                raise Unfit("required", "there is no geometry", "coordinates")
            return None
        found = project(found, self._transform)
        if self._rule.repair:
            found = mending.mend(found, self._rule.repair, self._inside)
        check_valid(found)
        if self._inside is not None:
            check_inside(found, self._inside)
        return found


def _from_record(_: GeometryRule, __: Mapping[str, Any], geometry: Geometry | None) -> Geometry | None:
    return geometry


def _from_xy(rule: GeometryRule, fields: Mapping[str, Any], _: Geometry | None) -> Geometry | None:
    values = [fields.get(name) for name in rule.fields]
    if all(value is None for value in values):
        return None
    return {"type": "Point", "coordinates": [_number(value) for value in values]}


def _from_latlon(rule: GeometryRule, fields: Mapping[str, Any], _: Geometry | None) -> Geometry | None:
    text = fields.get(rule.fields[0])
    if text is None:
        return None
    parts = str(text).split(",")
    if len(parts) != 2:
        raise Unfit("geometry", f"{text!r} is not a pair of coordinates", '"latitude, longitude"')
    latitude, longitude = (_number(part) for part in parts)
    return {"type": "Point", "coordinates": [longitude, latitude]}


def _from_geojson(rule: GeometryRule, fields: Mapping[str, Any], _: Geometry | None) -> Geometry | None:
    value = fields.get(rule.fields[0])
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError as cause:
            raise Unfit("geometry", f"is not JSON: {cause}", "a GeoJSON geometry") from cause
    if value is not None and not isinstance(value, dict):
        raise Unfit("geometry", "is not an object", "a GeoJSON geometry")
    return value


_TAKERS = {"record": _from_record, "xy": _from_xy, "latlon": _from_latlon, "geojson": _from_geojson}


def raw(rule: GeometryRule, fields: Mapping[str, Any], record_geometry: Geometry | None) -> Geometry | None:
    """The geometry as the source gave it, in the source's CRS, unchecked. Raises ``Unfit``."""
    return _TAKERS[rule.form](rule, fields, record_geometry)


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise Unfit("geometry", f"{value!r} is not a coordinate", "a number") from None
    if not math.isfinite(number):
        raise Unfit("geometry", f"{value!r} is not a coordinate", "a finite number")
    return number


def transform(crs: str) -> Transform | None:
    """From (x, y) in ``crs`` to (longitude, latitude); None where ``crs`` already is WGS84. Raises ``ValueError``."""
    if crs in ("EPSG:4326", "OGC:CRS84"):
        return None
    from pyproj import Transformer
    from pyproj.exceptions import CRSError

    try:
        found = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except CRSError as cause:
        raise ValueError(f"{crs} is not a known coordinate reference system") from cause
    return found.transform  # type: ignore[no-any-return]


def project(geometry: Geometry, to_wgs84: Transform | None) -> Geometry:
    """``geometry`` in WGS84, positions rounded to ``DECIMALS``. Raises ``Unfit`` for a malformed one."""
    kind = geometry.get("type")
    depth = _DEPTH.get(kind) if isinstance(kind, str) else None
    if depth is None:
        raise Unfit("geometry", f"{kind!r} is not a geometry type", ", ".join(_DEPTH))
    return {"type": kind, "coordinates": _positions(geometry.get("coordinates"), depth, to_wgs84)}


def _positions(part: Any, depth: int, to_wgs84: Transform | None) -> list[Any]:
    if not isinstance(part, list | tuple) or (depth and not part):
        raise Unfit("geometry", "has malformed coordinates", "lists of positions")
    if depth:
        return [_positions(inner, depth - 1, to_wgs84) for inner in part]
    if len(part) < 2 or not all(type(value) in (int, float) and math.isfinite(value) for value in part[:2]):
        raise Unfit("geometry", f"{part!r} is not a position", "[x, y] in numbers")
    x, y = part[0], part[1]
    if to_wgs84 is not None:
        x, y = to_wgs84(x, y)
        if not (math.isfinite(x) and math.isfinite(y)):
            raise Unfit(
                "geometry", f"{part!r} has no place on earth in the source's CRS", "check the source's crs"
            )
    return [round(x, DECIMALS), round(y, DECIMALS)]


def positions(geometry: Geometry) -> Iterator[list[float]]:
    """Every position of a geometry."""
    stack = [(geometry["coordinates"], _DEPTH[geometry["type"]])]
    while stack:
        part, depth = stack.pop()
        if depth == 0:
            yield part
        elif depth == 1:
            yield from part
        else:
            stack += [(inner, depth - 1) for inner in part]


def middle(geometry: Geometry) -> tuple[float, float]:
    """The middle of a geometry's bounding box."""
    xs, ys = zip(*((one[0], one[1]) for one in positions(geometry)), strict=True)
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def check_valid(geometry: Geometry) -> None:
    """Raises ``Unfit`` for too short lines and for polygons that are not valid (OGC Simple Features)."""
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind == "LineString" and len(coordinates) < 2:
        raise Unfit("geometry", "a line needs two positions", "at least 2 positions")
    if kind not in ("Polygon", "MultiPolygon"):
        return
    import shapely
    from shapely.geometry import shape

    try:
        polygon = shape(geometry)
    except (ValueError, shapely.GEOSException) as cause:
        raise Unfit(
            "geometry", f"is not a polygon: {cause}", "closed rings of at least 4 positions"
        ) from cause
    if not all(ring[0] == ring[-1] for ring in _rings(geometry)):
        raise Unfit("geometry", "has a ring that is not closed", "rings whose last position is their first")
    if not polygon.is_valid:
        raise Unfit(
            "geometry", f"is not valid: {shapely.is_valid_reason(polygon)}", "rings that do not cross"
        )


def _rings(geometry: Geometry) -> Iterator[list[list[float]]]:
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return (ring for rings in polygons for ring in rings)


def check_inside(geometry: Geometry, bounds: Bounds) -> None:
    """Raises ``Unfit`` where any position lies outside [west, south, east, north]."""
    west, south, east, north = bounds
    for x, y in positions(geometry):
        if not (west <= x <= east and south <= y <= north):
            swapped = west <= y <= east and south <= x <= north
            hint = "; latitude and longitude look swapped" if swapped else ""
            raise Unfit("geometry", f"{x}, {y} is outside the city{hint}", f"within {list(bounds)}")
