"""Server-sent events (WHATWG HTML, section 9.2): the form, the keep-alive and a clean end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from sympolis.api.http import Stream, encode

KEEP_ALIVE = b": keep-alive\n\n"
_HEADERS = ((b"x-accel-buffering", b"no"),)


def event(document: object, *, name: str, number: int | None = None) -> bytes:
    """One event whose data is this document; ``number`` is where a client resumes."""
    head = b"" if number is None else b"id: %d\n" % number
    return head + b"event: " + name.encode() + b"\ndata: " + encode(document) + b"\n\n"


def resume_point(number: int) -> bytes:
    """An id without an event: a client that loses the connection before the first event resumes from here."""
    return b"id: %d\n\n" % number


def event_stream(events: AsyncIterator[bytes], keep_alive_s: float) -> Stream:
    """An answer that sends these events, and a comment whenever ``keep_alive_s`` pass without one."""
    return Stream(chunks=_kept_alive(events, keep_alive_s), headers=_HEADERS)


async def _kept_alive(events: AsyncIterator[bytes], keep_alive_s: float) -> AsyncGenerator[bytes, None]:
    # The first byte goes out at once: a client then knows that it is connected.
    yield KEEP_ALIVE
    pending: asyncio.Future[bytes] | None = None
    try:
        while True:
            pending = pending or asyncio.ensure_future(anext(events))
            done, _ = await asyncio.wait({pending}, timeout=keep_alive_s)
            if not done:
                yield KEEP_ALIVE
                continue
            current, pending = pending, None
            try:
                chunk = current.result()
            except StopAsyncIteration:
                return
            yield chunk
    finally:
        await _end(events, pending)


async def _end(events: AsyncIterator[bytes], pending: asyncio.Future[bytes] | None) -> None:
    if pending is not None:
        pending.cancel()
        await asyncio.wait({pending})
        if not pending.cancelled():
            pending.exception()
    if isinstance(events, AsyncGenerator):
        await events.aclose()
