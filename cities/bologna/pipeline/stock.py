"""Floor that has to be heated, where no outline of a building is known: estimated from people and mapped land use.

The city's building outlines were not found in public sources. So that a model that reads a table of buildings can be
tried, each statistical area gets one row for its homes (residents times the dwelling floor usual for one) and one for
each use that OpenStreetMap maps (its ground times a usual floor-space ratio). Rows are no buildings, and the table says
so: it names ``estimatedRows``, not ``rows``.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import shapely

from . import heat, tables

LIVING_M2_EACH = 40.0
"""Dwelling floor per resident: Italy's census of 2021 has some 40 m²; the city's own figure was not found."""
LIVING_PER_GROSS = 0.75
USES = {"industrial": "industry", "commercial": "commerce", "retail": "commerce"}
FLOOR_PER_GROUND = {"industry": 0.35, "commerce": 0.6}
"""Gross floor per mapped ground: assumptions. Ground mapped as industry is partly yard and street."""
STOREYS = 4.0
YEAR = "2024"
COLUMNS = ("id", "area", "use", "footprint_m2", "floor_area_m2", "built", "geometry")


def build(pack: Path, out: Path) -> None:
    """Write heat/{stock_estimate.parquet, tables.csv} below ``out``."""
    areas = list(heat.areas_of(pack / "areas" / "aree-statistiche.geojson"))
    people = _residents(out / "areas" / "population.csv")
    rows: list[tuple[Any, ...]] = []
    for code, shape in areas:
        gross = people.get(code, 0.0) * LIVING_M2_EACH / LIVING_PER_GROSS
        rows.append(_row(len(rows) + 1, code, "apartments", gross / STOREYS, gross, shape))
    for use, ground in _mapped(pack / "osm" / "landuse_bologna.gpkg").items():
        for code, shape in areas:
            covered = float(shapely.area(ground.intersection(shape)))
            if covered > 0:
                floor = covered * FLOOR_PER_GROUND[use]
                rows.append(_row(len(rows) + 1, code, use, floor, floor, shape))
    target = out / "heat" / "stock_estimate.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    columns = {name: [row[place] for row in rows] for place, name in enumerate(COLUMNS)}
    table = pyarrow.table({**columns, "built": pyarrow.array(columns["built"], pyarrow.float64())})
    pyarrow.parquet.write_table(table, target, compression="zstd")
    listed = [("stock-estimate", "samples/heat/stock_estimate.parquet", len(rows))]
    tables.write_rows(out / "heat" / "tables.csv", ("id", "file", "estimated_rows"), listed)


def _row(number: int, code: str, use: str, footprint: float, floor: float, shape: Any) -> tuple[Any, ...]:
    point = tables.degrees(shape.representative_point())
    return number, code, use, round(footprint, 1), round(floor, 1), None, shapely.to_wkb(point)


def _residents(source: Path) -> dict[str, float]:
    """The newest year of the table that the areas' pipeline wrote."""
    found: dict[str, float] = {}
    with source.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["date"] <= f"{YEAR}-12-31":
                found[row["area"]] = float(row["residents"])
    return found


def _mapped(source: Path) -> dict[str, Any]:
    """Ground of each use (the file is in metres of UTM 32N), overlaps counted once."""
    parts: dict[str, list[Any]] = {use: [] for use in FLOOR_PER_GROUND}
    for row, shape in tables.read_geopackage(source, "landuse_bologna", ("landuse",)):
        if row["landuse"] in USES and shape.geom_type.endswith("Polygon"):
            parts[USES[row["landuse"]]].append(shapely.make_valid(shape))
    return {use: shapely.union_all(np.array(shapes, dtype=object)) for use, shapes in parts.items() if shapes}
