"""For tests of subscriptions: a time that passes when told to, and a notifier that writes down what it was given."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec

from sympolis.context.subscriptions.notice import Notice


class ManualTime:
    """See ``Time``: nothing passes but by ``advance``."""

    def __init__(self, start: datetime = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)) -> None:
        self._now = start
        self._waiting: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = count()
        self.slept: list[float] = []
        """What was asked for, in order."""

    def now(self) -> datetime:
        """See ``Time.now``."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """See ``Time.sleep``."""
        self.slept.append(seconds)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (self._now + timedelta(seconds=seconds), next(self._order), future))
        await future

    async def advance(self, seconds: float, settle: Callable[[], Any]) -> None:
        """Let time pass, waking each sleeper at its time; ``settle`` awaits what they do."""
        end = self._now + timedelta(seconds=seconds)
        while self._waiting and self._waiting[0][0] <= end:
            self._now, _, future = heapq.heappop(self._waiting)
            if not future.done():
                future.set_result(None)
                await settle()
        self._now = end


class NotingNotifier:
    """See ``Notifier``: keeps what it was sent; ``answer`` may raise for what should fail."""

    def __init__(self, answer: Callable[[Notice], None] = lambda _: None) -> None:
        self.answer = answer
        self.notices: list[Notice] = []
        self.attempts = 0

    async def send(self, notice: Notice) -> None:
        """See ``Notifier.send``."""
        self.attempts += 1
        self.answer(notice)
        self.notices.append(notice)

    async def close(self) -> None:
        """See ``Notifier.close``."""

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The Notifications delivered."""
        return [msgspec.json.decode(notice.body) for notice in self.notices]

    @property
    def data(self) -> list[Any]:
        """All elements of ``data``, in order of delivery."""
        return [element for body in self.bodies for element in body["data"]]
