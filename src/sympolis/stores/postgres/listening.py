"""Hearing of changes that other processes commit, through LISTEN and NOTIFY, whatever happens to the connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from sympolis.domain.errors import SympolisError
from sympolis.stores.postgres import troubles
from sympolis.stores.postgres.server import Server, connect_once

_PROBE_S: Final = 20.0
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0


def channel(schema: str) -> str:
    """The name under which the processes of one store call each other."""
    return f"sympolis_{schema}"


class Listener:
    """Calls ``on_change(tenant key)`` at each change, and with None when changes may have been missed."""

    def __init__(self, server: Server, on_change: Callable[[int | None], None]) -> None:
        self._server = server
        self._on_change = on_change
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop listening."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            try:
                connection = await connect_once(self._server.address, self._server.about.search_path)
                pause = _FIRST_PAUSE_S
                await self._listen(connection)
            except (*troubles.ANY, SympolisError):
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)

    async def _listen(self, connection: Any) -> None:
        """Until the connection is lost."""
        gone = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: gone.set())
            await connection.add_listener(channel(self._server.address.schema), self._heard)
            self._on_change(None)
            while not gone.is_set():
                try:
                    async with asyncio.timeout(_PROBE_S):  # `wait_for` can lose a cancellation
                        await gone.wait()
                except TimeoutError:  # a dead wire does not say so
                    await connection.execute("SELECT 1", timeout=_PROBE_S)
        finally:
            connection.terminate()

    def _heard(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        self._on_change(int(str(payload)))
