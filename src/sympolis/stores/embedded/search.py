"""Where a search starts from, so that its cost grows with the page and not with the store.

A search is one statement of *arms* merged in the order of ids, each giving rows (id, entity key, doubt, longitude,
latitude). Arms come from, in this order: the ids that were asked for; the points around a place; an index in which few
entities fit; else a walk through the listings of the types, or all entities. Whoever reads the rows stops
where the page is full; doubtful ones are looked at by ``context.evaluate``, points are measured exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final

import apsw
import msgspec

from sympolis.context import geometry
from sympolis.context.geometry import GeoTest
from sympolis.context.query import Query
from sympolis.stores import sql
from sympolis.stores.embedded import around
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
from sympolis.stores.embedded.files import fetch_value

_SQL: Final = sql.load("sympolis.stores.embedded", "store.sql")
_MOST_TYPES: Final = 32
"""More arms than this are no gain."""
_MOST_COUNTED: Final = 1000
"""Counting further in an index would cost more than it could tell."""
_LONG_WALK: Final = 20_000
"""Walking through so many entities takes a millisecond: worth an index."""


class Plan(msgspec.Struct, frozen=True):
    """A search made ready.

    ``sql`` and ``parameters`` give the rows in the order of ids; doubtful ones are tested by ``wanted``, but for its
    geo-query where places are ``measured``; ``geo`` measures those with a position. ``wishes``: columns that would have
    spared looking, ``longer``: the indexes of types that were walked through. ``pieces`` gives the same rows in
    turns, so that whoever stops early pays less.
    """

    sql: str
    parameters: tuple[Any, ...]
    wanted: Query
    measured: bool = True
    geo: GeoTest | None = None
    single: bool = True
    wishes: tuple[Wish, ...] = ()
    longer: tuple[Indexes, ...] = ()
    pieces: Callable[[tuple[Any, ...], Callable[[], int]], Iterator[tuple[Any, ...]]] | None = None

    def turns(self, given: Callable[[], int]) -> Iterator[tuple[Any, ...]]:
        """The parameters with which ``sql`` gives all rows, to be read in turn; ``given`` counts what was chosen."""
        return iter([self.parameters]) if self.pieces is None else self.pieces(self.parameters, given)


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
    place = around.field(test, name)
    if place is None:
        ids = around.all_around(db, test, name, list(catalog.types))
        return _merged([_by_ids(ids, wanted, catalog, measured=True)], wanted)
    types = _known_types(wanted, catalog) if _names_types(wanted) else list(catalog.types)
    pieces = around.Pieces(db, place, types, wanted)
    arms = around.Arms(place, wanted, catalog, crowded=pieces.crowded)
    found = [arms.of(key) for key in types] if len(types) <= _MOST_TYPES else [arms.of_any()]
    shapes = sorted(around.shapes_around(db, test, name))
    beyond = [_by_ids(shapes, wanted, catalog, measured=True)] if shapes else []
    if not found and not beyond:
        return _nothing(wanted)
    read = partial(_in_pieces, found, shapes, pieces) if pieces.crowded else None
    return _merged([*found, *beyond], wanted, geo=test, wishes=tuple(arms.wishes), pieces=read)


def _in_pieces(
    arms: Sequence[Condition],
    ids: Sequence[str],
    pieces: around.Pieces,
    parameters: tuple[Any, ...],
    given: Callable[[], int],
) -> Iterator[tuple[Any, ...]]:
    """The parameters of the same search, a piece of the order of ids at a time.

    Those of ``arms`` end with the piece; what comes after them, if there are any ``ids``, begins with those.
    """
    beyond = parameters[sum([len(arm.parameters) for arm in arms]) + 1 :]
    for begin, end in pieces.take(given):
        some = tuple([value for arm in arms for value in (*arm.parameters[:-2], begin, end)])
        yield (*some, _json([one for one in ids if begin < one <= end]), *beyond) if ids else some


def _nothing(wanted: Query) -> Plan:
    return Plan("SELECT NULL AS id, NULL AS entity, 0 AS doubt, NULL, NULL WHERE 0", (), wanted)


def _json(values: Any) -> str:
    return msgspec.json.encode(values).decode()


# --- walks


def _walk(db: apsw.Connection, wanted: Query, catalog: Catalog) -> Plan:
    keys = _walked_types(wanted, catalog)
    if keys is None:
        return _walk_all(wanted, catalog)
    if not keys:
        return _nothing(wanted)
    walks = [_TypeWalk(db, key, wanted, catalog) for key in keys]
    wishes = tuple(wish for walk in walks for wish in walk.compiler.wishes)
    longer = tuple(walk.indexes for walk in walks if walk.walks)
    return _merged([walk.arm for walk in walks], wanted, wishes=wishes, longer=longer)


def _walked_types(wanted: Query, catalog: Catalog) -> list[int] | None:
    """The types to walk through; None where all entities are as good."""
    if not _names_types(wanted):
        conditions = wanted.q is not None or wanted.attributes
        return list(catalog.types) if conditions and len(catalog.types) <= _MOST_TYPES else None
    known = _known_types(wanted, catalog)
    return known if len(known) <= _MOST_TYPES else None


def _names_types(wanted: Query) -> bool:
    return wanted.types is not None and next(types_in(wanted.types), None) is not None


def _known_types(wanted: Query, catalog: Catalog) -> list[int]:
    """Those that a query names: who satisfies it has one of them."""
    keys = {catalog.names.get(name) for name in types_in(wanted.types)}
    return [key for key in keys if key is not None]


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
