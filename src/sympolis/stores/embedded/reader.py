"""Reading a tenant's file: entities by query, histories, the log. Plain functions over a read-only connection."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any, Final

import apsw
import msgspec
import numpy as np
import shapely

from sympolis.context import geometry
from sympolis.context.evaluate import matcher
from sympolis.context.profiles import Profile
from sympolis.context.query import GeoQuery, Query, TypeIs
from sympolis.context.store import Page
from sympolis.domain.changes import Change
from sympolis.domain.entity import Entity
from sympolis.domain.errors import TooComplexQuery
from sympolis.stores import sql
from sympolis.stores.embedded import bodies
from sympolis.stores.embedded.compile import Selection, compile_query, names_in
from sympolis.stores.embedded.files import fetch_all, fetch_value
from sympolis.stores.outlines import decode_profile

_SQL = sql.load("sympolis.stores.embedded", "store.sql")
_LONGEST_S: Final = 10.0
"""How long one query may look at entities that SQL could not decide."""


def get(db: apsw.Connection, entity_id: str) -> Entity | None:
    """A point read."""
    row = db.execute(_SQL["body_by_id"], (entity_id,)).fetchone()
    return None if row is None else bodies.decode_entity(row[0])


def query(db: apsw.Connection, wanted: Query) -> Page:
    """One page, from one snapshot of the database."""
    with snapshot(db):
        selection = _selection(db, wanted)
        if selection is None:
            return Page((), 0 if wanted.count else None)
        if selection.exact:
            return _page_by_sql(db, wanted, selection)
        return _page_by_looking(db, wanted, selection)


def selected_ids(db: apsw.Connection, wanted: Query) -> set[str]:
    """The ids of all entities that a query selects, whatever its page."""
    selection = _selection(db, wanted)
    if selection is None:
        return set()
    if selection.exact:
        rows = db.execute(f"SELECT e.id FROM entity e WHERE {selection.where}", selection.parameters)  # noqa: S608
        return {entity_id for (entity_id,) in rows}
    return {entity.id for entity in _looked_at(db, wanted, selection)}


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
    """All statements inside see one state of the database."""
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
    names = msgspec.json.encode(sorted(set(names_in(wanted.q)))).decode()
    missing = {iri for (iri,) in db.execute(_SQL["not_indexed"], (names,))} if wanted.q is not None else ()
    return compile_query(wanted, not_indexed=frozenset(missing), geo_keys=keys)


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


def _page_by_sql(db: apsw.Connection, wanted: Query, selection: Selection) -> Page:
    if _only_type(wanted) is not None:
        return _page_of_type(db, wanted)
    where, parameters = selection.where, selection.parameters
    total = None
    if wanted.count:
        total = fetch_value(db, f"SELECT count(*) FROM entity e WHERE {where}", parameters)  # noqa: S608
    rows = db.execute(
        f"SELECT body FROM entity WHERE key IN (SELECT e.key FROM entity e WHERE {where}"  # noqa: S608
        " ORDER BY e.id LIMIT ? OFFSET ?) ORDER BY id",
        [*parameters, wanted.limit, wanted.offset],
    )
    return Page(tuple(bodies.decode_entity(body) for (body,) in rows), total)


def _only_type(wanted: Query) -> str | None:
    """The type that is all that is asked for: such a page is read in order, without sorting."""
    if isinstance(wanted.types, TypeIs) and wanted == Query(
        types=wanted.types, limit=wanted.limit, offset=wanted.offset, count=wanted.count
    ):
        return wanted.types.name
    return None


def _page_of_type(db: apsw.Connection, wanted: Query) -> Page:
    page = {"type": _only_type(wanted), "limit": wanted.limit, "offset": wanted.offset}
    rows = fetch_all(db, _SQL["page_of_type"], page)
    total = fetch_value(db, _SQL["count_type"], page) if wanted.count else None
    return Page(tuple(bodies.decode_entity(body) for (body,) in rows), total)


def _page_by_looking(db: apsw.Connection, wanted: Query, selection: Selection) -> Page:
    found = _looked_at(db, wanted, selection)
    if wanted.count:
        entities = list(found)
        return Page(tuple(entities[wanted.offset : wanted.offset + wanted.limit]), len(entities))
    return Page(tuple(islice(found, wanted.offset, wanted.offset + wanted.limit)))


def _looked_at(db: apsw.Connection, wanted: Query, selection: Selection) -> Iterator[Entity]:
    """What SQL lets through, in order of id, as far as the evaluator agrees. Raises ``TooComplexQuery`` in the end."""
    holds = matcher(_without_geo(wanted))
    deadline = time.monotonic() + _LONGEST_S
    rows = db.execute(
        f"SELECT e.body FROM entity e WHERE {selection.where} ORDER BY e.id",  # noqa: S608
        selection.parameters,
    )
    for (body,) in rows:
        entity = bodies.decode_entity(body)
        if holds(entity):
            yield entity
        if time.monotonic() > deadline:
            raise TooComplexQuery(
                f"this query was looking for more than {_LONGEST_S:.0f} seconds",
                where="q",
                hint="narrow it by type or by a comparison of a number or a text",
            )


def _without_geo(wanted: Query) -> Query:
    """The geo part is exact already."""
    return replace(wanted, geo=None)
