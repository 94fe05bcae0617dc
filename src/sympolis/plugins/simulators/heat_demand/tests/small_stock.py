"""A hamlet of two blocks in one area, an area beside it of which no outline is known, and one with a new house."""

from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import shapely

BLOCK = "urn:ngsi-ld:BuildingBlock:hamlet:"
AREA = "urn:ngsi-ld:StatisticalArea:hamlet:"


def square(west: float) -> dict[str, Any]:
    """A square of a thousandth of a degree."""
    ring = [[west, 50.0], [west + 0.001, 50.0], [west + 0.001, 50.001], [west, 50.001], [west, 50.0]]
    return {"type": "Polygon", "coordinates": [ring]}


def table() -> bytes:
    """In a: apartments, an unknown house, a garage and a hut (not heated); in b: a factory; in d: a house of 1995."""
    uses = ["apartments", "unknown", "industry", "minor", "unknown", "apartments"]
    places = [0.0002, 0.0004, 0.0012, 0.0006, 0.0008, 0.0032]
    shapes = [shapely.box(x, 50.0002, x + 0.0001, 50.0003) for x in places]
    columns = {
        "id": pyarrow.array([1, 2, 3, 4, 5, 6], pyarrow.int64()),
        "area": ["1"] * 5 + ["3"],
        "use": uses,
        "footprint_m2": pyarrow.array([250.0, 250.0, 500.0, 30.0, 20.0, 200.0], pyarrow.float32()),
        "floor_area_m2": pyarrow.array([1000, 1000, 500, 30, 20, 400], pyarrow.int32()),
        "built": pyarrow.array([None, None, None, None, None, 1995], pyarrow.int16()),
        "geometry": pyarrow.array(shapely.to_wkb(shapes), pyarrow.binary()),
    }
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.table(columns), sink)
    return bytes(sink.getvalue())


def inputs() -> dict[str, Any]:
    """What the platform would gather of the hamlet: 1,125 m² of living area in area 1, 300 in areas 2 and 3."""
    ages = {"builtUntil1918": 10, "built1919To1948": 0, "built1949To1990": 0, "builtSince1991": 0}
    return {
        "buildings": [{"id": "t", "type": "BuildingTable", "file": "t.parquet", "table": table()}],
        "blocks": [
            {"id": f"{BLOCK}{name}", "location": square(west), "landArea": 10_000.0,
             "statisticalArea": f"{AREA}{area}"}
            for name, west, area in (("a", 0.0, 1), ("b", 0.001, 1), ("c", 0.002, 2), ("d", 0.003, 3))
        ],
        "areas": [
            {"id": f"{AREA}1", "name": "One", "livingArea": 1125.0, **ages},
            {"id": f"{AREA}2", "name": "Two", "livingArea": 300.0},
            {"id": f"{AREA}3", "name": "Three", "livingArea": 300.0, **ages},
        ],
    }  # fmt: skip


def prepared(model: Any, folder: Path) -> Path:
    """The hamlet, prepared."""
    model.prepare(inputs(), folder)
    return folder
