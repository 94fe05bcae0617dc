"""Ports that are called without awaiting, over the database: one connection in a thread with an event loop of its own.

Beside it a second connection listens, so that the processes of one store hear of what the others keep: each says a
topic and a name when it commits.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any, Final, TypeVar

import msgspec

from sympolis.domain.errors import StoreUnavailable, SympolisError
from sympolis.stores import sql
from sympolis.stores.postgres import troubles
from sympolis.stores.postgres.address import Address
from sympolis.stores.postgres.server import Connection, connect_once

_SQL = sql.load("sympolis.stores.postgres", "calls.sql")
_PROBE_S: Final = 20.0
_PAUSE_S: Final = 0.2
_LONGEST_NAME: Final = 7000
"""What fits into a notification of PostgreSQL, which ends at 8000 bytes."""
_T = TypeVar("_T")

Heard = Callable[[str | None], None]


class Calls:
    """See the module. The thread begins with the first call; ``close`` it before the server."""

    def __init__(self, address: Address, search_path: str) -> None:
        self._address = address
        self._search_path = search_path
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._begun = threading.Lock()
        self._lock = asyncio.Lock()
        self._connection: Connection | None = None
        self._heard: dict[str, Heard] = {}
        self._listening: asyncio.Task[None] | None = None
        self._closed = False

    def ask(self, work: Callable[[Connection], Awaitable[_T]]) -> _T:
        """Do something on the connection, in this thread's time. Raises the platform's errors only.

        Done once more where the connection turns out to be dead: it must be such that twice is once.
        """
        return self._run(self._asked(work))

    def together(self, work: Callable[[Connection], Awaitable[_T]]) -> _T:
        """Like ``ask``, in one transaction."""

        async def done(db: Connection) -> _T:
            async with db.transaction():
                return await work(db)

        return self.ask(done)

    async def say(self, db: Connection, topic: str, name: str) -> None:
        """Tell every process, this one too, when the transaction is committed."""
        said = msgspec.json.encode([topic, name if len(name.encode()) <= _LONGEST_NAME else None]).decode()
        await db.execute(_SQL["say"], channel(self._address.schema), said)

    def listen(self, topic: str, heard: Heard) -> None:
        """Call ``heard(name)`` in another thread for what is said of a topic; None: any name may be meant."""
        self._heard[topic] = heard
        self._run(self._begin())

    def close(self) -> None:
        """Let go of the connections."""
        with self._begun:
            if self._closed:
                return
            self._closed = True
            loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._let_go(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    # --- in the thread

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        with self._begun:
            if self._closed:
                work.close()
                raise StoreUnavailable("the store is closed")
            doing = asyncio.run_coroutine_threadsafe(work, self._started())
        try:
            return doing.result()
        except CancelledError as error:
            raise StoreUnavailable("the store is closed") from error
        except troubles.ANY as error:
            raise troubles.translated(error, str(self._address), doing="write") from error

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="sympolis-calls", daemon=True)
            self._thread.start()
        return self._loop

    async def _asked(self, work: Callable[[Connection], Awaitable[_T]]) -> _T:
        async with self._lock:
            for last in (False, True):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await connect_once(self._address, self._search_path)
                try:
                    return await work(self._connection)
                except troubles.ANY as error:
                    if troubles.is_lost(error):
                        self._connection.terminate()
                    if last or not troubles.is_lost(error):
                        raise
        raise AssertionError("the loop returns or raises")

    async def _begin(self) -> None:
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())
        else:
            for heard in self._heard.values():
                heard(None)

    async def _listen(self) -> None:
        while True:
            with suppress(*troubles.ANY, SympolisError):
                await self._listen_once()
            await asyncio.sleep(_PAUSE_S)

    async def _listen_once(self) -> None:
        """Until the connection is lost."""
        connection = await connect_once(self._address, self._search_path)
        gone = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: gone.set())
            await connection.add_listener(channel(self._address.schema), lambda *said: self._hear(said[-1]))
            for heard in self._heard.values():
                heard(None)  # what was said before was missed
            while not gone.is_set():
                try:
                    async with asyncio.timeout(_PROBE_S):  # `wait_for` can lose a cancellation
                        await gone.wait()
                except TimeoutError:  # a dead wire does not say so
                    await connection.execute("SELECT 1", timeout=_PROBE_S)
        finally:
            connection.terminate()

    def _hear(self, said: object) -> None:
        topic, name = msgspec.json.decode(str(said), type=tuple[str, str | None])
        if topic in self._heard:
            self._heard[topic](name)

    async def _let_go(self) -> None:
        """Whoever still waits for an answer gets none: no thread is left waiting."""
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if self._connection is not None:
            self._connection.terminate()


def channel(schema: str) -> str:
    """The name under which processes tell each other of what is beside the entities."""
    return f"sympolis_{schema}_beside"
