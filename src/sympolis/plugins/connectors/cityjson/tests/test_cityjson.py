"""The CityJSON connector keeps the contract and finds footprints and heights whatever the geometry is."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin, Record
from sympolis.plugins.connectors.cityjson import CityJsonConnector
from sympolis.plugins.connectors.cityjson.settings import CityJsonSettings
from sympolis.testing.connectors import RecognisingContract

THREE = Path(__file__).parent / "fixtures" / "three.city.json"
MODEL: dict[str, Any] = json.loads(THREE.read_text(encoding="utf-8"))


def read(path: Path, **settings: Any) -> list[Record]:
    return list(CityJsonConnector().read(Origin(path), CityJsonSettings(**settings)))


def written(folder: Path, *documents: Any) -> Path:
    path = folder / "model.city.jsonl"
    path.write_text("\n".join(map(json.dumps, documents)), encoding="utf-8")
    return path


def area(record: Record) -> float:
    found: float = shapely.from_geojson(json.dumps(record.geometry)).area
    return found


class TestContract(RecognisingContract):
    @pytest.fixture
    def connector(self) -> Connector:
        return CityJsonConnector()

    @pytest.fixture
    def sound(self) -> Origin:
        return Origin(THREE)

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        path = tmp_path / "broken.city.json"
        path.write_text('{"type": "CityJSON", "version": "2.0", "CityObjects": {')
        return Origin(path)


def test_a_block_without_semantics_has_outline_and_height_of_its_solid() -> None:
    block = read(THREE, srs=32632)[0]
    wanted = {
        "id": "block",
        "lod": "1",
        "height": 12.5,
        "height_from": "geometry",
        "storeys": 4.0,
        "year": 1974,
    }
    assert wanted.items() <= block.fields.items()
    assert block.fields["owner"] == "housing company" and block.fields["ground_height"] == 50.0
    assert area(block) == pytest.approx(200)
    assert shapely.from_geojson(json.dumps(block.geometry)).bounds == (686000, 4929000, 686020, 4929010)


def test_parts_belong_to_their_building_and_a_measured_height_comes_first() -> None:
    house = read(THREE)[1]
    assert (house.fields["height"], house.fields["height_from"]) == (9.4, "measured")
    assert house.fields["roof_height"] == 6.0 and house.fields["roof"] == "gable"
    assert house.fields["top_height"] == 59.0


def test_parts_can_be_rows_of_their_own() -> None:
    found = {one.fields["id"]: one for one in read(THREE, parts="apart")}
    assert [*found] == ["block", "house", "house-annex", "plot"]
    assert found["house-annex"].fields["parent"] == "house"
    assert [round(area(found[one])) for one in ("house", "house-annex")] == [96, 32]


def test_a_flat_outline_has_no_height() -> None:
    plot = read(THREE)[2]
    assert (plot.fields["height"], plot.fields["height_from"]) == (None, None)
    assert area(plot) == pytest.approx(25)


def test_a_level_of_detail_can_be_asked_for() -> None:
    found = read(THREE, lod="0")
    assert [one.fields["lod"] for one in found] == ["0", None, "0"]
    assert found[1].geometry is None


def test_a_sequence_gives_what_the_document_gives(tmp_path: Path) -> None:
    things = MODEL["CityObjects"]
    shared = {"vertices": MODEL["vertices"]}
    features = [
        {"type": "CityJSONFeature", "id": one, "CityObjects": {n: things[n] for n in names}, **shared}
        for one, names in (("block", ["block"]), ("house", ["house", "house-annex"]), ("plot", ["plot"]))
    ]  # fmt: skip
    path = written(tmp_path, {**MODEL, "CityObjects": {}, "vertices": []}, *features)
    assert read(path) == read(THREE)


def test_a_document_over_many_lines_and_one_of_the_first_version(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    vertices = [[x / 1000 + 686000, y / 1000 + 4929000, z / 1000] for x, y, z in MODEL["vertices"]]
    old = {key: value for key, value in MODEL.items() if key != "transform"}
    path.write_text(json.dumps({**old, "version": "1.0", "vertices": vertices}, indent=1))
    assert [one.fields["height"] for one in read(path)] == [12.5, 9.4, None]


@pytest.mark.parametrize(
    "harm",
    [
        {"boundaries": [[[[9999]]]]},
        {"boundaries": [[[[-1, 0, 1]]]]},
        {"boundaries": 7},
        {"boundaries": [[[["a", 1, 2]]]]},
        {"semantics": {"surfaces": 3, "values": [1]}},
    ],
)
def test_a_building_whose_geometry_is_nonsense_is_kept_with_its_fault(
    tmp_path: Path, harm: dict[str, Any]
) -> None:
    block = MODEL["CityObjects"]["block"]
    odd = {**block, "geometry": [{**block["geometry"][1], **harm}]}
    found = read(written(tmp_path, {**MODEL, "CityObjects": {"block": odd}}))
    assert [bool(one.faults) for one in found] == [True] and found[0].geometry is None


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({**MODEL, "version": "3.1"}, "CityJSON 3.1"),
        ({"type": "FeatureCollection"}, "FeatureCollection"),
        ([1], "something else"),
        ({"type": "CityJSON", "version": "2.0"}, "no CityObjects"),
    ],
)
def test_another_document_is_told(tmp_path: Path, document: Any, told: str) -> None:
    with pytest.raises(errors.SourceFailed, match=told):
        read(written(tmp_path, document))


def test_another_reference_system_fails() -> None:
    with pytest.raises(errors.SourceFailed, match="EPSG:32632, not in EPSG:25832"):
        read(THREE, srs=25832)


def test_a_line_that_is_too_long_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, {**MODEL, "note": "x" * 1_100_000})
    with pytest.raises(errors.SourceFailed, match="larger than 1 MB"):
        read(path, max_size_mb=1)
