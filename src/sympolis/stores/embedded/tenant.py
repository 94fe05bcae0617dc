"""One tenant's file with its writer and its readers."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import apsw

from sympolis.domain.errors import StoreUnavailable
from sympolis.stores.embedded import files
from sympolis.stores.embedded.recorder import Wanted
from sympolis.stores.embedded.writer import Writer
from sympolis.stores.following import Bell

_T = TypeVar("_T")


class Tenant:
    """A database file: writes go to its writer's thread, reads to connections of their own."""

    def __init__(self, path: Path, pool: ThreadPoolExecutor, wanted: Wanted) -> None:
        self.bell = Bell()
        self.path = path
        self._writer = Writer(path, self.bell.ring, wanted)
        self._here = files.open_reader(path)
        self._free: queue.SimpleQueue[apsw.Connection] = queue.SimpleQueue()
        self._pool = pool
        self._closed = False

    async def write(self, job: Callable[..., Any]) -> Any:
        """Run a job in the writer's thread, durable when this returns."""
        return await self._writer.do(job)

    def read_here(self, read: Callable[[apsw.Connection], _T]) -> _T:
        """Run a quick read (a point read) in this thread, the event loop's."""
        if self._closed:
            raise StoreUnavailable("the store is closed")
        return read(self._here)

    async def read(self, read: Callable[[apsw.Connection], _T]) -> _T:
        """Run a read in another thread, with a connection that no one else uses meanwhile."""
        if self._closed:
            raise StoreUnavailable("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._lend, read)

    def _lend(self, read: Callable[[apsw.Connection], _T]) -> _T:
        try:
            connection = self._free.get_nowait()
        except queue.Empty:
            connection = files.open_reader(self.path)
        try:
            return read(connection)
        finally:
            self._free.put(connection)

    def close(self) -> None:
        """Finish what was accepted and let go of the file. The pool must be idle."""
        self._closed = True
        self._writer.close()
        self.bell.close()
        self._here.close()
        while not self._free.empty():
            self._free.get_nowait().close()
