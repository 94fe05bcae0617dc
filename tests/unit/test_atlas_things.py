"""Things of an atlas: what a question selects, what it adds up to, and the files made of it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from sympolis.analysis.atlas import files, map_page, things, workbook
from sympolis.analysis.atlas.plan import AtlasLayer, AtlasPlan, Column, mistakes
from sympolis.analysis.atlas.things import Selection, Things
from sympolis.domain import errors

TEXT = {"en": "text"}
AREAS = ("urn:a", "urn:b")


def objects(*values: Any) -> Any:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


PLANTS = Things(
    ids=objects("1", "2", "3", "4"),
    names=objects("one", "=two()", "three", "four"),
    carriers=objects("Sun", "Sun", "Wind", None),
    states=objects("In Betrieb", "In Planung", "In Betrieb", "In Betrieb"),
    capacity=np.array([10.0, 200.0, 3000.0, np.nan]),
    areas=np.array([0, 1, 1, -1]),
    places=np.array([[12.3, 51.3], [12.4, 51.4], [12.45, 51.35], [np.nan, np.nan]]),
    fields={"hub": np.array([np.nan, np.nan, 140.0, np.nan]), "owner": objects(None, "city", None, None)},
)


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        (Selection(), ["1", "2", "3", "4"]),
        (Selection(carriers=("Sun",)), ["1", "2"]),
        (Selection(carriers=("Sun", "Wind"), states=("In Betrieb",)), ["1", "3"]),
        (Selection(areas=("urn:b",)), ["2", "3"]),
        (Selection(low=10.0, high=200.0), ["1", "2"]),
        (Selection(low=1e9), []),
    ],
)
def test_a_selection_leaves_what_fits_all_of_it(asked: Selection, left: list[str]) -> None:
    assert things.select(PLANTS, asked, AREAS).ids.tolist() == left


def test_a_bound_is_for_what_has_a_size() -> None:
    listed = PLANTS.chosen(np.array([3]))
    assert len(things.select(listed, Selection(low=1.0, high=2.0), AREAS)) == 1


def test_sums_are_of_what_is_known_and_say_how_much_that_is() -> None:
    found = things.summary({"plants": PLANTS}, AREAS)
    assert found["layers"] == [
        {"layer": "plants", "count": 4, "capacity": 3210.0, "known": 3, "largest": 3000.0}
    ]
    assert [(one["value"], one["capacity"]) for one in found["carriers"]] == [
        ("Sun", 210.0),
        ("Wind", 3000.0),
    ]
    assert [(one["area"], one["count"]) for one in found["areas"]] == [("urn:a", 1), ("urn:b", 2)]


def test_nothing_known_is_not_nought() -> None:
    assert things.totals(PLANTS.chosen(np.array([3])))["capacity"] is None


def test_the_largest_stay_in_their_order() -> None:
    assert things.largest(PLANTS, 2).ids.tolist() == ["2", "3"]
    assert things.largest(PLANTS, 9) is PLANTS


def test_a_row_has_null_where_nothing_is_known() -> None:
    last = list(things.rows("plants", PLANTS, ("A", "B")))[3]
    assert (last["carrier"], last["capacity"], last["area"], last["longitude"], last["hub"]) == (None,) * 5


def content() -> dict[str, Any]:
    names = [*(name for name in things.COMMON if name != "layer"), "hub", "owner"]
    rows = [[row[name] for name in names] for row in things.rows("plants", PLANTS, ("A", "B"))]
    ring = [[12.2, 51.2], [12.6, 51.2], [12.6, 51.5], [12.2, 51.5], [12.2, 51.2]]
    layer = {
        "id": "big-plants", "title": "Plants/all", "columns": [{"name": n, "title": n} for n in names], "rows": rows,
        "place": True, "sums": "4 · 3,210 kW", "attribution": "Register", "licence": "DL-DE-BY-2.0", "note": "",
    }  # fmt: skip
    figures = {**layer, "id": "sums", "title": "Plants:all", "place": False, "rows": rows[3:]}
    return {
        "title": "Atlas", "question": "Where?", "unit": "kW", "language": "en", "made": "2026-01-02T00:00:00.000Z",
        "filters": ["Selection: everything"], "layers": [layer, figures], "missing": ["Lines"],
        "outlines": [{"type": "Polygon", "coordinates": [ring]}, {"type": "MultiPolygon", "coordinates": [[ring]]}],
        "words": {"about": "About", "missing": "Missing"}, "about": [["Atlas"], ["=1+1"]],
    }  # fmt: skip


def written(tmp_path: Path, form: str) -> Path:
    document, target = tmp_path / "content", tmp_path / f"made.{form}"
    document.write_bytes(msgspec.msgpack.encode(content()))
    assert files.write(form, str(document), str(target)) == 5
    return target


def test_a_geopackage_is_one_that_others_read(tmp_path: Path) -> None:
    pyogrio = pytest.importorskip("pyogrio")
    file = written(tmp_path, "gpkg")
    assert pyogrio.list_layers(file).tolist() == [["big_plants", "Point"], ["sums", None]]
    read = pyogrio.read_dataframe(file, layer="big_plants")
    assert read.crs.to_epsg() == 4326
    assert read.capacity.tolist()[:3] == [10.0, 200.0, 3000.0]
    assert (read.geometry[1].x, read.geometry[1].y) == (12.4, 51.4)
    assert read.geometry[3] is None
    information = pyogrio.read_info(file, layer="big_plants")
    assert information["total_bounds"] == (12.3, 51.3, 12.45, 51.4)


def test_a_workbook_says_what_it_is_and_computes_nothing_that_it_was_told(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(written(tmp_path, "xlsx"))
    assert book.sheetnames == ["About", "Plants all", "Plants all 2"]
    assert book["About"]["A2"].value == "'=1+1"
    assert [cell.value for cell in book["Plants all"][3]][1] == "'=two()"
    book.close()


def test_one_csv_holds_all_layers(tmp_path: Path) -> None:
    with written(tmp_path, "csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["layer"] for row in rows] == ["big-plants"] * 4 + ["sums"]
    assert rows[1]["name"] == "'=two()"
    assert rows[0]["hub"] == ""


def test_a_map_is_a_page_of_pdf(tmp_path: Path) -> None:
    pytest.importorskip("reportlab")
    body = written(tmp_path, "pdf").read_bytes()
    assert body.startswith(b"%PDF-")
    assert body.count(b"/Type /Page\n") == 1


def test_a_map_without_areas_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("reportlab")
    with pytest.raises(errors.ModelFailed):
        map_page.write({**content(), "outlines": []}, tmp_path / "x.pdf")


def test_a_file_that_would_be_too_large_is_refused_with_a_way_out() -> None:
    files.check("xlsx", 100_000)
    with pytest.raises(errors.TooManyResults, match="200001") as refused:
        files.check("xlsx", 200_001)
    assert "gpkg or csv" in refused.value.hint


def test_sheets_have_names_that_excel_takes() -> None:
    assert workbook._name("x" * 40, {"x" * 31}) == "x" * 29 + " 2"


def test_what_does_not_fit_together_is_found() -> None:
    both = Column(field="a", word="b")
    made = AtlasPlan(
        id="a", title=TEXT, question=TEXT,
        layers=(
            AtlasLayer(id="x", title=TEXT),
            AtlasLayer(id="x", title=TEXT, entity_type="T", carrier=both),
            AtlasLayer(id="y", title=TEXT, entity_type="T", model="m", table="t"),
        ),
    )  # fmt: skip
    assert [where for where, _ in mistakes(made)] == ["layers", "layers.x", "layers.x.carrier", "layers.y"]
