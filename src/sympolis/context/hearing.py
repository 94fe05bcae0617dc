"""Hears what other processes of a store keep: a book calls out from a thread of its own, a service learns in its loop.

Names come one after the other; where the book cannot be read just then, the same name is tried again until it can.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from sympolis.domain.errors import SympolisError

log = logging.getLogger(__name__)

_RETRY_S: Final = 1.0

Heard = Callable[[str | None], None]
"""Takes the name of what changed; None: anything may have."""


class Hearing:
    """Calls ``refresh(name)`` in this event loop, until ``close``, for what ``watch`` has to say."""

    def __init__(
        self, watch: Callable[[Heard], None], refresh: Callable[[str | None], Awaitable[None]]
    ) -> None:
        self._refresh = refresh
        self._names: asyncio.Queue[str | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._run())
        watch(self._heard)

    async def close(self) -> None:
        """Hear of nothing more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _heard(self, name: str | None) -> None:
        with suppress(RuntimeError):  # the loop has ended, and with it the need to know
            self._loop.call_soon_threadsafe(self._names.put_nowait, name)

    async def _run(self) -> None:
        while True:
            name = await self._names.get()
            try:
                await self._refresh(name)
            except SympolisError:
                log.warning("what other processes keep cannot be read now", extra={"action": "share"})
                self._loop.call_later(_RETRY_S, self._names.put_nowait, name)
