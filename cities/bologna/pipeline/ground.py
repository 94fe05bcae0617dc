"""What the ground is made of, for the model of surface heat: albedo, land cover and streets on the grid of the
temperatures, and how much of an area or street lies in the shade around noon in July.

Shares are of the cell's area. OpenStreetMap's land use does not cover every square metre: what none of these grids
claims is unknown, mostly built. Sums and means use the same cells of 90 m as ``heat``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from pyproj import Transformer

from . import heat, rasters, tables
from .rasters import Raster

USES: Final[Mapping[str, tuple[str, ...]]] = {
    "woodShare": ("forest", "orchard", "vineyard", "cemetery"),
    "grassShare": ("grass", "meadow", "flowerbed", "recreation_ground", "greenfield", "allotments"),
    "farmShare": ("farmland", "farmyard", "plant_nursery"),
    "industryShare": (
        "industrial", "commercial", "retail", "railway", "construction", "brownfield", "depot", "garages",
        "military", "quarry",
    ),
    "residentialShare": ("residential",),
}  # fmt: skip
POINTS: Final = 6
"""Points per side of a cell at which land use is asked: every 15 m."""
STEP_M: Final = 5.0
LEAST_STREETS_M: Final = 3000.0
"""Metres of streets with a known shade from which an area gets a street figure."""

_to_degrees = Transformer.from_crs(heat.CRS, "EPSG:4326", always_xy=True).transform
_to_metres = Transformer.from_crs("EPSG:4326", heat.CRS, always_xy=True).transform


def build(pack: Path, out: Path) -> None:
    """Write coverages/{albedo, land_cover}.geojson with their grids and heat/shade.csv below ``out``."""
    areas = list(heat.areas_of(pack / "areas" / "aree-statistiche.geojson"))
    city = shapely.union_all([shape for _, shape in areas])
    raster = rasters.read(pack / "heat" / "Albedo_2025_summer_30m.tif")
    raster.values[raster.values <= 0] = np.nan
    about = {
        "variable": "albedo", "unit": "C62", "scale": 0.001, "cells": "mean of 9 cells of 30 m",
        "begin": "2025-06-01T00:00:00+00:00", "end": "2025-08-31T23:59:59+00:00",
    }  # fmt: skip
    features = [heat.masked(out, "albedo", rasters.coarser(raster, heat.FACTOR), city, about)]
    tables.write_features(out / "coverages" / "albedo.geojson", features)
    covers = [*_uses(pack, raster), ("streetDensity", "MTK", 0.0001, _streets(pack, raster))]
    tables.write_features(
        out / "coverages" / "land_cover.geojson",
        (heat.masked(out, _file(name), grid, city, _about(name, unit, scale))
         for name, unit, scale, grid in covers),
    )  # fmt: skip
    _shade(pack, areas, out / "heat" / "shade.csv")


def _file(name: str) -> str:
    return "land-cover-" + name.removesuffix("Share").removesuffix("Density").lower()


def _about(name: str, unit: str, scale: float) -> dict[str, Any]:
    if unit == "MTK":
        return {
            "variable": name,
            "unit": "D32",
            "scale": scale,
            "cells": "metres of street per m2 of the cell",
        }
    return {"variable": name, "unit": unit, "scale": scale, "cells": "share of the cell's area"}


def _uses(pack: Path, like: Raster) -> Iterator[tuple[str, str, float, Raster]]:
    rows = list(
        tables.read_geopackage(pack / "osm" / "landuse_bologna.gpkg", "landuse_bologna", ("landuse",))
    )
    height, width = (size // heat.FACTOR for size in like.values.shape)
    cell = like.cell_m * heat.FACTOR
    xs = like.west + (np.arange(width * POINTS) + 0.5) * cell / POINTS
    ys = like.north - (np.arange(height * POINTS) + 0.5) * cell / POINTS
    x, y = np.meshgrid(xs, ys)
    for name, uses in USES.items():
        shapes = [shapely.make_valid(shape) for row, shape in rows
                  if row["landuse"] in uses and shape.geom_type.endswith("Polygon")]  # fmt: skip
        ground = shapely.union_all(shapes)
        shapely.prepare(ground)
        inside = shapely.contains_xy(ground, x.ravel(), y.ravel()).reshape(height, POINTS, width, POINTS)
        yield name, "C62", 0.01, Raster(inside.mean(axis=(1, 3)), like.west, like.north, cell)


def _streets(pack: Path, like: Raster) -> Raster:
    """Metres of street axis per square metre."""
    height, width = (size // heat.FACTOR for size in like.values.shape)
    cell = like.cell_m * heat.FACTOR
    metres = np.zeros((height, width))
    edges = tables.read_geopackage(pack / "osm" / "bologna_road_network.gpkg", "edges", ("highway",))
    for _, line in edges:
        axis = shapely.transform(line, _to_metres, interleaved=False)
        count = max(1, round(axis.length / STEP_M))
        along = shapely.line_interpolate_point(axis, (np.arange(count) + 0.5) * axis.length / count)
        columns = np.floor((shapely.get_x(along) - like.west) / cell).astype(int)
        lines = np.floor((like.north - shapely.get_y(along)) / cell).astype(int)
        here = (columns >= 0) & (columns < width) & (lines >= 0) & (lines < height)
        np.add.at(metres, (lines[here], columns[here]), axis.length / count)
    return Raster(metres / cell**2, like.west, like.north, cell)


def _shade(pack: Path, areas: Sequence[tuple[str, Any]], target: Path) -> None:
    """Share in the shade, 12–15 in July: of all ground (roofs included), and of the streets where enough are known."""
    ground = {
        f"{row['codice_area_statistica']:02d}": round(float(row["mean"]), 3)
        for row, _ in tables.read_features(pack / "heat" / "shadow_stat_zones_peak.geojson")
    }
    axes, shades = [], []
    for row, line in tables.read_features(pack / "osm" / "osm_centre_edges_with_shadow.geojson"):
        axes.append(line)
        shades.append(float(row["shadow"]))
    middles = shapely.centroid(np.array(axes))
    lengths, known = shapely.length(np.array(axes)), np.array(shades)
    rows = []
    for code, shape in areas:
        here = shapely.contains(shape, middles)
        street = round(float(np.average(known[here], weights=lengths[here])), 3) if (
            lengths[here].sum() >= LEAST_STREETS_M) else None  # fmt: skip
        rows.append((code, ground.get(code), street))
    tables.write_rows(target, ("area", "ground", "streets"), sorted(rows))
