"""Giving an attribute that queries ask for its column or its index, a piece at a time between other writes.

The writer keeps a column from the moment it is asked for; what was written before is filled in from the bodies. How far
that has come stands in the file, so that it goes on after a crash.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import apsw

from sympolis.domain.entity import Attribute
from sympolis.stores import sql
from sympolis.stores.embedded import bodies
from sympolis.stores.embedded.catalog import SLOTS
from sympolis.stores.embedded.facts import facts, single_fact
from sympolis.stores.embedded.files import fetch_all
from sympolis.stores.embedded.indexing import columns_statement

_SQL: Final = sql.load("sympolis.stores.embedded", "catalog.sql")
_AT_ONCE: Final = 1000
"""Entities filled in by one piece: ten milliseconds."""

_Found = Sequence[tuple[str, Sequence[Attribute]]]
"""Entity ids with the instances of the attribute."""


def ask(db: apsw.Connection, wishes: Iterable[tuple[int, int, bool]]) -> None:
    """Note columns and indexes that are wanted, by type key, name key and whether it is an index."""
    present = db.execute("SELECT type, name, slot FROM asked").fetchall()
    for type_key, name, indexed in wishes:
        taken = {slot for kind, _, slot in present if kind == type_key}
        if any(row[:2] == (type_key, name) and (row[2] is None) == indexed for row in present):
            continue
        slot = None if indexed else next((one for one in range(SLOTS) if one not in taken), -1)
        if slot != -1:
            db.execute(_SQL["ask"], (type_key, name, slot))
            present.append((type_key, name, slot))


def fill(db: apsw.Connection) -> bool:
    """Fill in the next piece of all that has come as far as the first; False where nothing is left to do."""
    unfilled = fetch_all(db, _SQL["unfilled"])
    if not unfilled:
        return False
    (_, type_key, _, _, upto), *_ = unfilled
    entities = [
        (entity_id, bodies.decode_entity(body).attributes)
        for entity_id, body in fetch_all(db, _SQL["to_fill"], (type_key, upto, _AT_ONCE))
    ]
    last = entities[-1][0] if len(entities) == _AT_ONCE else None
    for key, _, name, slot, _ in (row for row in unfilled if (row[1], row[4]) == (type_key, upto)):
        found = [(entity_id, attributes[name]) for entity_id, attributes in entities if name in attributes]
        if slot is None:
            _fill_index(db, key, found)
        else:
            _fill_column(db, type_key, slot, found)
        db.execute(_SQL["filled"], (last, key))
    return True


def _fill_column(db: apsw.Connection, type_key: int, slot: int, found: _Found) -> None:
    rows: list[tuple[Any, ...]] = [
        (single_fact(instances), type_key, entity_id) for entity_id, instances in found
    ]
    db.executemany(columns_statement((slot,)), rows)


def _fill_index(db: apsw.Connection, key: int, found: _Found) -> None:
    rows = [(key, value, entity_id) for entity_id, instances in found for value in facts(instances)]
    db.executemany(_SQL["add_fact"], rows)
