"""Datasets and collections as files: GeoParquet, Arrow, CSV, history; what is in them is what the twin says."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sympolis.api.exporting import files, reading
from sympolis.stores.embedded import EmbeddedStore
from sympolis.testing.small_city import LOOPS, STREETS
from sympolis.testing.small_twin import SmallTwin, small_twin

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")
ITEMS = "/ogc/collections/RoadSegment/items"


@pytest.fixture(scope="module", params=["memory", "embedded"])
def twin(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    folder = tmp_path_factory.mktemp(f"downloads-{request.param}")
    store = EmbeddedStore.open(folder / "data") if request.param == "embedded" else None
    with small_twin(folder, store=store) as found:
        yield found


def download(twin: SmallTwin, path: str) -> bytes:
    answer = twin.client.get(path)
    assert answer.status == 200, answer.body
    assert answer.header("content-length") == str(len(answer.body))
    assert "attachment" in (answer.header("content-disposition") or "")
    return answer.body


def features(twin: SmallTwin) -> dict[str, Any]:
    return {one["id"]: one for one in twin.client.get(f"{ITEMS}?limit=100").json["features"]}


@pytest.mark.parametrize("path", [f"{ITEMS}?f=parquet", "/api/datasets/streets/download?f=parquet"])
def test_geoparquet(twin: SmallTwin, path: str, tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    target = tmp_path / "streets.parquet"
    target.write_bytes(download(twin, path))
    frame = geopandas.read_parquet(target)
    expected = features(twin)
    assert len(frame) == STREETS and frame.crs.to_string() == "OGC:CRS84"
    for _, row in frame.iterrows():
        one = expected[row["id"]]
        assert row["name"] == one["properties"]["name"] and row["length"] == one["properties"]["length"]
        assert [list(place) for place in row.geometry.coords] == one["geometry"]["coordinates"]
    west = float(frame.total_bounds[0])
    some = geopandas.read_parquet(target, bbox=(west, 40, west + 1e-9, 50))
    assert 0 < len(some) < STREETS
    facts = json.loads(parquet.read_schema(target).metadata[b"sympolis"])
    assert facts["units"]["length"] == "MTR" and facts["lineage"]["page"].startswith("http://127.0.0.1:8400/")


def test_arrow_and_csv_say_the_same(twin: SmallTwin) -> None:
    with pyarrow.ipc.open_stream(download(twin, "/api/datasets/streets/download?f=arrow")) as stream:
        table = stream.read_all().to_pylist()
    rows = list(csv.DictReader(io.StringIO(download(twin, "/api/datasets/streets/download?f=csv").decode())))
    assert [row["id"] for row in rows] == [row["id"] for row in table]
    assert [float(row["length"]) for row in rows] == [row["length"] for row in table]
    assert rows[0]["geometry"].startswith("LINESTRING")


def test_conditions_hold_for_files_too(twin: SmallTwin) -> None:
    some = list(
        csv.DictReader(io.StringIO(download(twin, f"{ITEMS}?f=csv&filter=name%3D%27Street%203%27").decode()))
    )
    assert [row["name"] for row in some] == ["Street 3"]
    looked = download(twin, f"{ITEMS}?f=csv&filter=name%20LIKE%20%27Street%25%27&limit=2").decode()
    assert len(list(csv.DictReader(io.StringIO(looked)))) == 2
    asked = download(twin, "/api/datasets/streets/download?f=csv&q=name==%22Street%203%22").decode()
    assert len(list(csv.DictReader(io.StringIO(asked)))) == 1


def test_who_asks_for_more_than_a_page_holds_gets_a_page(twin: SmallTwin) -> None:
    """OGC API - Features, Part 1, /req/core/fc-limit-response-1; in a file, more than a page's worth fits."""
    for limit in ("1000", "1001", "100000", "999999999999"):
        answer = twin.client.get(f"{ITEMS}?limit={limit}")
        assert answer.status == 200 and answer.json["numberReturned"] == STREETS
    for limit in ("0", "-1", "many", "1.5"):
        assert twin.client.get(f"{ITEMS}?limit={limit}").status == 400
    rows = csv.DictReader(io.StringIO(download(twin, f"{ITEMS}?f=csv&limit=5000").decode()))
    assert len(list(rows)) == STREETS


def test_pages_and_pieces_fit_together(twin: SmallTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = download(twin, "/api/datasets/streets/download?f=csv")
    history = parquet.read_table(
        io.BytesIO(download(twin, "/api/datasets/counts/history.parquet"))
    ).to_pylist()
    monkeypatch.setattr(reading, "_AT_ONCE", 3)
    monkeypatch.setattr(reading, "_INSTANCES_AT_ONCE", 7)
    assert download(twin, "/api/datasets/streets/download?f=csv") == whole
    pieces = parquet.read_table(
        io.BytesIO(download(twin, "/api/datasets/counts/history.parquet"))
    ).to_pylist()
    key = lambda row: (row["entity"], row["attribute"], row["time"])  # noqa: E731
    assert len(history) > 100 and sorted(pieces, key=key) == sorted(history, key=key)


def test_a_history_of_some_time(twin: SmallTwin) -> None:
    span = "start=2024-03-04T00:00:00Z&end=2024-03-05T00:00:00Z"
    path = f"/api/datasets/counts/history.parquet?attrs=intensity&{span}"
    table = parquet.read_table(io.BytesIO(download(twin, path)))
    assert set(table.column_names) >= {"entity", "attribute", "time", "value"}
    days = {one.date().isoformat() for one in table["time"].to_pylist()}
    assert days == {"2024-03-04"} and set(table["attribute"].to_pylist()) == {"intensity"}
    assert str(table.schema.field("time").type) == "timestamp[us, tz=UTC]"


def test_values_of_several_kinds_become_text(twin: SmallTwin) -> None:
    things = [
        {"id": f"urn:ngsi-ld:Odd:{number}", "type": "Odd", "v": {"type": "Property", "value": value},
         "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [11.3, 44.5]}}}
        for number, value in enumerate([1, 2.5, "x", True, {"a": [1]}, 2**70])
    ]  # fmt: skip
    assert twin.client.post("/ngsi-ld/v1/entityOperations/upsert", json=things).status in (201, 204)
    rows = parquet.read_table(io.BytesIO(download(twin, "/ogc/collections/Odd/items?f=parquet"))).to_pylist()
    name = next(one for one in rows[0] if one.endswith("v"))
    assert [row[name] for row in rows] == ["1", "2.5", "x", "true", '{"a":[1]}', str(2**70)]


def test_a_dataset_is_what_its_own_source_gave(twin: SmallTwin) -> None:
    """Loops and their counts are one type of entity, and two datasets under two licences."""
    loops, counts = (
        {one["id"]: one for one in json.loads(download(twin, f"/api/datasets/{name}/download?f=geojson"))["features"]}
        for name in ("loops", "counts")
    )  # fmt: skip
    assert len(loops) == len(counts) == LOOPS
    for one in loops.values():
        assert one["geometry"] is not None and set(one["properties"]) == {"type", "name", "location"}
    for one in counts.values():
        assert one["geometry"] is None and set(one["properties"]) == {"type", "intensity"}


def test_what_others_said_is_not_the_datasets(twin: SmallTwin) -> None:
    """A value that a person wrote, and an entity that no source gave, are in no dataset's file."""
    area = "urn:ngsi-ld:StatisticalArea:smallville:"
    link = '<http://127.0.0.1:8400/contexts/smallville.jsonld>; rel="http://www.w3.org/ns/json-ld#context"'
    link += '; type="application/ld+json"'
    path, body = f"/ngsi-ld/v1/entities/{area}0/attrs", {"population": {"type": "Property", "value": 7}}
    assert twin.client.post(path, json=body, link=link).status == 204
    other = {"id": f"{area}9", "type": "StatisticalArea", "name": {"type": "Property", "value": "Nowhere"}}
    assert twin.client.post("/ngsi-ld/v1/entities", json=other, link=link).status == 201
    rows = list(csv.DictReader(io.StringIO(download(twin, "/api/datasets/areas/download?f=csv").decode())))
    assert [(row["name"], row["population"]) for row in rows] == [("West", ""), ("East", "1000")]


def test_a_preview_gives_the_first_rows(twin: SmallTwin) -> None:
    shown = twin.client.get("/api/datasets/counts/preview?limit=2").json
    assert shown["dataset"] == "counts" and shown["units"] == {"intensity": "C62"}
    assert [set(one["properties"]) for one in shown["features"]] == [{"type", "intensity"}] * 2
    assert shown["lineage"]["licence"] == "CC0-1.0"
    placed = twin.client.get("/api/datasets/loops/preview?limit=100").json
    assert len(placed["features"]) == LOOPS and "intensity" not in str(placed["features"])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/datasets/nothing/download", 404),
        ("/api/datasets/streets/download?f=xls", 400),
        ("/api/datasets/streets/download?q=((", 400),
        ("/api/datasets/nothing/preview", 404),
        ("/api/datasets/counts/history.parquet?attrs=nope", 404),
        ("/api/datasets/counts/history.parquet?attrs=name", 404),
        ("/api/datasets/counts/history.parquet?start=yesterday", 400),
        ("/api/datasets/counts/history.parquet?start=2024-03-05T00:00:00Z&end=2024-03-04T00:00:00Z", 400),
        (f"{ITEMS}?f=csv&crs=http://www.opengis.net/def/crs/EPSG/0/3857", 400),
    ],
)
def test_mistakes_are_said(twin: SmallTwin, path: str, status: int) -> None:
    assert twin.client.get(path).status == status


def test_too_much_for_one_file_is_refused_and_leaves_nothing(
    twin: SmallTwin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(files, "_MOST_BYTES", 100)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert twin.client.get(f"{ITEMS}?f=csv").status == 403
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_nobody_reads_is_not_left_behind(
    twin: SmallTwin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(files.tempfile, "tempdir", str(tmp_path))
    assert twin.client.request("HEAD", "/api/datasets/streets/download?f=csv").status == 200
    assert list(tmp_path.iterdir()) == []
