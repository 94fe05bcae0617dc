"""Bounding how long an answer may take, at no cost where it takes no time at all.

Most reads are answered without ever waiting, so a handler is run up to its first wait before anyone looks at the clock;
and hardly anything ever takes too long, so one timer looks after all that wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")
_OVER: Final = float("-inf")


class Deadlines:
    """Ends what waits for too long, on one event loop."""

    def __init__(self) -> None:
        self._ends: dict[asyncio.Task[Any], float] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def within(self, seconds: float, work: Coroutine[Any, Any, T]) -> T:
        """What ``work`` returns. Raises ``TimeoutError`` where it waits longer than ``seconds`` (0: any time)."""
        try:
            waiting = work.send(None)
        except StopIteration as ended:
            result: T = ended.value
            return result
        rest = _Rest(work, waiting)
        return await (self._watched(seconds, rest) if seconds else rest)

    async def _watched(self, seconds: float, rest: _Rest[T]) -> T:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None
        end = self._ends[task] = loop.time() + seconds
        if self._timer is None or end < self._timer.when():
            self._look_at(end, loop)
        try:
            return await rest
        except asyncio.CancelledError:
            if self._ends[task] == _OVER and task.cancelling() == 1:
                raise TimeoutError from None
            raise
        finally:
            if self._ends.pop(task) == _OVER:
                task.uncancel()

    def _look_at(self, when: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(when, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        for task, end in self._ends.items():
            if _OVER < end <= now:
                self._ends[task] = _OVER
                task.cancel()
        if pending := [end for end in self._ends.values() if end > now]:
            self._look_at(min(pending), loop)


class _Rest(Generic[T]):
    """A coroutine that was begun, as something to await: hands on what it waits for and what comes of that."""

    __slots__ = ("_waiting", "_work")

    def __init__(self, work: Coroutine[Any, Any, T], waiting: Any) -> None:
        self._work = work
        self._waiting = waiting

    def __await__(self) -> Generator[Any, Any, T]:
        work, waiting = self._work, self._waiting
        try:
            while True:
                try:
                    value = yield waiting
                except (Exception, asyncio.CancelledError) as problem:
                    waiting = work.throw(problem)
                else:
                    waiting = work.send(value)
        except StopIteration as ended:
            result: T = ended.value
            return result
        finally:
            work.close()
