"""Hosted @contexts in the database, for all processes of a broker: each serves what any of them was given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from sympolis.context.library import KeptContext
from sympolis.stores import sql
from sympolis.stores.postgres.calls import Calls
from sympolis.stores.postgres.server import Connection

_SQL = sql.load("sympolis.stores.postgres", "shelf.sql")
_TOPIC: Final = "contexts"
_decode = msgspec.json.Decoder(KeptContext).decode


class PostgresShelf:
    """See ``SharedShelf``."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def load(self) -> Iterator[KeptContext]:
        """See ``Shelf.load``."""
        for row in self._calls.ask(lambda db: db.fetch(_SQL["load"])):
            yield _decode(row["body"])

    def find(self, local_id: str) -> KeptContext | None:
        """See ``SharedShelf.find``."""
        body = self._calls.ask(lambda db: db.fetchval(_SQL["find"], local_id))
        return None if body is None else _decode(body)

    def keep(self, kept: KeptContext) -> None:
        """See ``Shelf.keep``."""
        body = msgspec.json.encode(kept).decode()
        self._change(kept.local_id, "keep", kept.local_id, body)

    def drop(self, local_id: str) -> None:
        """See ``Shelf.drop``."""
        self._change(local_id, "drop", local_id)

    def watch(self, heard: Callable[[str | None], None]) -> None:
        """See ``SharedShelf.watch``."""
        self._calls.listen(_TOPIC, heard)

    def _change(self, local_id: str, statement: str, *values: str) -> None:
        async def done(db: Connection) -> None:
            await db.execute(_SQL[statement], *values)
            await self._calls.say(db, _TOPIC, local_id)

        self._calls.together(done)
