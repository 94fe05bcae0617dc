"""Reads a layer of a GeoPackage, the exchange format of geographic information systems (OGC 12-128r19).

A GeoPackage is an SQLite file, so neither GDAL nor another library of that weight is needed: the standard library reads
the rows, shapely the geometries. The file is opened read-only and never written to.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import quote

import shapely
from shapely.geometry import mapping

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Record
from sympolis.plugins.connectors.geopackage.settings import GeoPackageSettings

_LAYERS: Final = """
    SELECT contents.table_name, columns.column_name, columns.srs_id
    FROM gpkg_contents AS contents JOIN gpkg_geometry_columns AS columns USING (table_name)
    WHERE contents.data_type = 'features' ORDER BY contents.table_name
"""
_IS_TABLE: Final = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
"""A view would run a stranger's query, which need not end."""
_ENVELOPE_BYTES: Final = (0, 32, 48, 48, 64)
_HEADER: Final = 8


class GeoPackageConnector:
    """Features of a layer, numbered from 1 in the order of their keys."""

    id: ClassVar[str] = "geopackage"
    settings_type: ClassVar[type] = GeoPackageSettings

    def read(self, origin: Origin, settings: GeoPackageSettings) -> Iterator[Record]:
        """Yield every feature. Raises ``SourceFailed`` where the file is not a GeoPackage with this layer."""
        if origin.path is None:
            raise errors.SourceFailed("the geopackage connector reads local files", where=str(origin.url))
        if not origin.path.is_file():
            raise errors.SourceFailed("cannot be read: no such file", where=str(origin.path))
        try:
            with closing(_connect(origin.path)) as database:
                yield from _features(database, settings, str(origin.path))
        except sqlite3.Error as cause:
            raise errors.SourceFailed(
                f"is not a readable GeoPackage: {cause}", where=str(origin.path)
            ) from cause


def _connect(path: Path) -> sqlite3.Connection:
    """Read-only, and without the locks and journals that a file somebody else owns should not get."""
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)


def _features(database: sqlite3.Connection, settings: GeoPackageSettings, where: str) -> Iterator[Record]:
    layer, geometry_column = _layer(database, settings, where)
    rows = database.execute(f"SELECT * FROM {_quoted(layer)} ORDER BY rowid")  # noqa: S608 - a known table's name
    names = [column[0] for column in rows.description]
    for number, row in enumerate(rows, start=1):
        fields = dict(zip(names, row, strict=True))
        yield _record(number, fields, fields.pop(geometry_column, None))


def _layer(database: sqlite3.Connection, settings: GeoPackageSettings, where: str) -> tuple[str, str]:
    layers = {name: (column, srs) for name, column, srs in database.execute(_LAYERS)}
    wanted = settings.layer or (next(iter(layers)) if len(layers) == 1 else "")
    if wanted not in layers:
        message = f"has no layer {wanted!r}" if wanted else "has several layers"
        hint = f"set settings.layer to one of: {', '.join(layers) or 'none there'}"
        raise errors.SourceFailed(message, where=where, hint=hint)
    column, srs = layers[wanted]
    if settings.srs is not None and srs != settings.srs:
        message = f"the layer {wanted} is in EPSG:{srs}, not in EPSG:{settings.srs}"
        raise errors.SourceFailed(
            message, where=where, hint="check the delivery, or the source's crs and srs"
        )
    if database.execute(_IS_TABLE, (wanted,)).fetchone() is None:
        raise errors.SourceFailed(f"the layer {wanted} is not a table", where=where, hint="export it as one")
    return wanted, column


def _record(number: int, fields: dict[str, Any], blob: Any) -> Record:
    plain = {name: value for name, value in fields.items() if not isinstance(value, bytes)}
    if blob is None:
        return Record(number, plain)
    try:
        shape = _geometry(blob)
    except (shapely.errors.ShapelyError, struct.error, IndexError, TypeError, ValueError) as cause:
        return Record(number, plain, faults=(f"has a geometry that cannot be read: {cause}",))
    return Record(number, plain, shape)


def _geometry(blob: bytes) -> dict[str, Any] | None:
    """A geometry blob of section 2.1.3: a header with an envelope, then well-known binary."""
    magic, _version, flags = struct.unpack_from("<2sBB", blob)
    if magic != b"GP":
        raise ValueError("it does not begin with GP")
    if flags & 0b0001_0000:  # empty
        return None
    start = _HEADER + _ENVELOPE_BYTES[(flags >> 1) & 0b111]
    found: dict[str, Any] = mapping(shapely.force_2d(shapely.from_wkb(blob[start:])))
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
