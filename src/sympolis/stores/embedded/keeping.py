"""Rolls the histories of a store from time to time, in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Final

from sympolis.domain.errors import StoreUnavailable, SympolisError

log = logging.getLogger(__name__)
_FIRST_S: Final = 120.0
"""A server that has just started has other things to do."""
_EVERY_S: Final = 3600.0


class Keeper:
    """Calls ``roll`` now and then until ``close``."""

    def __init__(
        self, roll: Callable[[], Awaitable[None]], *, first_s: float = _FIRST_S, every_s: float = _EVERY_S
    ) -> None:
        self._roll = roll
        self._waits = (first_s, every_s)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sympolis-history", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """No more of it; what is under way is left to the next start once the store refuses it."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        wait = self._waits[0]
        while not self._ended.wait(wait):
            wait = self._waits[1]
            try:
                asyncio.run(self._until_the_end())
            except StoreUnavailable:
                return
            except SympolisError as error:
                log.warning("history could not be archived: %s", error)
            except Exception:
                log.exception("history could not be archived")

    async def _until_the_end(self) -> None:
        rolling = asyncio.ensure_future(self._roll())
        while not rolling.done():
            await asyncio.wait({rolling}, timeout=0.5)
            if self._ended.is_set():
                rolling.cancel()
        if not rolling.cancelled():
            rolling.result()
