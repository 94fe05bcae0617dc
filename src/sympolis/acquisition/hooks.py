"""Where sources send what they have to say, once they were asked to: an address of ours for each, behind a token.

The sender is answered when its message is stored; where that takes too long or too much waits already, it is told to
come again. The token is new with each start and told to the source with the address.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final, Protocol

from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.listening import Heard
from sympolis.domain import errors
from sympolis.plugins.listening import Address, Answered, Call, Hook, Message

HEADER: Final = "X-Source-Token"
_MOST_WAITING: Final = 1000
_STORED_WITHIN_S: Final = 30.0


class Calling(Protocol):
    """Makes the calls by which a source is asked, through the guard."""

    async def __call__(self, call: Call, *, timeout_s: float) -> Answered:
        """The answer, whatever its status. Raises ``SourceFailed`` where there is none."""
        ...


class Hooks:
    """The open addresses of a twin. ``address`` gives that under which others reach it, once it is known."""

    def __init__(self, calling: Calling, address: Callable[[], str]) -> None:
        self._calling = calling
        self._address = address
        self._feeds: dict[str, HookFeed] = {}

    def awaiting(self, source_id: str, token: str) -> HookFeed:
        """The feed that awaits the source's messages; to be asked before a message's body is read.

        Raises ``NotFound`` where nothing is awaited, ``Forbidden`` for a wrong token.
        """
        feed = self._feeds.get(source_id)
        if feed is None:
            raise errors.NotFound("nothing is awaited for this source", where="source")
        if not hmac.compare_digest(token.encode(), feed.token.encode()):
            raise errors.Forbidden("the token is not the one that was given with the address", where=HEADER)
        return feed

    @asynccontextmanager
    async def open(self, planned: PlannedSource, hook: Hook) -> AsyncIterator[HookFeed]:
        """The feed of a source that was asked. Raises ``SourceFailed``."""
        source_id = planned.source.id
        refresh = planned.source.refresh
        feed = HookFeed(hook, self._calling, 60.0 if refresh is None else float(refresh.timeout_s))
        feed.address = Address(f"{self._address()}/api/sources/{source_id}/messages", HEADER, feed.token)
        self._feeds[source_id] = feed  # a source may send before the call that asked it is answered
        try:
            await feed.ask()
            yield feed
        finally:
            del self._feeds[source_id]
            feed.close()


class HookFeed:
    """See ``listening.Feed``."""

    address: Address

    def __init__(self, hook: Hook, calling: Calling, timeout_s: float) -> None:
        self.token = secrets.token_urlsafe(32)
        self._hook = hook
        self._calling = calling
        self._timeout_s = timeout_s
        self._queue: asyncio.Queue[tuple[Message, asyncio.Future[None]]] = asyncio.Queue(_MOST_WAITING)
        self._open: set[asyncio.Future[None]] = set()

    async def ask(self) -> None:
        """Make the calls. Raises ``SourceFailed``."""
        calls = self._hook.calls(self.address)
        call = next(calls, None)
        while call is not None:
            answer = await self._calling(call, timeout_s=self._timeout_s)
            try:
                call = calls.send(answer)
            except StopIteration:
                call = None

    async def next(self) -> Heard:
        """See ``Feed``; the source is asked again now and then, in case it has forgotten."""
        while True:
            try:
                async with asyncio.timeout(self._hook.again_after_s):
                    message, stored = await self._queue.get()
                return Heard(message, _settling(stored))
            except TimeoutError:
                await self.ask()

    def waiting(self) -> int:
        """See ``Feed``."""
        return self._queue.qsize()

    async def receive(self, payload: bytes) -> None:
        """Queue a message and wait until it is stored. Raises ``StoreUnavailable``."""
        message = Message("", payload, datetime.now(UTC))
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open.add(stored)
        try:
            self._queue.put_nowait((message, stored))
            async with asyncio.timeout(_STORED_WITHIN_S):
                await stored
        except asyncio.QueueFull:
            raise errors.StoreUnavailable("too many messages wait to be stored", where="source") from None
        except (TimeoutError, asyncio.CancelledError) as problem:
            if isinstance(problem, asyncio.CancelledError) and not stored.cancelled():
                raise
            raise errors.StoreUnavailable("the message could not be stored now", where="source") from None
        finally:
            self._open.discard(stored)

    def close(self) -> None:
        """Tell everybody who waits that it was not stored."""
        for stored in self._open:
            stored.cancel()


def _settling(stored: asyncio.Future[None]) -> Callable[[], Awaitable[None]]:
    async def acknowledge() -> None:
        if not stored.done():
            stored.set_result(None)

    return acknowledge
