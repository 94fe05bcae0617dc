"""Bounding how long an answer may take, at no cost where it takes no time at all.

Most reads are answered without ever waiting. A timer for each of them costs more than routing it, so a handler is run
up to its first wait before one is set.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` returns. Raises ``TimeoutError`` where it waits longer than ``seconds`` (0: any time)."""
    try:
        waiting = work.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    if not seconds:
        return await _Rest(work, waiting)
    async with asyncio.timeout(seconds):
        return await _Rest(work, waiting)


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
