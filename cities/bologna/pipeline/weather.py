"""Daily weather 2024–2025 (Open-Meteo, from ERA5) and the Comune's daily temperatures 2001–2025."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet
import shapely

from . import tables

CENTRE = shapely.Point(11.342616, 44.494887)
"""Piazza Maggiore: both series stand for the city, neither publishes the position of an instrument."""
PLACES = {"open-meteo": "Bologna (ERA5)", "comune": "Bologna (Comune)"}
COLUMNS = {
    "temperature_2m_mean": "mean",
    "temperature_2m_min": "min",
    "temperature_2m_max": "max",
    "apparent_temperature_max": "apparent_max",
    "precipitation_sum": "precipitation_mm",
    "wind_speed_10m_max": "wind_max_kmh",
    "relative_humidity_2m_mean": "humidity_percent",
    "shortwave_radiation_sum": "radiation_j_m2",
    "sunshine_duration": "sunshine_s",
}


def build(pack: Path, out: Path) -> None:
    """Write weather/{places.geojson, daily.csv, temperature.csv} below ``out``."""
    source, target = pack / "weather", out / "weather"
    places = ((key, {"name": name}, CENTRE) for key, name in PLACES.items())
    tables.write_features(target / "places.geojson", places)
    _daily(source / "openmeteo_daily_2024_2025.parquet", target / "daily.csv")
    _temperature(source / "temperature_daily_2001_2025.csv", target / "temperature.csv")


def _daily(source: Path, target: Path) -> None:
    found = pyarrow.parquet.read_table(source, columns=["date", *COLUMNS]).to_pylist()
    rows = (
        ("open-meteo", row["date"].date().isoformat(), *(_value(name, row[name]) for name in COLUMNS))
        for row in sorted(found, key=lambda row: row["date"])
    )
    tables.write_rows(target, ("place", "date", *COLUMNS.values()), rows)


def _value(name: str, value: float | None) -> float | None:
    """One decimal is what the source's own interface gives; radiation comes in MJ/m² and is stored in J/m²."""
    if value is None:
        return None
    return round(round(value, 2) * 1e6) if name == "shortwave_radiation_sum" else round(value, 1)


def _temperature(source: Path, target: Path) -> None:
    """The columns keep the portal's names, so that one mapping reads the sample and the portal's own export."""
    names = ("Data", "Temperatura media", "Temperatura minima", "Temperatura massima")
    with source.open(encoding="utf-8-sig", newline="") as stream:
        found = list(csv.DictReader(stream, delimiter=";"))
    tables.write_rows(target, names, ([row[name] for name in names] for row in found))
