"""Where in its Ortsteil people live: 325 m squares with their share of the Ortsteil's dwellings' floor.

The statistics stop at the Ortsteil; whether a place can be reached on foot does not. Floor is ground covered times
storeys, of outlines that are dwellings; where storeys are unknown, those usual for the kind of house. Zentrum has no
outlines at the source: its squares follow its shape, and say so.

Births of the whole city are figures published year by year in reports, each with its own source.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import shapely

from . import tables

SIDE_M = 325.0
STOREYS = {
    "apartments": 4.0,
    "dormitory": 5.0,
    "residential": 3.0,
    "terrace": 2.0,
    "house": 1.5,
    "detached": 1.5,
    "semidetached_house": 1.5,
    "farm": 1.5,
    "bungalow": 1.0,
}
"""Storeys with dwellings where the outline does not say: Leipzig's blocks have four, its houses one and a half."""
LEAST_SHARE = 0.0005
MISSING = "00"
"""Zentrum."""

_LIZ_2014 = (
    "https://l-iz.de/leben/familie-und-kinder/2014/10/"
    "Leipziger-Kita-Bedarfsplanung-Entspannung-Ende-2015-57512"
)
_LIZ_2013 = (
    "https://www.l-iz.de/leben/familie-und-kinder/2013/11/Quartalsbericht-Leipzig-Geburtenzahl-steigt-52428"
)
_LVZ_2018 = "http://www.lvz.de/Leipzig/Lokales/Zahl-der-Geburten-in-Leipzig-steigt-immer-weiter-an"
_GRIMMA_2018 = "https://medienportal-grimma.de/?p=8995"
_MDR_2021 = (
    "https://www.mdr.de/nachrichten/sachsen/leipzig/leipzig-leipzig-land/"
    "leipzig-waechst-weiter-bevoelkerungsstatistik-100.html"
)
_LIZ_2022 = (
    "https://l-iz.de/politik/kassensturz/2022/03/"
    "quartalsbericht-iv-2021-warum-gehen-in-leipzig-die-geburtenzahlen-wieder-zurueck-440668"
)
_TAG24_2023 = (
    "https://www.tag24.de/leipzig/kultur-leute/"
    "viele-hunde-wenig-babys-tourismus-plus-so-sieht-leipzig-aktuell-in-zahlen-aus-3045526"
)
BIRTHS = (
    (2000, 3757, _LIZ_2014),
    (2001, 3781, _LIZ_2014),
    (2002, 3749, _LIZ_2014),
    (2008, 5263, _LIZ_2014),
    (2012, 5629, _LIZ_2013),
    (2013, 5834, _LVZ_2018),
    (2016, 6873, _GRIMMA_2018),
    (2017, 6976, _GRIMMA_2018),
    (2020, 6468, _MDR_2021),
    (2021, 6252, _LIZ_2022),
    (2022, 5862, _TAG24_2023),
)
"""(year, births in the city, who reported the figure of the city's statistics office). Other years were not found."""

_LIZ_2024 = "https://l-iz.de/politik/kassensturz/2024/07/das-leipziger-geburtendrama-leipzig-nachwuchs-abhanden-kommen-597624"
HALF_YEARS = ((2023, 2417, _LIZ_2024),)
"""(year, births of its first half, where): doubled, they stand in for a year whose figure was not found."""

Square = tuple[str, int, int]
"""(key of the Ortsteil, column, line)."""


def build(pack: Path, out: Path) -> None:
    """Write people/squares.geojson and people/births.csv below ``out``."""
    floor, outlined = _floor(pack / "buildings" / "leipzig_buildings_osm_2025.parquet")
    shapes = {
        row["OT"]: tables.metres(shape)
        for row, shape in tables.read_features(pack / "boundaries" / "leipzig_ortsteile.geojson")
    }
    rows = [*_squares(floor, outlined), *_by_shape(shapes[MISSING])]
    tables.write_features(out / "people" / "squares.geojson", rows)
    counted = [(f"{year}-12-31", number, None, source) for year, number, source in BIRTHS]
    doubled = [(f"{year}-12-31", None, 2 * number, source) for year, number, source in HALF_YEARS]
    header = ("date", "births", "estimate_from_half_year", "reported_in")
    tables.write_rows(out / "people" / "births.csv", header, [*counted, *doubled])


def _floor(source: Path) -> tuple[dict[Square, float], dict[Square, list[tuple[float, float, float]]]]:
    """Floor of dwellings [m²] by square, and (x, y, floor) of each house in it."""
    floor: dict[Square, float] = defaultdict(float)
    houses: dict[Square, list[tuple[float, float, float]]] = defaultdict(list)
    columns = ["geometry", "ot", "building", "levels", "footprint_m2"]
    for row in pyarrow.parquet.read_table(source, columns=columns).to_pylist():
        if row["building"] not in STOREYS:
            continue
        centre = shapely.centroid(shapely.from_wkb(row["geometry"]))
        x, y = (float(value) for value in tables.to_metres(centre.x, centre.y))
        square = row["ot"], int(x // SIDE_M), int(y // SIDE_M)
        area = float(row["footprint_m2"]) * (_number(row["levels"]) or STOREYS[row["building"]])
        floor[square] += area
        houses[square].append((x, y, area))
    return floor, houses


def _number(text: str | None) -> float | None:
    """``"4"`` → 4; anything that is no plain number of storeys is unknown."""
    try:
        value = float(text) if text else 0.0
    except ValueError:
        return None
    return value if 0.0 < value <= 40.0 else None


def _squares(
    floor: dict[Square, float], houses: dict[Square, list[tuple[float, float, float]]]
) -> Iterator[tables.Feature]:
    """Each square stands where its floor is in the middle; one with less than 0.05 % of its Ortsteil is left out."""
    whole: dict[str, float] = defaultdict(float)
    for (key, _, _), area in floor.items():
        whole[key] += area
    for square, area in floor.items():
        key = square[0]
        if area / whole[key] >= LEAST_SHARE:
            total = sum(weight for _, _, weight in houses[square])
            x, y = (sum(one[axis] * one[2] for one in houses[square]) / total for axis in (0, 1))
            yield _feature(square, "share", area / whole[key], shapely.Point(x, y))


def _by_shape(shape: Any) -> Iterator[tables.Feature]:
    west, south, east, north = shape.bounds
    found = []
    for column in range(int(west // SIDE_M), int(east // SIDE_M) + 1):
        for line in range(int(south // SIDE_M), int(north // SIDE_M) + 1):
            box = shapely.box(column * SIDE_M, line * SIDE_M, (column + 1) * SIDE_M, (line + 1) * SIDE_M)
            part = box.intersection(shape)
            if part.area > 0:
                found.append(((MISSING, column, line), part.area / shape.area, part.representative_point()))
    for square, share, point in found:
        if share >= LEAST_SHARE:
            yield _feature(square, "surface_share", share, point)


def _feature(square: Square, name: str, share: float, point: Any) -> tables.Feature:
    """``name`` tells shares of floor from shares of mere surface, which stand in for them."""
    key, column, line = square
    about = {"area": key, name: round(share, 5)}
    return f"{key}-{column}-{line}", about, tables.degrees(point)
