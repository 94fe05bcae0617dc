"""Seeing that the server's planner knows the tables as they grow.

The server looks after its statistics once a minute. A store that has just taken in a city would until then be
answered as if it were empty, by plans that are a thousand times slower; so they are taken whenever the rows
written have doubled.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from sympolis.domain.errors import StoreUnavailable
from sympolis.stores import sql
from sympolis.stores.postgres import troubles
from sympolis.stores.postgres.server import Server

_SQL = sql.load("sympolis.stores.postgres", "store.sql")
_FIRST: Final = 500


class Statistics:
    """Counts the entities that this process adds, and has the tables analysed in the background."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._rows = 0
        self._next = _FIRST
        self._task: asyncio.Task[None] | None = None

    def grown(self, rows: int) -> None:
        """So many entities more (or fewer) are there."""
        self._rows += abs(rows)
        if self._rows >= self._next and self._task is None:
            self._next = self._rows * 2
            self._task = asyncio.get_running_loop().create_task(self._take())

    async def _take(self) -> None:
        with suppress(*troubles.ANY, StoreUnavailable):  # the server will do it by itself, only later
            async with self._server.side() as connection:
                await connection.execute(_SQL["take_statistics"])
        self._task = None

    async def close(self) -> None:
        """Wait for what is under way."""
        if self._task is not None:
            await self._task
