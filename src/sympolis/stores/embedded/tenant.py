"""One tenant's file with its writer and its readers."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

import apsw

from sympolis.domain.errors import StoreUnavailable
from sympolis.stores.embedded import files
from sympolis.stores.embedded.catalog import Wish, unmet
from sympolis.stores.embedded.patching import Cell
from sympolis.stores.embedded.recorder import Recorder, Wanted
from sympolis.stores.embedded.writer import Writer
from sympolis.stores.following import Bell

_T = TypeVar("_T")
_BRIEF_S: Final = 0.005
"""How long a read may hold the event loop up."""
_PAGES_KB: Final = 64_000
"""Pages at hand for what is read in the event loop: of a million entities the upper levels, most of the index of their
ids, and what is asked for often. With 40 MB a point read took a quarter longer, with 96 MB no less (decision 0029)."""
_OFTEN: Final = 5
"""So many queries that miss the same column are worth it."""
_MOST_MENDED: Final = 16
"""So many patches, each some milliseconds, are made anew at once."""
_EVER: Final = float("inf")
_STEPS: Final = 2000
"""So many steps of SQLite's machine, some tens of microseconds, pass between two looks at the clock."""


class Tenant:
    """A database file: writes go to its writer's thread, reads to connections of their own."""

    def __init__(self, path: Path, pool: ThreadPoolExecutor, wanted: Wanted) -> None:
        self.bell = Bell()
        self.path = path
        self.rolling = threading.Lock()
        self._writer = Writer(path, self.bell.ring, wanted)
        self._here = self._open_reader(cache_kb=_PAGES_KB)
        self._until = _EVER
        self._here.set_progress_handler(lambda: time.thread_time() > self._until, _STEPS)
        self._free: queue.SimpleQueue[apsw.Connection] = queue.SimpleQueue()
        self._pool = pool
        self._closed = False
        self._missed: Counter[Wish] = Counter()
        self._mending = False

    async def write(self, job: Callable[..., Any], about: Sequence[str] = ()) -> Any:
        """Run a job in the writer's thread, durable when this returns; ``about``: entities that it will ask for."""
        return await self._writer.do(job, about)

    def read_here(self, read: Callable[[apsw.Connection], _T]) -> _T:
        """Run a quick read (a point read) in this thread, the event loop's."""
        if self._closed:
            raise StoreUnavailable("the store is closed")
        return read(self._here)

    async def read(self, read: Callable[[apsw.Connection], _T], *, brief: bool = True) -> _T:
        """Run a read: here as long as it is quick, else anew in another thread with a connection of its own.

        Most reads take less than handing them over would; none holds the event loop up for more than that. What is
        known not to be ``brief`` is not tried here first.
        """
        if self._closed:
            raise StoreUnavailable("the store is closed")
        try:
            if brief:
                return self._briefly(read)
        except (apsw.InterruptError, FileNotFoundError):
            pass
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._tried, read)

    def _tried(self, read: Callable[[apsw.Connection], _T]) -> _T:
        """Once more where an archived month was written anew between the snapshot and the opening of its file."""
        try:
            return self._lend(read)
        except FileNotFoundError:
            return self._lend(read)

    def _briefly(self, read: Callable[[apsw.Connection], _T]) -> _T:
        self._until = time.thread_time() + _BRIEF_S  # what others take of the machine does not count
        try:
            return read(self._here)
        finally:
            self._until = _EVER
            if self._here.in_transaction:  # its end was interrupted, too
                self._here.execute("COMMIT")

    def _lend(self, read: Callable[[apsw.Connection], _T]) -> _T:
        try:
            connection = self._free.get_nowait()
        except queue.Empty:
            connection = self._open_reader(cache_kb=4_000)
        try:
            return read(connection)
        finally:
            self._free.put(connection)

    def _open_reader(self, *, cache_kb: int) -> files.Reading:
        connection = files.open_reader(self.path, cache_kb=cache_kb)
        connection.known, connection.wish = self._writer.catalog, self._wish
        connection.miss = self._miss
        return connection

    def _miss(self, wishes: Sequence[Wish]) -> None:
        """What is missed often is wished for; who asks once does not make every write dearer."""
        missed = self._missed
        missed.update(wishes)
        if often := [wish for wish in wishes if missed[wish] >= _OFTEN]:
            missed.clear()
            self._wish(often)

    def _wish(self, wishes: Sequence[Wish]) -> None:
        """Have kept what queries would have liked to find; they do not wait for it."""
        wanted = unmet(self._writer.catalog(), wishes)
        if wanted:
            self._writer.later(lambda recorder: recorder.ask(wanted))

    def mend(self, cells: Sequence[Cell]) -> None:
        """Have patches kept anew that were found spoiled, some at a time: what is left out is found again."""
        if not cells or self._mending:
            return
        self._mending = True
        some = cells[:_MOST_MENDED]

        def job(recorder: Recorder) -> None:
            self._mending = False
            recorder.mend(some)

        self._writer.later(job)

    def close(self) -> None:
        """Finish what was accepted and let go of the file. The pool must be idle."""
        self._closed = True
        self._writer.close()
        self.bell.close()
        self._here.close()
        while not self._free.empty():
            self._free.get_nowait().close()
