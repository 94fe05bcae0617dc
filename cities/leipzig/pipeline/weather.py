"""A test reference year of the German weather service: 8,760 hours as they typically are in the north-east lowland.

Not measured in the city and not a year that was: hours are set side by side from 1995-2012. The file counts hours 1
to 24 in Central European Time, each named by its end; the year written here, 2015, is the data set's own label.
"""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterator
from pathlib import Path

import shapely

from . import tables

YEAR = 2015
SECONDS = 3600
"""Of an hour: W/m² over it are so many J/m²."""
PLACE = shapely.Point(12.3747, 51.3404)


Row = tuple[str, float, float, int, int, int]


def build(pack: Path, out: Path) -> None:
    """Write weather/{reference_year.csv, reference_days.csv, places.geojson} below ``out``."""
    with gzip.open(pack / "weather" / "TRY2015_Zone4_normal.txt.gz", "rt", encoding="latin-1") as stream:
        lines = iter(stream)
        next(line for line in lines if line.startswith("***"))
        rows = [_row(line.split()) for line in lines if line.strip()]
    header = ("time", "temperature_c", "wind_m_s", "humidity_percent", "direct_w_m2", "diffuse_w_m2")
    tables.write_rows(out / "weather" / "reference_year.csv", header, rows)
    days = ("date", "max_c", "min_c", "humidity", "radiation_j_m2")
    tables.write_rows(out / "weather" / "reference_days.csv", days, _days(rows))
    properties = {"name": "Test reference year, north-east German lowland", "altitude_m": 34}
    tables.write_features(out / "weather" / "places.geojson", [("try2015-zone4", properties, PLACE)])


def _row(cells: list[str]) -> Row:
    """Columns of the file: RW HW MM DD HH t p WR WG N x RF B D A E IL; time: when the hour begins."""
    month, day, hour = (int(cell) for cell in cells[2:5])
    begin = f"{YEAR}-{month:02d}-{day:02d}T{hour - 1:02d}:00:00"
    return begin, float(cells[5]), float(cells[8]), int(cells[11]), int(cells[12]), int(cells[13])


def _days(rows: list[Row]) -> Iterator[tuple[str, float, float, float, int]]:
    """Of each day: highest and lowest temperature, mean humidity (share), sum of radiation [J/m²]."""
    for day, hours in itertools.groupby(rows, key=lambda row: row[0][:10]):
        found = list(hours)
        temperatures = [row[1] for row in found]
        humidity = sum(row[3] for row in found) / len(found) / 100
        radiation = sum(row[4] + row[5] for row in found) * SECONDS
        yield day, max(temperatures), min(temperatures), round(humidity, 3), radiation
