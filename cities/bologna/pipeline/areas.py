"""The 90 statistical areas: their shapes, who lives there each year, and the Comune's fragility indices 2021–2023.

Neighbouring areas are simplified together, so that no gap opens between them. People and indices keep the rows as
published, an area code that no shape has and an index of zero included: the quality gate judges them.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow.parquet
import shapely

from . import tables

TOLERANCE_M = 4.0
FIRST_YEAR = 2018
OLD, YOUNG = "65 e oltre", "00-14"


def build(pack: Path, out: Path) -> None:
    """Write areas/{areas.geojson, population.csv, fragility.csv, low_traffic_zones.geojson} below ``out``."""
    _areas(pack / "areas" / "aree-statistiche.geojson", out / "areas" / "areas.geojson")
    _population(pack / "areas" / "gender.parquet", out / "areas" / "population.csv")
    _fragility(pack / "areas" / "fragilita-2021.parquet", out / "areas" / "fragility.csv")
    _zones(pack / "ztl" / "ltz_zones.zip", out / "areas" / "low_traffic_zones.geojson")


def _areas(source: Path, target: Path) -> None:
    rows = list(tables.read_features(source))
    shapes = shapely.coverage_simplify([tables.metres(shape) for _, shape in rows], TOLERANCE_M)
    tables.write_features(
        target,
        (
            (
                f"{row['codice_area_statistica']:02d}",
                {
                    "name": _title(row["area_statistica"]),
                    "district": row["quartiere"],
                    "zone": row["zona"],
                    "area_km2": round(shape.area / 1e6, 4),
                },
                tables.degrees(shape),
            )
            for (row, _), shape in zip(rows, shapes, strict=True)
        ),
    )


def _title(name: str) -> str:
    """``DUCATI-VILLAGGIO INA`` → ``Ducati-Villaggio Ina``."""
    return "".join(word.capitalize() for word in _words(name))


def _words(name: str) -> list[str]:
    parts, word = [], ""
    for letter in name:
        if letter in " -'.":
            parts += [word, letter]
            word = ""
        else:
            word += letter
    return [*parts, word]


def _population(source: Path, target: Path) -> None:
    people: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in pyarrow.parquet.read_table(source).to_pylist():
        if row["anno"].year >= FIRST_YEAR:
            total = people[row["codice_area_statistica"], row["anno"].year]
            total[0] += row["residenti"]
            total[1] += row["residenti"] if row["eta_grandi"] == OLD else 0
            total[2] += row["residenti"] if row["eta"] == YOUNG else 0
    rows = ((area, f"{year}-12-31", *counts) for (area, year), counts in sorted(people.items()))
    tables.write_rows(target, ("area", "date", "residents", "aged_65_plus", "aged_under_15"), rows)


_INDICES = ("frag_compl", "frag_demo", "frag_soc", "frag_econ")


def _fragility(source: Path, target: Path) -> None:
    found: list[dict[str, Any]] = pyarrow.parquet.read_table(source).to_pylist()
    rows = sorted(
        (f"{row['codareast']:02d}", f"{row['yyyy'].year}-12-31", *(row[name] for name in _INDICES))
        for row in found
    )
    tables.write_rows(target, ("area", "date", "overall", "demographic", "social", "economic"), rows)


def _zones(source: Path, target: Path) -> None:
    """One published outline crosses itself (the file says so); made valid, its area is 0.4 % off the published one."""
    features = []
    for row, shape in tables.read_polygons(source):
        area = tables.metres(shapely.make_valid(shape))
        simple = shapely.make_valid(area.simplify(1.0))
        polygons = [
            part for part in shapely.get_parts(simple) if part.geom_type == "Polygon" and part.area > 50
        ]
        outline = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
        properties = {
            "code": row["codice"],
            "area_m2": round(area.area),
            "area_published_m2": int(row["area"]),
        }
        features.append((row["codice"], properties, tables.degrees(outline)))
    tables.write_features(target, features)
