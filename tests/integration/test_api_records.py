"""The catalogue as records: found by words, place, time and type; conformance only where there is a catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sympolis.testing.small_twin import SmallTwin, small_twin

ITEMS = "/ogc/collections/catalogue/items"


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    with small_twin(tmp_path_factory.mktemp("records")) as found:
        yield found


def ids(twin: SmallTwin, query: str = "") -> list[str]:
    page: Any = twin.client.get(f"{ITEMS}?{query}").json
    assert page["numberReturned"] == len(page["features"]) <= page["numberMatched"]
    return [one["id"] for one in page["features"]]


def test_the_catalogue_is_a_collection_of_records(twin: SmallTwin) -> None:
    listed = {one["id"]: one for one in twin.client.get("/ogc/collections").json["collections"]}
    assert listed["catalogue"]["itemType"] == "record" and listed["RoadSegment"]["itemType"] == "feature"
    assert twin.client.get("/ogc/collections/catalogue").json == listed["catalogue"]
    declared = twin.client.get("/ogc/conformance").json["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core" in declared


def test_records_are_those_of_the_catalogue(twin: SmallTwin) -> None:
    datasets = {one["id"]: one for one in twin.client.get("/api/datasets").json["datasets"]}
    assert sorted(ids(twin)) == sorted(datasets)
    record = twin.client.get(f"{ITEMS}/streets").json
    assert record["properties"]["title"] == datasets["streets"]["title"]["en"]
    assert record["properties"]["license"].startswith("https://creativecommons.org/")
    links = {one["rel"]: one["href"] for one in record["links"]}
    assert twin.client.get(links["self"].removeprefix("http://127.0.0.1:8400")).json == record
    assert links["enclosure"].startswith("http://127.0.0.1:8400/")


def test_searching(twin: SmallTwin) -> None:
    everything = sorted(ids(twin))
    assert ids(twin, "q=streets") == ["streets"]
    assert sorted(ids(twin, "type=dataset")) == everything and ids(twin, "type=service") == []
    assert ids(twin, "ids=loops,none") == ["loops"]
    assert sorted(ids(twin, "bbox=11,44,12,45")) == everything and ids(twin, "bbox=1,1,2,2") == []
    assert "counts" not in ids(twin, "datetime=2026-01-01T00:00:00Z/..")
    assert "counts" in ids(twin, "datetime=../2025-01-01T00:00:00Z")


def test_pages_fit_together(twin: SmallTwin) -> None:
    everything, found, path = ids(twin), [], f"{ITEMS}?limit=3"
    while path:
        page = twin.client.get(path).json
        found += [one["id"] for one in page["features"]]
        following = [one["href"] for one in page["links"] if one["rel"] == "next"]
        path = following[0].removeprefix("http://127.0.0.1:8400") if following else ""
    assert found == everything


@pytest.mark.parametrize(
    ("path", "status"), [(f"{ITEMS}/nothing", 404), (f"{ITEMS}?what=1", 400), (f"{ITEMS}?bbox=1", 400)]
)
def test_mistakes_are_said(twin: SmallTwin, path: str, status: int) -> None:
    assert twin.client.get(path).status == status
