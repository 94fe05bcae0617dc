"""Streets, motorways and green areas for the map behind the model, from OpenStreetMap.

Pieces of one street that share name and class and meet end to end become one line: a street is what people name, and
the map stays light. Only what lies wholly inside the city's bounding box is taken.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from . import tables

BBOX = shapely.box(11.22, 44.42, 11.44, 44.56)
TOLERANCE_M = 1.5
GREEN_TOLERANCE_M = 3.0
MOTORWAYS = ("motorway", "motorway_link", "trunk", "trunk_link")
MINOR = ("unclassified",)
GREEN = ("grass", "meadow", "forest", "allotments", "orchard", "vineyard", "cemetery", "recreation_ground")
WATER = ("reservoir", "basin")
GREEN_MIN_M2 = 4000.0

Street = tuple[str, str | None, str, BaseGeometry]
"""(way id, name, class, line in WGS84)"""


def build(pack: Path, out: Path) -> None:
    """Write map/{roads.geojson, green.geojson} below ``out``."""
    source, target = pack / "osm", out / "map"
    streets = [*_ways(source / "osm_main_streets.geojson"), *_edges(source / "bologna_road_network.gpkg")]
    tables.write_features(target / "roads.geojson", _merged(streets))
    tables.write_features(target / "green.geojson", _green(source / "landuse_bologna.gpkg"))


def _ways(path: Path) -> Iterator[Street]:
    for row, line in tables.read_features(path):
        yield str(row["osm_id"]), row.get("name"), row["highway"], line


def _edges(path: Path) -> Iterator[Street]:
    """Classes that the first file leaves out. Two-way edges come twice; one direction is enough."""
    seen: set[bytes] = set()
    for row, line in tables.read_geopackage(path, "edges", ("osmid", "name", "highway")):
        if row["highway"] not in (*MOTORWAYS, *MINOR):
            continue
        shape = shapely.to_wkb(shapely.normalize(line))
        if shape not in seen:
            seen.add(shape)
            yield _first(row["osmid"]), _name(row["name"]), row["highway"], line


def _first(text: Any) -> str:
    """Way ids of merged edges are written as a list; the smallest stands for them."""
    found = json.loads(str(text))
    return str(min(found) if isinstance(found, list) else found)


def _name(text: str | None) -> str | None:
    if text is None or not text.startswith("["):
        return text
    return str(json.loads(text.replace("'", '"'))[0]) if '"' not in text else None


def _merged(streets: list[Street]) -> Iterator[tables.Feature]:
    groups: dict[tuple[str, str | None], list[tuple[str, BaseGeometry]]] = defaultdict(list)
    for way, name, road_class, line in streets:
        if BBOX.covers(line):
            groups[road_class, name].append((way, line))
    taken: dict[str, int] = defaultdict(int)
    for (road_class, name), pieces in sorted(groups.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        way = min((way for way, _ in pieces), key=int)
        for line in _lines([line for _, line in pieces]):
            taken[way] += 1
            key = way if taken[way] == 1 else f"{way}-{taken[way]}"
            yield key, {"name": name, "class": road_class.removesuffix("_link")}, tables.degrees(line)


def _lines(pieces: list[BaseGeometry]) -> list[BaseGeometry]:
    merged = shapely.line_merge(shapely.union_all([tables.metres(piece) for piece in pieces]))
    lines = [line for line in shapely.get_parts(merged) if line.length >= 5]
    return sorted((line.simplify(TOLERANCE_M) for line in lines), key=lambda line: line.coords[0])


def _green(path: Path) -> Iterator[tables.Feature]:
    box = tables.metres(BBOX)
    for row, shape in tables.read_geopackage(path, "landuse_bologna", ("id", "landuse", "tags", "osm_type")):
        use = row["landuse"]
        if use not in (*GREEN, *WATER) or shape.area < GREEN_MIN_M2 or not box.covers(shape):
            continue
        simple = shape.simplify(GREEN_TOLERANCE_M)
        if simple.geom_type not in ("Polygon", "MultiPolygon"):
            continue
        tags = json.loads(row["tags"] or "{}")
        properties = {"name": tags.get("name"), "use": use, "area_m2": round(shape.area)}
        yield f"{row['osm_type'][0]}{row['id']}", properties, tables.degrees(simple)
