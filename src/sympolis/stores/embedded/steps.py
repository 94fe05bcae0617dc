"""What a migration does that SQL cannot say, in the same transaction as its script."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

import apsw

from sympolis.stores.embedded import grid

_AT_ONCE: Final = 5_000
_POINT: Final = struct.Struct("<BIdd")
"""A point as well-known binary: byte order, kind of geometry (1), longitude, latitude."""


def take(number: int, connection: apsw.Connection) -> None:
    """The step that belongs to a migration, if there is one."""
    step = _STEPS.get(number)
    if step is not None:
        step(connection)


def _points_leave_the_tree(connection: apsw.Connection) -> None:
    """Migration 7: points move from the R*Tree to the grid, in the order in which they stand in their entities."""
    next_shapes = (
        "SELECT s.key, s.name, e.id, s.wkb FROM shape AS s JOIN entity AS e ON e.key = s.entity"
        " WHERE s.key > ? ORDER BY s.key LIMIT ?"
    )
    numbers: Counter[tuple[int, str]] = Counter()
    last = -1
    while shapes := _rows(connection, next_shapes, (last, _AT_ONCE)):
        last = shapes[-1][0]
        points = [shape for shape in shapes if _is_point(shape[3])]
        connection.executemany(
            "INSERT INTO spot VALUES (?, ?, ?, ?, ?, ?)", [_row(numbers, *point[1:]) for point in points]
        )
        gone = [point[:1] for point in points]
        connection.executemany("DELETE FROM shape WHERE key = ?", gone)
        connection.executemany("DELETE FROM place WHERE key = ?", gone)


def _rows(connection: apsw.Connection, query: str, parameters: tuple[Any, ...]) -> list[Any]:
    """All rows of a query."""
    return connection.execute(query, parameters).fetchall()


def _is_point(wkb: bytes) -> bool:
    return len(wkb) == _POINT.size and _POINT.unpack(wkb)[1] == 1


def _row(numbers: Counter[tuple[int, str]], name: int, entity_id: str, wkb: bytes) -> tuple[Any, ...]:
    _, _, longitude, latitude = _POINT.unpack(wkb)
    nr = numbers[name, entity_id]
    numbers[name, entity_id] += 1
    return name, grid.cell(longitude, latitude), entity_id, nr, longitude, latitude


_STEPS: Final[Mapping[int, Callable[[apsw.Connection], None]]] = {7: _points_leave_the_tree}
