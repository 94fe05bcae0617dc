"""An atlas's selection as a file: GeoPackage, Excel workbook, CSV or a map as PDF. Runs in a worker process.

``write`` is named by the desk and called there: openpyxl and reportlab load in the worker alone. What is written says
of itself what was asked for, of which day it is, and whose data it holds.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from sympolis.analysis.atlas import geopackage, map_page, workbook
from sympolis.domain import errors

Document = Mapping[str, Any]
"""What to write: ``title``, ``question``, ``unit``, ``language``, ``made``, ``filters``, ``about`` (texts in the
reader's language), ``layers``: [{``id``, ``title``, ``columns``: [{``name``, ``title``}], ``rows``, ``place``,
``attribution``, ``licence``}], ``missing``, ``outlines`` (GeoJSON geometries of the areas), ``words``."""

MEDIA: Final[Mapping[str, str]] = {
    "gpkg": "application/geopackage+sqlite3",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
}
MOST_ROWS: Final[Mapping[str, int]] = {"gpkg": 200_000, "csv": 200_000, "xlsx": 200_000, "pdf": 200_000}


def write(form: str, document: str, target: str) -> int:
    """Write the file at ``target`` from the MessagePack file ``document``; how many things it holds."""
    content: Document = msgspec.msgpack.decode(Path(document).read_bytes())
    _WRITERS[form](content, Path(target))
    return sum(len(layer["rows"]) for layer in content["layers"])


def _write_csv(content: Document, target: Path) -> None:
    """One table of all layers: the common columns, then every column that any of them has."""
    names = list(dict.fromkeys(column["name"] for layer in content["layers"] for column in layer["columns"]))
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(["layer", *names])
        for layer in content["layers"]:
            own = [column["name"] for column in layer["columns"]]
            for row in layer["rows"]:
                values = dict(zip(own, row, strict=True))
                out.writerow([layer["id"], *(workbook.harmless(values.get(name)) for name in names)])


_WRITERS: Final[Mapping[str, Callable[[Document, Path], None]]] = {
    "gpkg": geopackage.write,
    "xlsx": workbook.write,
    "csv": _write_csv,
    "pdf": map_page.write,
}


def check(form: str, count: int) -> None:
    """Raise ``TooManyResults`` where a file of this kind would hold too much."""
    if count > MOST_ROWS[form]:
        raise errors.TooManyResults(
            f"{count} things are more than the {MOST_ROWS[form]} that a file of this kind may hold",
            where="format",
            hint="narrow the selection, or take gpkg or csv",
        )
