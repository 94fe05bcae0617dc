"""Summer land-surface temperature since 2013 (Landsat) and public trees: as grids, and as figures of the areas.

The grids are means (temperature) and sums (trees) over cells of 90 m, within the municipality; the GeoJSON beside them
describes each: what, when, where, in which unit and how certain. The figures of an area come from the 30 m cells whose
centre lies in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from . import rasters, tables
from .rasters import Raster

YEARS: Final = (2013, 2015, 2017, 2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025)
FACTOR: Final = 3
"""30 m → 90 m: near what the thermal band of Landsat 8 resolves (100 m), a ninth of the size."""
CRS: Final = "EPSG:32632"
LEAST_CELLS: Final = 10
UNCERTAINTY_K: Final = 2.0
"""Landsat surface temperature against ground measurements: root mean square error of about 2 K over land
(Malakar et al. 2018, doi:10.1109/TGRS.2018.2824828). It holds for one scene; a summer's mean also leaves out what
clouds hid, so that differences between neighbouring cells are surer than the level."""


def build(pack: Path, out: Path) -> None:
    """Write coverages/{surface_temperature, public_trees}.geojson with their grids, heat/*.csv below ``out``."""
    areas = list(areas_of(pack / "areas" / "aree-statistiche.geojson"))
    city = shapely.union_all([shape for _, shape in areas])
    features, rows = [], []
    for year in YEARS:
        raster = rasters.read(pack / "heat" / f"LST_{year}_summer_mean_30m.tif")
        rows += _of_areas(year, raster, areas)
        features.append(_coverage(out, f"surface-temperature-{year}", raster, city, year))
    tables.write_rows(
        out / "heat" / "surface_temperature.csv", ("area", "date", "mean_c", "spread_c", "cells"), rows
    )
    points = np.array(json.loads((pack / "heat" / "bologna_tree_points.json").read_text(encoding="utf-8")))
    _trees(points, areas, out / "heat" / "trees.csv")
    tables.write_features(out / "coverages" / "surface_temperature.geojson", features)
    trees = _tree_grid(out, points, raster, city)
    tables.write_features(out / "coverages" / "public_trees.geojson", [trees])


def areas_of(source: Path) -> Iterator[tuple[str, Any]]:
    """(code, shape in metres) of each statistical area."""
    for row, shape in tables.read_features(source):
        yield f"{row['codice_area_statistica']:02d}", shapely.make_valid(tables.metres(shape))


def _centres(raster: Raster) -> tuple[Any, Any]:
    height, width = raster.values.shape
    xs = raster.west + (np.arange(width) + 0.5) * raster.cell_m
    ys = raster.north - (np.arange(height) + 0.5) * raster.cell_m
    grid: tuple[Any, Any] = np.meshgrid(xs, ys)
    return grid


def _of_areas(year: int, raster: Raster, areas: list[tuple[str, Any]]) -> list[tuple[Any, ...]]:
    xs, ys = _centres(raster)
    found: list[tuple[Any, ...]] = []
    for code, shape in areas:
        values = raster.values[shapely.contains_xy(shape, xs, ys)]
        values = values[np.isfinite(values)]
        if values.size >= LEAST_CELLS:
            figures = (round(float(values.mean()), 2), round(float(values.std()), 2), int(values.size))
            found.append((code, f"{year}-08-31", *figures))
    return found


def _coverage(out: Path, name: str, raster: Raster, city: Any, year: int) -> tables.Feature:
    grid = rasters.coarser(raster, FACTOR)
    _mask(grid, city)
    about = {
        "variable": "landSurfaceTemperature",
        "unit": "CEL",
        "scale": 0.1,
        "begin": f"{year}-06-01T00:00:00+00:00",
        "end": f"{year}-08-31T23:59:59+00:00",
        "uncertainty": UNCERTAINTY_K,
        "cells": f"mean of {FACTOR * FACTOR} cells of 30 m",
    }
    return _written(out, name, grid, 0.1, about)


def _tree_grid(out: Path, points: Any, like: Raster, city: Any) -> tables.Feature:
    """Trees per cell. Zero: the register knows none; private gardens are not in it."""
    height, width = (size // FACTOR for size in like.values.shape)
    cell = like.cell_m * FACTOR
    x, y = tables.to_metres(points[:, 0], points[:, 1])
    columns = np.floor((np.asarray(x) - like.west) / cell).astype(int)
    lines = np.floor((like.north - np.asarray(y)) / cell).astype(int)
    inside = (columns >= 0) & (columns < width) & (lines >= 0) & (lines < height)
    counts = np.zeros((height, width))
    np.add.at(counts, (lines[inside], columns[inside]), 1)
    grid = Raster(counts, like.west, like.north, cell)
    _mask(grid, city)
    about = {"variable": "publicTrees", "unit": "C62", "scale": 1, "cells": "number of trees in the cell"}
    return _written(out, "public-trees", grid, 1, about)


def masked(out: Path, name: str, grid: Raster, city: Any, about: dict[str, Any]) -> tables.Feature:
    """Write a grid's cells within the city; returns the feature that describes it."""
    _mask(grid, city)
    return _written(out, name, grid, about["scale"], about)


def _mask(grid: Raster, city: Any) -> None:
    xs, ys = _centres(grid)
    grid.values[~shapely.contains_xy(city, xs, ys)] = np.nan


def _written(out: Path, name: str, grid: Raster, scale: float, about: dict[str, Any]) -> tables.Feature:
    height, width = grid.values.shape
    file = f"coverages/{name}.csv"
    rows = ([_cell(value, scale) for value in line] for line in grid.values)
    tables.write_rows(out / file, [f"c{column}" for column in range(width)], rows)
    known = grid.values[np.isfinite(grid.values)]
    box = shapely.box(
        grid.west, grid.north - height * grid.cell_m, grid.west + width * grid.cell_m, grid.north
    )
    domain = {
        "crs": CRS,
        "west": grid.west,
        "north": grid.north,
        "cell_m": grid.cell_m,
        "columns": width,
        "lines": height,
    }
    figures = {
        "valid_cells": int(known.size),
        "least": round(float(known.min()), 1),
        "most": round(float(known.max()), 1),
    }
    return name, {**about, **domain, **figures, "file": f"samples/{file}"}, tables.degrees(box)


def _cell(value: float, scale: float) -> int | None:
    return None if not np.isfinite(value) else round(value / scale)


def _trees(points: Any, areas: list[tuple[str, Any]], target: Path) -> None:
    x, y = tables.to_metres(points[:, 0], points[:, 1])
    rows = [(code, int(shapely.contains_xy(shape, x, y).sum())) for code, shape in areas]
    tables.write_rows(target, ("area", "trees"), sorted(rows))
