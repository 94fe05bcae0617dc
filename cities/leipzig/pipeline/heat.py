"""Summer surface temperature that nobody measured here: estimated from how much of the ground is built over.

No satellite grid of the city was found. So that a model that needs one can be tried, each cell of 90 m gets the
temperature of open land plus eight kelvin times the share of ground that buildings cover around it. It is an
assumption under a name of its own (``landSurfaceTemperatureEstimate``), never a measurement; within Zentrum, whose
outlines are missing at the source, nothing is said.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import shapely

from . import tables

CELL_M = 90.0
OPEN_LAND_C = 30.0
BUILT_K = 8.0
"""From open land to ground wholly built over: the order of surface heat islands by day (Voogt & Oke 2003,
DOI 10.1016/S0034-4257(03)00079-8). Neither figure is of this city."""
UNCERTAINTY_K = 4.0
SCALE = 0.1
CRS = "EPSG:25833"
MISSING = "00"
"""Zentrum."""


def build(pack: Path, out: Path) -> None:
    """Write coverages/surface_estimate.{geojson,csv} below ``out``."""
    shapes = {
        row["OT"]: tables.metres(shape)
        for row, shape in tables.read_features(pack / "boundaries" / "leipzig_ortsteile.geojson")
    }
    city = shapely.union_all([shape for key, shape in shapes.items() if key != MISSING])
    west, south, east, north = (round(value / CELL_M) * CELL_M for value in city.bounds)
    columns, lines = round((east - west) / CELL_M) + 1, round((north - south) / CELL_M) + 1
    built = _built(pack / "buildings" / "leipzig_buildings_osm_2025.parquet", west, north, (lines, columns))
    values = OPEN_LAND_C + BUILT_K * _around(built / CELL_M**2)
    xs, ys = np.meshgrid(
        west + (np.arange(columns) + 0.5) * CELL_M, north - (np.arange(lines) + 0.5) * CELL_M
    )
    values[~shapely.contains_xy(city, xs, ys)] = np.nan
    rows = ([None if not np.isfinite(v) else round(v / SCALE) for v in line] for line in values)
    tables.write_rows(
        out / "coverages" / "surface_estimate.csv", [f"c{column}" for column in range(columns)], rows
    )
    about = _about(values, west, north)
    box = shapely.box(west, north - lines * CELL_M, west + columns * CELL_M, north)
    tables.write_features(
        out / "coverages" / "surface_estimate.geojson", [("surface-estimate", about, tables.degrees(box))]
    )


def _built(source: Path, west: float, north: float, shape: tuple[int, int]) -> Any:
    """Ground covered by outlines [m²], each in the cell of its middle."""
    found = np.zeros(shape)
    table = pyarrow.parquet.read_table(source, columns=["geometry", "footprint_m2"])
    centres = shapely.centroid(shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False)))
    x, y = tables.to_metres(shapely.get_x(centres), shapely.get_y(centres))
    column = np.floor((np.asarray(x) - west) / CELL_M).astype(int)
    line = np.floor((north - np.asarray(y)) / CELL_M).astype(int)
    inside = (column >= 0) & (column < shape[1]) & (line >= 0) & (line < shape[0])
    np.add.at(found, (line[inside], column[inside]), table["footprint_m2"].to_numpy()[inside])
    return found


def _around(share: Any) -> Any:
    """Mean of each cell and its eight neighbours, at most wholly built."""
    padded = np.pad(np.minimum(share, 1.0), 1, mode="edge")
    lines, columns = share.shape
    parts = [padded[i : i + lines, j : j + columns] for i in range(3) for j in range(3)]
    return sum(parts) / len(parts)


def _about(values: Any, west: float, north: float) -> dict[str, Any]:
    known = values[np.isfinite(values)]
    return {
        "variable": "landSurfaceTemperatureEstimate",
        "unit": "CEL",
        "scale": SCALE,
        "uncertainty": UNCERTAINTY_K,
        "cells": "estimated: 30 °C and 8 K times the share built over in 270 m; not measured",
        "crs": CRS,
        "west": west,
        "north": north,
        "cell_m": CELL_M,
        "columns": values.shape[1],
        "lines": values.shape[0],
        "valid_cells": int(known.size),
        "least": round(float(known.min()), 1),
        "most": round(float(known.max()), 1),
        "file": "samples/coverages/surface_estimate.csv",
    }
