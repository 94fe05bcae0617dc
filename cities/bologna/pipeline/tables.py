"""What the pipeline modules share: reading the pack's formats and writing compact, reproducible tables."""

from __future__ import annotations

import csv
import json
import sqlite3
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

PRECISION = 6
"""Decimals of a degree: 0.1 m, finer than any street axis is drawn."""

to_metres: Callable[..., Any] = Transformer.from_crs("EPSG:4326", "EPSG:25832", always_xy=True).transform
to_degrees: Callable[..., Any] = Transformer.from_crs("EPSG:25832", "EPSG:4326", always_xy=True).transform


def metres(geometry: BaseGeometry) -> BaseGeometry:
    """WGS84 → UTM 32N (EPSG:25832)."""
    return shapely.transform(geometry, to_metres, interleaved=False)


def degrees(geometry: BaseGeometry) -> BaseGeometry:
    """UTM 32N → WGS84."""
    return shapely.transform(geometry, to_degrees, interleaved=False)


def geojson(geometry: BaseGeometry) -> dict[str, Any]:
    """GeoJSON with rounded positions."""
    found = json.loads(shapely.to_geojson(geometry))
    return {"type": found["type"], "coordinates": _rounded(found["coordinates"])}


def _rounded(part: Any) -> Any:
    if isinstance(part, list):
        return [_rounded(inner) for inner in part]
    return round(part, PRECISION)


Feature = tuple[str, Mapping[str, Any], BaseGeometry]
"""(id, properties, geometry in WGS84)"""


def write_features(path: Path, features: Iterable[Feature]) -> None:
    """A FeatureCollection, one feature a line, in order of id; properties without a value are left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "id": key,
                "properties": {name: value for name, value in properties.items() if value is not None},
                "geometry": geojson(geometry),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for key, properties, geometry in sorted(features, key=lambda feature: feature[0])
    ]
    body = ",\n".join(lines)
    path.write_text(f'{{"type":"FeatureCollection","features":[\n{body}\n]}}\n', encoding="utf-8")


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A CSV table (comma, LF); None is an empty cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def read_features(path: Path) -> Iterator[tuple[dict[str, Any], BaseGeometry]]:
    """(properties, geometry) of each feature of a GeoJSON file."""
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        yield feature["properties"], shapely.from_geojson(json.dumps(feature["geometry"]))


_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}


def read_geopackage(
    path: Path, table: str, columns: Sequence[str]
) -> Iterator[tuple[dict[str, Any], BaseGeometry]]:
    """(columns, geometry in the file's CRS) of each row of a GeoPackage table (OGC 12-128, clause 2.1.3)."""
    names = ", ".join(f'"{name}"' for name in columns)
    with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as database:
        for blob, *values in database.execute(f'select geom, {names} from "{table}" order by fid'):  # noqa: S608
            if blob is not None:
                start = 8 + _ENVELOPE_BYTES[(blob[3] >> 1) & 7]
                yield dict(zip(columns, values, strict=True)), shapely.from_wkb(blob[start:])


def read_polygons(archive: Path) -> Iterator[tuple[dict[str, str], BaseGeometry]]:
    """(attributes, polygon) of each record of a zipped shapefile of polygons (ESRI white paper, July 1998)."""
    with zipfile.ZipFile(archive) as bundle:
        names = {name.rsplit(".", 1)[-1]: name for name in bundle.namelist()}
        rows = _dbf_rows(bundle.read(names["dbf"]))
        shapes = _shp_polygons(bundle.read(names["shp"]))
    yield from zip(rows, shapes, strict=True)


def _dbf_rows(data: bytes) -> list[dict[str, str]]:
    count, header, size = struct.unpack("<IHH", data[4:12])
    fields, place = [], 32
    while data[place] != 0x0D:
        fields.append((data[place : place + 11].split(b"\0")[0].decode(), data[place + 16]))
        place += 32
    rows = []
    for number in range(count):
        place, row = header + number * size + 1, {}
        for name, width in fields:
            row[name] = data[place : place + width].decode("utf-8", "replace").strip()
            place += width
        rows.append(row)
    return rows


def _shp_polygons(data: bytes) -> list[BaseGeometry]:
    place, found = 100, []
    while place < len(data):
        words = struct.unpack(">I", data[place + 4 : place + 8])[0]
        found.append(_shp_polygon(data[place + 8 : place + 8 + words * 2]))
        place += 8 + words * 2
    return found


def _shp_polygon(record: bytes) -> BaseGeometry:
    """Rings by the even-odd rule: a ring inside another is a hole, whatever its direction."""
    parts, points = struct.unpack("<II", record[36:44])
    starts = [*struct.unpack(f"<{parts}I", record[44 : 44 + 4 * parts]), points]
    values = struct.unpack(f"<{2 * points}d", record[44 + 4 * parts : 44 + 4 * parts + 16 * points])
    positions = list(zip(values[::2], values[1::2], strict=True))
    area: BaseGeometry = shapely.Polygon()
    for start, end in pairwise(starts):
        ring = shapely.make_valid(shapely.Polygon(positions[start:end]))
        area = shapely.symmetric_difference(area, ring)
    return area
