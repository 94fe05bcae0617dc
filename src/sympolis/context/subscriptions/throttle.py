"""Throttling (clause 5.2.12): between two notifications of a subscription lies at least so much time.

What happens meanwhile is held and told together when the time has come, the newest change of each entity: the
subscriber always learns the last state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from sympolis.context.subscriptions.books import Pending
from sympolis.context.subscriptions.sending import Time


class Throttle:
    """One subscription's gate. ``pass_on`` takes what goes through, ``replaced`` what newer changes made obsolete."""

    def __init__(
        self,
        gap_s: float,
        *,
        time: Time,
        last: datetime | None,
        pass_on: Callable[[list[Pending]], None],
        replaced: Callable[[Pending], None],
    ) -> None:
        self._gap = timedelta(seconds=gap_s)
        self._time = time
        self._next = None if last is None else last + self._gap
        self._pass_on = pass_on
        self._replaced = replaced
        self._held: dict[str, Pending] = {}
        self._task: asyncio.Task[None] | None = None

    def put(self, pending: Pending) -> None:
        """Let it through, or hold it until the time has come."""
        now = self._time.now()
        if not self._held and self._left(now) <= 0:
            self._go([pending], now)
            return
        older = self._held.pop(pending.entity_id, None)
        if older is not None:
            self._replaced(older)
        self._held[pending.entity_id] = pending
        if self._task is None:
            self._task = asyncio.create_task(self._release())

    def _left(self, now: datetime) -> float:
        """Seconds until the time has come; never more than the gap, though the clock may have been set back."""
        return 0.0 if self._next is None else min(self._next - now, self._gap).total_seconds()

    def close(self) -> list[Pending]:
        """Stop waiting; gives what was held."""
        if self._task is not None:
            self._task.cancel()
        held, self._held = list(self._held.values()), {}
        return held

    async def _release(self) -> None:
        await self._time.sleep(self._left(self._time.now()))
        self._task = None
        held, self._held = list(self._held.values()), {}
        self._go(held, self._time.now())

    def _go(self, pending: list[Pending], now: datetime) -> None:
        self._next = now + self._gap
        self._pass_on(pending)
