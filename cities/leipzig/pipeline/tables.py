"""What the pipeline modules share: reading the pack's formats and writing compact, reproducible tables."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

PRECISION = 6
"""Decimals of a degree: 0.1 m, finer than any street axis is drawn."""

to_metres: Callable[..., Any] = Transformer.from_crs("EPSG:4326", "EPSG:25833", always_xy=True).transform
to_degrees: Callable[..., Any] = Transformer.from_crs("EPSG:25833", "EPSG:4326", always_xy=True).transform


def metres(geometry: BaseGeometry) -> BaseGeometry:
    """WGS84 → UTM 33N (EPSG:25833)."""
    return shapely.transform(geometry, to_metres, interleaved=False)


def degrees(geometry: BaseGeometry) -> BaseGeometry:
    """UTM 33N → WGS84."""
    return shapely.transform(geometry, to_degrees, interleaved=False)


def geojson(geometry: BaseGeometry) -> dict[str, Any]:
    """GeoJSON with rounded positions."""
    found = json.loads(shapely.to_geojson(geometry))
    return {"type": found["type"], "coordinates": _rounded(found["coordinates"])}


def _rounded(part: Any) -> Any:
    if isinstance(part, list):
        return [_rounded(inner) for inner in part]
    return round(part, PRECISION)


Row = tuple[dict[str, Any], BaseGeometry]
"""(properties, geometry in WGS84) of a feature as read."""

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


def compact_json(document: Any) -> str:
    """JSON without blanks, in the order given."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A CSV table (comma, LF); None is an empty cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def read_features(path: Path) -> Iterator[Row]:
    """(properties, geometry) of each feature of a GeoJSON file."""
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        yield feature["properties"], shapely.from_geojson(json.dumps(feature["geometry"]))
