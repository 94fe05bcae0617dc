"""Where a search starts from, so that its cost grows with the page and not with the store.

A search is one statement of *arms* merged in the order of ids, each giving rows (id, entity key, doubt, longitude,
latitude). Arms come from, in this order: the ids that were asked for; the cells of the grid around a place; an index in
which few entities fit; else a walk through the listings of the types, or all entities. Whoever reads the rows stops
where the page is full; doubtful ones are looked at by ``context.evaluate``, points are measured exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import apsw
import msgspec
import numpy as np
import shapely

from sympolis.context import geometry
from sympolis.context.geometry import GeoTest
from sympolis.context.query import Query, TypeIs
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

_SQL: Final = sql.load("sympolis.stores.embedded", "store.sql")
_MOST_CELLS: Final = 40
_MOST_TYPES: Final = 32
"""More arms than this are no gain."""
_MOST_COUNTED: Final = 1000
"""Counting further in an index would cost more than it could tell."""
_LONG_WALK: Final = 20_000
"""Walking through so many entities takes a millisecond: worth an index."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A search made ready.

    ``sql`` and ``parameters`` give the rows in the order of ids; ``looking`` is what doubtful rows are tested by;
    ``geo`` measures those with a position. ``wishes``: columns that would have spared looking, ``longer``: indexes that
    would have spared walking.
    """

    sql: str
    parameters: tuple[Any, ...]
    looking: Query
    geo: GeoTest | None = None
    single: bool = True
    wishes: tuple[Wish, ...] = ()
    longer: tuple[Wish, ...] = ()


def plan(db: apsw.Connection, wanted: Query, catalog: Catalog) -> Plan:
    """How to find what a query selects."""
    if wanted.ids:
        return _merged([_by_ids(wanted.ids, wanted, catalog)], wanted)
    if wanted.geo is not None:
        return _around(db, wanted, catalog)
    return _walk(db, wanted, catalog)


def _merged(arms: Sequence[Condition], looking: Query, **more: Any) -> Plan:
    parameters = tuple([value for arm in arms for value in arm.parameters])
    statement = " UNION ALL ".join([arm.sql for arm in arms]) + " ORDER BY 1"
    return Plan(statement, parameters, looking, single=len(arms) == 1, **more)


def _by_ids(ids: Iterable[str], wanted: Query, catalog: Catalog) -> Condition:
    """An arm of some entities by id; all but their types is looked at."""
    types = of_types(wanted.types, catalog, own=None, id_place="e.id")
    doubt = DOUBTFUL if needs_looking(wanted) or wanted.geo is not None else CERTAIN
    statement = (
        f"SELECT e.id, e.key, {doubt} AS doubt, NULL, NULL FROM json_each(?) AS wanted CROSS JOIN entity AS e"  # noqa: S608
        f" ON e.id = wanted.value WHERE {types.sql}"
    )
    return Condition(statement, (_json(sorted(set(ids))), *types.parameters))


# --- around a place


def _around(db: apsw.Connection, wanted: Query, catalog: Catalog) -> Plan:
    assert wanted.geo is not None
    test = geometry.prepare(wanted.geo)
    name = catalog.names.get(wanted.geo.property, 0)
    looking = replace(wanted, geo=None)
    if test.box is None or grid.count(test.box) > _MOST_CELLS:
        return _merged([_by_ids(_all_around(db, test, name), looking, catalog)], looking)
    found = _cell_arms(test, name, wanted, catalog)
    if shapes := _fitting(test, _shapes_near(db, test, name)):
        found.arms.append(_by_ids(shapes, looking, catalog))
    return _merged(found.arms, looking, geo=test, wishes=tuple(found.wishes))


@dataclass(slots=True)
class _Arms:
    arms: list[Condition]
    wishes: Sequence[Wish] = ()


def _cell_arms(test: GeoTest, name: int, wanted: Query, catalog: Catalog) -> _Arms:
    """One arm for each cell, all the same but for the cell."""
    sides = _sides(test)
    cells = [number for first, last in grid.ranges(test.box or _NOWHERE) for number in range(first, last + 1)]
    key = catalog.names.get(wanted.types.name, 0) if isinstance(wanted.types, TypeIs) else None
    if key is None:
        held = of_types(wanted.types, catalog, own=None, id_place="p.id")
        doubt = DOUBTFUL if needs_looking(wanted) else CERTAIN
        statement = (
            f"SELECT p.id, e.key, {doubt} AS doubt, {_IN_CELL.format(table='entity AS e ON e.id = p.id')}"
        )
        own: tuple[Any, ...] = ()
        wishes: Sequence[Wish] = ()
    else:
        compiler = TypeCompiler(key, catalog)
        held = compiler.selection(wanted)
        joined = "listing AS l ON l.type = ? AND l.id = p.id"
        statement = f"SELECT p.id, l.entity, {held.doubt} AS doubt, {_IN_CELL.format(table=joined)}"
        own, wishes = (key,), compiler.wishes
    statement += f" AND ({held.sql})"
    arms = [Condition(statement, (*own, name, number, *sides, *held.parameters)) for number in cells]
    return _Arms(arms, wishes)


_NOWHERE: Final = (0.0, 0.0, 0.0, 0.0)
_IN_CELL: Final = (
    "p.longitude, p.latitude FROM spot AS p CROSS JOIN {table} WHERE p.name = ? AND p.cell = ?"
    " AND p.longitude BETWEEN ? AND ? AND p.latitude BETWEEN ? AND ?"
)


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
        return Plan("SELECT NULL, NULL, 0 AS doubt, NULL, NULL WHERE 0", (), wanted)
    walks = [_TypeWalk(db, key, wanted, catalog) for key in keys]
    wishes = tuple(wish for walk in walks for wish in walk.compiler.wishes)
    longer = tuple(wish for walk in walks for wish in walk.longer)
    return _merged([walk.arm for walk in walks], wanted, wishes=wishes, longer=longer)


def _walked_types(wanted: Query, catalog: Catalog) -> list[int] | None:
    """The types to walk through; None where all entities are as good."""
    if wanted.types is None:
        conditions = wanted.q is not None or wanted.attributes
        return list(catalog.types) if conditions and len(catalog.types) <= _MOST_TYPES else None
    keys = {catalog.names.get(name) for name in types_in(wanted.types)}
    known = [key for key in keys if key is not None]
    return known if len(known) <= _MOST_TYPES else None


def _walk_all(wanted: Query, catalog: Catalog) -> Plan:
    types = of_types(wanted.types, catalog, own=None, id_place="e.id")
    doubt = DOUBTFUL if needs_looking(wanted) else CERTAIN
    statement = f"SELECT e.id, e.key, {doubt} AS doubt, NULL, NULL FROM entity AS e WHERE {types.sql}"  # noqa: S608
    return _merged([Condition(statement, types.parameters)], wanted)


class _TypeWalk:
    """The arm that walks through one type's listing, or starts from the few that an index finds."""

    def __init__(self, db: apsw.Connection, key: int, wanted: Query, catalog: Catalog) -> None:
        self._db = db
        self.compiler = TypeCompiler(key, catalog)
        self.longer: tuple[Wish, ...] = ()
        indexes = Indexes(key, catalog)
        few = self._few(indexes, wanted)
        if few is None:
            self.longer = tuple(indexes.wishes(wanted))
        types = of_types(wanted.types, catalog, own=key, id_place="l.id")
        asked = both([few or EVERYTHING, types, self.compiler.selection(wanted)])
        statement = (
            f"SELECT l.id, l.entity, {asked.doubt} AS doubt, NULL, NULL FROM listing AS l WHERE l.type = ?"  # noqa: S608
        )
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
