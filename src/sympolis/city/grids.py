"""Reads the grid files of a city's coverages, such as surface temperature: a plain table beside a description.

The form (docs/reference/grid-files.md): a CSV with a header, one line per row of cells from north to south, one column
per cell from west to east; a whole number times ``scale`` is the value, an empty cell has none. What it means, where
it lies and how certain it is are attributes of the ``Coverage`` entity that names the file.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sympolis.domain import errors

_MOST_CELLS: Final = 4_000_000
NEEDED: Final = ("crs", "west", "north", "cellSize", "columns", "lines", "scale", "file")
"""Short names of the attributes that place a grid."""


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a grid lies: its north-west corner and the size of its square cells, in metres of ``crs``."""

    crs: str
    west: float
    north: float
    cell_m: float
    columns: int
    lines: int

    def xs(self) -> list[float]:
        """Centres of the columns, west to east."""
        return [self.west + (index + 0.5) * self.cell_m for index in range(self.columns)]

    def ys(self) -> list[float]:
        """Centres of the lines, north to south."""
        return [self.north - (index + 0.5) * self.cell_m for index in range(self.lines)]

    def cell_of(self, longitude: float, latitude: float) -> tuple[int, int] | None:
        """(line, column) of the cell that holds a place; None outside."""
        from pyproj import Transformer

        x, y = Transformer.from_crs("EPSG:4326", self.crs, always_xy=True).transform(longitude, latitude)
        if not (math.isfinite(x) and math.isfinite(y)):  # farther away than the grid's system reaches
            return None
        line, column = int((self.north - y) // self.cell_m), int((x - self.west) // self.cell_m)
        return (line, column) if 0 <= line < self.lines and 0 <= column < self.columns else None


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid's values, north first; None where there is none."""

    domain: Domain
    values: tuple[tuple[float | None, ...], ...]

    def at(self, longitude: float, latitude: float) -> float | None:
        """The value of the cell that holds a place."""
        cell = self.domain.cell_of(longitude, latitude)
        return None if cell is None else self.values[cell[0]][cell[1]]


def read(folder: Path, described: Mapping[str, Any]) -> Grid:
    """The grid of a coverage of the package in ``folder``; ``described``: its attributes by short name.

    Raises ``SourceFailed`` where the file is missing, lies outside the package or is not as large as described.
    """
    missing = [name for name in NEEDED if described.get(name) is None]
    if missing:
        raise errors.SourceFailed(f"the coverage does not say its {missing[0]}", where="coverage")
    domain = Domain(
        str(described["crs"]),
        float(described["west"]),
        float(described["north"]),
        float(described["cellSize"]),
        int(described["columns"]),
        int(described["lines"]),
    )
    path = _inside(folder, str(described["file"]))
    if domain.columns * domain.lines > _MOST_CELLS:
        raise errors.SourceFailed(f"has more than {_MOST_CELLS} cells", where=str(path))
    values = _values(path, float(described["scale"]))
    if len(values) != domain.lines or any(len(line) != domain.columns for line in values):
        message = f"is not {domain.lines} lines of {domain.columns} cells"
        raise errors.SourceFailed(message, where=str(path), hint="build the samples anew")
    return Grid(domain, values)


def _inside(folder: Path, file: str) -> Path:
    path = (folder / file).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise errors.SourceFailed("lies outside the city package", where=file)
    return path


def _values(path: Path, scale: float) -> tuple[tuple[float | None, ...], ...]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = csv.reader(stream)
            next(rows, None)
            return tuple(tuple(_value(cell, scale) for cell in row) for row in rows)
    except OSError as cause:
        raise errors.SourceFailed(f"cannot be read: {cause.strerror}", where=path.name) from cause
    except (
        ValueError,
        csv.Error,
    ) as cause:  # its text would quote the file: whoever writes an entity names one
        raise errors.SourceFailed("has a cell that is no whole number", where=path.name) from cause


def _value(cell: str, scale: float) -> float | None:
    return round(int(cell) * scale, 6) if cell else None
