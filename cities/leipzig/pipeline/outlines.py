"""Every one of 103,856 building outlines as a row of a compact GeoParquet table: what stands there and how large it is.

Few outlines say how high they are. A height that was measured or follows from a number of storeys is kept apart from
one that is merely usual for such buildings: ``height_from`` says which it is, so that nobody takes a typical height
for a surveyed one. Positions are kept on a grid of 2⁻²⁰ degrees (0.1 m), which lets them be compressed to half.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import shapely

from . import tables

STOREY_M = 3.1
"""Floor to floor; between 2.8 m (housing since 1950) and 3.6 m (Gründerzeit)."""
TOLERANCE_M = 0.2
GRID = 2.0**20
_FEWEST = 8
"""So many buildings of a use with storeys known must an Ortsteil have for its own usual number of storeys."""
_WHOLE = re.compile(r"\d+(\.\d+)?")
_YEAR = re.compile(r"\b(1[0-9]{3}|20[0-2][0-9])\b")
_ONE_STOREY = 1.0

USES: Mapping[str, tuple[str, ...]] = {
    "apartments": ("apartments", "dormitory"),
    "house": ("house", "detached", "semidetached_house", "terrace", "bungalow", "farm", "cabin", "villa"),
    "residential": ("residential",),
    "commerce": ("retail", "office", "commercial", "supermarket", "hotel", "kiosk", "service", "bank", "shop"),
    "industry": ("industrial", "warehouse", "manufacture", "factory", "hangar"),
    "public": (
        "school", "kindergarten", "university", "college", "hospital", "civic", "public", "government", "church",
        "chapel", "museum", "theatre", "fire_station", "police", "train_station", "transportation", "sports_centre",
        "sports_hall", "sport_hall", "grandstand", "library", "stadium", "clinic",
    ),
    "minor": (
        "shed", "allotment_house", "garage", "garages", "carport", "roof", "hut", "greenhouse", "outbuilding",
        "farm_auxiliary", "barn", "stable", "container", "tent", "toilets", "guardhouse", "bunker", "ruins",
        "collapsed", "construction", "bridge", "parking", "storage_tank", "silo",
    ),
}  # fmt: skip
"""Groups of the values of OpenStreetMap's key `building`; everything else, mostly `yes`, is ``unknown``."""
_USE = {value: use for use, values in USES.items() for value in values}


def build(pack: Path, out: Path) -> None:
    """Write buildings/outlines.parquet below ``out``."""
    source = pack / "buildings" / "leipzig_buildings_osm_2025.parquet"
    table = pyarrow.parquet.read_table(source)
    rows = table.drop_columns(["geometry"]).to_pylist()
    shapes = _compact(shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False)))
    uses = [_USE.get(row["building"], "unknown") for row in rows]
    columns = _columns(rows, uses)
    order = _order([row["ot"] for row in rows], shapes)
    _write(out / "buildings" / "outlines.parquet", columns, shapes, order)


def _compact(shapes: Any) -> Any:
    """Corners nearer than 0.2 m to a straight wall are left out; a house that would fall flat keeps its own."""
    found = [
        tables.degrees(one)
        for one in shapely.simplify([tables.metres(shape) for shape in shapes], TOLERANCE_M)
    ]
    on_grid = shapely.transform(np.array(found, dtype=object), lambda places: np.round(places * GRID) / GRID)
    return np.where(shapely.is_valid(on_grid) & ~shapely.is_empty(on_grid), on_grid, shapes)


def _columns(rows: Sequence[Mapping[str, Any]], uses: Sequence[str]) -> dict[str, Any]:
    storeys = [_storeys(row["levels"]) for row in rows]
    usual = _usual(rows, uses, storeys)
    measured = [_number(row["height"], low=2.0, high=210.0) for row in rows]
    counted = [known if known is not None else usual[i] for i, known in enumerate(storeys)]
    heights = [m if m is not None else round(n * STOREY_M, 1) for m, n in zip(measured, counted, strict=True)]
    known_from = ["measured" if m is not None else "storeys" if s is not None else "typical"
                  for m, s in zip(measured, storeys, strict=True)]  # fmt: skip
    return {
        "id": pyarrow.array([int(row["osm_id"]) for row in rows], pyarrow.int64()),
        "area": _words([row["ot"] for row in rows]),
        "use": _words(uses),
        "kind": _words([row["building"] for row in rows]),
        "footprint_m2": pyarrow.array([round(row["footprint_m2"], 1) for row in rows], pyarrow.float32()),
        "storeys": pyarrow.array(counted, pyarrow.float32()),
        "height_m": pyarrow.array(heights, pyarrow.float32()),
        "height_from": _words(known_from),
        "floor_area_m2": pyarrow.array(
            [round(row["footprint_m2"] * n) for row, n in zip(rows, counted, strict=True)], pyarrow.int32()
        ),
        "roof": _words([_roof(row["roof"]) for row in rows]),
        "built": pyarrow.array([_year(row["start_date"]) for row in rows], pyarrow.int16()),
        "listed": pyarrow.array([row["heritage"] is not None or None for row in rows], pyarrow.bool_()),
    }


def _words(values: Sequence[str | None]) -> Any:
    return pyarrow.array(values, pyarrow.string()).dictionary_encode()


def _number(text: str | None, *, low: float, high: float) -> float | None:
    """The first number of a text such as ``18 m``; what no building can have is taken for unknown."""
    found = _WHOLE.match(text or "")
    value = float(found.group()) if found else None
    return value if value is not None and low <= value <= high else None


def _storeys(text: str | None) -> float | None:
    """``4``, ``4.5``; of a building in parts (``4;3;1``) their mean. 0 says that nothing was entered."""
    parts = [_number(part, low=0.5, high=45) for part in (text or "").split(";")]
    known = [part for part in parts if part is not None]
    return round(sum(known) / len(known), 1) if known else None


def _usual(
    rows: Sequence[Mapping[str, Any]], uses: Sequence[str], storeys: Sequence[float | None]
) -> list[float]:
    """For each building the median of its use in its Ortsteil, else in the city; sheds and garages have one storey."""
    near: dict[tuple[str, str], list[float]] = defaultdict(list)
    wide: dict[str, list[float]] = defaultdict(list)
    for row, use, known in zip(rows, uses, storeys, strict=True):
        if known is not None:
            near[row["ot"], use].append(known)
            wide[use].append(known)
    local = {key: median(values) for key, values in near.items() if len(values) >= _FEWEST}
    whole = {use: median(values) for use, values in wide.items()}
    return [
        _ONE_STOREY if use == "minor" or _is_small(row, use) else local.get((row["ot"], use), whole[use])
        for row, use in zip(rows, uses, strict=True)
    ]


def _is_small(row: Mapping[str, Any], use: str) -> bool:
    """What nobody described and covers less than 40 m² is a shed or a garage far more often than a house."""
    return use == "unknown" and row["footprint_m2"] < 40


def _roof(text: str | None) -> str | None:
    if text is None:
        return None
    return "flat" if text == "flat" else "skillion" if text == "skillion" else "pitched"


def _year(text: str | None) -> int | None:
    found = _YEAR.search(text or "")
    return int(found.group()) if found else None


def _order(areas: Sequence[str], shapes: Any) -> Any:
    """By Ortsteil and then along a curve that keeps neighbours together (Morton): near things compress together."""
    places = shapely.get_coordinates(shapely.centroid(shapes))
    low, high = places.min(axis=0), places.max(axis=0)
    cells = ((places - low) / (high - low) * 0xFFFF).astype(np.int64)
    curve = sum(((cells[:, axis] >> bit) & 1) << (2 * bit + axis) for bit in range(16) for axis in (0, 1))
    return np.lexsort((curve, np.array(areas)))


def _write(target: Path, columns: Mapping[str, Any], shapes: Any, order: Any) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    table = pyarrow.table({**columns, "geometry": pyarrow.array(shapely.to_wkb(shapes), pyarrow.binary())})
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    geo = tables.compact_json({
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {"encoding": "WKB", "geometry_types": ["Polygon"], "bbox": [west, south, east, north]}
        },
    })  # fmt: skip
    table = table.take(pyarrow.array(order)).replace_schema_metadata({b"geo": geo.encode()})
    pyarrow.parquet.write_table(
        table, target, compression="zstd", compression_level=19, row_group_size=20_000, store_schema=False,
        use_dictionary=[name for name in columns if name not in ("id", "footprint_m2", "floor_area_m2")],
        column_encoding={"id": "DELTA_BINARY_PACKED"},
    )  # fmt: skip
