"""Shapes of the 63 Ortsteile and 10 Stadtbezirke, who lives there each year, and what stands there.

Neighbouring areas are simplified together, so that no gap opens between them. The city's statistics give ages as two
whole-number ratios only; the numbers of children and of the old that follow from them are estimates, in a table of
their own.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import shapely

from . import tables

TOLERANCE_M = 5.0
FIRST_YEAR = 2014
FIRST_YEAR_OF_PEOPLE = 2000
"""People and their ages go as far back as they are published: a forecast of children is judged on the past."""

RESIDENTS = "Einwohner:Einwohner insgesamt"
YOUTH, OLD, AGE = "Jugendquote", "Altenquote", "Durchschnittsalter"
FOREIGN = "Einwohner:Ausländer"
POVERTY = ("Anteil an Kindern",)
"""Of 100 children under 15, those in households with basic income support (SGB II)."""
SINCE_2000 = (RESIDENTS, FOREIGN, YOUTH, OLD, AGE)
STOCK = (
    "Gebäude mit Wohnungen insgesamt",
    "Gebäude mit 1 oder 2 Wohnungen",
    "mit Baujahr bis 1918",
    "mit Baujahr bis 1919 bis 1948",
    "mit Baujahr bis 1949 bis 1990",
    "mit Baujahr ab 1991",
    "Wohnungen",
    "Wohnfläche insgesamt",
)
NO_OUTLINES = {
    "de": "Für diesen Ortsteil fehlen die Gebäudeumrisse in der Quelle; er ist nicht unbebaut.",
    "en": "The source lacks the building outlines of this Ortsteil; it is not without buildings.",
    "it": "La fonte non ha le sagome degli edifici di questo Ortsteil; non è senza edifici.",
}
CARS = ("Privat-PKW", "mit Elektromotor")

Values = dict[str, dict[tuple[str, int], int]]
"""Indicator → (key of the Ortsteil, year) → value as published."""


def build(pack: Path, out: Path) -> None:
    """Write areas/{areas,districts}.geojson and areas/{population,ages,housing,cars,poverty}.csv below ``out``."""
    keys = _shapes(pack / "boundaries", out / "areas")
    values = _published(pack / "stats" / "ortsteil_indicators_long.csv.gz", keys)
    _population(values, out / "areas" / "population.csv")
    _ages(values, out / "areas" / "ages.csv")
    _table(values, STOCK, out / "areas" / "housing.csv")
    _table(values, CARS, out / "areas" / "cars.csv")
    _table(values, POVERTY, out / "areas" / "poverty.csv")


def _shapes(folder: Path, out: Path) -> dict[str, str]:
    """Writes both levels; returns the key of each Ortsteil by name."""
    districts = list(tables.read_features(folder / "leipzig_stadtbezirke.geojson"))
    names = {row["SBZ"]: row["Name"] for row, _ in districts}
    _coverage(districts, "SBZ", out / "districts.geojson", {})
    areas = list(tables.read_features(folder / "leipzig_ortsteile.geojson"))
    _coverage(areas, "OT", out / "areas.geojson", names)
    return {row["Name"]: row["OT"] for row, _ in areas}


def _coverage(rows: Sequence[tables.Row], key: str, target: Path, districts: dict[str, str]) -> None:
    metric = [tables.metres(shape) for _, shape in rows]
    simple = shapely.coverage_simplify(metric, TOLERANCE_M)
    tables.write_features(
        target,
        (
            (
                row[key],
                {
                    "name": row["Name"],
                    "district": districts.get(row[key][0]),
                    "area_km2": round(full.area / 1e6, 4),
                    "note": NO_OUTLINES if row["Name"] == "Zentrum" else None,
                },
                tables.degrees(shape),
            )
            for (row, _), full, shape in zip(rows, metric, simple, strict=True)
        ),
    )


def _published(source: Path, keys: dict[str, str]) -> Values:
    """Rows of the city and of the Stadtbezirke, which the file holds too, are sums of these."""
    found: Values = defaultdict(dict)
    with gzip.open(source, "rt", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            key = keys.get(row["area"])
            first = FIRST_YEAR_OF_PEOPLE if row["indicator"] in SINCE_2000 else FIRST_YEAR
            if key is not None and int(row["year"]) >= first:
                found[row["indicator"]][key, int(row["year"])] = int(row["value"])
    return found


def _population(values: Values, target: Path) -> None:
    rows = (
        (key, f"{year}-12-31", people, values[FOREIGN].get((key, year)))
        for (key, year), people in sorted(values[RESIDENTS].items())
    )
    tables.write_rows(target, ("area", "date", "residents", "foreign"), rows)


def _ages(values: Values, target: Path) -> None:
    """Of 100 people aged 15 to 64 there are ``youth`` younger and ``old`` older ones: so each share follows."""
    rows = []
    for (key, year), youth in sorted(values[YOUTH].items()):
        people, old = values[RESIDENTS][key, year], values[OLD][key, year]
        share = people / (100 + youth + old)
        ages = (values[AGE].get((key, year)), youth, old, round(share * youth), round(share * old))
        rows.append((key, f"{year}-12-31", *ages))
    header = ("area", "date", "mean_age", "youth_ratio", "old_ratio", "under_15_estimate", "over_65_estimate")
    tables.write_rows(target, header, rows)


_COLUMNS = {
    "Gebäude mit Wohnungen insgesamt": "residential_buildings",
    "Gebäude mit 1 oder 2 Wohnungen": "with_one_or_two_dwellings",
    "mit Baujahr bis 1918": "built_until_1918",
    "mit Baujahr bis 1919 bis 1948": "built_1919_1948",
    "mit Baujahr bis 1949 bis 1990": "built_1949_1990",
    "mit Baujahr ab 1991": "built_since_1991",
    "Wohnungen": "dwellings",
    "Wohnfläche insgesamt": "living_area_m2",
    "Privat-PKW": "private_cars",
    "mit Elektromotor": "electric_cars",
    "Anteil an Kindern": "children_on_support_percent",
}


def _table(values: Values, names: Sequence[str], target: Path) -> None:
    """One row for each Ortsteil and year that the first of the indicators has."""
    rows = (
        (key, f"{year}-12-31", *(_value(values, name, key, year) for name in names))
        for key, year in sorted(values[names[0]])
    )
    tables.write_rows(target, ("area", "date", *(_COLUMNS[name] for name in names)), rows)


def _value(values: Values, name: str, key: str, year: int) -> int | None:
    """As published; living area, published in 1,000 m², in m²."""
    found = values[name].get((key, year))
    return found * 1000 if found is not None and name == "Wohnfläche insgesamt" else found
