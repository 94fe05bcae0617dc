"""Lines and areas drawn together are what they are one by one, as GEOS cuts and simplifies each of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sympolis.api.ogc import many_shapes, mvt
from sympolis.api.ogc.tiling import MARGIN, TileAddress

HERE = TileAddress(14, 5927, 8708)
WEST, SOUTH, EAST, NORTH = HERE.bounds()
WINDOW = (-MARGIN, mvt.EXTENT + MARGIN)
DETAIL = 4.0
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""On a machine that is busy with other things, too."""

places = st.tuples(
    st.integers(-300, 4400).map(lambda x: WEST + (EAST - WEST) * x / 4096),
    st.integers(-300, 4400).map(lambda y: NORTH - (NORTH - SOUTH) * y / 4096),
)
paths = st.lists(places, min_size=2, max_size=7)


@st.composite
def squares(draw: st.DrawFn) -> list[Any]:
    """A ring, and one within it that may be too small to be seen."""
    (x, y), side = draw(places), draw(st.integers(1, 900)) * (EAST - WEST) / 4096
    hole = side * draw(st.sampled_from([0.001, 0.2, 0.6]))
    rings = [_square(x, y, side, draw(st.booleans()))]
    if draw(st.booleans()):
        rings.append(_square(x, y, hole, draw(st.booleans())))
    return rings


def _square(x: float, y: float, side: float, turned: bool) -> list[Any]:
    ring = [(x - side, y - side), (x + side, y - side), (x + side, y + side), (x - side, y + side)]
    ring.append(ring[0])
    return ring[::-1] if turned else ring


rings = st.lists(places, min_size=3, max_size=6).map(lambda ring: [[*ring, ring[0]]])
simple = st.one_of(
    st.builds(lambda path: {"type": "LineString", "coordinates": path}, paths),
    st.builds(
        lambda several: {"type": "MultiLineString", "coordinates": several}, st.lists(paths, max_size=3)
    ),
    st.builds(lambda area: {"type": "Polygon", "coordinates": area}, squares() | rings),
    st.builds(lambda areas: {"type": "MultiPolygon", "coordinates": areas}, st.lists(squares(), max_size=3)),
    st.builds(
        lambda spots: {"type": "MultiPoint", "coordinates": spots}, st.lists(places, min_size=1, max_size=4)
    ),
)
geometries = simple | st.builds(
    lambda several: {"type": "GeometryCollection", "geometries": several}, st.lists(simple, max_size=3)
)


@UNHURRIED
@given(st.lists(geometries, max_size=8))
def test_together_and_one_by_one(shapes: list[dict[str, Any]]) -> None:
    texts = [json.dumps(one).encode() for one in shapes]
    together = {(one.number, one.kind): one.geometry for one in many_shapes.draw(texts, HERE.project, WINDOW)}
    alone = {
        (number, kind): geometry
        for number, text in enumerate(texts)
        for kind, geometry in one_by_one(text)
        if geometry
    }
    assert together == alone


def test_a_ring_of_two_places_does_not_spoil_a_tile() -> None:
    flat = [[WEST, NORTH], [WEST, NORTH], [WEST, NORTH + 0.0001], [WEST, NORTH]]
    line = {"type": "LineString", "coordinates": [[WEST, SOUTH], [EAST, NORTH]]}
    shapes = [{"type": "Polygon", "coordinates": [flat]}, line]
    drawn = many_shapes.draw([json.dumps(one).encode() for one in shapes], HERE.project, WINDOW)
    assert mvt.POLYGON not in {one.kind for one in drawn} and 1 in {one.number for one in drawn}


@pytest.mark.parametrize("count", [1, 2])
def test_what_is_too_small_or_elsewhere_is_not_drawn(count: int) -> None:
    small = [[[WEST, SOUTH], [WEST + 1e-9, SOUTH], [WEST, SOUTH + 1e-9], [WEST, SOUTH]]]
    shapes = [
        {"type": "Polygon", "coordinates": small},
        {"type": "LineString", "coordinates": [[0, 0], [1, 1]]},
        {"type": "GeometryCollection", "geometries": []},
    ]
    assert many_shapes.draw([json.dumps(one).encode() for one in shapes] * count, HERE.project, WINDOW) == []


# --- one shape at a time, part by part


def one_by_one(text: bytes) -> Iterable[tuple[int, bytes]]:
    flat = mended(shapely.transform(shapely.force_2d(shapely.from_geojson(text)), HERE.project))
    seen = mended(shapely.clip_by_rect(flat, WINDOW[0], WINDOW[0], WINDOW[1], WINDOW[1]))
    parts = [
        one
        for several in shapely.get_parts(shapely.simplify(seen, DETAIL))
        for one in shapely.get_parts(several)
        if not one.is_empty
    ]
    yield mvt.POLYGON, mvt.rings(rings_of([one for one in parts if one.geom_type == "Polygon"]))
    lines = [whole(one) for one in parts if one.geom_type in ("LineString", "LinearRing")]
    yield mvt.LINESTRING, mvt.lines([one for one in lines if len(one) > 1])
    spots = [one for one in parts if one.geom_type == "Point"]
    yield mvt.POINT, mvt.points(whole(spots)) if spots else b""


def mended(shape: Any) -> Any:
    return shape if shape.is_valid else shapely.make_valid(shape)


def rings_of(polygons: Sequence[Any]) -> Iterable[Any]:
    for polygon in polygons:
        outer = ring_of(polygon.exterior, outer=True)
        if outer is not None:
            holes = [ring_of(hole, outer=False) for hole in polygon.interiors]
            yield from [outer, *[hole for hole in holes if hole is not None]]


def ring_of(ring: Any, *, outer: bool) -> Any:
    points = whole(ring)[:-1]
    if len(points) < 3:
        return None
    x, y = points[:, 0], points[:, 1]
    area = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2
    if abs(area) < DETAIL * DETAIL:
        return None
    return points if (area > 0) == outer else points[::-1]


def whole(shape: Any) -> Any:
    points = np.rint(shapely.get_coordinates(shape)).astype(np.int64)
    moved = np.ones(len(points), dtype=bool)
    moved[1:] = (points[1:] != points[:-1]).any(axis=1)
    return points[moved]
