"""Patches: the points of one type in one cell of the grid, column by column, so that a map is drawn without bodies.

They are kept for types of which maps are drawn (decision 0030), filled in as columns are (``filling``). A write to an
entity spoils the patches that it stands in. Whoever reads makes a spoiled one itself, from the bodies, and asks the
writer to keep it: what is looked at is ready, and what changes without being looked at costs one mark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import apsw
import msgspec

from sympolis.context import geometry, nearness
from sympolis.context.evaluate import type_holds
from sympolis.context.patches import Patch
from sympolis.context.query import GeoRelation, Query
from sympolis.context.rendering import LOCATION
from sympolis.stores import patches, sql
from sympolis.stores.embedded import around, paging
from sympolis.stores.embedded.catalog import Catalog, Kept
from sympolis.stores.embedded.compile import needs_looking, types_in
from sympolis.stores.embedded.files import Reading, fetch_all, fetch_value

_SQL: Final = sql.load("sympolis.stores.embedded", "patching.sql")
_STORE_SQL: Final = sql.load("sympolis.stores.embedded", "store.sql")
_MOST: Final = 4_000
"""Of cells with more points there are no patches: to make one would hold up everyone else."""
_MOST_BYTES: Final = 8_000_000
"""Likewise of cells with larger bodies."""
_TOO_MANY: Final = b""
_FEW: Final = 2_000
"""In a store with fewer entities bodies are quick enough."""
_AT_ONCE: Final = 1_000
"""Points that are packed by one piece of filling in."""
_MOST_CELLS: Final = 16
_MOST_MADE: Final = 8
"""So many spoiled patches are made by who reads them; where there are more, documents are quicker."""
_VAST: Final = 1 << 18
"""Beyond so many cells, two degrees each way, a box is vast: those of a row are found together, there or not."""
_BESIDE: Final = 4
"""So many times the points that a query may give are read at most: the cells reach beyond its box."""

Cell = tuple[int, int, int]
"""Name key, type key, cell."""


@dataclass(frozen=True, slots=True)
class FoundPatches:
    """Patches in and around a box (None: too many are spoiled), and the bodies of what else a query selects.

    ``spoiled``: the cells whose patch has to be kept anew.
    """

    patches: tuple[Patch, ...] | None
    bodies: tuple[bytes, ...] = ()
    spoiled: tuple[Cell, ...] = ()


# --- for readers


def around_box(db: apsw.Connection, wanted: Query, catalog: Catalog) -> FoundPatches | None:
    """What a query selects; None where patches cannot tell. Within a snapshot."""
    place = _place(wanted, catalog)
    type_key = _only_type(wanted, catalog)
    if place is None or type_key is None or not _has_patches(db, type_key, catalog):
        return None
    reading = _Around(db, place, type_key, _name_of(wanted))
    kept = reading.read(most=_BESIDE * wanted.limit)
    spoiled = tuple(reading.spoiled)
    if kept is None:
        return FoundPatches(None, spoiled=spoiled)
    test = geometry.prepare(wanted.geo) if wanted.geo is not None else None
    shapes = around.shapes_around(db, test, place.name) if test is not None else set()
    odd = sorted(shapes.union(*[one.odd for one in kept]))
    others = paging.page(db, replace(wanted, ids=tuple(odd)), catalog).bodies if odd else ()
    if len(others) >= wanted.limit:
        return FoundPatches(None, spoiled=spoiled)
    shown = type_holds(wanted.types, [_name_of(wanted)])
    return FoundPatches(tuple([one.patch for one in kept]) if shown else (), others, spoiled)


def _place(wanted: Query, catalog: Catalog) -> around.Field | None:
    """The cells of a query that asks for nothing but a type and a box; None for any other."""
    geo = wanted.geo
    if geo is None or geo.property != LOCATION or geo.relation is not GeoRelation.INTERSECTS:
        return None
    if wanted.ids or needs_looking(wanted) or wanted.count or wanted.ordering is not None or wanted.offset:
        return None
    test = geometry.prepare(geo)
    key = catalog.names.get(LOCATION)
    if key is None or test.verdict is not nearness.certain:
        return None
    return around.field(test, key, vast=_VAST)


def _only_type(wanted: Query, catalog: Catalog) -> int | None:
    """The one type that a query names."""
    named = list(set(types_in(wanted.types))) if wanted.types is not None else []
    return catalog.names.get(named[0]) if len(named) == 1 else None


def _name_of(wanted: Query) -> str:
    [name] = set(types_in(wanted.types))
    return name


def _has_patches(db: apsw.Connection, type_key: int, catalog: Catalog) -> bool:
    known = catalog.needs.patches.get(type_key, {}).get(LOCATION)
    if known is None and isinstance(db, Reading) and fetch_value(db, _STORE_SQL["count_entities"]) > _FEW:
        db.miss([(type_key, LOCATION, Kept.PATCHES)])
    return known is not None and known.ready


class _Around:
    """Reads the patches of some cells."""

    def __init__(self, db: apsw.Connection, place: around.Field, type_key: int, type_iri: str) -> None:
        self._db = db
        self._place = place
        self._type = type_key
        self._type_iri = type_iri
        self.spoiled: list[Cell] = []
        """The cells whose patch was found spoiled, as far as was read."""

    def read(self, *, most: int) -> list[patches.Kept] | None:
        """What stands in the cells; None where that is too much, or too much of it has to be made first."""
        count, found = 0, []
        for cell, body in self._rows():
            here = (self._place.name, self._type, cell)
            if body is None:
                self.spoiled.append(here)
                if len(self.spoiled) > _MOST_MADE:
                    return None
            made = pack(self._db, here, self._type_iri) if body is None else body
            if made == _TOO_MANY:
                return None
            found.append(patches.read(made))
            count += len(found[-1].patch.marks)
            if count > most:
                return None
        return found

    def _rows(self) -> Iterator[tuple[int, bytes | None]]:
        starts = msgspec.json.encode(self._place.starts).decode()
        cursor = self._db.cursor()
        try:
            yield from cursor.execute(
                _SQL["around"], (starts, self._place.name, self._type, self._place.width)
            )
        finally:
            cursor.close(True)


def pack(db: apsw.Connection, cell: Cell, type_iri: str) -> bytes:
    """The patch of a cell, made of the bodies of the entities that stand there; empty where they are too many."""
    count, size = fetch_all(db, _SQL["weight"], (*cell, _MOST + 1))[0]
    if count > _MOST or size > _MOST_BYTES:
        return _TOO_MANY
    [(bodies, _, _)] = fetch_all(db, _SQL["bodies_in_cell"], (*cell, _MOST))
    return patches.packed(bodies, type_iri)


# --- for the writer


def fill(db: apsw.Connection, name: int, type_key: int, type_iri: str, upto: int) -> int | None:
    """Keep the next patches of a type behind this cell; gives the last cell, None where there are no more."""
    packed = 0
    for _ in range(_MOST_CELLS):
        found: int | None = fetch_value(db, _SQL["next_cell"], (name, type_key, upto))
        if found is None:
            return None
        upto = found
        packed += keep(db, (name, type_key, upto), type_iri)
        if packed >= _AT_ONCE:
            break
    return upto


def keep(db: apsw.Connection, cell: Cell, type_iri: str) -> int:
    """Keep the patch of a cell as it is now; gives how many points are in it."""
    body = pack(db, cell, type_iri)
    db.execute(_SQL["keep"], (*cell, body))
    return len(patches.read(body).patch.marks) if body else 0


def mend(db: apsw.Connection, cells: Sequence[Cell]) -> None:
    """Keep patches anew that were found spoiled."""
    by_type: dict[tuple[int, int], list[int]] = {}
    for name, type_key, cell in cells:
        by_type.setdefault((name, type_key), []).append(cell)
    for (name, type_key), wanted in by_type.items():
        listed = msgspec.json.encode(wanted).decode()
        type_iri = fetch_value(db, _SQL["name_of"], (type_key,))
        for (cell,) in fetch_all(db, _SQL["spoiled"], (listed, name, type_key)):
            keep(db, (name, type_key, cell), type_iri)


def spoil(db: apsw.Connection, cells: Any) -> None:
    """What stands in these cells has changed."""
    db.executemany(_SQL["spoil"], cells)
