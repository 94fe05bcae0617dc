"""A CityJSON model on its way through the twin: buildings in the context, raised on the map, given away as 3D Tiles."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import shapely

from sympolis.api.rights import RIGHTS
from sympolis.testing import small_twin as module
from sympolis.testing.small_city import write_package
from sympolis.testing.small_twin import SmallTwin, small_twin

PLUGINS = Path(__file__).parents[2] / "src" / "sympolis" / "plugins" / "connectors"
MODEL = PLUGINS / "cityjson" / "tests" / "fixtures" / "three.city.json"
BASE = "/api/scene/3dtiles"
SOURCE = """
id = "buildings"
connector = "cityjson"
mapping = "buildings"
path = "samples/model.city.json"
url = "https://data.smallville.example/model"
licence = "CC0-1.0"
owner = "Surveyors"
attribution = "Surveyors of Smallville"
crs = "EPSG:32632"
order = 9

[title]
en = "Buildings"

[settings]
srs = 32632
"""
MAPPING = """
id = "buildings"
version = "1"
entity_type = "Building"
entity_id = "{id}"

[geometry]
form = "record"
required = true

[[attributes]]
name = "height"
field = "height"
unit = "MTR"

[[attributes]]
name = "heightFrom"
field = "height_from"
"""
LAYER = """
[[layers]]
id = "buildings"
title = { en = "Buildings" }
kind = "extrusion"
entity_type = "Building"
height = "height"
source = "buildings"

[[layers.fields]]
name = "heightFrom"
title = { en = "Height from" }
"""


def with_buildings(folder: Path) -> Path:
    write_package(folder)
    (folder / "sources" / "buildings.toml").write_text(SOURCE)
    (folder / "mappings" / "buildings.toml").write_text(MAPPING)
    (folder / "samples" / "model.city.json").write_bytes(MODEL.read_bytes())
    context = folder / "contexts" / "smallville.jsonld"
    terms = json.loads(context.read_text())
    terms["@context"] |= {one: f"https://example.org/{one}" for one in ("Building", "height", "heightFrom")}
    context.write_text(json.dumps(terms))
    map_ = folder / "dashboards" / "map.toml"
    map_.write_text(map_.read_text() + LAYER)
    return folder


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "write_package", with_buildings)
            opened = stack.enter_context(small_twin(tmp_path_factory.mktemp("scene")))
        yield opened


def table(content: bytes) -> tuple[dict[str, Any], list[str]]:
    """The document of a tile, and the ids in it."""
    [size] = struct.unpack_from("<I", content, 12)
    document, binary = json.loads(content[20 : 20 + size]), content[28 + size :]
    names = document["extensions"]["EXT_structural_metadata"]["propertyTables"][0]["properties"]["id"]
    views = [binary[v["byteOffset"] : v["byteOffset"] + v["byteLength"]] for v in document["bufferViews"]]
    offsets = struct.unpack(f"<{len(views[names['stringOffsets']]) // 4}I", views[names["stringOffsets"]])
    text = views[names["values"]]
    return document, [text[a:b].decode() for a, b in itertools.pairwise(offsets)]


def test_the_model_is_in_the_context_and_on_the_map(twin: SmallTwin) -> None:
    found = twin.client.get(
        "/ngsi-ld/v1/entities?type=https%3A%2F%2Fexample.org%2FBuilding&options=keyValues"
    ).json
    heights = {one["id"].rpartition(":")[2]: one.get("https://example.org/height") for one in found}
    assert heights == {"block": 12.5, "house": 9.4, "plot": None}
    [layer] = [one for one in twin.client.get("/api/map/layers").json if one["kind"] == "extrusion"]
    assert layer["count"] == 3


def test_the_tileset_holds_the_buildings(twin: SmallTwin) -> None:
    reply = twin.client.get(f"{BASE}/tileset.json")
    root = reply.json["root"]
    assert reply.json["asset"]["extras"] == {
        "attribution": "Surveyors of Smallville",
        "licence": "CC0-1.0",
    }
    assert "children" not in root and root["geometricError"] == 0
    content = twin.client.get(f"{BASE}/{root['content']['uri']}")
    assert content.header("content-type") == "model/gltf-binary"
    document, ids = table(content.body)
    assert sorted(one.rpartition(":")[2] for one in ids) == ["block", "house", "plot"]
    assert document["asset"]["copyright"] == "Surveyors of Smallville"
    again = twin.client.get(f"{BASE}/{root['content']['uri']}", if_none_match=content.header("etag") or "")
    assert again.status == 304


def test_a_change_of_a_building_is_seen(twin: SmallTwin) -> None:
    before = twin.client.get(f"{BASE}/tileset.json").json["root"]["boundingVolume"]["region"][5]
    height = {"https://example.org/height": {"type": "Property", "value": 40}}
    changed = twin.client.request(
        "PATCH", "/ngsi-ld/v1/entities/urn:ngsi-ld:Building:smallville:block/attrs", json=height
    )
    assert changed.status == 204, changed.body
    assert (before, twin.client.get(f"{BASE}/tileset.json").json["root"]["boundingVolume"]["region"][5]) == (
        12.5,
        40,
    )


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{BASE}/content/9-9-9.glb", 404),
        (f"{BASE}/content/..%2Fsecret", 404),
        (f"{BASE}/tileset.json?run=none", 404),
        (f"{BASE}/tileset.json?hour=3", 400),
        (f"{BASE}/tileset.json?ground=99999", 400),
        (f"{BASE}/tileset.json?colour=red", 400),
    ],
)
def test_what_is_not_there_or_wrong_is_told(twin: SmallTwin, path: str, status: int) -> None:
    reply = twin.client.get(path)
    assert (reply.status, reply.header("content-type")) == (status, "application/problem+json")


def test_a_run_s_results_are_figures_of_the_buildings(twin: SmallTwin) -> None:
    [scenario, *_] = twin.client.get("/api/scenarios").json["scenarios"]
    run = twin.client.post(f"/api/scenarios/{scenario['id']}/runs", {"members": 3}).json["id"]
    assert b"done" in twin.client.get(f"/api/runs/{run}/events").body
    root = twin.client.get(f"{BASE}/tileset.json?run={run}").json["root"]
    document, _ = table(twin.client.get(f"{BASE}/{root['content']['uri']}").body)
    kinds = document["extensions"]["EXT_structural_metadata"]["schema"]["classes"]["building"]["properties"]
    assert any(name.startswith("run_") for name in kinds)
    assert twin.client.get(f"{BASE}/tileset.json?run={run}&hour=8000").status == 404


def test_without_buildings_there_is_no_tileset(tmp_path: Path) -> None:
    with small_twin(tmp_path) as plain:
        assert plain.client.get(f"{BASE}/tileset.json").status == 404


def test_whoever_sees_the_map_sees_the_tiles() -> None:
    assert RIGHTS["getSceneTileset"] == RIGHTS["getSceneTile"] == RIGHTS["getLayer"]


MODEL_OF_TILES = """
id = "buildings"
connector = "tiles3d"
mapping = "buildings"
path = "samples/tiles"
url = "https://data.smallville.example/tiles"
licence = "CC0-1.0"
owner = "Surveyors"
attribution = "Surveyors of Smallville"
crs = "EPSG:4326"
order = 9

[title]
en = "Buildings"
"""


def saved(twin: SmallTwin, folder: Path) -> Path:
    """The tileset as files."""
    (folder / "content").mkdir(parents=True)
    document = twin.client.get(f"{BASE}/tileset.json?ground=40").json
    tile = document["root"]["content"]
    content = twin.client.get(f"{BASE}/{tile['uri']}").body
    tile["uri"] = tile["uri"].partition("?")[0]
    (folder / tile["uri"]).write_bytes(content)
    (folder / "tileset.json").write_text(json.dumps(document))
    return folder


def buildings(twin: SmallTwin) -> dict[str, tuple[float | None, Any]]:
    """Height and footprint [degrees] by the last part of the id."""
    found = twin.client.get(
        "/ngsi-ld/v1/entities?type=https%3A%2F%2Fexample.org%2FBuilding&options=keyValues"
    )
    return {
        re.split(":|%3A", one["id"])[-1]: (
            one.get("https://example.org/height"),
            shapely.from_geojson(json.dumps(one["location"])),
        )
        for one in found.json
    }


def test_what_was_given_away_comes_in_again(
    twin: SmallTwin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our tiles through the connector, the mapping and the gate of another twin: the same footprints and heights."""

    def with_tiles(folder: Path) -> Path:
        with_buildings(folder)
        (folder / "sources" / "buildings.toml").write_text(MODEL_OF_TILES)
        shutil.copytree(tiles, folder / "samples" / "tiles")
        return folder

    tiles, before = saved(twin, tmp_path / "tiles"), buildings(twin)
    monkeypatch.setattr(module, "write_package", with_tiles)
    with small_twin(tmp_path / "other") as other:
        after = buildings(other)
    assert after.keys() == before.keys() == {"block", "house", "plot"}
    for name, (height, footprint) in before.items():
        again, drawn = after[name]
        assert footprint.symmetric_difference(drawn).area < 0.005 * footprint.area, name
        assert again == pytest.approx(3 if height is None else height, abs=0.01), (
            "an unknown height is drawn as one storey"
        )
