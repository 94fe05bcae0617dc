"""Where a search around a place starts from: the points in the cells of the grid, then the few other geometries.

Points stand by type, cell and id. In a crowd they are read in pieces of the order of ids, from all cells at once, and
no further than the page needs: its length decides the cost and not how crowded the place is. What ``q`` asks is told
from the columns beside the points, as far as those are kept, else from the type's listing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import apsw
import msgspec

from sympolis.context.geometry import GeoTest
from sympolis.context.nearness import Box
from sympolis.context.query import Query
from sympolis.later import later
from sympolis.stores import sql
from sympolis.stores.embedded import grid
from sympolis.stores.embedded.catalog import Catalog, Wish
from sympolis.stores.embedded.compile import TypeCompiler, needs_looking, of_types
from sympolis.stores.embedded.conditions import CERTAIN, DOUBTFUL, Condition, both
from sympolis.stores.embedded.files import fetch_all

if TYPE_CHECKING:
    import numpy as np
    import shapely
else:
    np = later("numpy")
    shapely = later("shapely")

_SQL: Final = sql.load("sympolis.stores.embedded", "store.sql")
_VAST: Final = 4096
"""Beyond so many cells, a box is vast."""
_CROWD: Final = 2
"""So many points of each cell are read at least; where there are no more, all cells are read at once."""
_SELECTIVE: Final = 5
"""So many more points are read at first where they have to satisfy more than the place."""
_MOST_GROWTH: Final = 8
"""A piece is at most so many times all those before."""
_LAST: Final = "\U0010ffff"
"""Behind all ids."""

Piece = tuple[str, str]
"""Ids from here (excluded) to there (included)."""


class Field(NamedTuple):
    """The cells that may hold what a geo-query asks for: ``starts`` begins each row of them, ``width`` more follow."""

    name: int
    starts: Sequence[int]
    width: int
    sides: Box

    @property
    def middle(self) -> int:
        """The cell in the middle."""
        return self.starts[len(self.starts) // 2] + self.width // 2

    @property
    def cells(self) -> list[int]:
        """All of them."""
        return [start + step for start in self.starts for step in range(self.width + 1)]


def field(test: GeoTest, name: int, *, vast: int = _VAST) -> Field | None:
    """The cells that a test's box touches; None where that is a vast field, of more cells than that."""
    if test.box is None or grid.count(test.box) > vast:
        return None
    found = list(grid.ranges(test.box))
    return Field(name, [first for first, _ in found], found[0][1] - found[0][0], test.box)


class Arms:
    """The arms of a search over the points in a field; ``wishes``: what would have spared looking elsewhere.

    ``crowded``: they are read in pieces, and the last two parameters of each arm are a ``Piece``.
    """

    def __init__(self, place: Field, wanted: Query, catalog: Catalog, *, crowded: bool) -> None:
        self._place = place
        self._wanted = wanted
        self._catalog = catalog
        self._crowded = crowded
        self._cells = _json(place.cells if crowded else place.starts)
        self.wishes: list[Wish] = []

    def of(self, key: int) -> Condition:
        """The points of a type."""
        types = of_types(self._wanted.types, self._catalog, own=key, id_place="p.id")
        beside = TypeCompiler(key, self._catalog, beside=True)
        asked, joined = both([types, beside.selection(self._wanted)]), ""
        if beside.wishes:
            self.wishes += beside.wishes
            asked = both([types, TypeCompiler(key, self._catalog).selection(self._wanted)])
            joined = f" CROSS JOIN listing AS l ON l.type = {key} AND l.id = p.id"
        source = f"json_each(?) AS near CROSS JOIN spot AS p{joined}"
        return self._arm(source, (self._cells,), f"p.type = {key}", asked)

    def of_any(self) -> Condition:
        """The points of all types that entities have, of which there are many."""
        held = of_types(self._wanted.types, self._catalog, own=None, id_place="p.id")
        asked = Condition(held.sql, held.parameters, DOUBTFUL if needs_looking(self._wanted) else CERTAIN)
        source = "json_each(?) AS kind CROSS JOIN json_each(?) AS near CROSS JOIN spot AS p"
        return self._arm(
            source, (_json(list(self._catalog.types)), self._cells), "p.type = kind.value", asked
        )

    def _arm(self, source: str, rows: tuple[str, ...], kind: str, asked: Condition) -> Condition:
        west, south, east, north = self._place.sides
        within = "BETWEEN near.value AND near.value + ?"
        if self._crowded:
            within = "= near.value AND p.id > ? AND p.id <= ?"
        statement = (
            f"SELECT p.id AS id, p.entity AS entity, {asked.doubt} AS doubt, p.longitude, p.latitude FROM {source}"  # noqa: S608
            f" WHERE p.name = ? AND {kind} AND ({asked.sql})"
            f" AND p.longitude BETWEEN ? AND ? AND p.latitude BETWEEN ? AND ? AND p.cell {within}"
        )
        bounds = ("", _LAST) if self._crowded else (self._place.width,)
        parameters = (*rows, self._place.name, *asked.parameters, west, east, south, north, *bounds)
        return Condition(statement, parameters)


class Pieces:
    """The order of ids in pieces, the first as long as a page is likely to need.

    How far a piece reaches is seen from the cell in the middle; ``crowded`` tells whether that has more than a few
    points and not all of them are wanted anyway, so that pieces make sense.
    """

    def __init__(self, db: apsw.Connection, place: Field, types: Sequence[int], wanted: Query) -> None:
        self._db = db
        self._place = place
        self._types = types
        self._wanted = wanted.offset + wanted.limit
        selective = _SELECTIVE if needs_looking(wanted) else 1
        cells = len(place.starts) * (place.width + 1)
        self._count = _CROWD + 3 * selective * self._wanted // (2 * cells)
        self._end = self._end_of("")
        self.crowded = self._end != _LAST and not wanted.count and wanted.ordering is None

    def take(self, given: Callable[[], int]) -> Iterator[Piece]:
        """One piece after the other; ``given``: how many of those that are wanted have been found so far."""
        begin, read = "", 0
        while begin != _LAST:
            yield begin, self._end
            read += self._count
            found = given()
            missing = self._wanted - found
            factor = 1.3 * missing / found if found and missing > 0 else _MOST_GROWTH
            self._count = max(_CROWD, int(read * min(factor, _MOST_GROWTH)))
            begin, self._end = self._end, self._end_of(self._end)

    def _end_of(self, begin: str) -> str:
        if begin == _LAST:
            return _LAST
        where = (self._place.name, self._place.middle, begin, self._count)
        ends = [
            found[0][0]
            for key in self._types
            if (found := fetch_all(self._db, _SQL["spot_after"], (key, *where)))
        ]
        return min(ends, default=_LAST)


# --- those that are measured at once


def all_around(db: apsw.Connection, test: GeoTest, name: int, types: Sequence[int]) -> set[str]:
    """The ids of all entities with a geometry in the relation."""
    if test.box is None:
        points = fetch_all(db, _SQL["spots_of"], (name,))
        return _fitting(test, fetch_all(db, _SQL["shapes_of_name"], (name,))) | _fitting_points(test, points)
    west, south, east, north = test.box
    edges = {"name": name, "west": west, "east": east, "south": south, "north": north, "types": _json(types)}
    points = []
    for first, last in grid.ranges(test.box):
        points += fetch_all(db, _SQL["spots_between"], {**edges, "first": first, "last": last})
    return shapes_around(db, test, name) | _fitting_points(test, points)


def shapes_around(db: apsw.Connection, test: GeoTest, name: int) -> set[str]:
    """The ids of the entities with another geometry than a point in the relation."""
    assert test.box is not None
    west, south, east, north = test.box
    edges = {"name": name, "west": west, "east": east, "south": south, "north": north}
    return _fitting(test, fetch_all(db, _SQL["shapes_near"], edges))


def _fitting(test: GeoTest, shapes: Sequence[tuple[str, bytes]]) -> set[str]:
    if not shapes:
        return set()
    chosen = test.select(shapely.from_wkb([wkb for _, wkb in shapes]))
    return {shapes[place][0] for place in np.flatnonzero(chosen).tolist()}


def _fitting_points(test: GeoTest, points: Sequence[tuple[str, float, float]]) -> set[str]:
    if not points:
        return set()
    chosen = test.select_points([point[1:] for point in points])
    return {points[place][0] for place in np.flatnonzero(chosen).tolist()}


def _json(values: Any) -> str:
    return msgspec.json.encode(values).decode()
