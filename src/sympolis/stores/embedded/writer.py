"""One thread writes, in groups: whatever waits is made durable by one commit.

A commit costs a disk flush, however much is in it. So the thread takes all jobs that wait, applies them, commits once
and only then tells the callers. Clients that were answered together come again together, but not at the same instant:
left alone, the first of them would get a commit of its own and all the others the next. So after a large group the
thread gives them a moment, a fraction of what the commit took. For the same reason jobs are not handed over one by one,
but all together that were given in one turn of the event loop: the thread is woken once for them, and does not ask for
Python's lock while the loop still has requests to read.

Where a job fails, nothing is kept and the group is taken again one by one, each inside a savepoint: so that one is
undone alone, and all the others pay for savepoints only when somebody fails.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sympolis.domain.errors import StoreUnavailable
from sympolis.stores.embedded import files
from sympolis.stores.embedded.catalog import Catalog
from sympolis.stores.embedded.recorder import Recorder, Wanted

log = logging.getLogger(__name__)

Job = Callable[[Recorder], Any]
_MOST_JOBS = 512
_LONGEST_MOMENT_S = 0.001
_SHARE_OF_A_COMMIT = 4
_WORTH_LOOKING_UP = 4
"""So many entities are cheaper to look up by one statement than by one each."""


@dataclass(slots=True)
class _Waiting:
    """A job, and who waits for it where; nobody waits for the writer's own."""

    job: Job
    about: Sequence[str] = ()
    """Entities that it will ask for."""
    future: asyncio.Future[Any] | None = None
    loop: asyncio.AbstractEventLoop | None = None
    result: Any = None
    error: BaseException | None = None


class Writer:
    """The writer's thread of one database file. ``on_commit`` is called in it after every commit."""

    def __init__(self, path: Path, on_commit: Callable[[], None], wanted: Wanted) -> None:
        self._db = files.open_writer(path)
        self._recorder = Recorder(self._db, wanted)
        self._on_commit = on_commit
        self._jobs: queue.SimpleQueue[list[_Waiting] | None] = queue.SimpleQueue()
        self._gathered: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
        """What was given in the present turn of an event loop."""
        self._gate = threading.Lock()
        self._closed = False
        self._filling = False
        self._together = 1
        """How many jobs the last commit was for."""
        self._moment_s = 0.0
        self._keep_filling()
        self._thread = threading.Thread(target=self._run, name=f"sympolis-writer-{path.parent.name}")
        self._thread.daemon = (
            True  # a process that ends without close() must not hang; nothing acknowledged is lost
        )
        self._thread.start()

    async def do(self, job: Job, about: Sequence[str] = ()) -> Any:
        """Run ``job`` in the writer's thread; returns when its effects are durable. Raises what it raised.

        ``about``: entities that it will ask for, looked up together with those of the jobs beside it.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        waiting = _Waiting(job, about, future, loop)
        with self._gate:
            if self._closed:
                raise StoreUnavailable("the store is closed")
            gathered = self._gathered.get(loop)
            if gathered is None:
                self._gathered[loop] = [waiting]
                loop.call_soon(self._hand_over, loop)
            else:
                gathered.append(waiting)
        return await future

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._gate:
            gathered = self._gathered.pop(loop, None)
            if gathered is not None:
                self._jobs.put(gathered)

    def later(self, job: Job) -> None:
        """Run ``job`` some time; nobody waits for it."""
        with self._gate:
            if not self._closed:
                self._jobs.put([_Waiting(job)])

    def catalog(self) -> Catalog:
        """What readers may rely on."""
        return self._recorder.catalog

    def close(self) -> None:
        """Finish what waits, then let go of the file."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            for gathered in self._gathered.values():
                self._jobs.put(gathered)
            self._gathered.clear()
            self._jobs.put(None)
        self._thread.join()
        self._db.close()

    def _run(self) -> None:
        ended = False
        while not ended:
            group, ended = self._next_group()
            if group:
                began = time.monotonic()
                try:
                    self._commit(group)
                except BaseException as error:
                    log.exception("the writer has failed; the store takes no more writes")
                    self._give_up(group, error)
                    return
                _tell(group)
                self._together = len(group)
                self._moment_s = min((time.monotonic() - began) / _SHARE_OF_A_COMMIT, _LONGEST_MOMENT_S)

    def _give_up(self, group: list[_Waiting], error: BaseException) -> None:
        """The writer cannot go on: nobody may wait for it for ever."""
        with self._gate:
            self._closed = True
            for gathered in self._gathered.values():
                group += gathered
            self._gathered.clear()
        with suppress(queue.Empty):
            while True:
                group += self._jobs.get_nowait() or ()
        for waiting in group:
            waiting.error = StoreUnavailable(f"the writer has failed: {error}", where=self._db.filename)
        _tell(group)

    def _next_group(self) -> tuple[list[_Waiting], bool]:
        """All jobs that wait now, at least one; True where the end was among them."""
        group: list[_Waiting] = []
        ended = self._take(self._jobs.get(), group)
        if not ended and len(group) * 2 < self._together:
            time.sleep(self._moment_s)
            with suppress(queue.Empty):
                ended = self._take(self._jobs.get_nowait(), group)
        return group, ended

    def _take(self, found: list[_Waiting] | None, group: list[_Waiting]) -> bool:
        """Let the group have these jobs and all behind them; True where the end was among them."""
        with suppress(queue.Empty):
            while found is not None:
                group += found
                if len(group) >= _MOST_JOBS:
                    return False
                found = self._jobs.get_nowait()
            return True
        return False

    def _commit(self, group: list[_Waiting]) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            about = [entity_id for waiting in group for entity_id in waiting.about]
            if len(about) >= _WORTH_LOOKING_UP:
                self._recorder.expect(about)
            for waiting in group:
                waiting.result = waiting.job(self._recorder)
            self._recorder.flush()
            self._db.execute("COMMIT")
        except Exception:  # whose it is, taking them one by one will show
            self._commit_one_by_one(group)
        else:
            self._committed()

    def _commit_one_by_one(self, group: list[_Waiting]) -> None:
        try:
            self._take_back()
            self._db.execute("BEGIN IMMEDIATE")
            for waiting in group:
                self._apply(waiting)
            self._db.execute("COMMIT")
        except Exception as error:
            self._abandon(group, error)
        else:
            self._committed()

    def _apply(self, waiting: _Waiting) -> None:
        """One job in a savepoint: an error takes back this job and no other."""
        self._db.execute("SAVEPOINT job")
        try:
            waiting.result = waiting.job(self._recorder)
        except Exception as error:  # reaches the caller through its future
            waiting.error = error
        else:
            waiting.error = self._flushed()
        if waiting.error is not None:
            self._db.execute("ROLLBACK TO job")
            self._recorder.reload()
            if waiting.future is None:  # what queries wish for can wait for the next start
                log.warning("a job of the writer's own has failed: %s", waiting.error)
        self._db.execute("RELEASE job")

    def _flushed(self) -> Exception | None:
        try:
            self._recorder.flush()
        except Exception as error:
            return self._not_durable(error)
        return None

    def _committed(self) -> None:
        self._recorder.committed()
        self._on_commit()
        self._keep_filling()

    def _keep_filling(self) -> None:
        """What queries have asked for is filled in by small jobs between those of others."""
        if not self._filling and not self._recorder.catalog.needs.all_ready():
            self._filling = True
            self._jobs.put([_Waiting(self._fill)])

    def _fill(self, recorder: Recorder) -> None:
        recorder.fill()
        self._filling = False

    def _take_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._recorder.reload()

    def _abandon(self, group: list[_Waiting], error: Exception) -> None:
        """Nothing of the group is kept: say so to everyone."""
        self._take_back()
        for waiting in group:
            waiting.error = self._not_durable(error)

    def _not_durable(self, error: Exception) -> StoreUnavailable:
        return StoreUnavailable(
            f"the write could not be made durable: {error}",
            where=self._db.filename,
            hint="is the disk full?",
        )


def _tell(group: list[_Waiting]) -> None:
    """Wake the callers, with one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
    for waiting in group:
        if waiting.loop is not None:
            by_loop.setdefault(waiting.loop, []).append(waiting)
    for loop, waiters in by_loop.items():
        with suppress(RuntimeError):  # a loop that has ended waits for nothing
            loop.call_soon_threadsafe(_settle, waiters)


def _settle(waiters: list[_Waiting]) -> None:
    for waiting in waiters:
        if waiting.future is None or waiting.future.done():
            continue
        if waiting.error is not None:
            waiting.future.set_exception(waiting.error)
        else:
            waiting.future.set_result(waiting.result)
