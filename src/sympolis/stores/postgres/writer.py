"""Group commit: whatever waits is made durable by one transaction, one tenant at a time.

A caller is answered only when the server has confirmed the COMMIT. Lost before the COMMIT was sent, a group is
tried once more on a new connection: nothing of it can have been kept. Lost while waiting for the confirmation,
nobody knows: every caller gets ``StoreUnavailable``, and nothing is tried again on its behalf.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sympolis.context.store import Retraction, Write
from sympolis.domain.changes import Observation
from sympolis.domain.errors import StoreUnavailable
from sympolis.stores.postgres import troubles
from sympolis.stores.postgres.group import Group, Job, Wishes
from sympolis.stores.postgres.listening import channel
from sympolis.stores.postgres.months import Partitions
from sympolis.stores.postgres.names import Names
from sympolis.stores.postgres.points import Points
from sympolis.stores.postgres.server import Connection, Server
from sympolis.stores.postgres.statistics import Statistics
from sympolis.stores.postgres.trimming import Portion

_MOST_JOBS: Final = 512
_MOST_WRITES: Final = 5_000
_TRIES: Final = 2


class _Unconfirmed(Exception):
    """The COMMIT was sent and not confirmed."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the writers of all tenants share. ``now`` gives the time of acceptance."""

    server: Server
    names: Names
    partitions: Partitions
    statistics: Statistics
    now: Callable[[], datetime]


class Writer:
    """Commits the writes of one tenant in groups."""

    def __init__(self, tools: Tools, tenant: int, wishes: Wishes) -> None:
        self._tools = tools
        self._server = tools.server
        self._tenant = tenant
        self._points = Points(tools.server, tenant, tools.names, tools.partitions)
        self._wishes = wishes
        self._jobs: deque[Job] = deque()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self.position = 0
        """The newest change number that this process has acknowledged."""

    async def write(self, writes: Sequence[Write], cause: str) -> Any:
        """Apply writes as one job; returns their outcomes when they are durable."""
        return await self._do(Job(cause, _future(), writes=writes)) if writes else []

    async def observe(self, observations: Sequence[Observation], cause: str) -> Any:
        """Add points as one job; returns how many were new or different, durably."""
        return await self._do(Job(cause, _future(), observations=observations)) if observations else 0

    async def retract(self, retraction: Retraction, cause: str) -> Any:
        """Delete points as one job; returns how many there were, durably."""
        return await self._do(Job(cause, _future(), retraction=retraction))

    async def trim(self, portion: Portion, cause: str) -> Any:
        """Delete a portion of the history as one job; returns how many points there were, durably."""
        return await self._do(Job(cause, _future(), portion=portion))

    async def _do(self, job: Job) -> Any:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        self._jobs.append(job)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        return await job.future

    async def close(self) -> None:
        """Finish what waits."""
        self._closed = True
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        try:
            while self._jobs:
                group = self._next_group()
                await self._commit(group)
                for job in group:
                    _tell(job)
        finally:
            self._task = None

    def _next_group(self) -> list[Job]:
        group, size = [self._jobs.popleft()], 0
        size += len(group[0].writes) + len(group[0].observations)
        while self._jobs and len(group) < _MOST_JOBS and size < _MOST_WRITES:
            group.append(self._jobs.popleft())
            size += len(group[-1].writes) + len(group[-1].observations)
        return group

    async def _commit(self, group: Sequence[Job]) -> None:
        """Make a group durable, or set its jobs' errors."""
        try:
            await self._tried(group)
        except _Unconfirmed as error:
            _fail(group, self._unconfirmed(error.__cause__))
        except troubles.ANY as error:
            if len(group) == 1 or troubles.is_lost(error):
                _fail(group, self._server.trouble(error, doing="write"))
                return
            for job in group:  # one of them has upset the server: the others are not to suffer
                await self._commit([job])
        except Exception as error:
            _fail(group, error)

    async def _tried(self, group: Sequence[Job]) -> None:
        for left in reversed(range(_TRIES)):
            try:
                return await self._attempt(group)
            except troubles.ANY as error:
                if not left or not troubles.deserves_another_try(error):
                    raise
        raise AssertionError("the loop returns or raises")

    async def _attempt(self, group: Sequence[Job]) -> None:
        for job in group:
            job.result = job.error = None
        async with self._server.writer() as db:
            transaction = db.transaction()
            await transaction.start()
            work = self._group(db)
            try:
                await work.run(group, self._tools.now)
            except BaseException:
                self._points.forget()
                await _undo(transaction)
                raise
            await self._confirm(transaction)
        self._points.committed()
        self.position = max(self.position, work.position)
        self._tools.statistics.grown(work.grown)

    def _group(self, db: Connection) -> Group:
        called = channel(self._server.address.schema)
        return Group(db, self._tenant, self._tools.names, self._points, wishes=self._wishes, channel=called)

    async def _confirm(self, transaction: Any) -> None:
        try:
            await transaction.commit()
        except troubles.ANY as error:
            self._points.forget()
            raise _Unconfirmed from error

    def _unconfirmed(self, error: BaseException | None) -> StoreUnavailable:
        return StoreUnavailable(
            f"the server did not confirm this write; it may or may not have been kept ({error})",
            where=str(self._server.address),
            hint="ask for the entity, or send the write again",
        )


def _future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


async def _undo(transaction: Any) -> None:
    with suppress(*troubles.ANY):  # the connection is gone, and the transaction with it
        await transaction.rollback()


def _fail(group: Sequence[Job], error: Exception) -> None:
    for job in group:
        job.error = error


def _tell(job: Job) -> None:
    if job.future.done():
        return
    if job.error is not None:
        job.future.set_exception(job.error)
    else:
        job.future.set_result(job.result)
