"""The 3D Tiles connector keeps the contract, finds buildings wherever the format keeps them, and refuses by name."""

from __future__ import annotations

import base64
import gzip
import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin, Page, Record, Wanted
from sympolis.plugins.connectors.tiles3d import Tiles3dConnector
from sympolis.plugins.connectors.tiles3d.settings import Tiles3dSettings
from sympolis.testing.connectors import RecognisingContract

LON, LAT = 11.35, 44.5
TRIANGLES = (
    *((0, 1, 2), (0, 2, 3), (4, 5, 6), (4, 6, 7)),
    *((0, 1, 5), (0, 5, 4), (1, 2, 6), (1, 6, 5), (2, 3, 7), (2, 7, 6), (3, 0, 4), (3, 4, 7)),
)
"""Of a box: floor and roof, then walls."""
E2 = 0.0066943799901413165
NORMAL_M = 6_378_137 / math.sqrt(1 - E2 * math.sin(math.radians(LAT)) ** 2)
MERIDIAN_M = NORMAL_M * (1 - E2) / (1 - E2 * math.sin(math.radians(LAT)) ** 2)


def eastings() -> list[float]:
    """From metres to the east, north and up around the place to the earth's centre, as a tile's ``transform``."""
    lon, lat = math.radians(LON), math.radians(LAT)
    middle = (
        NORMAL_M * math.cos(lat) * math.cos(lon),
        NORMAL_M * math.cos(lat) * math.sin(lon),
        NORMAL_M * (1 - E2) * math.sin(lat),
    )
    east = (-math.sin(lon), math.cos(lon), 0.0)
    north = (-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat))
    up = (math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat))
    return [*east, 0, *north, 0, *up, 0, *middle, 1]


def box(x: float, width: float, height: float, ground: float = 50) -> np.ndarray[Any, Any]:
    """The corners of a box 10 m deep, in the axes of glTF: east, up, south."""
    floor = [(x, 0), (x + width, 0), (x + width, 10), (x, 10)]
    return np.array([(e, level, -n) for level in (ground, ground + height) for e, n in floor], "<f4")


class Parts:
    """A glTF while it is made: bytes with views, values with accessors."""

    def __init__(self) -> None:
        self.data = b""
        self.document: dict[str, Any] = {"asset": {"version": "2.0"}, "bufferViews": [], "accessors": []}

    def view(self, content: bytes) -> int:
        self.data += bytes(-len(self.data) % 8)
        self.document["bufferViews"].append(
            {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(content)}
        )
        self.data += content
        return len(self.document["bufferViews"]) - 1

    def accessor(self, values: np.ndarray[Any, Any], kind: int, width: str, **more: Any) -> int:
        told = {"bufferView": self.view(values.tobytes()), "componentType": kind, "type": width, **more}
        self.document["accessors"].append({"count": len(values), **told})
        return len(self.document["accessors"]) - 1

    def glb(self) -> bytes:
        plain = json.dumps({**self.document, "buffers": [{"byteLength": len(self.data)}]}).encode()
        plain += b" " * (-len(plain) % 4)
        data = self.data + bytes(-len(self.data) % 4)
        chunks = (
            struct.pack("<I4s", len(plain), b"JSON") + plain + struct.pack("<I4s", len(data), b"BIN\0") + data
        )
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


BOXES = (box(0, 20, 12.5), box(30, 8, 9.4), box(60, 5, 0))


def modelled(
    boxes: tuple[np.ndarray[Any, Any], ...] = BOXES, ids: str = "_FEATURE_ID_0", **table: Any
) -> Parts:
    """Boxes as one mesh, each with a feature id; ``table`` are properties of texts and numbers."""
    parts, numbers = Parts(), range(len(boxes))
    indices = np.array([[8 * n + corner for corner in one] for n in numbers for one in TRIANGLES], "<u4")
    attributes = {"POSITION": parts.accessor(np.concatenate(boxes), 5126, "VEC3")}
    if ids:
        attributes[ids] = parts.accessor(np.repeat(np.array(numbers, "<f4"), 8), 5126, "SCALAR")
    told = {"attributes": attributes, "indices": parts.accessor(indices.ravel(), 5125, "SCALAR")}
    if ids == "_FEATURE_ID_0":
        ids_of = {"featureCount": len(boxes), "attribute": 0, "propertyTable": 0}
        told["extensions"] = {"EXT_mesh_features": {"featureIds": [ids_of]}}
        parts.document["extensions"] = {"EXT_structural_metadata": structured(parts, len(boxes), table)}
    parts.document |= {"meshes": [{"primitives": [told]}], "nodes": [{"mesh": 0}], "scenes": [{"nodes": [0]}]}
    return parts


def structured(parts: Parts, count: int, table: Mapping[str, Any]) -> dict[str, Any]:
    kinds: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    for name, values in table.items():
        if isinstance(values[0], str):
            encoded = [one.encode() for one in values]
            offsets = np.cumsum([0, *map(len, encoded)]).astype("<u4")
            kinds[name] = {"type": "STRING"}
            properties[name] = {
                "values": parts.view(b"".join(encoded)),
                "stringOffsets": parts.view(offsets.tobytes()),
            }
        else:
            kinds[name] = {"type": "SCALAR", "componentType": "FLOAT32", "noData": -9999.0}
            properties[name] = {"values": parts.view(np.array(values, "<f4").tobytes())}
    kinds["flag"] = {"type": "BOOLEAN"}
    properties["flag"] = {"values": parts.view(bytes([0b101]))}
    kinds["use"] = {"type": "ENUM", "enumType": "uses"}
    properties["use"] = {"values": parts.view(np.arange(count, dtype="<u2").tobytes())}
    enums = {"uses": {"values": [{"name": "home", "value": 0}, {"name": "shop", "value": 1}]}}
    return {
        "schema": {"id": "s", "classes": {"building": {"properties": kinds}}, "enums": enums},
        "propertyTables": [{"class": "building", "count": count, "properties": properties}],
    }


TOLD: dict[str, Any] = {"id": ["block", "house", "plot"], "height": [-9999.0, 9.1, -9999.0]}
GLB = modelled(**TOLD).glb()


def batched(**more: Any) -> bytes:
    """The same in the form of 3D Tiles 1.0."""
    about = json.dumps({"BATCH_LENGTH": 3, **more}).encode()
    storeys = {"byteOffset": 0, "componentType": "INT", "type": "SCALAR"}
    table = json.dumps({"gml_id": TOLD["id"], "storeys": storeys, "odd": [[1], 2, None]}).encode()
    binary, inner = np.array([4, 2, 0], "<i4").tobytes(), modelled(ids="_BATCHID").glb()
    sizes = (len(about), 0, len(table), len(binary))
    body = about + table + binary + inner
    return struct.pack("<4sIIIIII", b"b3dm", 1, 28 + len(body), *sizes) + body


def tile(uri: str | None = "a.glb", **more: Any) -> dict[str, Any]:
    around = [math.radians(one) for one in (LON - 0.01, LAT - 0.01, LON + 0.01, LAT + 0.01)]
    volume = {"boundingVolume": {"region": [*around, 0, 100]}, "geometricError": 0}
    return {**volume, **({} if uri is None else {"content": {"uri": uri}}), **more}


def tileset(root: Any, version: str = "1.1", **more: Any) -> dict[str, Any]:
    return {"asset": {"version": version}, "geometricError": 100, "root": root, **more}


PLACED: dict[str, Any] = {"refine": "ADD", "transform": eastings()}


def written(folder: Path, root: Any = None, **files: bytes) -> Origin:
    folder.mkdir(exist_ok=True)
    (folder / "tileset.json").write_text(json.dumps(tileset(root or tile(**PLACED))))
    for name, content in (files or {"a": GLB}).items():
        (folder / f"{name}.glb").write_bytes(content)
    return Origin(folder)


def read(origin: Origin, **settings: Any) -> list[Record]:
    return list(Tiles3dConnector().read(origin, Tiles3dSettings(**settings)))


def shape(record: Record) -> Any:
    """The footprint in metres around the place."""
    scale = np.radians((NORMAL_M * math.cos(math.radians(LAT)), MERIDIAN_M))
    return shapely.transform(
        shapely.from_geojson(json.dumps(record.geometry)), lambda xy: (xy - (LON, LAT)) * scale
    )


class TestContract(RecognisingContract):
    @pytest.fixture
    def connector(self) -> Connector:
        return Tiles3dConnector()

    @pytest.fixture
    def sound(self, tmp_path: Path) -> Origin:
        return written(tmp_path / "sound")

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        return written(tmp_path / "broken", a=GLB[:-200])


class TestOldContract(TestContract):
    @pytest.fixture
    def sound(self, tmp_path: Path) -> Origin:
        return written(tmp_path / "sound", a=batched())


def test_features_become_buildings_with_what_is_known_of_them(tmp_path: Path) -> None:
    block, house, plot = read(written(tmp_path))
    assert (block.fields["id"], block.fields["height"], block.fields["height_from"]) == (
        "block",
        12.5,
        "geometry",
    )
    assert (house.fields["height"], house.fields["height_from"]) == (9.1, "measured")
    assert (plot.fields["height"], plot.fields["ground_height"]) == (None, 50.0)
    assert [one.fields["flag"] for one in (block, house, plot)] == [True, False, True]
    assert [one.fields["use"] for one in (block, house, plot)] == ["home", "shop", None]
    assert [round(shape(one).area) for one in (block, house, plot)] == [200, 80, 50]
    assert shape(block).bounds == pytest.approx((0, 0, 20, 10), abs=0.03)
    assert len(shapely.get_coordinates(shape(block))) == 5, "no corners where triangles meet"


def test_the_form_of_1_0_says_the_same(tmp_path: Path) -> None:
    new, old = (read(written(tmp_path / name, a=one)) for name, one in (("new", GLB), ("old", batched())))
    assert [one.fields["id"] for one in old] == [one.fields["id"] for one in new]
    assert [one.geometry for one in old] == [one.geometry for one in new]
    assert old[0].fields["storeys"] == 4 and "odd" not in old[0].fields and old[1].fields["odd"] == 2


def test_a_centre_of_its_own_stands_before_the_transform(tmp_path: Path) -> None:
    moved = read(written(tmp_path, a=batched(RTC_CENTER=[1000, 0, 7])))[0]
    assert shape(moved).bounds == pytest.approx((1000, 0, 1020, 10), abs=0.4)
    assert moved.fields["ground_height"] == pytest.approx(57, abs=0.1)


def test_a_composite_holds_several(tmp_path: Path) -> None:
    one = batched() + bytes(-len(batched()) % 8)
    one = one[:8] + struct.pack("<I", len(one)) + one[12:]
    instances = struct.pack("<4sII", b"i3dm", 1, 16) + bytes(4)
    whole = struct.pack("<4sIII", b"cmpt", 1, 16 + len(one) + 16, 2) + one + instances
    assert [found.fields["id"] for found in read(written(tmp_path, a=whole))] == TOLD["id"]


def test_plain_gltf_with_its_buffer_beside_or_within(tmp_path: Path) -> None:
    parts = modelled(**TOLD)
    written(tmp_path, tile("m.gltf", **PLACED))
    for uri in (
        "m%20data.bin",
        f"data:application/octet-stream;base64,{base64.b64encode(parts.data).decode()}",
    ):
        (tmp_path / "m data.bin").write_bytes(parts.data)
        told = {**parts.document, "buffers": [{"byteLength": len(parts.data), "uri": uri}]}
        (tmp_path / "m.gltf").write_text(json.dumps(told))
        assert len(read(Origin(tmp_path))) == 3


def test_nodes_move_turn_and_scale_their_mesh(tmp_path: Path) -> None:
    parts = modelled(**TOLD)
    half = math.sqrt(0.5)
    turn = {"rotation": [0, half, 0, half], "scale": [2, 1, 1], "translation": [0, 3, 0]}
    matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 100, 0, 0, 1]
    parts.document["nodes"] = [{"children": [1], "matrix": matrix}, {"mesh": 0, **turn}]
    block = read(written(tmp_path, a=parts.glb()))[0]
    assert shape(block).bounds == pytest.approx((90, 0, 100, 40), abs=0.1), (
        "a quarter to the left, twice as long"
    )
    assert block.fields["ground_height"] == pytest.approx(53, abs=0.01)


def test_quantised_positions_packed_with_gzip(tmp_path: Path) -> None:
    parts = modelled(**TOLD)
    coarse = np.rint(np.concatenate(BOXES) * 100).astype("<i2")
    coarse[:, 1] -= 5000
    [primitive] = parts.document["meshes"][0]["primitives"]
    primitive["attributes"]["POSITION"] = parts.accessor(coarse, 5122, "VEC3", normalized=True)
    parts.document["nodes"] = [{"mesh": 0, "scale": [327.67] * 3, "translation": [0, 50, 0]}]
    parts.document["extensionsRequired"] = ["KHR_mesh_quantization"]
    block = read(written(tmp_path, a=gzip.compress(parts.glb())))[0]
    assert (block.fields["height"], round(shape(block).area)) == (12.5, 200)


def test_what_is_replaced_by_finer_tiles_is_passed_over(tmp_path: Path) -> None:
    fine = [tile("b.glb"), tile("c.json")]
    origin = written(tmp_path, tile("a.glb", children=fine, **{**PLACED, "refine": "REPLACE"}), b=GLB)
    inner = tileset(tile("d.glb", refine="ADD"), version="1.0")
    (tmp_path / "c.json").write_text(json.dumps(inner))
    (tmp_path / "d.glb").write_bytes(modelled((box(80, 5, 3),), id=["annex"]).glb())
    found = read(origin)
    assert [one.fields["id"] for one in found] == ["block", "house", "plot", "annex"]
    assert {one.fields["tile"] for one in found} == {"b.glb", "d.glb"}


def test_a_building_over_several_tiles_is_one(tmp_path: Path) -> None:
    other = modelled((box(20, 5, 3),), id=["block"]).glb()
    found = read(written(tmp_path, tile(children=[tile("b.glb")], **PLACED), a=GLB, b=other))
    assert [one.fields["id"] for one in found] == ["house", "plot", "block"]
    assert shape(found[2]).area == pytest.approx(250, abs=1) and found[2].fields["height"] == 12.5
    assert [one.number for one in found] == [1, 2, 3]


def test_a_part_of_the_earth_can_be_asked_for(tmp_path: Path) -> None:
    far = tile("gone.glb", boundingVolume={"region": [0.1, 0.1, 0.11, 0.11, 0, 100]})
    near_by = [tile("b.glb", boundingVolume={"sphere": [0, 0, 0, 90]})]
    volume = {"box": [50, 0, 50, 100, 0, 0, 0, 100, 0, 0, 0, 100]}
    root = tile(children=[far, *near_by], boundingVolume=volume, **PLACED)
    origin = written(tmp_path, root, a=GLB, b=modelled((box(80, 5, 3),), id=["annex"]).glb())
    near = (LON - 0.0001, LAT - 0.001, LON + 0.0005, LAT + 0.001)
    assert [one.fields["id"] for one in read(origin, bbox=near)] == ["block", "house"]
    assert read(origin, bbox=(0.0, 0.0, 1.0, 1.0)) == []


def test_models_without_ids_are_told_or_taken_node_by_node(tmp_path: Path) -> None:
    parts = modelled(ids="")
    parts.document["nodes"] = [{"mesh": 0, "name": "Town hall"}]
    origin = written(tmp_path, a=parts.glb())
    with pytest.raises(errors.SourceFailed, match="name no features") as failed:
        read(origin)
    assert "nodes" in failed.value.hint
    assert [one.fields["id"] for one in read(origin, features="nodes")] == ["Town hall"]


def test_a_feature_without_a_name_is_named_by_its_tile(tmp_path: Path) -> None:
    origin = written(tmp_path, a=modelled(storeys=[1.0, 2.0, 3.0]).glb())
    assert [one.fields["id"] for one in read(origin)] == ["a-0", "a-1", "a-2"]
    assert [one.fields["id"] for one in read(origin, id="storeys")] == ["1.0", "2.0", "3.0"]


def test_properties_can_be_named(tmp_path: Path) -> None:
    origin = written(
        tmp_path, a=modelled(name=["A", "B", "C"], eaves=[3.0, 4.0, 5.0], height=[1.0, 1.0, 1.0]).glb()
    )
    assert [one.fields["height"] for one in read(origin, id="name", height="eaves")] == [3, 4, 5]
    assert [one.fields["height"] for one in read(origin, height="-")] == [12.5, 9.4, None]


def test_a_model_nowhere_on_earth_is_kept_with_its_fault(tmp_path: Path) -> None:
    assert ["inside the earth" in one.faults[0] for one in read(written(tmp_path, tile()))] == [True] * 3
    with pytest.raises(errors.SourceFailed, match="no transform"):
        read(written(tmp_path, tile(boundingVolume={"sphere": [0, 0, 0, 90]})))


def turned(**document: Any) -> bytes:
    parts = modelled(**TOLD)
    parts.document |= document
    return parts.glb()


NODES_IN_A_CIRCLE = {"nodes": [{"children": [1]}, {"children": [0]}], "scenes": [{"nodes": [0]}]}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04 an archive", "begins with b'PK"),
        (b"glTF" + struct.pack("<II", 1, 20) + bytes(8), "glTF 1"),
        (turned(extensionsRequired=["KHR_draco_mesh_compression"]), "requires KHR_draco_mesh_compression"),
        (turned(**NODES_IN_A_CIRCLE), "nodes lead back"),
        (turned(accessors=[{"componentType": 5126, "type": "VEC3", "count": 10**12}] * 3), "1000000000000 values"),
        (turned(scenes=[{"nodes": [-1]}]), "-1 is no number"),
        (turned(meshes=3), "not sound"),
        (b"b3dm" + struct.pack("<IIIIII", 1, 28, 4_000_000_000, 0, 0, 0), "cut off"),
        (b"b3dm" + struct.pack("<IIIIII", 2, 28, 0, 0, 0, 0), "b3dm 2"),
        (struct.pack("<4sIII", b"cmpt", 1, 16, 4_000_000_000), "cannot be read"),
        (gzip.compress(bytes(3_000_000)), "larger than 2 MB"),
        (gzip.compress(GLB)[:60], "cannot be unpacked"),
        (bytes(2_000_001), "larger than 2 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_an_unsound_content_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(errors.SourceFailed) as failed:
        read(written(tmp_path, a=content), most_mb=2)
    assert told in failed.value.message and "a.glb" in failed.value.message
    assert failed.value.where == str(tmp_path)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"type": "FeatureCollection"}, "no tileset"),
        (tileset(tile(), version="2.0"), "3D Tiles 2.0"),
        (tileset(tile(), extensionsRequired=["X_secret"]), "requires X_secret"),
        (tileset([]), "no sound tileset"),
        (tileset({"geometricError": 0}), "boundingVolume"),
        (tileset(tile(boundingVolume={"box": [1, 2]})), "box"),
        (tileset(tile(transform=[1] * 15)), "transform"),
        (tileset(tile(transform=["a"] * 16)), "transform"),
        (tileset(tile(children=7)), "no sound tileset"),
        (tileset(tile(content={})), "without uri"),
        (tileset(tile(implicitTiling={})), "implicit"),
        (tileset(tile("../a.glb")), "outside its folder"),
        (tileset(tile("%2e%2e/a.glb")), "outside its folder"),
        (tileset(tile("/etc/hostname")), "outside its folder"),
        (tileset(tile("..\\a.glb")), "outside its folder"),
        (tileset(tile("https://elsewhere.example/a.glb")), "on a server"),
        (tileset(tile("file:///etc/hostname")), "on a server"),
        (tileset(tile("tileset.json")), "leads back"),
        (tileset(tile("absent.glb")), "absent.glb cannot be read"),
        (tileset(tile(children=[tile() for _ in range(30)])), "more than 20 files"),
    ],
)
def test_an_unsound_tileset_is_told(tmp_path: Path, document: Any, told: str) -> None:
    (tmp_path / "a.glb").write_bytes(GLB)
    (tmp_path / "tileset.json").write_text(json.dumps(document))
    with pytest.raises(errors.SourceFailed) as failed:
        read(Origin(tmp_path / "tileset.json"), most_tiles=20)
    assert told in failed.value.message
    assert failed.value.where == str(tmp_path / "tileset.json")


def test_a_link_does_not_lead_out_either(tmp_path: Path) -> None:
    (tmp_path / "secret.glb").write_bytes(GLB)
    origin = written(tmp_path / "tiles")
    (tmp_path / "tiles" / "a.glb").unlink()
    (tmp_path / "tiles" / "a.glb").symlink_to(tmp_path / "secret.glb")
    with pytest.raises(errors.SourceFailed, match="leads out of its folder"):
        read(origin)


ROOT = "https://tiles.example/city/tileset.json?key=1"


def fetched(folder: Path, files: Mapping[str, bytes], **settings: Any) -> tuple[list[str], Origin]:
    """What is asked for, and the delivery that comes of it."""
    folder.mkdir()
    asked: list[str] = []
    pages = Tiles3dConnector().pages(Origin(url=ROOT), Tiles3dSettings(**settings))
    wanted = next(pages)
    while True:
        path = folder / wanted.name
        path.write_bytes(files[wanted.url] if isinstance(wanted, Wanted) else wanted.content)
        asked += [wanted.url] if isinstance(wanted, Wanted) else []
        try:
            wanted = pages.send(Page(path))
        except StopIteration:
            return asked, Origin(folder, url=ROOT)


def test_a_tileset_of_a_server_is_fetched_file_by_file(tmp_path: Path) -> None:
    parts = modelled((box(80, 5, 3),), id=["annex"])
    plain = {**parts.document, "buffers": [{"byteLength": len(parts.data), "uri": "x.bin"}]}
    sub = "https://tiles.example/city/sub"
    files = {
        ROOT: json.dumps(
            tileset(tile("a.glb?v=2", children=[tile("sub/t.json"), tile("a.glb?v=2")], **PLACED))
        ).encode(),
        "https://tiles.example/city/a.glb?v=2": GLB,
        f"{sub}/t.json": json.dumps(tileset(tile("m.gltf"))).encode(),
        f"{sub}/m.gltf": json.dumps(plain).encode(),
        f"{sub}/x.bin": parts.data,
    }
    asked, delivery = fetched(tmp_path / "d", files)
    assert asked == [*files], "each once"
    assert sorted(one.fields["id"] for one in read(delivery)) == ["annex", "block", "house", "plot"]


@pytest.mark.parametrize(
    "uri",
    [
        "https://elsewhere.example/a.glb",
        "http://tiles.example/a.glb",
        "file:///etc/hostname",
        "//x/a.glb",
        "http://[/a",
    ],
)
def test_another_server_is_not_asked(tmp_path: Path, uri: str) -> None:
    files = {ROOT: json.dumps(tileset(tile(uri, **PLACED))).encode()}
    with pytest.raises(errors.SourceFailed, match="elsewhere"):
        fetched(tmp_path / "d", files)


def test_what_is_outside_is_not_fetched(tmp_path: Path) -> None:
    far = tile("gone.glb", boundingVolume={"region": [0.1, 0.1, 0.11, 0.11, 0, 100]})
    files = {
        ROOT: json.dumps(tileset(tile(children=[far], **PLACED))).encode(),
        "https://tiles.example/city/a.glb": GLB,
    }
    asked, _ = fetched(tmp_path / "d", files, bbox=(LON - 0.1, LAT - 0.1, LON + 0.1, LAT + 0.1))
    assert asked == [*files]
