"""Coordinates as portals publish them: taken, projected, checked, and refused with a reason a person understands."""

from collections.abc import Mapping
from typing import Any

import pytest

from sympolis.acquisition.geometry import Locator
from sympolis.acquisition.mapping import GeometryRule
from sympolis.acquisition.quality import Unfit

BOLOGNA = (11.22, 44.42, 11.44, 44.56)
SQUARE = [[11.3, 44.5], [11.31, 44.5], [11.31, 44.51], [11.3, 44.51], [11.3, 44.5]]
BOW_TIE = [[11.3, 44.5], [11.31, 44.51], [11.31, 44.5], [11.3, 44.51], [11.3, 44.5]]


def locate(
    form: str, fields: Mapping[str, Any], geometry: Any = None, crs: str = "EPSG:4326", **rule: Any
) -> Mapping[str, Any] | None:
    names = tuple(fields)
    return Locator(GeometryRule(form=form, fields=names, **rule), crs, BOLOGNA).locate(fields, geometry)


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("xy", {"lon": "11.3282994", "lat": "44.493708"}),
        ("latlon", {"geopoint": "44.493708, 11.3282994"}),
        ("geojson", {"shape": '{"type": "Point", "coordinates": [11.3282994, 44.493708]}'}),
        ("geojson", {"shape": {"type": "Point", "coordinates": [11.3282994, 44.493708, 54.0]}}),
    ],
)
def test_every_form_gives_the_same_point(form: str, fields: dict[str, Any]) -> None:
    assert locate(form, fields) == {"type": "Point", "coordinates": [11.3282994, 44.493708]}


def test_projected_coordinates_become_degrees() -> None:
    """By definition UTM zone 32 has its central meridian, 9° E, at 500 km east and the equator at 0 km north."""
    rule = GeometryRule(form="xy", fields=("e", "n"))
    found = Locator(rule, "EPSG:25832", None).locate({"e": "500000", "n": "0"}, None)
    assert found == {"type": "Point", "coordinates": [9.0, 0.0]}


@pytest.mark.parametrize(
    ("form", "fields", "geometry", "part"),
    [
        ("latlon", {"geopoint": "113.282.993.665.462"}, None, "not a pair"),
        ("latlon", {"geopoint": "11.3282994, 44.493708"}, None, "latitude and longitude look swapped"),
        ("xy", {"lon": "113.282.993", "lat": "44.49"}, None, "'113.282.993' is not a coordinate"),
        ("xy", {"lon": "nan", "lat": "44.49"}, None, "'nan' is not a coordinate"),
        ("xy", {"lon": 0, "lat": 0}, None, "outside the city"),
        ("geojson", {"shape": "POINT (11 44)"}, None, "not JSON"),
        ("record", {}, {"type": "Circle"}, "'Circle' is not a geometry type"),
        ("record", {}, {"type": "Point", "coordinates": ["11.3", "44.5"]}, "is not a position"),
        ("record", {}, {"type": "Point"}, "malformed"),
        ("record", {}, {"type": "LineString", "coordinates": [[11.3, 44.5]]}, "two positions"),
        ("record", {}, {"type": "Polygon", "coordinates": [BOW_TIE]}, "Self-intersection"),
        ("record", {}, {"type": "Polygon", "coordinates": [SQUARE[:2]]}, "not a polygon"),
        ("record", {}, None, "there is no geometry"),
    ],
)
def test_unusable_geometry_is_refused_with_its_reason(
    form: str, fields: dict[str, Any], geometry: Any, part: str
) -> None:
    with pytest.raises(Unfit) as refused:
        locate(form, fields, geometry)
    assert part in refused.value.message


def test_geometry_may_be_optional() -> None:
    assert locate("record", {}, None, required=False) is None


def test_a_sound_polygon_passes() -> None:
    polygon = {"type": "Polygon", "coordinates": [SQUARE]}
    assert locate("record", {}, polygon) == polygon


def test_an_unknown_crs_is_named() -> None:
    with pytest.raises(ValueError, match="EPSG:999999"):
        locate("record", {}, None, crs="EPSG:999999")
