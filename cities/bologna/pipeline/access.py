"""The gates of the low-traffic zone, and the car parks' readings of three days in April 2026.

Of the car parks only those with a counter are kept: the collection that the readings come from also holds twelve car
parks with predicted figures and a test row.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import shapely

from . import tables

COUNTED = ("Autostazione", "Riva Reno", "VIII Agosto")


def build(pack: Path, out: Path) -> None:
    """Write access/{gates.geojson, car_parks.geojson, parking.csv} below ``out``."""
    gates = [(row["varco"], *_gate(row)) for row in _rows(pack / "ztl" / "varchi_quartieri.csv")]
    tables.write_features(out / "access" / "gates.geojson", gates)
    readings = [
        row
        for row in _rows(pack / "parking" / "parking_readings_2026.csv")
        if row["parcheggio_nome"] in COUNTED
    ]
    parks = {row["parcheggio_nome"]: row for row in readings}
    tables.write_features(
        out / "access" / "car_parks.geojson", [(park_id(name), *_park(row)) for name, row in parks.items()]
    )
    rows = sorted(
        (
            park_id(row["parcheggio_nome"]),
            f"{row['timestamp'][:19]}Z",
            row["posti_liberi"],
            row["posti_totali"],
        )
        for row in readings
    )
    tables.write_rows(out / "access" / "parking.csv", ("car_park", "time", "free", "places"), rows)


def park_id(name: str) -> str:
    """``Riva Reno`` → ``riva-reno``."""
    return name.lower().replace(" ", "-")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def _gate(row: dict[str, str]) -> tuple[dict[str, Any], Any]:
    properties = {
        "name": row["nome"].strip(),
        "description": row["descrizione"].strip(),
        "towards": row["direzione"].strip(),
        "district": row["quartiere"].strip(),
        "zone": row["zona"].strip(),
        "street": row["via"].strip(),
    }
    return properties, shapely.Point(float(row["lon"]), float(row["lat"]))


def _park(row: dict[str, str]) -> tuple[dict[str, Any], Any]:
    properties = {"name": row["parcheggio_nome"], "places": int(float(row["posti_totali"]))}
    return properties, shapely.Point(float(row["lon"]), float(row["lat"]))
