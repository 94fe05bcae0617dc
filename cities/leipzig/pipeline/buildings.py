"""What stands in each Ortsteil, from 103,856 outlines: number, ground covered, dwellings' share, storeys, heritage.

The outlines themselves (5.6 MB) are more than the samples may hold. The Ortsteil Zentrum has none: the file that the
outlines come from lacks it. Its row says 0 of outlines and nothing else, so that nobody takes it for an empty place.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow.parquet

from . import tables

HOMES = frozenset(
    [
        "apartments",
        "house",
        "residential",
        "detached",
        "semidetached_house",
        "terrace",
        "bungalow",
        "dormitory",
        "farm",
    ]
)
"""Values of OpenStreetMap's key `building` that say people live there; 32,578 outlines say no more than `yes`."""
MISSING = "00"
"""Zentrum."""


def build(pack: Path, out: Path) -> None:
    """Write buildings/by_area.csv below ``out``."""
    columns = ["ot", "building", "levels", "heritage", "footprint_m2"]
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    source = pack / "buildings" / "leipzig_buildings_osm_2025.parquet"
    for row in pyarrow.parquet.read_table(source, columns=columns).to_pylist():
        found[row["ot"]].append(row)
    rows = [(MISSING, 0, None, None, None, None, None), *((key, *_sums(found[key])) for key in sorted(found))]
    header = ("area", "outlines", "covered_m2", "homes", "homes_covered_m2", "storeys_known", "heritage")
    tables.write_rows(out / "buildings" / "by_area.csv", header, rows)


def _sums(rows: list[dict[str, Any]]) -> tuple[int, int, int, int, int, int]:
    homes = [row for row in rows if row["building"] in HOMES]
    return (
        len(rows),
        round(sum(row["footprint_m2"] for row in rows)),
        len(homes),
        round(sum(row["footprint_m2"] for row in homes)),
        sum(row["levels"] is not None for row in rows),
        sum(row["heritage"] is not None for row in rows),
    )
