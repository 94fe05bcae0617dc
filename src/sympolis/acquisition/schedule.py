"""When a source is read again: on its interval, and after failures with growing pauses and some jitter.

Jitter keeps a hundred twins from asking a portal at the same second; the pause after failures keeps one twin from
asking a broken portal all the time.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.ledger import RunState

log = logging.getLogger(__name__)

_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(days=1)
_JITTER: Final = 0.1
_LOOK_AGAIN_S: Final = 60.0
_WATCH_EVERY: Final = timedelta(hours=1)
_TIDY_EVERY: Final = timedelta(days=1)


def next_time(last: datetime, every: timedelta, failures: int, chance: float) -> datetime:
    """When to try again, after an attempt at ``last`` and so many failures in a row; ``chance`` is in [0, 1).

    Without failures within a tenth around ``every``; with them after 1, 2, 4 … minutes, never later than a source
    that works would be tried, nor after more than a day.
    """
    pause = every
    if failures:
        pause = min(every, _LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(failures - 1, 20))
    return last + pause * (1 - _JITTER + 2 * _JITTER * chance)


@dataclass(slots=True)
class _Plan:
    every: timedelta
    due: datetime
    failures: int = 0


class Scheduler:
    """Reads the sources of a coordinator anew, each on its own interval. ``clock`` and ``chance`` are for tests.

    ``tidy`` is called first and then once a day.
    """

    def __init__(
        self,
        coordinator: Coordinator,
        every: dict[str, timedelta],
        *,
        clock: Callable[[], datetime],
        chance: Callable[[], float] = random.random,
        tidy: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self._coordinator = coordinator
        self._clock = clock
        self._chance = chance
        self._watched = clock()
        self._tidy = tidy
        self._tidied: datetime | None = None
        self._plans = {source: _Plan(interval, clock()) for source, interval in every.items()}

    async def run(self, stopped: asyncio.Event) -> None:
        """Until ``stopped``: what is due, one source after the other."""
        while not stopped.is_set():
            await self.run_due()
            self.watch_due()
            await self.tidy_due()
            try:
                await asyncio.wait_for(stopped.wait(), self.idle_s())
            except TimeoutError:
                continue

    async def run_due(self) -> list[str]:
        """Read every source whose time has come; their ids. A failure is the source's own, told in its books."""
        due = [source for source, plan in self._plans.items() if plan.due <= self._clock()]
        for source in sorted(due, key=lambda one: self._plans[one].due):
            await self._read(source)
        return due

    def watch_due(self) -> None:
        """Once an hour, judge all sources by the clock: data grow old without anything arriving."""
        if self._clock() - self._watched >= _WATCH_EVERY:
            self._watched = self._clock()
            for found in self._coordinator.watch():
                log.warning("data are overdue", extra={"action": "quality.watch", "source": found.source})

    async def tidy_due(self) -> None:
        """Once a day, let go of what is kept no longer."""
        now = self._clock()
        if self._tidy is None or (self._tidied is not None and now - self._tidied < _TIDY_EVERY):
            return
        self._tidied = now
        try:
            await self._tidy()
        except Exception:
            log.exception("tidying failed", extra={"action": "source.retain"})

    def idle_s(self) -> float:
        """Seconds until the next source is due, at most a minute."""
        waits = [(plan.due - self._clock()).total_seconds() for plan in self._plans.values()]
        return max(0.0, min([_LOOK_AGAIN_S, *waits]))

    def due(self, source_id: str) -> datetime:
        """When a source is read next. Raises ``KeyError``."""
        return self._plans[source_id].due

    async def _read(self, source_id: str) -> None:
        plan = self._plans[source_id]
        try:
            summary = await self._coordinator.run(source_id, retrieve=True)
            failed = summary.state is RunState.FAILED
        except Exception:
            log.exception("a scheduled run failed", extra={"action": "source.run", "source": source_id})
            failed = True
        plan.failures = plan.failures + 1 if failed else 0
        plan.due = next_time(self._clock(), plan.every, plan.failures, self._chance())
