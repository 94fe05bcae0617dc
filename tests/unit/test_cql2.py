"""What CQL2 filters mean: for one feature, for the store's indexes, in other reference systems."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sympolis.api.ogc.cql2 import JSON, TEXT, parse_filter
from sympolis.api.ogc.predicates import selects
from sympolis.api.ogc.pushdown import push
from sympolis.api.ogc.reference_systems import WORLD, named, offered
from sympolis.context.terms import Contexts
from sympolis.domain import errors

FEATURE = {
    "id": "urn:x:1",
    "geometry": {"type": "Point", "coordinates": [11.3, 44.5]},
    "properties": {
        "name": "Via Saffi",
        "speed": 40,
        "lanes": [1, 2],
        "oneway": False,
        "place": "Città",
        "opened": "2020-05-01",
        "seen": "2024-03-01T10:00:00Z",
        "days": ["2024-01-01", "2024-02-01"],
    },
}


def holds(text: str, feature: dict[str, Any] = FEATURE) -> bool:
    return selects(parse_filter(text, TEXT, WORLD), feature)


@pytest.mark.parametrize(
    "text",
    [
        "speed = 40",
        "speed <> 30",
        "30 < speed AND speed <= 40",
        "speed BETWEEN 40 AND 50",
        "speed IN (30, 40)",
        "speed + 10 = 50 AND speed * 2 > 79 AND speed / 8 = 5 AND speed % 7 = 5",
        "name LIKE 'Via S%' AND name LIKE '%S_ffi'",
        "CASEI(name) = CASEI('VIA SAFFI')",
        "ACCENTI(place) = ACCENTI('Citta')",
        "CASEI(name) LIKE CASEI('via%')",
        "CASEI(name) IN (CASEI('VIA SAFFI'), CASEI('x'))",
        "oneway = FALSE",
        "missing IS NULL",
        "speed IS NOT NULL",
        "missing = 3 OR speed = 40",
        "id = 'urn:x:1'",
        "S_INTERSECTS(location, BBOX(11, 44, 12, 45))",
        "S_WITHIN(geom, POLYGON((11 44, 12 44, 12 45, 11 45, 11 44)))",
        "S_DISJOINT(geometry, POINT(0 0))",
        "T_AFTER(seen, TIMESTAMP('2024-01-01T00:00:00Z'))",
        "T_DURING(seen, INTERVAL('2024-01-01', '..'))",
        "T_INTERSECTS(seen, DATE('2024-03-01'))",
        "T_BEFORE(opened, DATE('2020-06-01'))",
        "T_EQUALS(opened, DATE('2020-05-01'))",
        "seen > TIMESTAMP('2024-03-01T10:30:00+01:00')",
        "A_CONTAINS(lanes, (1, 2)) AND A_OVERLAPS(lanes, (2, 9)) AND A_CONTAINEDBY(lanes, (1, 2, 3))",
        "NOT (speed = 30)",
    ],
)
def test_what_holds(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "speed = '40'",
        "missing = 3",
        "NOT (missing = 3)",
        "missing <> 3",
        "speed / 0 = 1",
        "name > 3",
        "name LIKE 'via%'",
        "oneway > TRUE",
        "S_INTERSECTS(name, POINT(11.3 44.5))",
        "T_AFTER(name, DATE('2020-01-01'))",
        "T_AFTER(seen, DATE('2024-03-01'))",
        "speed IN ()",
    ],
)
def test_what_does_not_hold(text: str) -> None:
    try:
        assert not holds(text)
    except errors.InvalidRequest:
        assert "()" in text


def test_a_pattern_may_take_its_signs_as_they_are() -> None:
    feature = {"id": "x", "geometry": None, "properties": {"share": "50 %", "name": "a_b"}}
    assert holds(r"share LIKE '50 \%'", feature) and not holds(r"name LIKE 'a\_c'", feature)
    assert not holds("S_INTERSECTS(geometry, POINT(0 0))", feature)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("speed >", TEXT),
        ("", TEXT),
        ("{", JSON),
        ('{"op": "=", "args": []}', JSON),
        ("exec(speed) = 1", TEXT),
        ("[1]", JSON),
    ],
)
def test_what_is_no_filter_is_refused(text: str, language: str) -> None:
    with pytest.raises(errors.InvalidRequest) as refused:
        selects(parse_filter(text, language, WORLD), FEATURE)
    assert refused.value.where == "filter"


def test_a_filter_too_deep_or_too_long_is_refused() -> None:
    with pytest.raises((errors.TooComplexQuery, errors.InvalidRequest)):
        parse_filter("NOT (" * 60 + "speed = 1" + ")" * 60, TEXT, WORLD)
    with pytest.raises(errors.TooComplexQuery):
        parse_filter("speed = 1 OR " * 400 + "speed = 1", TEXT, WORLD)


# --- what the store is asked


def pushed(text: str, *, has_geo: bool = False) -> Any:
    return push(parse_filter(text, TEXT, WORLD), Contexts().core(), has_geo=has_geo)


@pytest.mark.parametrize(
    ("text", "tests", "geo", "rest"),
    [
        ("speed > 30", 1, False, False),
        ("30 < speed AND name = 'x'", 2, False, False),
        ("speed = 1 OR name = 'x'", 1, False, False),
        ("speed BETWEEN 1 AND 2 AND name IN ('a', 'b')", 2, False, False),
        ("S_INTERSECTS(location, POINT(1 2)) AND speed > 3", 1, True, False),
        ("speed = 1 OR name LIKE 'x'", 0, False, True),
        ("name LIKE 'x' AND speed > 30", 1, False, True),
        ("speed <> 3", 0, False, True),
        ("NOT (speed = 3)", 0, False, True),
        ("oneway > TRUE", 0, False, True),
        ("S_TOUCHES(location, POINT(1 2))", 0, False, True),
        ("id = 'x'", 0, False, True),
    ],
)
def test_the_store_is_asked_what_its_indexes_know(text: str, tests: int, geo: bool, rest: bool) -> None:
    found = pushed(text)
    assert (len(found.tests), found.geo is not None, found.rest is not None) == (tests, geo, rest)


def test_a_second_place_is_decided_afterwards() -> None:
    assert pushed("S_INTERSECTS(location, POINT(1 2))", has_geo=True).rest is not None


# --- reference systems

SYSTEMS = offered("EPSG:25832")


def test_latitude_comes_first_where_the_authority_says_so() -> None:
    [north] = [one for one in SYSTEMS if one.code == 4326]
    point = {"type": "Point", "coordinates": [11.3, 44.5]}
    assert north.from_crs84(point)["coordinates"] == pytest.approx((44.5, 11.3))
    assert north.box_to_crs84((44.0, 11.0, 45.0, 12.0)) == pytest.approx((11.0, 44.0, 12.0, 45.0))


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda one: one.iri)
def test_there_and_back_is_the_same_place(system: Any) -> None:
    line = {"type": "LineString", "coordinates": [[11.3, 44.5], [11.35, 44.49]]}
    back = system.to_crs84(system.from_crs84(line))
    assert [list(point) for point in back["coordinates"]] == [
        pytest.approx(point, abs=1e-8) for point in line["coordinates"]
    ]


def test_geometries_of_a_filter_are_read_in_its_system() -> None:
    metric = next(one for one in SYSTEMS if one.code == 25832)
    around = metric.from_crs84(FEATURE["geometry"])["coordinates"]  # type: ignore[arg-type]
    box = [around[0] - 10, around[1] - 10, around[0] + 10, around[1] + 10]
    expression = {"op": "s_intersects", "args": [{"property": "location"}, {"bbox": box}]}
    assert selects(parse_filter(json.dumps(expression), JSON, metric), FEATURE)
    assert not selects(parse_filter(json.dumps(expression), JSON, WORLD), FEATURE)


def test_a_system_that_is_not_offered_is_refused_with_those_that_are() -> None:
    with pytest.raises(errors.InvalidRequest) as refused:
        named("http://www.opengis.net/def/crs/EPSG/0/1", SYSTEMS, where="crs")
    assert "CRS84" in refused.value.hint


@pytest.mark.parametrize(
    "text",
    ["(" * 2000 + "a=1" + ")" * 2000, "a=" + "-" * 4000 + "1", "a=" + "- " * 2000 + "1"],
    ids=["brackets", "signs", "signs apart"],
)
def test_what_would_fill_the_parsers_stack_is_refused(text: str) -> None:
    """Without the check, this test ends the process."""
    with pytest.raises(errors.TooComplexQuery):
        parse_filter(text, TEXT, WORLD)


def test_as_many_brackets_as_are_allowed_are_borne() -> None:
    assert parse_filter("(" * 512 + "a=1" + ")" * 512, TEXT, WORLD) == parse_filter("a=1", TEXT, WORLD)
