"""The present state of entities as a group of writes sees it: what it has changed itself, then what the file has.

Rows are written once per group, all of a kind together: a statement for each entity would cost more than its row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import apsw
import msgspec

from sympolis.domain.entity import Entity
from sympolis.stores import sql
from sympolis.stores.embedded import bodies
from sympolis.stores.embedded.files import fetch_value
from sympolis.stores.embedded.together import insert

_SQL: Final = sql.load("sympolis.stores.embedded", "store.sql")
_encode: Final = msgspec.json.Encoder().encode


class Known(msgspec.Struct, gc=False):
    """An entity during a group: its key, its state now, and whether the file has a row of it."""

    key: int
    state: Entity | None
    stored: bool
    body: bytes | None
    """The state as JSON, as far as it is known."""


class Presence:
    """Finds and changes entities; ``write`` brings the changes into the file."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection
        self._read = connection.cursor().execute  # a cursor for each would cost as much as what it reads
        self._changed: dict[str, Known] = {}
        self._ahead: dict[str, tuple[int, bytes] | None] = {}
        self._last = 0
        self.growth = 0
        """How many entities more there are than when ``reload`` was called, or ``growth`` set to 0."""

    def reload(self) -> None:
        """Forget all changes that are not written."""
        self._changed.clear()
        self._ahead.clear()
        self._last = fetch_value(self._db, _SQL["last_entity"])
        self.growth = 0

    def read_ahead(self, ids: Sequence[str]) -> None:
        """Look these up together: they are about to be asked for. Forgotten by ``write``."""
        found: Any = self._read(_SQL["entities_by_id"], (_encode(ids),)).fetchall()
        self._ahead.update(dict.fromkeys(ids))
        self._ahead.update({entity_id: (key, body) for entity_id, key, body in found})

    def find(self, entity_id: str) -> Known | None:
        """The entity, as this group has left it."""
        known = self._changed.get(entity_id)
        if known is not None:
            return known
        if entity_id in self._ahead:
            row = self._ahead[entity_id]
            return None if row is None else Known(row[0], bodies.decode_entity(row[1]), True, row[1])
        rows: Any = self._read(_SQL["entity_by_id"], (entity_id,)).fetchall()
        return Known(rows[0][0], bodies.decode_entity(rows[0][1]), True, rows[0][1]) if rows else None

    def change(self, known: Known | None, entity_id: str, after: Entity | None) -> Known:
        """Let the entity have this state; None: it goes."""
        if known is None:
            self._last += 1
            known = Known(self._last, None, False, None)
        self.growth += (after is not None) - (known.state is not None)
        known.state = after
        known.body = None if after is None else bodies.encode_entity(after)
        self._changed[entity_id] = known
        return known

    def write(self) -> None:
        """Write the changes down."""
        self._ahead.clear()
        if not self._changed:
            return
        come, changed, gone = [], [], []
        for entity_id, known in self._changed.items():
            if known.state is None:
                if known.stored:
                    gone.append((known.key,))
            elif known.stored:
                changed.append((known.body, known.key))
            else:
                come.append((known.key, entity_id, known.body))
        self._changed.clear()
        if gone:
            self._db.executemany(_SQL["drop_entity"], gone)
        if changed:
            changed.sort(key=_by_key)
            self._db.executemany(_SQL["change_entity"], changed)
        if come:
            insert(self._db, _SQL["add_entity"], come)


def _by_key(row: tuple[bytes | None, int]) -> int:
    return row[1]
