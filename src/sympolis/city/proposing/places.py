"""Where the rows of a sample are: which columns hold coordinates, in which order and reference system."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sympolis.acquisition import geometry
from sympolis.city.proposing.columns import Column
from sympolis.city.proposing.sampling import Sample

Bounds = tuple[float, float, float, float]

_X: Final = re.compile(
    r"(lon|lng|long|x|coord x|x coord|est|(.* )?(longitude|longitudine|laenge|laengengrad|easting|rechtswert)( \w+)?)"
)
_Y: Final = re.compile(
    r"(lat|y|coord y|y coord|nord|(.* )?(latitude|latitudine|breite|breitengrad|northing|hochwert)( \w+)?)"
)
_BOTH: Final = re.compile(r"geo point 2 ?d|geopoint|coordinat|lat ?lon|position|geo ?punkt")
_PAIR: Final = re.compile(r"\s*-?\d+\.\d+\s*,\s*-?\d+\.\d+\s*")
_CANDIDATES: Final = (
    *(
        "EPSG:25832",
        "EPSG:25833",
        "EPSG:32632",
        "EPSG:32633",
        "EPSG:7791",
        "EPSG:7792",
        "EPSG:3003",
        "EPSG:3004",
    ),
    *("EPSG:3857", "EPSG:31467", "EPSG:31468", "EPSG:31469", "EPSG:2154", "EPSG:3035"),
)
"""Reference systems that European cities write: UTM (ETRS89, WGS84, RDN2008), Gauss-Boaga, Gauß-Krüger, Lambert 93,
LAEA, Web Mercator."""


@dataclass(frozen=True, slots=True)
class Placing:
    """How rows are placed: the mapping's form and fields, the reference system and how sure that is."""

    form: str
    fields: tuple[str, ...]
    crs: str
    confidence: float
    reason: str
    inside: bool
    """Whether the rows looked at lie within the city."""
    swapped: bool = False
    share: float = 1.0
    """Share of rows that have a place."""


def placing(sample: Sample, columns: Sequence[Column], bbox: Bounds, city_crs: str) -> Placing | None:
    """How the sample's rows are placed; None where they are not."""
    found = _coordinates(sample, columns)
    if found is None:
        return None
    form, fields, points = found
    share = len(points) / len(sample.records)
    crs, confidence, reason = _crs(points, bbox, city_crs, sample.recognition.crs)
    swapped = crs == "EPSG:4326" and not _inside(points, bbox) and _inside([(y, x) for x, y in points], bbox)
    if swapped:
        reason = "longitude and latitude are swapped: only then the places are in the city"
    moved = [(y, x) for x, y in points] if swapped else _moved(points, crs)
    return Placing(form, fields, crs, confidence, reason, _inside(moved, bbox, 1.0), swapped, share)


def is_coordinate(one: Column) -> bool:
    """Whether a column only repeats where a row is."""
    number = one.low is not None and bool(_X.fullmatch(one.label) or _Y.fullmatch(one.label))
    return number or (one.kind in ("object", "text") and _BOTH.search(one.label) is not None)


def _coordinates(
    sample: Sample, columns: Sequence[Column]
) -> tuple[str, tuple[str, ...], list[tuple[float, float]]] | None:
    shapes = [record.geometry for record in sample.records if record.geometry]
    if len(shapes) > len(sample.records) / 2:
        return "record", (), [point for shape in shapes if (point := _first(shape)) is not None]
    for one in columns:
        points = _pairs(sample, one)
        if points:
            return "latlon", (one.name,), points
        if one.kind in ("object", "text") and (points := _shapes(sample, one)):
            return "geojson", (one.name,), points
    x = next((one for one in columns if one.low is not None and _X.fullmatch(one.label)), None)
    y = next((one for one in columns if one.low is not None and _Y.fullmatch(one.label)), None)
    if x is None or y is None:
        return None
    points = [point for record in sample.records if (point := _xy(record.fields, x.name, y.name)) is not None]
    return ("xy", (x.name, y.name), points) if points else None


def _xy(fields: Any, x: str, y: str) -> tuple[float, float] | None:
    try:
        return float(fields[x]), float(fields[y])
    except (KeyError, TypeError, ValueError):
        return None


def _pairs(sample: Sample, one: Column) -> list[tuple[float, float]]:
    if one.kind != "text" or not (_BOTH.search(one.label) or _PAIR.fullmatch(one.examples[0])):
        return []
    texts = [str(record.fields.get(one.name)) for record in sample.records]
    if not all(_PAIR.fullmatch(text) for text in texts if text != "None"):
        return []
    split = [text.split(",") for text in texts if text != "None"]
    return [(float(lon), float(lat)) for lat, lon in split]


def _shapes(sample: Sample, one: Column) -> list[tuple[float, float]]:
    import json

    found = []
    for record in sample.records:
        value = record.fields.get(one.name)
        if isinstance(value, str):
            if not value.startswith("{"):
                return []
            try:
                value = json.loads(value)
            except ValueError:
                return []
        if value is not None:
            if not isinstance(value, dict) or "coordinates" not in value:
                return []
            found.append(_first(value))
    return [point for point in found if point is not None]


def _first(shape: Any) -> tuple[float, float] | None:
    part = shape.get("coordinates")
    while isinstance(part, list | tuple) and part and isinstance(part[0], list | tuple):
        part = part[0]
    if (
        isinstance(part, list | tuple)
        and len(part) >= 2
        and all(isinstance(x, int | float) for x in part[:2])
    ):
        return float(part[0]), float(part[1])
    return None


def _crs(
    points: list[tuple[float, float]], bbox: Bounds, city_crs: str, named: str
) -> tuple[str, float, str]:
    """(reference system, confidence, reason)."""
    if named and named != "EPSG:4326":
        return named, 0.95, "the file names it"
    if all(abs(x) <= 180 and abs(y) <= 180 for x, y in points):
        inside = _inside(points, bbox)
        reason = "degrees within the city" if inside else "degrees, though not all within the city"
        return "EPSG:4326", 0.95 if inside else 0.6, reason
    fitting = [crs for crs in dict.fromkeys((city_crs, *_CANDIDATES)) if _inside(_moved(points, crs), bbox)]
    if not fitting:
        return city_crs, 0.1, "metres that no known system puts into the city: look it up"
    others = f"; {', '.join(fitting[1:3])} would fit, too" if len(fitting) > 1 else ""
    return fitting[0], 0.8 if len(fitting) == 1 else 0.6, f"these metres lie in the city{others}"


def _moved(points: list[tuple[float, float]], crs: str) -> list[tuple[float, float]]:
    try:
        move = geometry.transform(crs)
    except ValueError:
        return []
    return points if move is None else [move(x, y) for x, y in points[:200]]


def _inside(points: list[tuple[float, float]], bbox: Bounds, share: float = 0.9) -> bool:
    west, south, east, north = bbox
    good = sum(west <= x <= east and south <= y <= north for x, y in points)
    return bool(points) and good >= share * len(points)
