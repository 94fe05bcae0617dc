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
from collections.abc import Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import replace
from typing import Any

from sympolis.api import health, ldes, ngsi_ld, ogc, sensorthings
from sympolis.api.deadlines import Deadlines
from sympolis.api.errors import error_reply
from sympolis.api.guards import Doorkeeper
from sympolis.api.http import Message, Receive, Reply, Request, Scope, Send, Stream
from sympolis.api.metrics import Metrics
from sympolis.api.openapi import Reference
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Operation, Router
from sympolis.api.schemas import Schema
from sympolis.api.sections import with_sections
from sympolis.api.sending import SECURITY_HEADERS, framed_by, send_reply, stream_start
from sympolis.api.twin import changes
from sympolis.context.broker import Broker
from sympolis.context.gated import GatedStore, gated
from sympolis.domain import errors

OWN_PREFIXES = (
    "/decisions",
    "/ngsi-ld",
    "/ogc",
    "/sta",
    "/catalogue",
    "/ldes",
    "/dsp",
    "/.well-known",
    "/api",
    "/health",
    "/metrics",
    "/docs",
    "/openapi.json",
)
"""Paths below these never fall through to the UI."""
EMBEDDED = "/embed/"
"""Pages below this may be shown by other sites, where the setting ``embedders`` names them."""

log = logging.getLogger(__name__)

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


def create_api(parts: ApiParts) -> Api:
    """The ASGI application for these parts; without a city only the broker's routes are mounted."""
    metrics = Metrics()
    schemas, of_the_twin = _of_the_twin(parts)
    more_schemas, of_governance = _of_governance(parts)
    reference = Reference(
        {
            **more_schemas,
            **health.SCHEMAS,
            **ngsi_ld.SCHEMAS,
            **ogc.SCHEMAS,
            **sensorthings.SCHEMAS,
            **schemas,
        }
    )
    operations: tuple[Operation, ...] = (
        *ngsi_ld.operations(parts),
        *ogc.operations(parts),
        *sensorthings.operations(parts),
        *ldes.operations(parts),
        *of_the_twin,
        *of_governance,
        *_of_the_federation(parts),
        *health.operations(parts, metrics),
        *reference.routes(),
    )
    operations = with_sections(_watched(parts, operations))
    reference.operations = operations
    return Api(parts, operations, metrics)


def _of_the_twin(parts: ApiParts) -> tuple[Mapping[str, Schema], tuple[Operation, ...]]:
    """Schemas and routes of the twin's own API and its catalogue; a broker alone starts without loading theirs."""
    if parts.city is None and parts.coordinator is None and parts.desk is None:
        return {}, changes.operations(parts)
    from sympolis.api import (
        assessment,
        dcat,
        decisions,
        inference,
        management,
        notifications,
        participation,
        scenes,
    )
    from sympolis.api import assets as packages
    from sympolis.api import help as helping
    from sympolis.api.exporting import operations as downloads
    from sympolis.api.twin import operations, schemas

    own = (*dcat.operations(parts), *operations.operations(parts), *downloads.operations(parts))
    own = (*own, *inference.operations(parts), *management.operations(parts), *decisions.operations(parts))
    own = (*own, *assessment.operations(parts), *packages.operations(parts))
    own = (
        *own,
        *notifications.operations(parts),
        *participation.operations(parts),
        *scenes.operations(parts),
        *helping.operations(parts),
    )
    more = {**decisions.SCHEMAS, **assessment.SCHEMAS, **notifications.SCHEMAS, **participation.SCHEMAS}
    more |= helping.SCHEMAS
    return {**schemas.SCHEMAS, **packages.SCHEMAS, **management.SCHEMAS, **more, **scenes.SCHEMAS}, own


def _watched(parts: ApiParts, operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    """The same; tutorials keep an eye on some of them."""
    if parts.help is None:
        return operations
    from sympolis.api import help as helping

    return helping.watched(parts, operations)


def _of_the_federation(parts: ApiParts) -> tuple[Operation, ...]:
    """Routes of dealings with other twins; likewise."""
    if parts.federation is None:
        return ()
    from sympolis.api import federation

    return (*federation.operations(parts), *_of_contracts(parts))


def _of_contracts(parts: ApiParts) -> tuple[Operation, ...]:
    """Routes of contracts; the data under them come by the interfaces' own operations, over a store that is gated."""
    if parts.contracting is None:
        return ()
    from sympolis.api import dsp, inference
    from sympolis.api.exporting import operations as downloads
    from sympolis.api.federation import calling
    from sympolis.api.twin import operations

    store = parts.broker.store
    gated_parts = replace(
        parts,
        broker=parts.broker if isinstance(store, GatedStore) else Broker(gated(store)),
        distribution=None,
        registrations=None,
        remote_subscriptions=None,
    )
    inside = (
        *ngsi_ld.operations(gated_parts),
        *ogc.operations(gated_parts),
        *ldes.operations(gated_parts),
        *downloads.operations(gated_parts),
        *inference.operations(gated_parts),
        *operations.operations(parts),
        *calling.operations(parts),
    )
    return dsp.operations(parts, Router(inside))


def _of_governance(parts: ApiParts) -> tuple[Mapping[str, Schema], tuple[Operation, ...]]:
    """Schemas and routes of identity, policies and audit; likewise."""
    if parts.governed is None:
        return {}, ()
    from sympolis.api import governance

    return governance.SCHEMAS, governance.operations(parts)


class Api:
    """See the module. ``operations`` are what it serves, ``metrics`` what it counted."""

    def __init__(self, parts: ApiParts, operations: tuple[Operation, ...], metrics: Metrics) -> None:
        self.operations = operations
        self.metrics = metrics
        self._parts = parts
        self._settings = parts.settings
        self._access = parts.access
        self._router = Router(operations)
        self._doorkeeper = Doorkeeper(parts.settings.hosts, parts.settings.origins)
        self._deadlines = Deadlines()
        self._framed = framed_by(parts.settings.embedders)
        self._closing = asyncio.Event()
        self._start = secrets.token_hex(4)
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request, or the server's start and stop."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._parts.scenes is not None:
            await self._sit_down(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1003})

    async def _sit_down(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a WebSocket: there are those of shared scenes."""
        from sympolis.api.scenes.socket import SceneSocket

        assert self._parts.scenes is not None
        self.metrics.open_streams += 1
        try:
            socket = SceneSocket(self._parts.scenes, self._doorkeeper, self._access, self._closing)
            await socket.serve(scope, receive, send)
        finally:
            self.metrics.open_streams -= 1

    def end_streams(self) -> None:
        """End every event stream, so that a stopping server need not wait for clients who never leave."""
        self._closing.set()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request = Request(scope, receive, max_body_bytes=self._settings.max_body_bytes)
        request.id = self._request_id(request)
        route, reply = await self._answer(request)
        if reply is None:
            status = await self._serve_site(scope, receive, send, request)
        elif isinstance(reply, Stream):
            status = await self._send_stream(reply, request, send)
        else:
            status = await send_reply(reply, request, scope, send, gzip_from=self._settings.gzip_from_bytes)
        self.metrics.count(request.method, route, status, time.perf_counter() - started)

    async def _answer(self, request: Request) -> tuple[str, Reply | Stream | None]:
        route, path = "unmatched", request.path
        try:
            self._doorkeeper.check(request.method, request.headers)
            if request.method == "OPTIONS" and (allowed := self._router.allowed(path)):
                return "options", Reply(status=204, headers=((b"allow", ", ".join(allowed).encode()),))
            found = self._router.find(request.method, path)
            if found is None:
                return self._unmatched(request.method, path)
            operation, request.arguments = found
            route = operation.path
            operation.check_parameters(request)
            allowed_s = self._settings.timeout_s if operation.timeout_s is None else operation.timeout_s
            if self._access is None:
                return route, await self._deadlines.within(allowed_s, operation.handle(request))
            handled = self._access.answer(request, operation, lambda: operation.handle(request))
            return route, await self._deadlines.within(allowed_s, handled)
        except Exception as error:
            ngsi = path.startswith("/ngsi-ld")
            echoed = ngsi_ld.echoed(request) if ngsi else ()
            reply = error_reply(error, ngsi_ld=ngsi, request_id=request.id, echoed=echoed)
            error.__traceback__ = None  # its frames may hold the error itself: a cycle for every refusal
            return route, reply

    def _unmatched(self, method: str, path: str) -> tuple[str, None]:
        owned = any(path == prefix or path.startswith(prefix + "/") for prefix in OWN_PREFIXES)
        if owned or self._parts.site is None:
            ngsi_ld.refuse_later(method, path, self._router.allowed)
            raise errors.NotFound("there is nothing at this address", where="path", hint="see /docs")
        return "site", None

    def _request_id(self, request: Request) -> str:
        given = request.headers.get(b"x-request-id")
        if given is not None and _REQUEST_ID.fullmatch(given):
            return given.decode()
        return f"{self._start}-{next(self._numbers):x}"

    async def _send_stream(self, reply: Stream, request: Request, send: Send) -> int:
        await send(stream_start(reply, request))
        self.metrics.open_streams += 1
        try:
            if request.method != "HEAD":
                await _first_of(_pour(reply, send, request.id), request.disconnected(), self._closing.wait())
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.metrics.open_streams -= 1
        return reply.status

    async def _serve_site(self, scope: Scope, receive: Receive, send: Send, request: Request) -> int:
        statuses = [200]
        guards = self._framed if request.path.startswith(EMBEDDED) else SECURITY_HEADERS

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses[0] = message["status"]
                extra = (*guards, (b"x-request-id", request.id.encode()))
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


__all__ = ["Api", "create_api"]
