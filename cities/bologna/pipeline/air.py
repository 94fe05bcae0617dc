"""Air quality 2024–2025: the stations of Bologna, their hourly NO2, O3 and CO, and the daily particulate matter.

One row is one station's day, with a column per pollutant and hour; an hour without a valid measurement is an empty
cell, as in the source. Stations whose row for a day is wholly empty are kept out, they say nothing.

2024 has five stations; 2025 is known of three, without CO. The table of 2025 counts its hours one later than that of
2024: over the year that both have, every value agrees once an hour is taken off. Its daily table has three unnamed
blocks, one a station: each is that of the station whose values of 2024 it repeats.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet

from . import tables

HOURLY = {"no2": "2024_NO2_hourly.csv", "o3": "2024_Ozone_hourly.csv", "co": "2024_CO_hourly.csv"}
DAILY = {"pm10": "2024_PM10_daily.csv", "pm25": "2024_PM25_daily.csv"}
LATER_HOURLY = {"no2": ("df_NO2_GM", "df_NO2_SF", "df_NO2_VC"), "o3": ("df_O3_GM", "df_O3_VC")}
LATER_DAILY = "pm10_daily_3stations_meteo_2024_25.parquet"
LATER_YEAR = 2025
SAME_STATION = 0.9
"""Share of the days of 2024 on which a block must agree with a station to be that station's."""
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


def _later_hours(source: Path, pollutant: str) -> Iterator[tuple[str, str, str]]:
    """The same of 2025; of an hour with two different values (the change of the clock) neither is known."""
    for file in LATER_HOURLY.get(pollutant, ()):
        columns = ["cod_staz", "giorno", "ora", "valore"]
        found: dict[tuple[str, str], set[float]] = defaultdict(set)
        for row in pyarrow.parquet.read_table(source / f"{file}.parquet", columns=columns).to_pylist():
            hour: datetime = row["giorno"] + timedelta(hours=row["ora"] - 1)
            if hour.year == LATER_YEAR and row["valore"] is not None:
                found[station_id(row["cod_staz"]), f"{hour:%Y-%m-%d %H}"].add(row["valore"])
        for (station, time), values in found.items():
            if len(values) == 1:
                yield station, time, f"{values.pop():g}"


def _hourly(source: Path, target: Path) -> None:
    days: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for pollutant, file in HOURLY.items():
        for station, time, value in [*_values(source / file), *_later_hours(source, pollutant)]:
            days[station, time[:10]][f"{pollutant}_{time[11:13]}"] = value
    columns = [f"{pollutant}_{hour:02d}" for pollutant in HOURLY for hour in range(24)]
    rows = ([*key, *(cells.get(column) for column in columns)] for key, cells in sorted(days.items()))
    tables.write_rows(target, ["station", "date", *columns], rows)


def _daily(source: Path, target: Path) -> None:
    days: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for pollutant, file in DAILY.items():
        for station, time, value in _values(source / file):
            days[station, time[:10]][pollutant] = value
    for station, day, value in _later_days(source, days):
        days[station, day]["pm10"] = value
    rows = ([*key, *(cells.get(name) for name in DAILY)] for key, cells in sorted(days.items()))
    tables.write_rows(target, ["station", "date", *DAILY], rows)


def _later_days(
    source: Path, known: Mapping[tuple[str, str], Mapping[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """(station, day, PM10) of 2025."""
    rows = pyarrow.parquet.read_table(source / LATER_DAILY, columns=["giorno", "PM10"]).to_pylist()
    starts = [i for i, (one, other) in enumerate(pairwise(rows), 1) if other["giorno"] <= one["giorno"]]
    for begin, end in pairwise([0, *starts, len(rows)]):
        block = {
            f"{row['giorno']:%Y-%m-%d}": row["PM10"] for row in rows[begin:end] if row["PM10"] is not None
        }
        station = _station_of(block, known)
        for day, value in block.items():
            if day.startswith(str(LATER_YEAR)):
                yield station, day, f"{value:g}"


def _station_of(block: Mapping[str, float], known: Mapping[tuple[str, str], Mapping[str, str]]) -> str:
    """The station whose PM10 of 2024 the block repeats. Raises ``ValueError`` where there is not exactly one."""
    found = []
    for station in {station for station, _ in known}:
        days = {
            day: cells["pm10"] for (name, day), cells in known.items() if name == station and "pm10" in cells
        }
        same = sum(day in block and float(value) == block[day] for day, value in days.items())
        if days and same >= SAME_STATION * len(days):
            found.append(station)
    if len(found) != 1:
        raise ValueError(f"a block of {LATER_DAILY} is that of {len(found)} stations: {found}")
    return found[0]
