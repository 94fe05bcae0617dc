"""Coverages by place and by area, from the grid files of a city package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from pyproj import Transformer

from sympolis.testing.small_twin import SmallTwin, small_twin

OWN = "/ogc/collections/surfaceTemperature"
CONTEXT = "http://127.0.0.1:8400/contexts/smallville.jsonld"
LINK = f'<{CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
WEST, NORTH, CELL, COLUMNS, LINES = 686000, 4930000, 100, 20, 10
TO_DEGREES = Transformer.from_crs("EPSG:32632", "OGC:CRS84", always_xy=True)
YEARS = (2019, 2021, 2024)


def degrees(column: float, line: float) -> tuple[float, float]:
    """A place by cells from the grid's north-west corner."""
    return TO_DEGREES.transform(WEST + column * CELL, NORTH - line * CELL)


def value(year: int, column: int, line: int) -> float | None:
    return None if (column, line) == (3, 3) else round((100 * line + column + year) * 0.1, 6)


def coverage(year: int) -> dict[str, Any]:
    corners = [degrees(*corner) for corner in ((0, 0), (COLUMNS, 0), (COLUMNS, LINES), (0, LINES), (0, 0))]
    facts = {
        "variable": "surfaceTemperature", "cellUnit": "CEL", "scale": 0.1, "crs": "EPSG:32632", "west": WEST,
        "north": NORTH, "cellSize": CELL, "columns": COLUMNS, "lines": LINES, "file": f"grids/{year}.csv",
        "validFrom": f"{year}-06-01T00:00:00Z", "validTo": f"{year}-08-31T23:59:59Z",
    }  # fmt: skip
    return {
        "id": f"urn:ngsi-ld:Coverage:{year}",
        "type": "Coverage",
        **{name: {"type": "Property", "value": one} for name, one in facts.items()},
        "location": {"type": "GeoProperty", "value": {"type": "Polygon", "coordinates": [corners]}},
    }


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    folder = tmp_path_factory.mktemp("edr")
    with small_twin(folder) as found:
        grids = folder / "smallville" / "grids"
        grids.mkdir()
        for year in YEARS:
            rows = [[value(year, column, line) for column in range(COLUMNS)] for line in range(LINES)]
            lines = [",".join("" if one is None else str(round(one / 0.1)) for one in row) for row in rows]
            head = ",".join(f"c{column}" for column in range(COLUMNS))
            (grids / f"{year}.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
        answer = found.client.post(
            "/ngsi-ld/v1/entityOperations/upsert", json=[coverage(year) for year in YEARS], link=LINK
        )
        assert answer.status == 201, answer.body
        yield found


def ask(twin: SmallTwin, query: str, coords: str, status: int = 200, **more: str) -> Any:
    options = "".join(f"&{name.replace('_', '-')}={quote(text)}" for name, text in more.items())
    where = "bbox" if query == "cube" else "coords"
    answer = twin.client.get(f"{OWN}/{query}?{where}={quote(coords)}{options}")
    assert answer.status == status, answer.body
    return answer.json


def test_a_coverage_is_a_collection(twin: SmallTwin) -> None:
    own = twin.client.get(OWN).json
    assert own in twin.client.get("/ogc/collections").json["collections"]
    assert own["extent"]["temporal"]["values"] == [f"{year}-06-01T00:00:00Z" for year in YEARS]
    assert set(own["data_queries"]) == {"position", "area", "cube", "trajectory"}
    assert own["parameter_names"]["surfaceTemperature"]["unit"]["symbol"]["value"] == "CEL"
    declared = twin.client.get("/ogc/conformance").json["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/position" in declared


@pytest.mark.parametrize(("column", "line"), [(0, 0), (19, 9), (7, 2), (3, 3)])
def test_a_place_over_the_years(twin: SmallTwin, column: int, line: int) -> None:
    longitude, latitude = degrees(column + 0.5, line + 0.5)
    found = ask(twin, "position", f"POINT({longitude} {latitude})")
    assert found["domain"]["axes"]["t"]["values"] == [f"{year}-06-01T00:00:00Z" for year in YEARS]
    assert found["ranges"]["surfaceTemperature"]["values"] == [value(year, column, line) for year in YEARS]
    one = ask(twin, "position", f"POINT({longitude} {latitude})", datetime="2021-07-01T00:00:00Z/..")
    assert one["ranges"]["surfaceTemperature"]["values"] == [value(year, column, line) for year in YEARS[1:]]


def test_an_area_has_the_cells_whose_centres_lie_in_it(twin: SmallTwin) -> None:
    corners = [degrees(*corner) for corner in ((2, 2), (6, 2), (2, 6), (2, 2))]
    text = ", ".join(f"{x} {y}" for x, y in corners)
    found = ask(twin, "area", f"POLYGON(({text}))", datetime="2019-07-01T00:00:00Z")
    axes, array = found["domain"]["axes"], found["ranges"]["surfaceTemperature"]
    assert array["shape"] == [1, len(axes["y"]["values"]), len(axes["x"]["values"])]
    values = iter(array["values"])
    seen = 0
    for y in axes["y"]["values"]:
        for x in axes["x"]["values"]:
            column, line = int((x - WEST) // CELL), int((NORTH - y) // CELL)
            inside = column >= 2 and line >= 2 and (column + 0.5 - 2) + (line + 0.5 - 2) < 4
            expected = value(2019, column, line) if inside else None
            got = next(values)
            if (
                abs((column - 2) + (line - 2) + 1 - 4) > 0.01
            ):  # the slanting side is no straight line in degrees
                assert got == expected, (column, line)
            seen += got is not None
    assert seen >= 5 and next(values, "end") == "end"


def test_a_box_has_the_cells_whose_centres_lie_in_it(twin: SmallTwin) -> None:
    (west, south), (east, north) = degrees(4.1, 7.9), degrees(8.9, 2.1)
    found = ask(twin, "cube", f"{west},{south},{east},{north}", datetime="2021-01-01T00:00:00Z/..")
    axes, array = found["domain"]["axes"], found["ranges"]["surfaceTemperature"]
    assert axes["t"]["values"] == ["2021-06-01T00:00:00Z", "2024-06-01T00:00:00Z"]
    xs, ys = axes["x"]["values"], axes["y"]["values"]
    assert xs == [WEST + (column + 0.5) * CELL for column in range(4, 9)]
    expected = [
        value(year, int((x - WEST) // CELL), int((NORTH - y) // CELL))
        for year in (2021, 2024)
        for y in ys
        for x in xs
    ]
    assert [got for got, one in zip(array["values"], expected, strict=True) if got not in (one, None)] == []
    assert sum(one is not None for one in array["values"]) >= 2 * 5 * 5
    high = ask(twin, "cube", f"{west},{south},0,{east},{north},9", datetime="2021-01-01T00:00:00Z/..")
    assert high == found


@pytest.mark.parametrize("box", ["-180,-90,180,90", "-60,0,95,89"])
def test_a_box_around_the_world_has_the_whole_grid(twin: SmallTwin, box: str) -> None:
    found = ask(twin, "cube", box, datetime="2021-07-01T00:00:00Z")
    values = [value(2021, column, line) for line in range(LINES) for column in range(COLUMNS)]
    assert sorted(filter(None, found["ranges"]["surfaceTemperature"]["values"])) == sorted(
        filter(None, values)
    )


@pytest.mark.parametrize("place", ["99 0", "102 0", "-81 0", "11 91", "1e300 1e300"])
def test_where_the_grids_system_ends_is_outside(twin: SmallTwin, place: str) -> None:
    ask(twin, "position", f"POINT({place})", 404)


def test_a_path_is_told_cell_by_cell(twin: SmallTwin) -> None:
    ends = [degrees(0.5, 5.5), degrees(19.5, 5.5)]
    text = f"LINESTRING({', '.join(f'{x} {y}' for x, y in ends)})"
    found = ask(twin, "trajectory", text, datetime="2019-07-01T00:00:00Z")
    axis = found["domain"]["axes"]["composite"]
    assert (found["domain"]["domainType"], axis["coordinates"]) == ("Trajectory", ["t", "x", "y"])
    assert {one[0] for one in axis["values"]} == {"2019-06-01T00:00:00Z"}
    assert axis["values"][0][1:] == pytest.approx(ends[0]) and axis["values"][-1][1:] == pytest.approx(
        ends[1]
    )
    seen = []
    for (_, x, y), got in zip(axis["values"], found["ranges"]["surfaceTemperature"]["values"], strict=True):
        east, north = Transformer.from_crs("OGC:CRS84", "EPSG:32632", always_xy=True).transform(x, y)
        seen.append((int((east - WEST) // CELL), int((NORTH - north) // CELL)))
        assert got == value(2019, *seen[-1])
    assert {column for column, _ in seen} == set(range(COLUMNS))
    all_years = ask(twin, "trajectory", text)
    assert all_years["type"] == "CoverageCollection" and all_years["coverages"][0] == found
    assert len(all_years["coverages"]) == len(YEARS)


def test_a_path_in_time_meets_the_grid_that_holds_then(twin: SmallTwin) -> None:
    from datetime import UTC, datetime

    when = [datetime(year, 7, 1, tzinfo=UTC) for year in YEARS]
    places = [degrees(column + 0.5, 2.5) for column in (2, 2, 2)]
    text = ", ".join(
        f"{x + step * 1e-6} {y} {one.timestamp()}"
        for step, ((x, y), one) in enumerate(zip(places, when, strict=True))
    )
    found = ask(twin, "trajectory", f"LINESTRINGM({text})")
    axis = found["domain"]["axes"]["composite"]
    assert [one[0] for one in axis["values"]] == [f"{year}-07-01T00:00:00Z" for year in YEARS]
    assert found["ranges"]["surfaceTemperature"]["values"] == [value(year, 2, 2) for year in YEARS]
    late = ask(twin, "trajectory", f"LINESTRINGM({text.replace(str(when[0].timestamp()), '0')})")
    assert late["ranges"]["surfaceTemperature"]["values"][0] is None


def test_parts_of_a_path_outside_have_no_value(twin: SmallTwin) -> None:
    ends = [degrees(-3.5, 5.5), degrees(2.5, 5.5), degrees(2.5, 8.5), degrees(4.5, 8.5)]
    one, two, three, four = (f"{x} {y}" for x, y in ends)
    text = f"MULTILINESTRING(({one}, {two}), ({three}, {four}))"
    found = ask(twin, "trajectory", text, datetime="2019-07-01T00:00:00Z")
    values = found["ranges"]["surfaceTemperature"]["values"]
    assert values[0] is None and values[-1] == value(2019, 4, 8) and value(2019, 2, 5) in values


@pytest.mark.parametrize(
    ("query", "coords", "more", "status"),
    [
        ("position", "POINT(0 0)", {}, 404),
        ("position", "POLYGON((0 0,1 0,1 1,0 0))", {}, 400),
        ("position", "nonsense", {}, 400),
        ("position", "POINT(11.3 44.5)", {"datetime": "1999-01-01T00:00:00Z"}, 404),
        ("position", "POINT(11.3 44.5)", {"parameter_name": "other"}, 400),
        ("position", "POINT(11.3 44.5)", {"z": "1"}, 501),
        ("position", "POINT(11.3 44.5)", {"what": "1"}, 400),
        ("area", "POLYGON((0 0,1 0,1 1,0 0))", {}, 404),
        ("area", "POLYGON((0 0,1 1,1 0,0 1,0 0))", {}, 400),
        ("cube", "0,0,1,1", {}, 404),
        ("cube", "11.3,44.5,11.3,44.5", {}, 404),
        ("cube", "1,2,3", {}, 400),
        ("cube", "11,44,12,45", {"z": "1"}, 501),
        ("cube", "11,44,12,45", {"resolution_x": "10"}, 501),
        ("trajectory", "LINESTRING(0 0, 1 1)", {}, 404),
        ("trajectory", "LINESTRING(-30 44.5, 11.3 44.5, 60 60)", {}, 403),
        ("trajectory", "LINESTRING(0.001 0, 0.002 0)", {}, 404),
        ("trajectory", "LINESTRING(11.3 90, 11.3001 90)", {}, 404),
        ("trajectory", "LINESTRING(11.3 44.5)", {}, 400),
        ("trajectory", "POINT(11.3 44.5)", {}, 400),
        ("trajectory", "LINESTRINGZ(11.3 44.5 1, 11.31 44.5 1)", {}, 501),
        ("trajectory", "LINESTRINGM(11.3 44.5 1, 11.31 44.5 2)", {"datetime": "2019-07-01T00:00:00Z"}, 400),
        ("trajectory", "LINESTRINGM(11.3 44.5 1e300, 11.31 44.5 2e300)", {}, 400),
    ],
)
def test_mistakes_are_said(
    twin: SmallTwin, query: str, coords: str, more: dict[str, str], status: int
) -> None:
    ask(twin, query, coords, status, **more)


def test_what_is_no_coverage_has_no_positions(twin: SmallTwin) -> None:
    assert twin.client.get("/ogc/collections/RoadSegment/position?coords=POINT(11%2044)").status == 404
    assert twin.client.get("/ogc/collections/nothing").status == 404
