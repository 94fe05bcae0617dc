"""Several processes serve one store: each has to know the subscriptions, and one of them tells (see ``SharedBooks``).

What the books call out comes from another thread; it is taken here one after the other in the event loop, so that a
turn that was lost is given up before the next one is taken.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from sympolis.context.subscriptions.books import SharedBooks
from sympolis.context.subscriptions.lanes import Settler
from sympolis.context.subscriptions.sending import Time
from sympolis.domain.errors import SympolisError

log = logging.getLogger(__name__)

_RETRY_S: Final = 1.0


class Teller(Protocol):
    """What can tell, if it is its turn."""

    async def refresh(self, tenant: str) -> None:
        """Know a tenant's subscriptions as they are kept."""
        ...

    async def refresh_all(self) -> None:
        """Know every tenant's subscriptions as they are kept."""
        ...

    async def take_over(self) -> None:
        """Tell from now on, beginning with what was left. Called again where it could not be finished."""
        ...

    async def rest(self) -> None:
        """Tell no more."""
        ...


class Colleagues:
    """Listens to the other processes, from now until ``close``."""

    def __init__(self, books: SharedBooks, teller: Teller, settler: Settler, time: Time) -> None:
        self._teller = teller
        self._settler = settler
        self._time = time
        self._leading = False
        self._calls: asyncio.Queue[tuple[bool | None, str | None]] = asyncio.Queue()
        self._task = asyncio.create_task(self._run())
        loop = asyncio.get_running_loop()
        books.watch(
            lambda tenant: _call(loop, lambda: self._calls.put_nowait((None, tenant))),
            lambda leading: _call(loop, lambda: self._turn(leading)),
        )

    async def close(self) -> None:
        """Listen no more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _turn(self, leading: bool) -> None:
        """A turn begins or ends. What was not kept then is the next one's to do: it must never be kept late."""
        self._leading = leading
        if not leading:
            self._settler.abandon()
        self._calls.put_nowait((leading, None))

    async def _run(self) -> None:
        while True:
            leading, tenant = await self._calls.get()
            while not await self._done(leading, tenant):
                await self._time.sleep(_RETRY_S)

    async def _done(self, leading: bool | None, tenant: str | None) -> bool:
        try:
            if leading is None:
                await (self._teller.refresh_all() if tenant is None else self._teller.refresh(tenant))
            elif leading and self._leading:
                await self._teller.take_over()
            elif not leading:
                await self._teller.rest()
        except SympolisError:
            log.warning("the subscriptions' books cannot be read now", extra={"action": "notify"})
            return leading is not None and leading is not self._leading  # that turn is over
        return True


def _call(loop: asyncio.AbstractEventLoop, work: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop has ended, and with it the need to know
        loop.call_soon_threadsafe(work)
