"""The registers of what measures: counting loops, stations and car parks by the names that the portals give them.

They are derived from the tables of this package, after all of those are made.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import tables
from .things import HEADER, features

MEASURING = {
    "traffic-loops": "traffic/loops.geojson",
    "ring-road-loops": "ring_road/loops.geojson",
    "air-stations": "air/stations.geojson",
    "car-parks": "access/car_parks.geojson",
}
"""Kind of register → the table that has its things."""


def build(pack: Path, out: Path) -> None:  # noqa: ARG001 - the tables of the package are what it reads
    """Write a register of each kind into master-data beside ``out``."""
    for kind, table in MEASURING.items():
        tables.write_rows(out.parent / "master-data" / f"{kind}.csv", HEADER, _things(out / table))


def _things(source: Path) -> Iterator[tuple[Any, ...]]:
    """The portal says ``VIA CHIARINI, BOLOGNA VIA CHIARINI`` where the station is called Via Chiarini."""
    stations = source.name == "stations.geojson"
    for key, properties, place in features(source):
        name = properties.get("code") or properties["name"]
        alias = f"{name.upper()}, BOLOGNA {name.upper()}" if stations else None
        x, y = (round(part, tables.PRECISION - 1) for part in (place.x, place.y))
        yield key, name, alias, None, x, y
