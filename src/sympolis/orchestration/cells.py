"""The cells of a coverage as a model is given them: an array in few bytes, with its place on the ground.

Where the grid file lies and how it is read is the city package's business (``GridReader``); here its values are packed
for the inputs file and the data version, which change when any cell changes.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Protocol

from sympolis.domain import errors
from sympolis.domain.entity import Entity
from sympolis.orchestration import fitting
from sympolis.plugins.simulator import Need

CELLS = "grid"
"""The member of an input that holds a coverage's cells; also the name under which a need states their unit."""


class Place(Protocol):
    """Where a grid lies: its outer north-west corner and the side of its square cells, in metres of ``crs``."""

    @property
    def crs(self) -> str: ...
    @property
    def west(self) -> float: ...
    @property
    def north(self) -> float: ...
    @property
    def cell_m(self) -> float: ...
    @property
    def columns(self) -> int: ...
    @property
    def lines(self) -> int: ...


class Cells(Protocol):
    """A grid's values row by row from the north, None where there is none."""

    @property
    def domain(self) -> Place: ...
    @property
    def values(self) -> Sequence[Sequence[float | None]]: ...


GridReader = Callable[[Mapping[str, Any]], Cells]
"""From a coverage's attributes by short name to its cells. Raises ``SourceFailed``."""


def no_grids(_facts: Mapping[str, Any]) -> Cells:
    """The reader of a twin without a city package. Raises ``ModelFailed``."""
    raise errors.ModelFailed(
        "this twin has no grid files", where="needs", hint="start it with a city package"
    )


async def grid_of(
    entity: Entity, need: Need, compact: Callable[[str], str], read: GridReader
) -> dict[str, Any]:
    """The coverage's cells as ``Inputs`` promises them. Raises ``ModelFailed`` or ``SourceFailed``."""
    found = fitting.facts(entity, compact)
    unit = found.get("cellUnit")
    convert = fitting.converter(need, CELLS, unit if isinstance(unit, str) else None)
    cells = await asyncio.to_thread(read, found)
    place = cells.domain
    return {
        "crs": place.crs,
        "shape": [place.lines, place.columns],
        "affine": [place.cell_m, 0.0, place.west, 0.0, -place.cell_m, place.north],
        "unit": need.units.get(CELLS, unit),
        "values": await asyncio.to_thread(_packed, cells.values, convert),
    }


def _packed(rows: Iterable[Iterable[float | None]], convert: fitting.Convert | None) -> bytes:
    values = [
        float("nan") if value is None else fitting.converted(value, convert)
        for value in chain.from_iterable(rows)
    ]
    return struct.pack(f"<{len(values)}f", *values)
