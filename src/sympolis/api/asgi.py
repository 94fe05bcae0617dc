"""The server's front: one ASGI application that composes all routes behind the same guards.

Every request passes here: it gets an id, is checked against its Host and origin, bounded in size and time, counted,
and answered with the same security headers — whichever standard it speaks.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
import secrets
import time
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from typing import Any

from sympolis.api import health, ngsi_ld, ogc, twin
from sympolis.api.compression import gzip_body
from sympolis.api.errors import error_reply
from sympolis.api.guards import Doorkeeper
from sympolis.api.http import Headers, Message, Receive, Reply, Request, Scope, Send, Stream
from sympolis.api.metrics import Metrics
from sympolis.api.openapi import Reference
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Operation, Router
from sympolis.domain import errors

CONTENT_POLICY = (
    "default-src 'self'; style-src 'self'; worker-src 'self'; img-src 'self' data: blob:; "
    "object-src 'none'; frame-ancestors 'self'"
)
SECURITY_HEADERS: Headers = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
OWN_PREFIXES = ("/ngsi-ld", "/ogc", "/api", "/health", "/metrics", "/docs", "/openapi.json")
"""Paths below these never fall through to the UI."""

log = logging.getLogger(__name__)

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_COMPRESS_IN_THREAD_FROM = 128 * 1024
_NO_BODY = frozenset({204, 304})


def create_api(parts: ApiParts) -> Api:
    """The ASGI application for these parts; without a city only the broker's routes are mounted."""
    metrics = Metrics()
    reference = Reference({**health.SCHEMAS, **ngsi_ld.SCHEMAS, **ogc.SCHEMAS, **twin.SCHEMAS})
    operations = (
        *ngsi_ld.operations(parts),
        *ogc.operations(parts),
        *twin.operations(parts),
        *health.operations(parts, metrics),
        *reference.routes(),
    )
    reference.operations = operations
    return Api(parts, operations, metrics)


class Api:
    """See the module. ``operations`` are what it serves, ``metrics`` what it counted."""

    def __init__(self, parts: ApiParts, operations: tuple[Operation, ...], metrics: Metrics) -> None:
        self.operations = operations
        self.metrics = metrics
        self._parts = parts
        self._settings = parts.settings
        self._router = Router(operations)
        self._doorkeeper = Doorkeeper(parts.settings.hosts, parts.settings.origins)
        self._closing = asyncio.Event()
        self._ids = (f"{secrets.token_hex(4)}-{number:x}".encode() for number in itertools.count(1))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request, or the server's start and stop."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1003})

    def end_streams(self) -> None:
        """End every event stream, so that a stopping server need not wait for clients who never leave."""
        self._closing.set()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        headers = dict(scope["headers"])
        request_id = self._request_id(headers)
        request = Request(
            scope, receive, id=request_id.decode(), max_body_bytes=self._settings.max_body_bytes
        )
        route, reply = await self._answer(request, headers)
        if reply is None:
            status = await self._serve_site(scope, receive, send, request_id)
        elif isinstance(reply, Stream):
            status = await self._send_stream(reply, request, request_id, send)
        else:
            status = await self._send_reply(reply, request, headers, request_id, send)
        self.metrics.count(request.method, route, status, time.perf_counter() - started)

    async def _answer(
        self, request: Request, headers: dict[bytes, bytes]
    ) -> tuple[str, Reply | Stream | None]:
        route, path = "unmatched", request.path
        try:
            self._doorkeeper.check(request.method, request.header(b"host"), headers)
            if request.method == "OPTIONS" and (allowed := self._router.allowed(path)):
                return "options", Reply(status=204, headers=((b"allow", ", ".join(allowed).encode()),))
            found = self._router.find(request.method, path)
            if found is None:
                return self._unmatched(path)
            operation, request.arguments = found
            route = operation.path
            operation.check_parameters(request)
            return route, await self._within_time(operation, request)
        except Exception as error:
            return route, error_reply(error, ngsi_ld=path.startswith("/ngsi-ld"), request_id=request.id)

    async def _within_time(self, operation: Operation, request: Request) -> Reply | Stream:
        allowed = self._settings.timeout_s if operation.timeout_s is None else operation.timeout_s
        async with asyncio.timeout(allowed or None):
            return await operation.handle(request)

    def _unmatched(self, path: str) -> tuple[str, None]:
        owned = any(path == prefix or path.startswith(prefix + "/") for prefix in OWN_PREFIXES)
        if owned or self._parts.site is None:
            ngsi_ld.refuse_later(path)
            raise errors.NotFound("there is nothing at this address", where="path", hint="see /docs")
        return "site", None

    def _request_id(self, headers: dict[bytes, bytes]) -> bytes:
        given = headers.get(b"x-request-id")
        return given if given is not None and _REQUEST_ID.fullmatch(given) else next(self._ids)

    async def _send_reply(
        self, reply: Reply, request: Request, headers: dict[bytes, bytes], request_id: bytes, send: Send
    ) -> int:
        if reply.etag is not None and _matches(headers.get(b"if-none-match"), reply.etag):
            reply = Reply(status=304, etag=reply.etag, cache=reply.cache, headers=reply.headers, media="")
        body, encoding = reply.body, b""
        if len(body) >= self._settings.gzip_from_bytes:
            if b"gzip" in headers.get(b"accept-encoding", b""):
                body, encoding = await _gzipped(reply), b"gzip"
            vary: Headers = ((b"vary", b"accept-encoding"),)
        else:
            vary = ()
        start = [
            *_reply_headers(reply, len(body), encoding),
            *vary,
            *SECURITY_HEADERS,
            (b"x-request-id", request_id),
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": start})
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})
        return reply.status

    async def _send_stream(self, reply: Stream, request: Request, request_id: bytes, send: Send) -> int:
        start = [
            (b"content-type", reply.media.encode()),
            (b"cache-control", b"no-store"),
            *reply.headers,
            *SECURITY_HEADERS,
            (b"x-request-id", request_id),
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": start})
        self.metrics.open_streams += 1
        try:
            if request.method != "HEAD":
                await _first_of(_pour(reply, send, request.id), request.disconnected(), self._closing.wait())
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.metrics.open_streams -= 1
        return reply.status

    async def _serve_site(self, scope: Scope, receive: Receive, send: Send, request_id: bytes) -> int:
        statuses = [200]

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses[0] = message["status"]
                extra = (*SECURITY_HEADERS, (b"x-request-id", request_id))
                message = {**message, "headers": [*message.get("headers", ()), *extra]}
            await send(message)

        assert self._parts.site is not None
        await self._parts.site(scope, receive, send_guarded)
        return statuses[0]

    async def _live(self, receive: Receive, send: Send) -> None:
        entered = False
        manager: AbstractAsyncContextManager[object] = nullcontext()
        if self._parts.lifespan is not None:
            manager = self._parts.lifespan()
        await receive()
        try:
            async with manager:
                entered = True
                await send({"type": "lifespan.startup.complete"})
                await receive()
            await send({"type": "lifespan.shutdown.complete"})
        except Exception as error:
            kind = "shutdown" if entered else "startup"
            await send({"type": f"lifespan.{kind}.failed", "message": str(error)})


async def _pour(reply: Stream, send: Send, request_id: str) -> None:
    try:
        async with aclosing(reply.chunks) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except errors.StoreUnavailable:
        log.info("a stream ended with its store", extra={"action": "stream", "request_id": request_id})
    except Exception:
        # The status is long sent: the client sees the end, the log says why.
        log.exception("a stream broke off", extra={"action": "stream", "request_id": request_id})


async def _first_of(*works: Coroutine[Any, Any, object]) -> None:
    """Run until one of these ends, and leave none of them running."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _reply_headers(reply: Reply, length: int, encoding: bytes) -> list[tuple[bytes, bytes]]:
    headers = list(reply.headers)
    if reply.status not in _NO_BODY:
        headers.append((b"content-length", b"%d" % length))
        if reply.media and length:
            headers.append((b"content-type", reply.media.encode()))
    headers.append((b"cache-control", reply.cache.encode()))
    if reply.etag is not None:
        headers.append((b"etag", reply.etag.encode()))
    if encoding:
        headers.append((b"content-encoding", encoding))
    return headers


def _matches(if_none_match: bytes | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    tags = [tag.strip() for tag in if_none_match.decode("latin-1").split(",")]
    return "*" in tags or etag in tags


async def _gzipped(reply: Reply) -> bytes:
    if reply.gzipped is not None:
        return reply.gzipped
    if len(reply.body) >= _COMPRESS_IN_THREAD_FROM:
        return await asyncio.to_thread(gzip_body, reply.body)
    return gzip_body(reply.body)


__all__ = ["Api", "create_api"]
