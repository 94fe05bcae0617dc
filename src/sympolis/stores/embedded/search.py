"""Where a search starts from, so that its cost grows with the page and not with the store.

A search is one statement of *arms* merged in the order of ids, each giving rows (id, entity key, doubt, longitude,
latitude). Arms come from, in this order: the ids that were asked for; the cells of the grid around a place; an index in
which few entities fit; else a walk through the listings of the types, or all entities. Whoever reads the rows stops
where the page is full; doubtful ones are looked at by ``context.evaluate``, points are measured exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import apsw
import msgspec

from sympolis.context import geometry
from sympolis.context.geometry import GeoTest
from sympolis.context.query import Query, TypeIs
from sympolis.later import later
from sympolis.stores import sql
from sympolis.stores.embedded import grid
from sympolis.stores.embedded.catalog import Catalog, Wish
from sympolis.stores.embedded.compile import (
    Indexes,
    TypeCompiler,
    needs_looking,
    of_types,
    parts_of,
    types_in,
)
from sympolis.stores.embedded.conditions import CERTAIN, DOUBTFUL, EVERYTHING, Condition, both
from sympolis.stores.embedded.files import fetch_all, fetch_value

if TYPE_CHECKING:
    import numpy as np
    import shapely
else:
    np = later("numpy")
    shapely = later("shapely")

_SQL: Final = sql.load("sympolis.stores.embedded", "store.sql")
_MOST_CELLS: Final = 24
_MOST_TYPES: Final = 32
"""More arms than this are no gain."""
_CROWD: Final = 100
"""Cells with fewer points than this are sorted sooner than merged."""
_VAST: Final = 4096
"""Beyond this, a box is vast."""
_MOST_COUNTED: Final = 1000
"""Counting further in an index would cost more than it could tell."""
_LONG_WALK: Final = 20_000
"""Walking through so many entities takes a millisecond: worth an index."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A search made ready.

    ``sql`` and ``parameters`` give the rows in the order of ids; doubtful ones are tested by ``wanted``, but for its
    geo-query where places are ``measured``; ``geo`` measures those with a position. ``wishes``: columns that would have
    spared looking, ``longer``: the indexes of types that were walked through.
    """

    sql: str
    parameters: tuple[Any, ...]
    wanted: Query
    measured: bool = True
    geo: GeoTest | None = None
    single: bool = True
    wishes: tuple[Wish, ...] = ()
    longer: tuple[Indexes, ...] = ()


def plan(db: apsw.Connection, wanted: Query, catalog: Catalog) -> Plan:
    """How to find what a query selects."""
    if wanted.ids:
        return _merged([_by_ids(wanted.ids, wanted, catalog)], wanted, measured=False)
    if wanted.geo is not None:
        return _around(db, wanted, catalog)
    return _walk(db, wanted, catalog)


def _merged(arms: Sequence[Condition], wanted: Query, **more: Any) -> Plan:
    parameters = tuple([value for arm in arms for value in arm.parameters])
    statement = " UNION ALL ".join([arm.sql for arm in arms]) + " ORDER BY 1"
    return Plan(statement, parameters, wanted, single=len(arms) == 1, **more)


def _by_ids(ids: Iterable[str], wanted: Query, catalog: Catalog, *, measured: bool = False) -> Condition:
    """An arm of some entities by id; all but their types, and places that were ``measured``, is looked at."""
    types = of_types(wanted.types, catalog, own=None, id_place="e.id")
    far = wanted.geo is not None and not measured
    doubt = DOUBTFUL if far or needs_looking(wanted) else CERTAIN
    statement = (
        f"SELECT e.id AS id, e.key AS entity, {doubt} AS doubt, NULL, NULL"  # noqa: S608
        f" FROM json_each(?) AS wanted CROSS JOIN entity AS e ON e.id = wanted.value WHERE {types.sql}"
    )
    return Condition(statement, (_json(sorted(set(ids))), *types.parameters))


# --- around a place


def _around(db: apsw.Connection, wanted: Query, catalog: Catalog) -> Plan:
    assert wanted.geo is not None
    test = geometry.prepare(wanted.geo)
    name = catalog.names.get(wanted.geo.property, 0)
    starts, width = _cells_of(test)
    if not starts:
        return _merged([_by_ids(_all_around(db, test, name), wanted, catalog, measured=True)], wanted)
    cells: list[str]
    chosen: list[Any]
    if len(starts) * (width + 1) <= _MOST_CELLS and _is_crowded(db, name, starts, width):
        chosen = [start + step for start in starts for step in range(width + 1)]
        cells = ["p.cell = ?"] * len(chosen)
        source = "spot AS p"
    else:
        cells, chosen = [f"p.cell BETWEEN near.value AND near.value + {width}"], [_json(starts)]
        source = "json_each(?) AS near CROSS JOIN spot AS p"
    arms, wishes = _spot_arms(source, cells, chosen, (name, *_sides(test)), wanted, catalog)
    if shapes := _fitting(test, _shapes_near(db, test, name)):
        arms.append(_by_ids(shapes, wanted, catalog, measured=True))
    return _merged(arms, wanted, geo=test, wishes=tuple(wishes))


def _cells_of(test: GeoTest) -> tuple[list[int], int]:
    """The first cell of each row of the grid that the box touches, and how many more follow; none if it is vast."""
    if test.box is None or grid.count(test.box) > _VAST:
        return [], 0
    found = list(grid.ranges(test.box))
    return [first for first, _ in found], found[0][1] - found[0][0]


def _is_crowded(db: apsw.Connection, name: int, starts: Sequence[int], width: int) -> bool:
    """Whether the cell in the middle has so many points that sorting those around it would take longer than merging."""
    middle = starts[len(starts) // 2] + width // 2
    return bool(fetch_value(db, _SQL["count_spots"], (name, middle, _CROWD)) == _CROWD)


def _spot_arms(
    source: str,
    cells: Sequence[str],
    chosen: Sequence[Any],
    shared: tuple[Any, ...],
    wanted: Query,
    catalog: Catalog,
) -> tuple[list[Condition], Sequence[Wish]]:
    """An arm for each condition on cells; parameters are numbered, so that arms share all but their cell.

    Statements are long as it is: SQLite's cache takes none of 16 kB.
    """
    key = catalog.names.get(wanted.types.name, 0) if isinstance(wanted.types, TypeIs) else None
    wishes: Sequence[Wish] = ()
    if key is None:
        held = of_types(wanted.types, catalog, own=None, id_place="p.id")
        entity, doubt = "e.key", DOUBTFUL if needs_looking(wanted) else CERTAIN
        joined = "entity AS e ON e.id = p.id"
    else:
        compiler = TypeCompiler(key, catalog)
        held = compiler.selection(wanted)
        entity, doubt, wishes = "l.entity", held.doubt, compiler.wishes
        joined = f"listing AS l ON l.type = {key} AND l.id = p.id"
    first = len(shared) + len(held.parameters) + 1
    columns = f"p.id, {entity}, {doubt} AS doubt, p.longitude, p.latitude"
    rows = f"{_numbered(source, first)} CROSS JOIN {joined}"
    tested = f"p.name = ?1 AND {_IN_BOX} AND ({_numbered(held.sql, len(shared) + 1)})"
    arms = [
        f"SELECT {columns} FROM {rows} WHERE {tested} AND {_numbered(cell, first + place)}"  # noqa: S608
        for place, cell in enumerate(cells)
    ]
    return [Condition(" UNION ALL ".join(arms), (*shared, *held.parameters, *chosen))], wishes


_IN_BOX: Final = "p.longitude BETWEEN ?2 AND ?3 AND p.latitude BETWEEN ?4 AND ?5"


def _numbered(statement: str, first: int) -> str:
    """The statement with numbers on its question marks; values are never among its text."""
    pieces = statement.split("?")
    numbered = [f"?{first + place}{piece}" for place, piece in enumerate(pieces[1:])]
    return pieces[0] + "".join(numbered)


def _sides(test: GeoTest) -> tuple[float, float, float, float]:
    assert test.box is not None
    west, south, east, north = test.box
    return west, east, south, north


def _all_around(db: apsw.Connection, test: GeoTest, name: int) -> set[str]:
    """The ids of all entities with a geometry in the relation."""
    if test.box is None:
        points = fetch_all(db, _SQL["spots_of"], (name,))
        return _fitting(test, fetch_all(db, _SQL["shapes_of_name"], (name,))) | _fitting_points(test, points)
    found = _fitting(test, _shapes_near(db, test, name))
    west, east, south, north = _sides(test)
    edges = {"name": name, "west": west, "east": east, "south": south, "north": north}
    points = []
    for first, last in grid.ranges(test.box):
        points += fetch_all(db, _SQL["spots_between"], {**edges, "first": first, "last": last})
    return found | _fitting_points(test, points)


def _shapes_near(db: apsw.Connection, test: GeoTest, name: int) -> list[tuple[str, bytes]]:
    west, east, south, north = _sides(test)
    edges = {"name": name, "west": west, "east": east, "south": south, "north": north}
    return fetch_all(db, _SQL["shapes_near"], edges)


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


# --- walks


def _walk(db: apsw.Connection, wanted: Query, catalog: Catalog) -> Plan:
    keys = _walked_types(wanted, catalog)
    if keys is None:
        return _walk_all(wanted, catalog)
    if not keys:
        return Plan("SELECT NULL AS id, NULL AS entity, 0 AS doubt, NULL, NULL WHERE 0", (), wanted)
    walks = [_TypeWalk(db, key, wanted, catalog) for key in keys]
    wishes = tuple(wish for walk in walks for wish in walk.compiler.wishes)
    longer = tuple(walk.indexes for walk in walks if walk.walks)
    return _merged([walk.arm for walk in walks], wanted, wishes=wishes, longer=longer)


def _walked_types(wanted: Query, catalog: Catalog) -> list[int] | None:
    """The types to walk through; None where all entities are as good."""
    if wanted.types is None or next(types_in(wanted.types), None) is None:
        conditions = wanted.q is not None or wanted.attributes
        return list(catalog.types) if conditions and len(catalog.types) <= _MOST_TYPES else None
    keys = {catalog.names.get(name) for name in types_in(wanted.types)}
    known = [key for key in keys if key is not None]
    return known if len(known) <= _MOST_TYPES else None


def _walk_all(wanted: Query, catalog: Catalog) -> Plan:
    types = of_types(wanted.types, catalog, own=None, id_place="e.id")
    doubt = DOUBTFUL if needs_looking(wanted) else CERTAIN
    statement = (
        f"SELECT e.id AS id, e.key AS entity, {doubt} AS doubt, NULL, NULL FROM entity AS e WHERE {types.sql}"  # noqa: S608
    )
    return _merged([Condition(statement, types.parameters)], wanted)


class _TypeWalk:
    """The arm that walks through one type's listing, or starts from the few that an index finds."""

    def __init__(self, db: apsw.Connection, key: int, wanted: Query, catalog: Catalog) -> None:
        self._db = db
        self.compiler = TypeCompiler(key, catalog)
        self.indexes = Indexes(key, catalog)
        few = self._few(self.indexes, wanted)
        self.walks = few is None
        types = of_types(wanted.types, catalog, own=key, id_place="l.id")
        asked = both([few or EVERYTHING, types, self.compiler.selection(wanted)])
        columns = f"l.id AS id, l.entity AS entity, {asked.doubt} AS doubt, NULL, NULL"
        statement = f"SELECT {columns} FROM listing AS l WHERE l.type = ?"  # noqa: S608
        self.arm = Condition(f"{statement} AND {asked.sql}", (key, *asked.parameters))

    def _few(self, indexes: Indexes, wanted: Query) -> Condition | None:
        """The part of ``q`` that the fewest satisfy, if starting from them is less than walking to the page's end.

        Of N entities n fit: a walk meets the page's last after about ``N * (offset + limit) / n`` entities, which is
        more than n as long as n is below the root of ``N * (offset + limit)``.
        """
        found: Condition | None = None
        most = 0
        for part in parts_of(wanted.q):
            ids = indexes.ids_of(part)
            if ids is None:
                continue
            most = most or self._worth_counting(wanted)
            counting = f"SELECT count(*) FROM (SELECT * FROM ({ids.sql}) LIMIT ?)"  # noqa: S608
            count = fetch_value(self._db, counting, (*ids.parameters, most))
            if count < most:
                found, most = Condition(f"l.id IN ({ids.sql})", ids.parameters), count
        return found

    def _worth_counting(self, wanted: Query) -> int:
        entities = fetch_value(self._db, _SQL["count_entities"])
        return min(_MOST_COUNTED, math.isqrt(entities * (wanted.offset + wanted.limit)) + 1)


def is_long_walk(db: apsw.Connection) -> bool:
    """Whether a walk through all entities takes long."""
    return bool(fetch_value(db, _SQL["count_entities"]) > _LONG_WALK)
