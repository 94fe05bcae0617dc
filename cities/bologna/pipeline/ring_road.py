"""Half-hourly counts of the ring road (viali) on the survey's days of 2024 and January 2025: eleven loops.

Rows are as published: days without a count are rows of empty cells, the quality gate and the figures of completeness
judge them. The loop's code names it; street names are spelt in two ways in the source.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import shapely

from . import tables

FROM = "2024-01-01"
STREETS = ("VIA_SPIRA", "TRA VIA", "E VIA", "DIREZIONE")


def build(pack: Path, out: Path) -> None:
    """Write ring_road/{loops.geojson, counts.csv} below ``out``."""
    rows = [row for row in _rows(pack / "traffic" / "traffico_viali_halfhour.csv") if row["Codice"].strip()]
    places = {
        row["codice spira"].strip(): row for row in _rows(pack / "traffic" / "bologna_traffic_metadata.csv")
    }
    named = {row["Codice"].strip(): row for row in rows if "?" not in row["TRA VIA"]}
    features = [(loop_id(code), *_loop(row, places[code])) for code, row in sorted(named.items())]
    tables.write_features(out / "ring_road" / "loops.geojson", features)
    columns = [name for name in rows[0] if re.fullmatch(r"\d+\.\d\d - \d+\.\d\d", name)]
    table = sorted(
        (loop_id(row["Codice"].strip()), row["data"], *(row[name] or None for name in columns))
        for row in rows
        if row["data"] >= FROM
    )
    header = ("loop", "date", *(f"t{number:02d}" for number in range(len(columns))))
    tables.write_rows(out / "ring_road" / "counts.csv", header, table)


def loop_id(code: str) -> str:
    """``2.6 2.10 6 1`` → ``viali-2.6-2.10-6-1``."""
    return "viali-" + re.sub(r"[^A-Za-z0-9.]+", "-", code)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


def _loop(row: dict[str, str], place: dict[str, str]) -> tuple[dict[str, Any], Any]:
    street, begin, end, direction = (row[name].strip() for name in STREETS)
    properties = {
        "code": row["Codice"].strip(),
        "name": street,
        "stretch": f"{begin} – {end}",
        "direction": direction,
    }
    return properties, shapely.Point(float(place["longitudine"]), float(place["latitudine"]))
