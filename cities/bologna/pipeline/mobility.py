"""The inputs of the mobility-policy model: traffic by zone and hour, the cordon around the zones, the car fleet.

The zones' tables are means of a simulated ordinary working day (five runs of an origin-destination assignment by FBK
and the University of Bologna, made in the "Area Verde" project, before 2024); they count vehicles, not people. The
cordon's figures and the fleet are those of the public civic-digital-twins Bologna example.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet
import shapely

from . import tables

TOLERANCE_M = 8.0
OUTSIDE = 0
"""The id under which the tables sum up all that lies outside the zones."""
HOURS = range(24)

CORDON_INFLOW = (
    2655, 1199, 493, 386, 551, 1193, 3522, 8994, 12604, 10674, 9468, 9439,
    9622, 8861, 8970, 9192, 10963, 13699, 13478, 11369, 8198, 4883, 3885, 3836,
)  # fmt: skip
"""Vehicles driving into the area, rate at the full hours [veh/h]: civic-digital-twins example, from loops."""
CORDON_STARTING = (
    4132.17, 1806.84, 974.21, 998.71, 2112.32, 5860.21, 15927.16, 26907.4, 26139.74, 22302.41, 22072.1, 22158.83,
    21237.35, 21129.68, 21782.38, 24825.22, 29143.63, 28235.26, 25576.54, 20852.08, 13232.52, 9114.04, 8588.31,
    7403.58,
)  # fmt: skip
"""Trips starting inside in each hour [veh]: the same example's five-minute figures, summed."""
FLEET = (
    (0, 0.059, 0.21058), (1, 0.012, 0.21746), (2, 0.034, 0.24015), (3, 0.054, 0.24724),
    (4, 0.198, 0.13556), (5, 0.176, 0.09956), (6, 0.467, 0.06825),
)  # fmt: skip
"""Euro class, share of cars, NOx [g/km]: the same example."""


def build(pack: Path, out: Path) -> None:
    """Write mobility/{zones.geojson, cordon.geojson, fleet.csv} below ``out``."""
    shapes = {row["id"]: (row, shape) for row, shape in tables.read_features(_zones_file(pack))}
    flows = _hourly(pack, "IO", ("inflow_from_INSIDE_mean", "inflow_from_OUTSIDE_mean"))
    starting = _hourly(pack, "S", ("starting_from_zone_mean",))
    present = _hourly(pack, "T", ("traffic_in_zone_mean",))
    known = sorted(key for key in shapes if key in flows and key in present)
    simple = shapely.coverage_simplify([tables.metres(shapes[key][1]) for key in known], TOLERANCE_M)
    tables.write_features(
        out / "mobility" / "zones.geojson",
        (
            (
                f"{key:05d}",
                _zone(shapes[key][0], flows[key], starting.get(key), present[key]),
                tables.degrees(shape),
            )
            for key, shape in zip(known, simple, strict=True)
        ),
    )
    cordon = {
        "name": "Area Verde",
        "time_zone": "Europe/Rome",
        "inflow": list(CORDON_INFLOW),
        "starting": list(CORDON_STARTING),
    }
    outline = tables.degrees(shapely.remove_repeated_points(_outline(simple), TOLERANCE_M))
    tables.write_features(out / "mobility" / "cordon.geojson", [("area-verde", cordon, outline)])
    tables.write_rows(out / "mobility" / "fleet.csv", ("euro_class", "share", "nox_g_per_km"), FLEET)


def _zones_file(pack: Path) -> Path:
    return pack / "civic_model" / "aree_gdf_inside_v2.geojson"


def _hourly(pack: Path, table: str, columns: Sequence[str]) -> dict[int, list[list[float]]]:
    """By zone, one list of 24 figures per column; an hour without a row had no vehicle."""
    found: dict[int, list[list[float]]] = {}
    for row in pyarrow.parquet.read_table(
        pack / "civic_model" / f"AreaVerde_{table}_v13.parquet"
    ).to_pylist():
        lists = found.setdefault(row["id_zone"], [[0.0] * len(HOURS) for _ in columns])
        for values, column in zip(lists, columns, strict=True):
            values[row["hour"]] = row[column] or 0.0
    found.pop(OUTSIDE, None)
    return found


def _zone(
    row: Mapping[str, Any],
    flows: list[list[float]],
    starting: list[list[float]] | None,
    present: list[list[float]],
) -> dict[str, Any]:
    inner, outer = flows
    return {
        "name": row["name"] or row["code"] or f"Zona {row['id']}",
        "inflow": [round(a + b) for a, b in zip(inner, outer, strict=True)],
        "inflow_outside": [round(value) for value in outer],
        "starting": [round(value) for value in (starting[0] if starting else [0.0] * len(HOURS))],
        "vehicles": [round(value) for value in present[0]],
    }


def _outline(shapes: Sequence[Any]) -> Any:
    whole = shapely.coverage_union_all(shapes)
    return shapely.Polygon(max(shapely.get_parts(whole), key=lambda part: part.area).exterior)
