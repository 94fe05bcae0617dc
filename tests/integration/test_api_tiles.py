"""Tiles of a collection over HTTP, in memory and in SQLite: what is in them, how long they hold, where they are cut."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sympolis.api.ogc import tiles
from sympolis.api.ogc.tiling import TileAddress
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.stores.embedded import EmbeddedStore
from sympolis.testing.small_city import STREETS
from sympolis.testing.small_twin import SmallTwin, small_twin

COLLECTION = "/ogc/collections/RoadSegment"
TILES = f"{COLLECTION}/tiles/WebMercatorQuad"
WORLD = f"{TILES}/0/0/0"


@pytest.fixture(params=["memory", "embedded"])
def twin(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    folder = tmp_path_factory.mktemp(f"tiles-{request.param}")
    store = EmbeddedStore.open(folder / "data") if request.param == "embedded" else None
    with small_twin(folder, store=store) as found:
        yield found


def path_of(href: str) -> str:
    return href.removeprefix("http://127.0.0.1:8400")


def around(twin: SmallTwin, zoom: int = 12) -> tuple[str, Any]:
    """The tile in which the first street begins, and the street."""
    street = twin.client.get(f"{COLLECTION}/items?limit=1").json["features"][0]
    lon, lat = street["geometry"]["coordinates"][0]
    address = next(
        TileAddress(zoom, row, column)
        for row in range(1 << zoom)
        if TileAddress(zoom, row, 0).bounds()[1] <= lat <= TileAddress(zoom, row, 0).bounds()[3]
        for column in [int((lon + 180) / 360 * (1 << zoom))]
    )
    return f"{TILES}/{zoom}/{address.row}/{address.column}", street


def move(twin: SmallTwin, entity_id: str, place: list[float]) -> None:
    async def change() -> None:
        entity = await twin.broker.retrieve(entity_id)
        location = next(name for name in entity.attributes if name.endswith("/location"))
        point = Attribute(AttributeKind.GEO_PROPERTY, {"type": "Point", "coordinates": place})
        [outcome] = await twin.broker.upsert(
            [Entity(entity.id, entity.types, {**entity.attributes, location: (point,)})]
        )
        assert outcome.error is None

    twin.client.loop.run_until_complete(change())


def test_from_the_collection_to_a_tile(twin: SmallTwin) -> None:
    links = {one["rel"]: path_of(one["href"]) for one in twin.client.get(COLLECTION).json["links"]}
    [tileset] = twin.client.get(links["http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"]).json[
        "tilesets"
    ]
    followed = {one["rel"]: one for one in tileset["links"]}
    whole = twin.client.get(path_of(followed["self"]["href"])).json
    assert whole["layers"][0]["id"] == "RoadSegment" and whole["tileMatrixSetId"] == "WebMercatorQuad"
    path, street = around(twin)
    zoom, row, column = path.rsplit("/", 3)[1:]
    template = path_of(followed["item"]["href"])
    href = template.replace("{tileMatrix}", zoom).replace("{tileRow}", row).replace("{tileCol}", column)
    answer = twin.client.get(href)
    assert answer.status == 200 and street["id"].encode() in answer.body
    assert answer.header("content-type") == "application/vnd.mapbox-vector-tile"
    assert street["properties"]["name"].encode() in answer.body
    declared = twin.client.get("/ogc/conformance").json["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt" in declared


def test_matrix_sets_and_tilejson(twin: SmallTwin) -> None:
    [listed] = twin.client.get("/ogc/tileMatrixSets").json["tileMatrixSets"]
    matrices = twin.client.get(path_of(listed["links"][0]["href"])).json["tileMatrices"]
    assert matrices[0]["scaleDenominator"] == pytest.approx(559082264.0287178)
    assert matrices[14]["matrixWidth"] == 1 << 14
    for_maps = twin.client.get(f"{TILES}?f=tilejson").json
    assert for_maps["tilejson"] == "3.0.0" and "/{z}/{y}/{x}" in for_maps["tiles"][0]
    assert "name" in for_maps["vector_layers"][0]["fields"]


def test_a_tile_holds_until_something_in_it_changes(twin: SmallTwin) -> None:
    path, street = around(twin)
    first = twin.client.get(path)
    tag = first.header("etag") or ""
    assert twin.client.get(path, **{"if-none-match": tag}).status == 304
    move(twin, street["id"], [0.0, 0.0])
    second = twin.client.get(path, **{"if-none-match": tag})
    assert second.status in (200, 204) and street["id"].encode() not in second.body
    there = twin.client.get(f"{TILES}/12/2048/2048")
    assert street["id"].encode() in there.body
    move(twin, street["id"], [120.0, 0.0])
    assert twin.client.get(f"{TILES}/12/2048/2048").status == 204
    move(twin, street["id"], [0.0, 0.0])
    assert street["id"].encode() in twin.client.get(f"{TILES}/12/2048/2048").body


def test_conditions_select(twin: SmallTwin) -> None:
    path, street = around(twin)
    name = street["properties"]["name"].replace(" ", "%20")
    some = twin.client.get(f"{path}?filter=name%3D%27{name}%27")
    assert some.body.count(b"urn:ngsi-ld:RoadSegment") == 1
    none = twin.client.get(f"{path}?filter=name%3D%27nowhere%27")
    assert (none.status, none.body) == (204, b"")


def test_too_many_features_are_said_to_be(twin: SmallTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = twin.client.get(WORLD)
    assert whole.status == 200 and whole.header("sympolis-truncated") is None
    monkeypatch.setattr(tiles, "MOST_FEATURES", STREETS - 1)
    cut = twin.client.get(f"{WORLD}?filter=length%3E0")
    assert cut.header("sympolis-truncated") == "true" and b"truncated" in cut.body


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{TILES}/3/8/0", 404),
        (f"{TILES}/99/0/0", 404),
        (f"{TILES}/a/0/0", 404),
        (f"{COLLECTION}/tiles/Other/0/0/0", 404),
        ("/ogc/collections/None/tiles/WebMercatorQuad/0/0/0", 404),
        (f"{WORLD}?f=png", 400),
        (f"{WORLD}?limit=3", 400),
        (f"{WORLD}?filter=nothing%3D1", 400),
        ("/ogc/tileMatrixSets/Other", 404),
    ],
)
def test_mistakes_are_said(twin: SmallTwin, path: str, status: int) -> None:
    assert twin.client.get(path).status == status


def test_all_tiles_in_one_file(twin: SmallTwin, tmp_path: Path) -> None:
    reading = pytest.importorskip("pmtiles.reader")
    whole = twin.client.get(f"{COLLECTION}/tiles.pmtiles")
    assert whole.status == 200 and whole.header("content-length") == str(len(whole.body))
    path, street = around(twin)
    pieces: list[tuple[int, int]] = []

    def piece(offset: int, length: int) -> bytes:
        pieces.append((offset, length))
        asked = {"range": f"bytes={offset}-{offset + length - 1}"}
        answer = twin.client.get(f"{COLLECTION}/tiles.pmtiles", **asked)
        assert answer.status == 206 and answer.header("etag") == whole.header("etag")
        assert answer.body == whole.body[offset : offset + length]
        return answer.body

    archive = reading.Reader(piece)
    zoom, row, column = map(int, path.split("/")[-3:])
    assert gzip.decompress(archive.get(zoom, column, row)) == twin.client.get(path).body
    assert archive.get(zoom, 0, 0) is None and len(pieces) > 2
    header = archive.header()
    longitude = street["geometry"]["coordinates"][0][0] * 1e7
    assert header["max_zoom"] == 14 and header["min_lon_e7"] <= longitude <= header["max_lon_e7"]
    assert archive.metadata()["truncated_tiles"] == 0


@pytest.mark.parametrize(
    "asked", ["bytes=5-1", "lines=1-2", "bytes=a-b", "bytes=-", "bytes=-0", "bytes=99999999999-"]
)
def test_ranges_that_mean_nothing(twin: SmallTwin, asked: str) -> None:
    assert twin.client.get(f"{COLLECTION}/tiles.pmtiles", range=asked).status == 400


def test_tiles_of_columns_show_the_same_and_follow(twin: SmallTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    from sympolis.stores.embedded import patching

    monkeypatch.setattr(patching, "_FEW", 0)
    asked: list[bool] = []
    from_patches = tiles.Tiles._from_patches

    async def noted(self: Any, *given: Any) -> Any:
        found = await from_patches(self, *given)
        asked.append(found is not None)
        return found

    monkeypatch.setattr(tiles.Tiles, "_from_patches", noted)
    path, street = around(twin)
    first, place = twin.client.get(path), street["geometry"]["coordinates"][0]
    for turn in range(6):  # each is drawn: something has changed
        move(twin, street["id"], [place[0] + turn / 1e4, place[1]])
        again = twin.client.get(path)
        assert again.body != first.body and street["id"].encode() in again.body
    twin.client.loop.run_until_complete(_settled(twin))
    asked.clear()
    move(twin, street["id"], [place[0] + 0.001, place[1]])
    drawn = twin.client.get(path)
    assert asked == [isinstance(twin.broker.store, EmbeddedStore)][: len(asked)]
    monkeypatch.setattr(tiles.Tiles, "_from_patches", _none)
    move(twin, street["id"], place)
    move(twin, street["id"], [place[0] + 0.001, place[1]])
    ids = re.compile(rb"urn:ngsi-ld:RoadSegment:[\w:.-]+")
    assert set(ids.findall(drawn.body)) == set(ids.findall(twin.client.get(path).body)) != set()


async def _none(*_given: Any) -> None:
    return None


async def _settled(twin: SmallTwin) -> None:
    """Wait for what is prepared behind the scenes."""
    store = twin.broker.store
    if isinstance(store, EmbeddedStore):
        writer = store._place("")._writer
        await writer.do(lambda recorder: None)
        while not writer.catalog().needs.all_ready():
            await writer.do(lambda recorder: None)
