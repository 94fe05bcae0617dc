"""The GeoPackage connector keeps the contract and reads geometries as the standard packs them."""

import shutil
import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import shapely

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin, Record
from sympolis.plugins.connectors.geopackage import GeoPackageConnector
from sympolis.plugins.connectors.geopackage.settings import GeoPackageSettings
from sympolis.testing.connectors import ConnectorContract

FIXTURES = Path(__file__).parent / "fixtures"
TABLES = """
    CREATE TABLE gpkg_contents (table_name TEXT, data_type TEXT);
    CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INTEGER);
"""


def blob(shape: Any, *, envelope: int = 0, srs: int = 32632) -> bytes:
    sizes = {0: 0, 1: 4, 2: 6, 3: 6, 4: 8}
    head = struct.pack("<2sBBi", b"GP", 0, 1 | envelope << 1, srs)
    packed: bytes = (
        head + struct.pack(f"<{sizes[envelope]}d", *[0.0] * sizes[envelope]) + shapely.to_wkb(shape)
    )
    return packed


def package(folder: Path, *layers: str, geometries: list[bytes | None] | None = None) -> Origin:
    path = folder / "city #1.gpkg"
    rows = geometries or [blob(shapely.Point(1, 2))] * 3
    with closing(sqlite3.connect(path)) as database:
        database.executescript(TABLES)
        for layer in layers or ("streets",):
            database.execute("INSERT INTO gpkg_contents VALUES (?, 'features')", (layer,))
            named = '"' + layer.replace('"', '""') + '"'
            database.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 32632)", (layer,))
            database.execute(
                f"CREATE TABLE {named} (fid INTEGER PRIMARY KEY, geom BLOB, name TEXT, raw BLOB)"
            )
            insert = f"INSERT INTO {named} (geom, name) VALUES (?, ?)"  # noqa: S608 - a name of this test
            database.executemany(insert, [(one, "Via") for one in rows])
        database.commit()
    return Origin(path)


def read(origin: Origin, **settings: Any) -> list[Record]:
    return list(GeoPackageConnector().read(origin, GeoPackageSettings(**settings)))


class TestContract(ConnectorContract):
    @pytest.fixture
    def connector(self) -> Connector:
        return GeoPackageConnector()

    @pytest.fixture
    def sound(self, tmp_path: Path) -> Origin:
        return Origin(Path(shutil.copy(FIXTURES / "streets.gpkg", tmp_path)))  # readers leave files beside it

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        path = tmp_path / "broken.gpkg"
        path.write_bytes(b"SQLite format 3\x00" + b"\x00" * 200)
        return Origin(path)


@pytest.mark.parametrize("envelope", range(5))
def test_geometries_are_found_behind_every_kind_of_envelope(tmp_path: Path, envelope: int) -> None:
    shape = shapely.LineString([(1, 2, 9), (3, 4, 9)])
    [record] = read(package(tmp_path, geometries=[blob(shape, envelope=envelope)]))
    assert record.geometry == {"type": "LineString", "coordinates": ((1.0, 2.0), (3.0, 4.0))}
    assert record.fields == {"fid": 1, "name": "Via", "raw": None}


def test_no_geometry_an_empty_one_and_a_broken_one(tmp_path: Path) -> None:
    empty = struct.pack("<2sBBi", b"GP", 0, 1 | 0b10000, 32632)
    records = read(package(tmp_path, geometries=[None, empty, b"GP", b"nonsense bytes"]))
    assert [record.geometry for record in records] == [None] * 4
    assert [bool(record.faults) for record in records] == [False, False, True, True]


def test_one_of_several_layers_has_to_be_named(tmp_path: Path) -> None:
    origin = package(tmp_path, "roads", 'with "quotes')
    assert len(read(origin, layer='with "quotes')) == 3
    with pytest.raises(errors.SourceFailed, match="several layers") as refused:
        read(origin)
    assert "roads" in refused.value.hint


def test_a_layer_in_another_reference_system_fails(tmp_path: Path) -> None:
    assert read(package(tmp_path), srs=32632)
    with pytest.raises(errors.SourceFailed, match="EPSG:32632, not in EPSG:4326"):
        read(Origin(tmp_path / "city #1.gpkg"), srs=4326)


def test_a_view_is_not_run(tmp_path: Path) -> None:
    origin = package(tmp_path)
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS fid, NULL AS geom FROM n"
    )
    with closing(sqlite3.connect(tmp_path / "city #1.gpkg")) as database:
        database.execute("DROP TABLE streets")
        database.execute(f"CREATE VIEW streets AS {endless}")
        database.commit()
    with pytest.raises(errors.SourceFailed, match="not a table"):
        read(origin)


def test_reading_leaves_no_trace(tmp_path: Path) -> None:
    origin = package(tmp_path)
    read(origin)
    assert [path.name for path in tmp_path.iterdir()] == ["city #1.gpkg"]
