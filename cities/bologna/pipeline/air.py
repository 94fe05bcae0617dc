"""Air quality 2024: the five stations of Bologna, their hourly NO2, O3 and CO, and the daily particulate matter.

One row is one station's day, with a column per pollutant and hour; an hour without a valid measurement is an empty
cell, as in the source. Stations whose row for a day is wholly empty are kept out, they say nothing.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from . import tables

HOURLY = {"no2": "2024_NO2_hourly.csv", "o3": "2024_Ozone_hourly.csv", "co": "2024_CO_hourly.csv"}
DAILY = {"pm10": "2024_PM10_daily.csv", "pm25": "2024_PM25_daily.csv"}
VALIDITY = "v_"


def build(pack: Path, out: Path) -> None:
    """Write air/{stations.geojson, hourly.csv, daily.csv} below ``out``."""
    source, target = pack / "air", out / "air"
    _stations(source / "stations.geojson", target / "stations.geojson")
    _hourly(source, target / "hourly.csv")
    _daily(source, target / "daily.csv")


def station_id(name: str) -> str:
    """``VIA CHIARINI`` → ``via-chiarini``."""
    return name.lower().replace(" ", "-")


def _stations(source: Path, target: Path) -> None:
    tables.write_features(
        target,
        (
            (station_id(row["station"]), {"name": row["station"].title()}, shape)
            for row, shape in tables.read_features(source)
        ),
    )


def _values(path: Path) -> Iterator[tuple[str, str, str]]:
    """(station, time, value) of every cell that holds one."""
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            for name, value in row.items():
                if name != "data" and not name.startswith(VALIDITY) and value:
                    yield station_id(name), row["data"], value


def _hourly(source: Path, target: Path) -> None:
    days: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for pollutant, file in HOURLY.items():
        for station, time, value in _values(source / file):
            days[station, time[:10]][f"{pollutant}_{time[11:13]}"] = value
    columns = [f"{pollutant}_{hour:02d}" for pollutant in HOURLY for hour in range(24)]
    rows = ([*key, *(cells.get(column) for column in columns)] for key, cells in sorted(days.items()))
    tables.write_rows(target, ["station", "date", *columns], rows)


def _daily(source: Path, target: Path) -> None:
    days: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for pollutant, file in DAILY.items():
        for station, time, value in _values(source / file):
            days[station, time[:10]][pollutant] = value
    rows = ([*key, *(cells.get(name) for name in DAILY)] for key, cells in sorted(days.items()))
    tables.write_rows(target, ["station", "date", *DAILY], rows)
