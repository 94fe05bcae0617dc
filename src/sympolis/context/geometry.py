"""The seven relations of the geo-query language, on many geometries at once (clause 4.10).

Geometries are WGS84. Topological relations are decided in the plane of longitude and latitude, as GeoJSON draws its
lines. Distances are metres on the ellipsoid: the nearest points are found in a local plane scaled at the middle
latitude, then measured with the Gauss mid-latitude formula (error below a millimetre per kilometre at city distances,
below 0.2 % at 500 km: see the tests against geodesics). Geometries that cross the antimeridian have to be split, as
RFC 7946 asks.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from sympolis.context import nearness
from sympolis.context.nearness import ECCENTRICITY2, EQUATOR_M, Box
from sympolis.context.query import GeoQuery, GeoRelation
from sympolis.domain.errors import BadRequestData
from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np
    import shapely
else:
    np = later("numpy")
    shapely = later("shapely")

_METRES_PER_DEGREE = 110_500.0
"""No degree of latitude is shorter: safe for search boxes."""

_WORLD: Box = (-180.0, -90.0, 180.0, 90.0)


def from_geojson(geometries: Sequence[Mapping[str, Any]]) -> Any:
    """An array of shapely geometries. Raises ``BadRequestData``."""
    try:
        return shapely.from_geojson([msgspec.json.encode(geometry) for geometry in geometries])
    except (shapely.errors.GEOSException, TypeError, ValueError, msgspec.MsgspecError) as error:
        raise BadRequestData(f"this geometry cannot be read: {error}", where="coordinates") from error


def to_wkb(shape: Mapping[str, Any]) -> tuple[bytes, Box]:
    """A checked GeoJSON geometry as well-known binary (in two dimensions), and its bounding box.

    For the writer: a geometry of a few positions takes a few microseconds, without a trip through GEOS.
    Raises ``BadRequestData`` for what ``geojson.check_geometry`` would have refused.
    """
    try:
        flat: list[float] = []
        wkb = _WKB[shape["type"]](shape["coordinates"], flat)
        return wkb, (min(flat[::2]), min(flat[1::2]), max(flat[::2]), max(flat[1::2]))
    except (KeyError, TypeError, ValueError, struct.error) as error:
        raise BadRequestData(f"this geometry cannot be read: {error}", where="coordinates") from error


def _point_wkb(position: Sequence[float], flat: list[float]) -> bytes:
    flat += position[:2]
    return struct.pack("<BIdd", 1, 1, position[0], position[1])


def _positions(positions: Sequence[Sequence[float]], flat: list[float]) -> bytes:
    numbers = [number for position in positions for number in position[:2]]
    flat += numbers
    return struct.pack(f"<I{len(numbers)}d", len(positions), *numbers)


def _line_wkb(positions: Sequence[Sequence[float]], flat: list[float]) -> bytes:
    return struct.pack("<BI", 1, 2) + _positions(positions, flat)


def _polygon_wkb(rings: Sequence[Any], flat: list[float]) -> bytes:
    return struct.pack("<BII", 1, 3, len(rings)) + b"".join(_positions(ring, flat) for ring in rings)


def _several_wkb(code: int, one: Callable[[Any, list[float]], bytes]) -> Callable[[Any, list[float]], bytes]:
    def several(parts: Sequence[Any], flat: list[float]) -> bytes:
        return struct.pack("<BII", 1, code, len(parts)) + b"".join(one(part, flat) for part in parts)

    return several


_WKB: Mapping[str, Callable[[Any, list[float]], bytes]] = {
    "Point": _point_wkb,
    "LineString": _line_wkb,
    "Polygon": _polygon_wkb,
    "MultiPoint": _several_wkb(4, _point_wkb),
    "MultiLineString": _several_wkb(5, _line_wkb),
    "MultiPolygon": _several_wkb(6, _polygon_wkb),
}


class GeoTest:
    """A ``GeoQuery`` made ready: ``box`` is where candidates can be (None: anywhere), ``select`` decides.

    ``verdict`` tells of points within the box whether they fit, where that is simple (see ``nearness``).
    """

    def __init__(self, query: GeoQuery) -> None:
        self.query = query
        self.box = _box(query, self._extent())
        self.verdict = nearness.verdict(query, self.box)

    @cached_property
    def reference(self) -> Any:
        """The query's geometry. Raises ``BadRequestData`` for an unreadable one."""
        if self._is_around_point():
            found = shapely.Point(*self.query.geometry["coordinates"][:2])
        else:
            [found] = from_geojson([self.query.geometry])
        shapely.prepare(found)
        return found

    def _is_around_point(self) -> bool:
        return self.query.geometry.get("type") == "Point"

    def _extent(self) -> Box:
        """The box of the reference; many queries about points need no more of it."""
        if self._is_around_point():
            longitude, latitude = map(float, self.query.geometry["coordinates"][:2])
            return longitude, latitude, longitude, latitude
        west, south, east, north = (float(edge) for edge in shapely.bounds(self.reference))
        return west, south, east, north

    def select(self, geometries: Any) -> Any:
        """Which of an array of shapely geometries satisfy the relation, as an array of booleans."""
        if self.query.relation is GeoRelation.NEAR:
            return self._near(geometries)
        relate = getattr(shapely, _RELATIONS[self.query.relation])
        try:
            return relate(geometries, self.reference)
        except shapely.errors.GEOSException:
            return relate(shapely.make_valid(geometries), shapely.make_valid(self.reference))

    def select_points(self, positions: Sequence[tuple[float, float]]) -> Any:
        """The same for points, given as (longitude, latitude): quicker where distances between points decide."""
        places = np.array(positions, dtype=float)
        if self.query.relation is not GeoRelation.NEAR or self.reference.geom_type != "Point":
            return self.select(shapely.points(places))
        return self._close_enough(_mid_latitude_distance(places, shapely.get_coordinates(self.reference)))

    def _near(self, geometries: Any) -> Any:
        return self._close_enough(distance_m(geometries, self.reference))

    def _close_enough(self, distances: Any) -> Any:
        kept = np.ones(len(distances), dtype=bool)
        if self.query.max_distance_m is not None:
            kept &= distances <= self.query.max_distance_m
        if self.query.min_distance_m is not None:
            kept &= distances >= self.query.min_distance_m
        return kept


def prepare(query: GeoQuery) -> GeoTest:
    """Make a geo-query ready for many geometries. Raises ``BadRequestData`` for an unreadable geometry."""
    return GeoTest(query)


def _box(query: GeoQuery, extent: Box) -> Box | None:
    if query.relation is GeoRelation.DISJOINT:
        return None
    west, south, east, north = extent
    if query.relation is not GeoRelation.NEAR:
        return (west, south, east, north)
    if query.max_distance_m is None:
        return None
    up = query.max_distance_m / _METRES_PER_DEGREE
    highest = min(90.0, max(abs(south), abs(north)) + up)
    shrink = max(math.cos(math.radians(highest)), 1e-3)
    side = up / shrink
    if highest > 89.0 or west - side < -180 or east + side > 180:
        return _WORLD
    return (west - side, south - up, east + side, north + up)


def distance_m(geometries: Any, reference: Any) -> Any:
    """Metres between each geometry and the reference; 0 where they touch."""
    if len(geometries) == 0:
        return np.zeros(0)
    if reference.geom_type == "Point" and not np.any(shapely.get_type_id(geometries)):
        start = shapely.get_coordinates(geometries)
        return _mid_latitude_distance(start, np.broadcast_to(shapely.get_coordinates(reference), start.shape))
    latitude = np.radians(shapely.get_y(shapely.centroid(reference)))
    east, north = _metres_per_degree(latitude)
    scaled = shapely.transform(geometries, lambda xy: xy * (east, north))
    line = shapely.shortest_line(scaled, shapely.transform(reference, lambda xy: xy * (east, north)))
    ends = shapely.get_coordinates(line).reshape(-1, 2, 2) / (east, north)
    return _mid_latitude_distance(ends[:, 0], ends[:, 1])


def _mid_latitude_distance(start: Any, end: Any) -> Any:
    """Gauss's mid-latitude method: accurate for the distances of a region."""
    east, north = _metres_per_degree(np.radians((start[:, 1] + end[:, 1]) / 2))
    across = np.abs(end[:, 0] - start[:, 0])
    across = np.minimum(across, 360 - across)
    return np.hypot(across * east, (end[:, 1] - start[:, 1]) * north)


def _metres_per_degree(latitude: Any) -> tuple[Any, Any]:
    """Length of a degree of longitude and of latitude on WGS84 at a latitude in radians."""
    bend = 1 - ECCENTRICITY2 * np.sin(latitude) ** 2
    east = np.radians(EQUATOR_M * np.cos(latitude) / np.sqrt(bend))
    return east, np.radians(EQUATOR_M * (1 - ECCENTRICITY2) / bend**1.5)


_RELATIONS: Mapping[GeoRelation, str] = {
    GeoRelation.WITHIN: "covered_by",
    GeoRelation.CONTAINS: "covers",
    GeoRelation.OVERLAPS: "overlaps",
    GeoRelation.INTERSECTS: "intersects",
    GeoRelation.EQUALS: "equals",
    GeoRelation.DISJOINT: "disjoint",
}
"""What GEOS calls them."""
