"""What a server writes its audit log through: entries of the same moment become durable together, in one thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from sympolis.domain.errors import StoreUnavailable
from sympolis.governance.audit.record import Event
from sympolis.governance.audit.trail import Trail

log = logging.getLogger(__name__)

_MOST_WAITING = 10_000
"""Entries that wait for the disk; reads then wait, too."""


class AuditLog:
    """See the module; ``close`` it before the process ends."""

    def __init__(self, trail: Trail, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.trail = trail
        self._clock = clock
        self._waiting: list[tuple[Event, datetime]] = []
        self._heard: list[asyncio.Future[None]] = []
        self._writer: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sympolis-audit")

    def note(self, event: Event) -> None:
        """Write it down soon. Raises ``StoreUnavailable`` where the disk has not kept up: nothing goes unrecorded."""
        if len(self._waiting) >= _MOST_WAITING:
            raise StoreUnavailable("the audit log cannot be written as fast as it grows", where="audit")
        self._waiting.append((event, self._clock()))
        self._begin()

    async def keep(self, event: Event) -> None:
        """Write it down, and return when it is durable. Raises ``StoreUnavailable``."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._heard.append(done)
        self.note(event)
        await done

    async def settled(self) -> None:
        """Wait until all that was noted is durable."""
        while self._writer is not None:
            await asyncio.wait([self._writer])

    async def close(self) -> None:
        """Finish, and let go of the file."""
        await self.settled()
        self._thread.shutdown()
        self.trail.close()

    def _begin(self) -> None:
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._waiting:
                events, self._waiting = self._waiting, []
                heard, self._heard = self._heard, []
                await self._append(events, heard)
        finally:
            self._writer = None

    async def _append(self, events: list[tuple[Event, datetime]], heard: list[asyncio.Future[None]]) -> None:
        problem: StoreUnavailable | None = None
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, self.trail.append, events)
        except StoreUnavailable as found:
            problem = found
            log.exception("the audit log could not be written", extra={"action": "audit"})
        for one in heard:
            if not one.done():
                one.set_result(None) if problem is None else one.set_exception(problem)
