"""Waking those who follow the change log, whichever thread a change is accepted in."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable

from sympolis.domain.changes import Change
from sympolis.domain.errors import StoreUnavailable

_PAGE = 1000


class Bell:
    """Rings in the writer's thread, is heard in every follower's event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self.closed = False

    def ring(self) -> None:
        """Wake every follower. Callable from any thread."""
        with self._lock:
            listeners = list(self._listeners.items())
        for event, loop in listeners:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:  # that loop has ended, and its follower with it
                self.forget(event)

    def close(self) -> None:
        """Wake everyone for the last time."""
        self.closed = True
        self.ring()

    def listen(self) -> asyncio.Event:
        """An event in the running loop that is set at each ring."""
        event = asyncio.Event()
        with self._lock:
            self._listeners[event] = asyncio.get_running_loop()
        return event

    def forget(self, event: asyncio.Event) -> None:
        """Stop setting ``event``."""
        with self._lock:
            self._listeners.pop(event, None)


async def follow(
    bell: Bell, read: Callable[[int, int], Awaitable[list[Change]]], after: int
) -> AsyncIterator[Change]:
    """Every change after a number, then each new one, until the bell is closed.

    ``read(after, limit)`` gives the next changes; it is asked again after every ring, so that none is missed.
    """
    event = bell.listen()
    try:
        while not bell.closed:
            event.clear()
            try:
                found = await read(after, _PAGE)
            except StoreUnavailable:  # closed meanwhile: that is how following ends
                return
            for change in found:
                yield change
                after = change.number
            if not found and not bell.closed:
                await event.wait()
    finally:
        bell.forget(event)
