"""A plan's tables and map as files that planners open: CSV, Excel, GeoJSON, GeoPackage."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
import struct
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from sympolis.domain import errors
from sympolis.orchestration.planning.tables import Rows, columns

MEDIA: Final[Mapping[str, str]] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
    "gpkg": "application/geopackage+sqlite3",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Rows) -> bytes:
    """UTF-8 with a byte order mark, which Excel asks for."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns(rows), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _harmless(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is set off (OWASP: CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


async def as_xlsx(sheets: Mapping[str, Rows]) -> bytes:
    """One sheet per table. Raises ``NotImplementedHere`` where no library writes them."""
    if find_spec("openpyxl") is None:
        hint = "install sympolis[excel], or ask for csv"
        raise errors.NotImplementedHere("this server cannot write Excel files", where="f", hint=hint)
    return await asyncio.to_thread(_workbook, sheets)


def _workbook(sheets: Mapping[str, Rows]) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name[:31])
        names = columns(rows)
        sheet.append(names)
        for row in rows:
            sheet.append([_harmless(row.get(column)) for column in names])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_geojson(rows: Rows, shapes: Mapping[str, Any]) -> dict[str, Any]:
    """A FeatureCollection: every row that has a shape."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": row["id"],
                "geometry": shapes[row["id"]]["geometry"],
                "properties": {k: v for k, v in row.items() if k != "id"},
            }
            for row in rows
            if row["id"] in shapes
        ],
    }


async def as_geopackage(layers: Mapping[str, Rows], shapes: Mapping[str, Any]) -> bytes:
    """A GeoPackage (OGC 12-128r19): rows with a shape become features, the others attributes."""
    return await asyncio.to_thread(_geopackage, layers, shapes)


def _geopackage(layers: Mapping[str, Rows], shapes: Mapping[str, Any]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.gpkg"
        with sqlite3.connect(path) as base:
            base.executescript(_SCHEMA)
            for name, rows in layers.items():
                if rows:
                    _layer(base, name, rows, shapes)
        base.close()
        return path.read_bytes()


_SCHEMA = (Path(__file__).parent / "geopackage.sql").read_text(encoding="utf-8")


def _layer(base: sqlite3.Connection, name: str, rows: Rows, shapes: Mapping[str, Any]) -> None:
    spatial = any(row.get("id") in shapes for row in rows)
    names = columns(rows)
    kinds = {column: _kind([row.get(column) for row in rows]) for column in names}
    geometry = "geom GEOMETRY, " if spatial else ""
    defined = ", ".join(f'"{column}" {kinds[column]}' for column in names)
    base.execute(f'CREATE TABLE "{name}" (fid INTEGER PRIMARY KEY AUTOINCREMENT, {geometry}{defined})')
    bounds = _fill(base, name, rows, shapes if spatial else {}, names)
    base.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, min_x, min_y, max_x, max_y, srs_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (name, "features" if spatial else "attributes", name, *bounds, 4326 if spatial else None),
    )
    if spatial:
        base.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'GEOMETRY', 4326, 0, 0)", (name,))


def _fill(
    base: sqlite3.Connection, name: str, rows: Rows, shapes: Mapping[str, Any], names: Sequence[str]
) -> tuple[float | None, ...]:
    import shapely

    kept, found = [], []
    for row in rows:
        values = [row.get(column) for column in names]
        if shapes:
            shape = shapely.from_geojson(json.dumps(shapes[row["id"]]["geometry"]))
            found.append(shape)
            values.insert(0, b"GP\x00\x01" + struct.pack("<i", 4326) + shapely.to_wkb(shape, byte_order=1))
        kept.append(values)
    places = ", ".join("?" * (len(names) + bool(shapes)))
    into = ", ".join((["geom"] if shapes else []) + [f'"{column}"' for column in names])
    base.executemany(f'INSERT INTO "{name}" ({into}) VALUES ({places})', kept)  # noqa: S608 - names are ours
    return tuple(shapely.total_bounds(found).tolist()) if found else (None,) * 4


def _kind(values: Sequence[Any]) -> str:
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, bool) for value in present):
        return "BOOLEAN"
    if present and all(isinstance(value, int) for value in present):
        return "INTEGER"
    return "REAL" if present and all(isinstance(value, int | float) for value in present) else "TEXT"
