"""The GeoJSON connector keeps the contract and keeps odd features for the gate."""

import json
from pathlib import Path

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin, Record
from sympolis.plugins.connectors.geojson import GeoJsonConnector
from sympolis.plugins.connectors.geojson.settings import GeoJsonSettings
from sympolis.testing.connectors import ConnectorContract

FIXTURES = Path(__file__).parent / "fixtures"
POINT = {"type": "Point", "coordinates": [11.3, 44.5]}


def _feature(number: int) -> dict[str, object]:
    return {"type": "Feature", "id": number, "properties": {"name": f"Via {number}"}, "geometry": POINT}


def _file(folder: Path, content: str) -> Origin:
    path = folder / "file.geojson"
    path.write_text(content, encoding="utf-8")
    return Origin(path)


def _read(folder: Path, *features: object) -> list[Record]:
    origin = _file(folder, json.dumps({"type": "FeatureCollection", "features": features}))
    return list(GeoJsonConnector().read(origin, GeoJsonSettings()))


class TestContract(ConnectorContract):
    @pytest.fixture
    def connector(self) -> Connector:
        return GeoJsonConnector()

    @pytest.fixture
    def sound(self) -> Origin:
        return Origin(FIXTURES / "streets.geojson")

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        return _file(tmp_path, '{"type": "FeatureCollection", "features": [')


def test_properties_keep_their_types_and_the_id_is_a_field(tmp_path: Path) -> None:
    [record] = _read(tmp_path, {**_feature(7), "properties": {"lanes": [{"index": 0}], "oneway": True}})
    assert record.fields == {"lanes": [{"index": 0}], "oneway": True, "id": 7}
    assert record.geometry == POINT


@pytest.mark.parametrize(
    "odd",
    [
        5,
        {"type": "Point"},
        {"type": "Feature", "properties": [1]},
        {"type": "Feature", "properties": {}, "geometry": 3},
    ],
)
def test_an_odd_feature_is_kept_with_its_fault(tmp_path: Path, odd: object) -> None:
    records = _read(tmp_path, _feature(1), odd)
    assert [bool(record.faults) for record in records] == [False, True]


@pytest.mark.parametrize("content", ["[]", '{"type": "Topology"}', '{"type": "FeatureCollection"}'])
def test_another_kind_of_json_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(errors.SourceFailed, match="FeatureCollection"):
        list(GeoJsonConnector().read(_file(tmp_path, content), GeoJsonSettings()))


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    origin = _file(tmp_path, " " * 1_100_000)
    with pytest.raises(errors.SourceFailed, match="at most 1"):
        list(GeoJsonConnector().read(origin, GeoJsonSettings(max_size_mb=1)))
