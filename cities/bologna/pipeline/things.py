"""The registers of the city's master data: its statistical areas and its streets, from the tables of this package.

Areas are the Comune's; streets are those that have a name on the map (OpenStreetMap), with the middle of their longest
piece as their place. What other sources call them is an alias only where the Comune's own loops say so: all other
spellings are questions for a steward, as a wrong guess would put a count on another street.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from . import tables

HEADER = ("id", "name", "aliases", "codes", "lon", "lat")
ALIASES = {
    "Viale Quirico Filopanti": "Viale Filopanti",
    "Viale Carlo Pepoli": "Viale Pepoli",
    "Viale Giosuè Carducci": "Viale Carducci",
    "Viale Pietro Pietramellara": "Viale Pietramellara",
    "Viale Enrico Panzacchi": "Viale Panzacchi",
    "Viale Giambattista Ercolani": "Viale Ercolani",
}
"""The ring road (viali) has one avenue of each surname; the Comune's loops leave the first name out."""


def build(pack: Path, out: Path) -> None:  # noqa: ARG001 - the tables of the package are what it reads
    """Write master-data/{areas, streets}.csv beside ``out``."""
    folder = out.parent / "master-data"
    tables.write_rows(folder / "areas.csv", HEADER, _areas(out / "areas" / "areas.geojson"))
    pieces = [out / "map" / "roads.geojson", out / "centre" / "sections.geojson"]
    tables.write_rows(folder / "streets.csv", HEADER, _streets(pieces))


def _areas(source: Path) -> Iterator[tuple[Any, ...]]:
    for code, properties, outline in features(source):
        yield code, properties["name"], None, code.lstrip("0"), *_place(outline)


def _streets(sources: list[Path]) -> Iterator[tuple[Any, ...]]:
    longest: dict[str, BaseGeometry] = {}
    for source in sources:
        for _, properties, line in features(source):
            name = properties.get("name")
            if name and (name not in longest or line.length > longest[name].length):
                longest[name] = line
    taken: set[str] = set()
    for name, line in sorted(longest.items()):
        key = _key(name)
        while key in taken:
            key += "-2"
        taken.add(key)
        yield key, name, ALIASES.get(name), None, *_place(line)


def features(source: Path) -> Iterator[tuple[str, dict[str, Any], BaseGeometry]]:
    """(id, properties, geometry) of each feature of a table."""
    for one in json.loads(source.read_text(encoding="utf-8"))["features"]:
        yield one["id"], one["properties"], shape(one["geometry"])


def _place(geometry: BaseGeometry) -> tuple[float, float]:
    point = geometry.representative_point() if geometry.area else geometry.interpolate(0.5, normalized=True)
    return round(point.x, tables.PRECISION - 1), round(point.y, tables.PRECISION - 1)


def _key(name: str) -> str:
    """``Via Sant'Isaia`` → ``via-sant-isaia``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
