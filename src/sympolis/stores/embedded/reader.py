"""Reading a tenant's file: entities by query, histories, the log. Plain functions over a read-only connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import apsw

from sympolis.context.profiles import Profile
from sympolis.context.query import Query
from sympolis.context.store import Page
from sympolis.domain.changes import Change
from sympolis.domain.entity import Entity
from sympolis.stores import sql
from sympolis.stores.embedded import bodies, paging, patching
from sympolis.stores.embedded.catalog import Catalog
from sympolis.stores.embedded.files import Reading, fetch_all, fetch_value
from sympolis.stores.embedded.paging import BodyPage
from sympolis.stores.outlines import decode_profile

_SQL = sql.load("sympolis.stores.embedded", "store.sql")


def get(db: apsw.Connection, entity_id: str) -> Entity | None:
    """A point read."""
    row = db.execute(_SQL["body_by_id"], (entity_id,)).fetchone()
    return None if row is None else bodies.decode_entity(row[0])


def get_body(db: apsw.Connection, entity_id: str) -> bytes | None:
    """A point read of what is stored."""
    row = db.execute(_SQL["body_by_id"], (entity_id,)).fetchone()
    return None if row is None else row[0]


def catalog_of(db: apsw.Connection) -> Catalog:
    """What queries over this connection may rely on, as it is now: the writer goes on meanwhile."""
    known = db.catalog if isinstance(db, Reading) else None
    return Catalog.load(db) if known is None else Catalog(known.names, known.types, known.needs)


def query(db: apsw.Connection, wanted: Query) -> Page:
    """One page, from one snapshot of the database."""
    found = query_bodies(db, wanted)
    return Page(tuple(map(bodies.decode_entity, found.bodies)), found.total)


def query_bodies(db: apsw.Connection, wanted: Query) -> BodyPage:
    """One page as it is stored, from one snapshot of the database."""
    catalog = catalog_of(db)  # before the snapshot: what it promises is then in it
    quick = paging.quick_page(db, wanted, catalog)
    if quick is not None:
        return quick
    with snapshot(db):
        return paging.page(db, wanted, catalog)


def query_patches(db: apsw.Connection, wanted: Query) -> patching.FoundPatches | None:
    """What a query within a box selects, column by column, where that can be told; from one snapshot."""
    catalog = catalog_of(db)
    with snapshot(db):
        return patching.around_box(db, wanted, catalog)


def selected_ids(db: apsw.Connection, wanted: Query) -> set[str]:
    """The ids of all entities that a query selects, whatever its page."""
    return paging.selected_ids(db, wanted, catalog_of(db))


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
