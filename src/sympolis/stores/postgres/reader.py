"""Reading entities and the log. Plain functions over a connection; each answer is of one moment."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from sympolis.context import geometry
from sympolis.context.evaluate import matcher, only_here
from sympolis.context.ordering import Foremost
from sympolis.context.query import GeoQuery, Query
from sympolis.context.store import Page
from sympolis.domain.changes import Change, ChangeKind
from sympolis.domain.entity import Entity
from sympolis.domain.errors import TooComplexQuery
from sympolis.stores import sql
from sympolis.stores.bodies import decode_entity
from sympolis.stores.postgres.around import page_around, suits
from sympolis.stores.postgres.compile import (
    Crowd,
    Selection,
    Way,
    attributes_in,
    compile_query,
    drivers,
    how_many,
)
from sympolis.stores.postgres.server import Connection

_SQL = sql.load("sympolis.stores.postgres", "store.sql")
_LONGEST_S: Final = 10.0
"""How long one query may look at entities that SQL could not decide."""
_AT_ONCE: Final = 500
_MOST_AT_ONCE: Final = 4_000
_SOME: Final = 12
"""So many more than a page are looked at first: not all that SQL lets through fits."""
_ALL: Final = 1_000_000
"""Where a page ends that cannot be told before all that fits is known."""

_EVERYWHERE: Final = (-180.0, -90.0, 180.0, 90.0)

Keys = Mapping[str, int]
"""Numbers of the names a query is about."""


@dataclass(frozen=True, slots=True)
class BodyPage:
    """Like ``Page``, with the entities as they are stored."""

    bodies: tuple[bytes, ...]
    total: int | None = None


async def get_body(db: Connection, tenant: int, entity_id: str) -> bytes | None:
    """A point read."""
    body: bytes | None = await db.fetchval(_SQL["body_by_id"], tenant, entity_id)
    return body


async def query(db: Connection, tenant: int, keys: Keys, wanted: Query) -> Page:
    """One page, of one moment."""
    found = await query_bodies(db, tenant, keys, wanted)
    return Page(tuple(map(decode_entity, found.bodies)), found.total)


async def query_bodies(db: Connection, tenant: int, keys: Keys, wanted: Query) -> BodyPage:
    """One page as it is stored, of one moment."""
    looking = only_here(wanted) or wanted.ordering is not None
    if (
        wanted.q is None
        and not wanted.attributes
        and wanted.geo is None
        and wanted.id_pattern is None
        and not (wanted.count or looking)
    ):
        return await _page(db, wanted, compile_query(wanted, tenant, keys))  # one statement is one moment
    if wanted.geo is None and not (wanted.count or looking):
        page = await _page_at_once(db, tenant, keys, wanted)
        if page is not None:
            return page
    crowd: Crowd | None = None
    if suits(wanted):
        around = await page_around(db, tenant, keys, wanted)
        if around.bodies is not None:
            return BodyPage(around.bodies)
        crowd = around.crowd
    async with snapshot(db):
        selection = await _selection(db, tenant, keys, wanted, crowd=crowd)
        if selection is None:
            return BodyPage((), 0 if wanted.count else None)
        total = await _total(db, tenant, keys, wanted) if _counts_by_sql(wanted, selection) else None
        return await _page(db, wanted, selection, total)


async def _page_at_once(db: Connection, tenant: int, keys: Keys, wanted: Query) -> BodyPage | None:
    """The page by one statement, which also says whether it could be; None where more has to be looked at."""
    way = await _way(db, tenant, keys, wanted)
    selection = compile_query(wanted, tenant, keys, way=way)
    if not selection.exact:
        return None
    add = selection.parameters.add
    names = f"{add([keys.get(name, 0) for name in attributes_in(wanted.q)])}::int[]"
    missing = f"SELECT 1 FROM fact WHERE tenant = $1 AND name = ANY({names}) AND value = '\\xff'"  # noqa: S608
    bounds = f" ORDER BY e.id LIMIT {add(wanted.limit)} OFFSET {add(wanted.offset)}"
    rows = await db.fetch(
        f"SELECT x.missing, page.body FROM (SELECT EXISTS ({missing}) AS missing) x"  # noqa: S608
        f" LEFT JOIN ({selection.rows(bounds)}) page ON true ORDER BY page.id",
        *selection.parameters.values,
    )
    return None if rows[0][0] else BodyPage(tuple([row[1] for row in rows if row[1] is not None]))


async def _way(
    db: Connection,
    tenant: int,
    keys: Keys,
    wanted: Query,
    *,
    not_indexed: frozenset[str] = frozenset(),
    geo_keys: Sequence[int] | None = None,
) -> Way:
    """Through the expression with the fewest facts, where that is cheaper than walking."""
    candidates = drivers(wanted, geo_keys)
    if not candidates:
        return Way()
    end = wanted.offset + wanted.limit if wanted.ordering is None and not wanted.count else _ALL
    statement, values = how_many(candidates, tenant, keys, not_indexed, end)
    most, *counts = await db.fetchrow(statement, *values)
    fewest = min(counts)
    return Way(candidates[counts.index(fewest)] if fewest < most else None)


def _counts_by_sql(wanted: Query, selection: Selection) -> bool:
    return wanted.count and selection.exact and wanted.ordering is None and not only_here(wanted)


async def _total(db: Connection, tenant: int, keys: Keys, wanted: Query) -> int:
    """How many there are: the server finds all of them in the way it takes to be the best."""
    selection = await _selection(db, tenant, keys, wanted, page=False)
    if selection is None:
        return 0
    total: int = await db.fetchval(f"SELECT count(*) FROM {selection.sql}", *selection.parameters.values)  # noqa: S608
    return total


def snapshot(db: Connection) -> Any:
    """All statements inside see one state of the database."""
    return db.transaction(isolation="repeatable_read", readonly=True)


async def selected_ids(db: Connection, tenant: int, keys: Keys, wanted: Query) -> list[str]:
    """The ids of all entities that a query selects, whatever its page. Inside a ``snapshot``."""
    selection = await _selection(db, tenant, keys, wanted, page=False)
    if selection is None:
        return []
    if selection.exact and not only_here(wanted):
        rows = await db.fetch(f"SELECT e.id FROM {selection.sql}", *selection.parameters.values)  # noqa: S608
        return [row[0] for row in rows]
    return [entity.id async for entity, _ in _looked_at(db, wanted, selection)]


async def changes(db: Connection, tenant: int, after: int, limit: int) -> list[Change]:
    """The next lines of the log."""
    return [_change(row) for row in await db.fetch(_SQL["changes_after"], tenant, after, limit)]


async def changes_with_states(db: Connection, tenant: int, after: int, limit: int) -> list[Change]:
    """The next lines of the log with the states that were kept for them."""
    rows = await db.fetch(_SQL["changes_with_states"], tenant, after, limit)
    return [replace(_change(row[:7]), before=_state(row[7]), after=_state(row[8])) for row in rows]


def _state(body: bytes | None) -> Entity | None:
    return None if body is None else decode_entity(body)


async def _selection(
    db: Connection, tenant: int, keys: Keys, wanted: Query, *, page: bool = True, crowd: Crowd | None = None
) -> Selection | None:
    """The compiled query, for a page or for all; None where its geo-query leaves nothing.

    ``crowd``: its place is known to be one.
    """
    found: list[int] | None = None
    if wanted.geo is not None and crowd is None:
        walks = page and not (wanted.count or wanted.ids or wanted.ordering)
        near = await _geo_keys(db, tenant, keys, wanted.geo, wanted.offset + wanted.limit if walks else None)
        if isinstance(near, Crowd):
            crowd = near
        elif near:
            found = near
        else:
            return None
    asked = {keys[iri]: iri for iri in attributes_in(wanted.q) if iri in keys}
    missing = await db.fetchval(_SQL["before_looking"], tenant, list(asked), not page) if asked else ()
    not_indexed = frozenset(asked[name] for name in missing)
    way = None
    if page:
        way = await _way(db, tenant, keys, wanted, not_indexed=not_indexed, geo_keys=found)
    return compile_query(wanted, tenant, keys, not_indexed=not_indexed, geo_keys=found, crowd=crowd, way=way)


async def _geo_keys(
    db: Connection, tenant: int, keys: Keys, wanted: GeoQuery, page_end: int | None
) -> list[int] | Crowd:
    """The keys of the entities with a geometry in the relation; a crowd where a page of them is sooner walked to.

    PostGIS finds the candidates through its index; what a relation and a distance mean is decided by the code that
    decides it for every store.
    """
    test = geometry.prepare(wanted)
    name = keys.get(wanted.property)
    if name is None:
        return []
    if page_end is not None:
        edges = test.box or _EVERYWHERE
        rows = await db.fetch(_SQL["some_shapes_near"], tenant, name, *edges, float(page_end))
        if rows and len(rows) >= rows[0][2]:
            return Crowd(name, test.box)
    elif test.box is None:
        rows = await db.fetch(_SQL["shapes_anywhere"], tenant, name)
    else:
        rows = await db.fetch(_SQL["shapes_near"], tenant, name, *test.box)
    if not rows:
        return []
    chosen = test.select(shapely.from_wkb([row[1] for row in rows]))
    return sorted({rows[place][0] for place in np.flatnonzero(chosen)})


async def _page(db: Connection, wanted: Query, selection: Selection, total: int | None = None) -> BodyPage:
    if wanted.ordering is not None:
        return await _page_in_order(db, wanted, selection)
    if not selection.exact or only_here(wanted):
        return await _page_by_looking(db, wanted, selection)
    if wanted.limit == 0:
        return BodyPage((), total)
    values = selection.parameters.values
    bounds = f" ORDER BY e.id LIMIT ${len(values) + 1} OFFSET ${len(values) + 2}"
    rows = await db.fetch(selection.rows(bounds), *values, wanted.limit, wanted.offset)
    return BodyPage(tuple([body for _, body in rows]), total)


async def _page_by_looking(db: Connection, wanted: Query, selection: Selection) -> BodyPage:
    end = wanted.offset + wanted.limit
    bodies: list[bytes] = []
    total = 0
    async for _, body in _looked_at(db, wanted, selection, whole=wanted.count):
        if wanted.offset <= total < end:
            bodies.append(body)
        total += 1
        if total >= end and not wanted.count:
            break
    return BodyPage(tuple(bodies), total if wanted.count else None)


async def _page_in_order(db: Connection, wanted: Query, selection: Selection) -> BodyPage:
    assert wanted.ordering is not None
    found = Foremost(wanted.ordering, wanted.offset + wanted.limit)
    async for entity, body in _looked_at(db, wanted, selection):
        found.add(entity, body)
    return BodyPage(tuple(found.items()[wanted.offset :]), found.total if wanted.count else None)


async def _looked_at(
    db: Connection, wanted: Query, selection: Selection, *, whole: bool = True
) -> AsyncIterator[tuple[Entity, bytes]]:
    """What SQL lets through, by id, as far as the evaluator agrees. Raises ``TooComplexQuery`` in the end.

    ``whole``: it will be asked for to the end.
    """
    holds = matcher(wanted if selection.geo_is_open else replace(wanted, geo=None))
    deadline = time.monotonic() + _LONGEST_S
    rows = (
        _all_rows(db, selection)
        if whole
        else _portions(db, selection, min(wanted.offset + wanted.limit + _SOME, _MOST_AT_ONCE))
    )
    async for portion in rows:
        for _, body in portion:
            entity = decode_entity(body)
            if holds(entity):
                yield entity, body
        if time.monotonic() > deadline:
            raise TooComplexQuery(
                f"this query was looking for more than {_LONGEST_S:.0f} seconds",
                where="q",
                hint="narrow it by type or by a comparison of a number or a text",
            )


async def _all_rows(db: Connection, selection: Selection) -> AsyncIterator[Sequence[Any]]:
    cursor = await db.cursor(selection.rows(), *selection.parameters.values)
    while rows := await cursor.fetch(_AT_ONCE):
        yield rows


async def _portions(db: Connection, selection: Selection, size: int) -> AsyncIterator[Sequence[Any]]:
    """The rows in portions, each found by walking on from the last: all at once would be sorted, bodies and all."""
    values = selection.parameters.values
    statement = selection.rows(f" AND e.id > ${len(values) + 1} ORDER BY e.id LIMIT ${len(values) + 2}")
    last = ""
    while rows := await db.fetch(statement, *values, last, size):
        yield rows
        if len(rows) < size:
            return
        last, size = rows[-1][0], min(2 * max(size, _AT_ONCE), _MOST_AT_ONCE)


def _change(row: Sequence[Any]) -> Change:
    number, at, kind, entity_id, types, attributes, cause = row
    return Change(
        number=number,
        at=at.astimezone(UTC),
        kind=ChangeKind(kind),
        entity_id=entity_id,
        types=tuple(msgspec.json.decode(types)),
        attributes=tuple(msgspec.json.decode(attributes)),
        cause=cause,
    )
