"""Writes a GeoPackage 1.3 (OGC 12-128r17): one feature table of points per layer, one attribute table without places.

The format is an SQLite database with four tables of its own; a library for it would bring all of GDAL.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_APPLICATION: Final = 0x47504B47
"""``GPKG``."""
_VERSION: Final = 10_300
_WGS84: Final = 4326
_KINDS: Final = {float: "DOUBLE", int: "INTEGER", bool: "BOOLEAN", str: "TEXT"}
_SYSTEMS: Final = (
    ("WGS 84 geodetic", 4326, "EPSG", 4326,
     'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
     'UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]'),
    ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined"),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined"),
)  # fmt: skip
_OWN_TABLES: Final = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE,
  srs_id INTEGER, FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL UNIQUE, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  PRIMARY KEY (table_name, column_name), FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
"""


def write(content: Mapping[str, Any], target: Path) -> None:
    """One table per layer; its description names question, filters, attribution and licence."""
    import apsw

    target.unlink(missing_ok=True)
    connection = apsw.Connection(str(target))
    try:
        connection.pragma("application_id", _APPLICATION)
        connection.pragma("user_version", _VERSION)
        with connection:
            connection.execute(_OWN_TABLES)
            connection.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,NULL)", _SYSTEMS)
            for layer in content["layers"]:
                _layer(connection, content, layer)
    finally:
        connection.close()


def _layer(connection: Any, content: Mapping[str, Any], layer: Mapping[str, Any]) -> None:
    table, names = layer["id"].replace("-", "_"), [column["name"] for column in layer["columns"]]
    columns = [
        '"fid" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL',
        *(['"geom" POINT'] if layer["place"] else []),
    ]
    columns += [f'"{name}" {_kind(layer["rows"], index)}' for index, name in enumerate(names)]
    connection.execute(f'CREATE TABLE "{table}" ({", ".join(columns)})')
    places = [_place(names, row) for row in layer["rows"]] if layer["place"] else []
    marks = ",".join("?" * (len(names) + (1 if layer["place"] else 0)))
    listed = ",".join(f'"{name}"' for name in (["geom"] if layer["place"] else []) + names)
    rows = (
        ((_point(place), *row) for place, row in zip(places, layer["rows"], strict=True))
        if places
        else layer["rows"]
    )
    connection.executemany(f'INSERT INTO "{table}" ({listed}) VALUES ({marks})', map(tuple, rows))  # noqa: S608
    _register(connection, content, layer, table, [place for place in places if place is not None])


def _register(
    connection: Any,
    content: Mapping[str, Any],
    layer: Mapping[str, Any],
    table: str,
    places: Sequence[tuple[float, float]],
) -> None:
    xs, ys = [place[0] for place in places], [place[1] for place in places]
    bounds = (min(xs), min(ys), max(xs), max(ys)) if places else (None, None, None, None)
    said = [layer["title"], content["title"], *content["filters"], layer["attribution"], layer["licence"]]
    about = " · ".join(part for part in said if part)
    kind, system = ("features", _WGS84) if layer["place"] else ("attributes", None)
    connection.execute(
        "INSERT INTO gpkg_contents VALUES (?,?,?,?,?,?,?,?,?,?)",
        (table, kind, table, about, content["made"], *bounds, system),
    )
    if layer["place"]:
        connection.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?,'geom','POINT',?,0,0)", (table, _WGS84)
        )


def _kind(rows: Sequence[Sequence[Any]], index: int) -> str:
    kinds = {type(row[index]) for row in rows if row[index] is not None}
    if kinds == {int, float}:
        return "DOUBLE"
    return _KINDS.get(kinds.pop(), "TEXT") if len(kinds) == 1 else "TEXT"


def _place(names: Sequence[str], row: Sequence[Any]) -> tuple[float, float] | None:
    longitude, latitude = row[names.index("longitude")], row[names.index("latitude")]
    return None if longitude is None or latitude is None else (longitude, latitude)


def _point(place: tuple[float, float] | None) -> bytes | None:
    """The standard's header (little-endian, no envelope) and the point as well-known binary."""
    if place is None:
        return None
    return b"GP" + struct.pack("<BBi", 0, 1, _WGS84) + struct.pack("<BIdd", 1, 1, *place)
