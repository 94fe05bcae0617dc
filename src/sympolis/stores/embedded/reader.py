"""Reading a tenant's file: entities by query, histories, the log. Plain functions over a read-only connection."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

import apsw
import msgspec
import numpy as np
import shapely

from sympolis.context import geometry
from sympolis.context.evaluate import matcher, only_here
from sympolis.context.ordering import arrange
from sympolis.context.profiles import Profile
from sympolis.context.query import GeoQuery, Query
from sympolis.context.store import Page
from sympolis.domain.changes import Change
from sympolis.domain.entity import Entity
from sympolis.domain.errors import TooComplexQuery
from sympolis.stores import sql
from sympolis.stores.embedded import bodies
from sympolis.stores.embedded.compile import (
    Expression,
    Selection,
    compile_query,
    count_up_to,
    names_in,
    parts_of,
)
from sympolis.stores.embedded.files import fetch_all, fetch_value
from sympolis.stores.outlines import decode_profile

_SQL = sql.load("sympolis.stores.embedded", "store.sql")
_LONGEST_S: Final = 10.0
"""How long one query may look at entities that SQL could not decide."""
_MOST_COUNTED: Final = 5000
"""Counting further would cost more than it could tell."""


def get(db: apsw.Connection, entity_id: str) -> Entity | None:
    """A point read."""
    row = db.execute(_SQL["body_by_id"], (entity_id,)).fetchone()
    return None if row is None else bodies.decode_entity(row[0])


def get_body(db: apsw.Connection, entity_id: str) -> bytes | None:
    """A point read of what is stored."""
    row = db.execute(_SQL["body_by_id"], (entity_id,)).fetchone()
    return None if row is None else row[0]


@dataclass(frozen=True, slots=True)
class BodyPage:
    """Like ``Page``, with the entities as they are stored."""

    bodies: tuple[bytes, ...]
    total: int | None = None


def query(db: apsw.Connection, wanted: Query) -> Page:
    """One page, from one snapshot of the database."""
    found = query_bodies(db, wanted)
    return Page(tuple(map(bodies.decode_entity, found.bodies)), found.total)


def query_bodies(db: apsw.Connection, wanted: Query) -> BodyPage:
    """One page as it is stored, from one snapshot of the database."""
    with snapshot(db):
        selection = _selection(db, wanted)
        if selection is None:
            return BodyPage((), 0 if wanted.count else None)
        if _decides(selection, wanted) and wanted.ordering is None:
            return _page_by_sql(db, wanted, selection)
        return _page_by_looking(db, wanted, selection)


def selected_ids(db: apsw.Connection, wanted: Query) -> set[str]:
    """The ids of all entities that a query selects, whatever its page."""
    selection = _selection(db, wanted)
    if selection is None:
        return set()
    if _decides(selection, wanted):
        rows = db.execute(f"SELECT e.id {selection.chosen}", selection.parameters)
        return {entity_id for (entity_id,) in rows}
    return {entity.id for entity, _ in _looked_at(db, wanted, selection)}


def changes(db: apsw.Connection, after: int, limit: int) -> list[Change]:
    """The next lines of the log."""
    return [bodies.decode_change(row) for row in db.execute(_SQL["changes_after"], (after, limit))]


def changes_with_states(db: apsw.Connection, after: int, limit: int) -> list[Change]:
    """The next lines of the log with the states that were kept for them."""
    return [
        replace(bodies.decode_change(row[:7]), before=_state(row[7]), after=_state(row[8]))
        for row in db.execute(_SQL["changes_with_states"], (after, limit))
    ]


def _state(body: bytes | None) -> Entity | None:
    return None if body is None else bodies.decode_entity(body)


def profiles(db: apsw.Connection) -> list[Profile]:
    """All profiles."""
    return [decode_profile(*row) for row in db.execute(_SQL["profiles"])]


def tallies(db: apsw.Connection) -> tuple[int, int, int]:
    """Position, entities, observations."""
    with snapshot(db):
        counts = dict(fetch_all(db, _SQL["tallies"]))
        position = fetch_value(db, _SQL["position"])
    return position, counts["entities"], counts["observations"]


@contextmanager
def snapshot(db: apsw.Connection) -> Iterator[None]:
    """All statements inside see one state of the database: that of the outermost snapshot."""
    if db.in_transaction:
        yield
        return
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("COMMIT")


def _selection(db: apsw.Connection, wanted: Query) -> Selection | None:
    """The compiled query; None where its geo-query leaves nothing."""
    keys = _geo_keys(db, wanted.geo) if wanted.geo is not None else None
    if keys is not None and not keys:
        return None
    if wanted.q is None:
        return compile_query(wanted, geo_keys=keys)
    names = msgspec.json.encode(sorted(set(names_in(wanted.q)))).decode()
    missing = frozenset(iri for (iri,) in db.execute(_SQL["not_indexed"], (names,)))
    few = None if keys is not None or wanted.ids else _few(db, wanted, missing)
    return compile_query(wanted, not_indexed=missing, geo_keys=keys, few=few)


def _few(db: apsw.Connection, wanted: Query, not_indexed: frozenset[str]) -> Expression | None:
    """The part of ``q`` that the fewest entities satisfy, if starting from them is less than walking to the page's end.

    Of N entities n fit: a walk meets the page's last after about ``N * (offset + limit) / n`` entities, which is more
    than n as long as n is below the root of ``N * (offset + limit)``.
    """
    [(entities,)] = db.execute(_SQL["count_entities"])
    most = min(_MOST_COUNTED, math.isqrt(entities * (wanted.offset + wanted.limit)) + 1)
    found: Expression | None = None
    for part in parts_of(wanted.q) if wanted.q is not None else ():
        counting = count_up_to(part, not_indexed)
        if counting is not None:
            count = _count(db, f"FROM ({counting.sql} LIMIT ?)", [*counting.parameters, most])
            if count < most:
                found, most = part, count
    return found


def _count(db: apsw.Connection, chosen: str, parameters: list[Any]) -> int:
    found: int = fetch_value(db, f"SELECT count(*) {chosen}", parameters)
    return found


def _geo_keys(db: apsw.Connection, wanted: GeoQuery) -> list[int]:
    """The keys of the entities with a geometry in the relation: R*Tree first, then the geometries themselves."""
    test = geometry.prepare(wanted)
    parameters: dict[str, Any] = {"name": wanted.property}
    if test.box is not None:
        parameters |= dict(zip(("west", "south", "east", "north"), test.box, strict=True))
    rows = fetch_all(db, _SQL["shapes_anywhere" if test.box is None else "shapes_near"], parameters)
    if not rows:
        return []
    chosen = test.select(shapely.from_wkb([wkb for _, wkb in rows]))
    return sorted({rows[place][0] for place in np.flatnonzero(chosen)})


def _page_by_sql(db: apsw.Connection, wanted: Query, selection: Selection) -> BodyPage:
    total = _count(db, selection.chosen, selection.parameters) if wanted.count else None
    rows = db.execute(
        f"SELECT entity.body FROM (SELECT e.key AS key, e.id AS id {selection.chosen}"  # noqa: S608
        " ORDER BY e.id LIMIT ? OFFSET ?) AS listed JOIN entity ON entity.key = listed.key ORDER BY listed.id",
        [*selection.parameters, wanted.limit, wanted.offset],
    )
    return BodyPage(tuple([body for (body,) in rows]), total)


def _page_by_looking(db: apsw.Connection, wanted: Query, selection: Selection) -> BodyPage:
    if wanted.ordering is not None:
        return _page_in_order(db, wanted, selection)
    found = (body for _, body in _looked_at(db, wanted, selection))
    if wanted.count:
        every = list(found)
        return BodyPage(tuple(every[wanted.offset : wanted.offset + wanted.limit]), len(every))
    return BodyPage(tuple(islice(found, wanted.offset, wanted.offset + wanted.limit)))


def _page_in_order(db: apsw.Connection, wanted: Query, selection: Selection) -> BodyPage:
    every = {entity.id: (entity, body) for entity, body in _looked_at(db, wanted, selection)}
    page = arrange((entity for entity, _ in every.values()), wanted.ordering)
    shown = page[wanted.offset : wanted.offset + wanted.limit]
    return BodyPage(tuple(every[one.id][1] for one in shown), len(every) if wanted.count else None)


def _decides(selection: Selection, wanted: Query) -> bool:
    """Whether SQL alone tells which entities are meant."""
    return selection.exact and not only_here(wanted)


def _looked_at(db: apsw.Connection, wanted: Query, selection: Selection) -> Iterator[tuple[Entity, bytes]]:
    """What SQL lets through, in order of id, as far as the evaluator agrees. Raises ``TooComplexQuery`` in the end."""
    holds = matcher(_without_geo(wanted))
    deadline = time.monotonic() + _LONGEST_S
    rows = db.execute(
        f"SELECT (SELECT body FROM entity WHERE key = e.key) {selection.chosen} ORDER BY e.id",  # noqa: S608
        selection.parameters,
    )
    for (body,) in rows:
        entity = bodies.decode_entity(body)
        if holds(entity):
            yield entity, body
        if time.monotonic() > deadline:
            raise TooComplexQuery(
                f"this query was looking for more than {_LONGEST_S:.0f} seconds",
                where="q",
                hint="narrow it by type or by a comparison of a number or a text",
            )


def _without_geo(wanted: Query) -> Query:
    """The geo part is exact already."""
    return replace(wanted, geo=None)
