"""Buildings as 3D Tiles: what each tile shows, that solids are closed and stand where they belong, and their bytes."""

from __future__ import annotations

import itertools
import json
import struct
from typing import Any

import numpy as np
import pytest

from sympolis.analysis.scene import glb
from sympolis.analysis.scene.quadtree import Stock, grow, tileset
from sympolis.analysis.scene.solids import Frame, Solid, geocentric, mesh

SIDE = 0.0002
"""Degrees; about 22 m from south to north."""


def square(lon: float, lat: float, side: float = SIDE) -> list[list[float]]:
    return [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]


def outline(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [*rings]}


def stock(count: int) -> Stock:
    random = np.random.default_rng(7)
    corners = random.uniform((11.2, 44.4), (11.5, 44.6), (count, 2))
    boxes = np.hstack([corners, corners + random.uniform(0.0001, 0.001, (count, 2))])
    return Stock([f"b{n}" for n in range(count)], boxes, random.uniform(3, 80, count))


def document(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The two chunks of a binary glTF."""
    magic, version, length = struct.unpack_from("<4sII", content)
    assert (magic, version, length) == (b"glTF", 2, len(content))
    size, kind = struct.unpack_from("<I4s", content, 12)
    assert kind == b"JSON" and size % 4 == 0
    return json.loads(content[20 : 20 + size]), content[28 + size :]


def test_every_building_is_in_one_tile_and_the_largest_come_first() -> None:
    whole = stock(1000)
    root = grow(whole, most=50)
    assert root is not None
    nodes = list(root.walk())
    assert sorted(n for node in nodes for n in node.members.tolist()) == list(range(1000))
    assert max(len(node.members) for node in nodes) == 50
    extents = whole.extents()
    assert extents[root.members].min() >= np.delete(extents, root.members).max()
    assert len({node.name for node in nodes}) == len(nodes)


def test_errors_fall_and_boxes_hold_what_is_beneath_them() -> None:
    whole = stock(500)
    root = grow(whole, most=20)
    assert root is not None
    for node in root.walk():
        assert (node.error > 0) == bool(node.children)
        for child in node.children:
            assert child.error <= node.error and child.highest <= node.highest
            assert node.box[0] <= child.box[0] and node.box[3] >= child.box[3]
            assert whole.extents()[child.members].max() <= node.error


def test_many_buildings_at_one_place_are_no_endless_tree() -> None:
    same = Stock(
        [f"b{n}" for n in range(300)], np.tile([11.0, 44.0, 11.001, 44.001], (300, 1)), np.full(300, 5.0)
    )
    root = grow(same, most=10)
    assert root is not None
    assert sum(len(node.members) for node in root.walk()) == 300
    assert grow(Stock([], np.zeros((0, 4)), np.zeros(0))) is None


def test_a_tileset_says_where_its_contents_are() -> None:
    root = grow(stock(100), most=30)
    assert root is not None
    frame = Frame.at(11.35, 44.5, 60)
    found = tileset(
        root, transform=frame.matrix(), ground=60, query="?ground=60", extras={"licence": "CC0-1.0"}
    )
    assert found["asset"]["version"] == "1.1" and found["root"]["refine"] == "ADD"
    assert found["geometricError"] >= found["root"]["geometricError"]
    west, south, east, north, low, high = found["root"]["boundingVolume"]["region"]
    assert 0.19 < west < east < 0.21 and 0.77 < south < north < 0.78 and low == 60 < high
    assert found["root"]["content"]["uri"] == "content/0-0-0.glb?ground=60"
    assert found["root"]["transform"][12:15] == pytest.approx(frame.middle.tolist())


def test_a_frame_is_where_the_earth_is() -> None:
    assert geocentric(np.array([[0.0, 0.0]]), 0)[0] == pytest.approx([6_378_137, 0, 0])
    assert geocentric(np.array([[0.0, 90.0]]), 10)[0] == pytest.approx([0, 0, 6_356_762.314], abs=1e-3)
    frame = Frame.at(11.35, 44.5, 0)
    assert frame.axes @ frame.axes.T == pytest.approx(np.eye(3), abs=1e-12)
    north = frame.place(np.array([[11.35, 44.501]]), 0)[0]
    assert north == pytest.approx([0, 0, -111.1], abs=0.2), "south is the third axis of glTF"


@pytest.mark.parametrize("turned", [False, True], ids=["counter-clockwise", "clockwise"])
@pytest.mark.parametrize("court", [False, True], ids=["block", "with a court"])
def test_a_solid_is_closed_but_for_its_floor_and_seen_from_outside(turned: bool, court: bool) -> None:
    rings = [square(11.35, 44.5), *([square(11.35005, 44.50005, 0.0001)] if court else [])]
    solid = Solid(outline(*(ring[::-1] if turned else ring for ring in rings)), 10, 50)
    made = mesh([solid], Frame.at(11.35, 44.5, 50))
    triangles = made.positions[made.indices].astype(float)
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    told = made.normals[made.indices[:, 0]]
    assert (np.einsum("ij,ij->i", normals, told) > 0).all()
    roof = told[:, 1] > 0.5
    area = np.linalg.norm(normals[roof], axis=1).sum() / 2
    assert area == pytest.approx(15.9 * 22.2 * (0.75 if court else 1), rel=0.01)
    assert made.positions[:, 1].max() == pytest.approx(10, abs=0.01)
    assert np.unique(made.features).tolist() == [0]
    flat = normals[~roof].sum(axis=0)
    assert flat == pytest.approx([0, 0, 0], abs=1e-2), "walls all around cancel out"


def test_what_is_no_area_is_left_out_and_the_others_keep_their_numbers() -> None:
    bow = outline([[11.35, 44.5], [11.3502, 44.5002], [11.3502, 44.5], [11.35, 44.5002], [11.35, 44.5]])
    made = mesh([Solid(bow, 5, 0), Solid(outline(square(11.35, 44.5)), 5, 0)], Frame.at(11.35, 44.5, 0))
    assert np.unique(made.features).tolist() == [1]


def test_a_tile_keeps_ids_and_figures() -> None:
    solids = [Solid(outline(square(11.35 + n * 0.001, 44.5)), 5 + n, 0) for n in range(2)]
    columns: dict[str, glb.Column] = {"id": ["urn:à", "urn:b"], "height": [5.0, glb.MISSING], "use": ["", ""]}
    found, binary = document(glb.content(mesh(solids, Frame.at(11.35, 44.5, 0)), columns, credit="Somebody"))
    assert found["asset"]["copyright"] == "Somebody"
    views = [
        binary[one["byteOffset"] : one["byteOffset"] + one["byteLength"]] for one in found["bufferViews"]
    ]
    assert all(one["byteOffset"] % 8 == 0 for one in found["bufferViews"])
    [table] = found["extensions"]["EXT_structural_metadata"]["propertyTables"]
    names = table["properties"]["id"]
    offsets = np.frombuffer(views[names["stringOffsets"]], "<u4").tolist()
    assert [views[names["values"]][a:b].decode() for a, b in itertools.pairwise(offsets)] == columns["id"]
    assert np.frombuffer(views[table["properties"]["height"]["values"]], "<f4").tolist() == columns["height"]
    [primitive] = found["meshes"][0]["primitives"]
    accessors = found["accessors"]
    assert accessors[primitive["attributes"]["_FEATURE_ID_0"]]["count"] == accessors[0]["count"]
    positions = np.frombuffer(views[0], "<f4").reshape(-1, 3)
    assert positions.min(axis=0).tolist() == accessors[0]["min"]
    assert np.frombuffer(views[3], "<u4").max() < len(positions)


def test_a_tile_of_nothing_is_an_empty_scene() -> None:
    found, binary = document(glb.content(mesh([], Frame.at(11, 44, 0)), {"id": []}, credit=""))
    assert found["scenes"] == [{}] and binary == b""
