"""Planning blocks of 200 m wherever buildings that are heated stand: the smallest places of the heat plan.

Baublöcke, the blocks between streets by which § 3 of the Wärmeplanungsgesetz asks for maps, are not among the open
data; squares of about the size of one stand in for them. Who has the true blocks replaces this table and nothing else.
Zentrum, whose outlines the source lacks, is one block in the shape of its Ortsteil.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import shapely

from . import outlines, tables

SIDE_M = 200
GRID = 2.0**20
WITHOUT_OUTLINES = "00"


def build(pack: Path, out: Path) -> None:
    """Write heat/blocks.parquet and heat/tables.csv below ``out``."""
    names = {row["OT"]: (row["Name"], shape) for row, shape in tables.read_features(
        pack / "boundaries" / "leipzig_ortsteile.geojson"
    )}  # fmt: skip
    cells = _cells(pack / "buildings" / "leipzig_buildings_osm_2025.parquet")
    rows = [*_named(cells, names), _whole(names[WITHOUT_OUTLINES])]
    (out / "heat").mkdir(parents=True, exist_ok=True)
    _write(out / "heat" / "blocks.parquet", rows)
    header = ("id", "file", "rows")
    tables.write_rows(
        out / "heat" / "tables.csv",
        header,
        [("buildings", "samples/buildings/outlines.parquet", 103_856)],
    )


def _cells(source: Path) -> dict[tuple[int, int], str]:
    """(column, row) of each square with heated buildings → the Ortsteil of most of what stands in it."""
    table = pyarrow.parquet.read_table(source, columns=["geometry", "building", "ot", "footprint_m2"])
    heated = [kind not in outlines.USES["minor"] for kind in table["building"].to_pylist()]
    shapes = shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False))
    places = shapely.get_coordinates(shapely.centroid(shapes))
    metric = np.column_stack(tables.to_metres(places[:, 0], places[:, 1]))
    cells = np.floor(metric / SIDE_M).astype(int).tolist()
    covered: dict[tuple[int, int], Counter[str]] = {}
    for (column, row), kept, area, size in zip(
        cells, heated, table["ot"].to_pylist(), table["footprint_m2"].to_pylist(), strict=True
    ):
        if kept:
            covered.setdefault((column, row), Counter())[area] += size
    return {cell: counter.most_common(1)[0][0] for cell, counter in covered.items()}


def _named(
    cells: dict[tuple[int, int], str], names: dict[str, Any]
) -> list[tuple[str, str, str, float, Any]]:
    """Numbered within each Ortsteil from north to south, and from west to east."""
    found, count = [], Counter[str]()
    for (column, row), area in sorted(cells.items(), key=lambda item: (item[1], -item[0][1], item[0][0])):
        count[area] += 1
        square = shapely.box(column * SIDE_M, row * SIDE_M, (column + 1) * SIDE_M, (row + 1) * SIDE_M)
        name = f"{names[area][0]} {count[area]}"
        found.append((f"{column}-{row}", area, name, float(SIDE_M**2), _rounded(tables.degrees(square))))
    return found


def _whole(area: tuple[str, Any]) -> tuple[str, str, str, float, Any]:
    name, shape = area
    metric = shapely.simplify(tables.metres(shape), 5.0)
    return (WITHOUT_OUTLINES, WITHOUT_OUTLINES, name, round(metric.area), _rounded(tables.degrees(metric)))


def _rounded(shape: Any) -> Any:
    return shapely.transform(shape, lambda places: np.round(places * GRID) / GRID)


def _write(target: Path, rows: list[tuple[str, str, str, float, Any]]) -> None:
    ids, areas, names, sizes, shapes = (list(column) for column in zip(*rows, strict=True))
    table = pyarrow.table(
        {
            "id": pyarrow.array(ids, pyarrow.string()),
            "area": pyarrow.array(areas, pyarrow.string()),
            "name": pyarrow.array(names, pyarrow.string()),
            "land_m2": pyarrow.array(sizes, pyarrow.float32()),
            "geometry": pyarrow.array(shapely.to_wkb(np.array(shapes, dtype=object)), pyarrow.binary()),
        }
    )
    pyarrow.parquet.write_table(table, target, compression="zstd", compression_level=19, store_schema=False)
