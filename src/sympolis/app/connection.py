"""HTTP/1.1 for the API without detours: a request costs one task, an answer one write.

uvicorn's own protocol writes an answer's head and body in two system calls, checks every header of every answer anew
and sets a timer per request; measured, that is more than a point read costs altogether. Its life cycle (accepting,
pipelining, flow control, stopping) stays as it is: this is the same protocol with the per-request parts exchanged.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast
from urllib.parse import unquote

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from sympolis.api.http import WHOLE, ASGIApp, Scope

_ASGI = {"version": "3.0", "spec_version": "2.3"}
_COPY_UP_TO = 64 * 1024
"""Bytes of body that are copied behind their head; larger ones are handed over beside it."""


class _Openings:
    """An answer's first lines by status: they change once per second, with the date."""

    def __init__(self) -> None:
        self._headers: list[tuple[bytes, bytes]] = []
        self._lines: dict[int, bytes] = {}

    def of(self, status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
        """The status line and the server's own headers."""
        if headers is not self._headers:
            self._headers, self._lines = headers, {}
        found = self._lines.get(status)
        if found is None:
            own = b"".join(b"%s: %s\r\n" % header for header in headers)
            found = self._lines[status] = STATUS_LINE[status] + own
        return found


_openings = _Openings()


class Exchange(RequestResponseCycle):
    """One request and its answer; ``send_whole`` is what it offers beyond ASGI."""

    def send_whole(self, status: int, head: bytes, body: bytes) -> bool:
        """Send a complete answer; ``head`` are its header lines, checked by who made them.

        False where nothing was sent because the client does not keep up: ``send`` can wait for it.
        """
        if self.flow.write_paused:
            return False
        if not self.disconnected:
            self.response_started = self.response_complete = True
            self.message_event.set()
            self._write(status, head, body)
            self.on_response()
        return True

    def _write(self, status: int, head: bytes, body: bytes) -> None:
        opening = _openings.of(status, self.default_headers)
        end = b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        if len(body) <= _COPY_UP_TO:
            self.transport.write(b"".join((opening, head, end, body)))
        else:
            self.transport.writelines((b"".join((opening, head, end)), body))
        if not self.keep_alive:
            self.transport.close()


class Connection(HttpToolsProtocol):
    """See the module."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._api = cast(ASGIApp, config.app)
        self._forwarded = False
        self._idle_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch: whoever connects and asks nothing is sent away, too."""
        super().connection_made(transport)
        self._idle_since = self.loop.time()
        self._watch(self.timeout_keep_alive)

    def connection_lost(self, exc: Exception | None) -> None:
        """The end; nothing may hold on to the connection, however it ended."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        """Parse what came; unlike uvicorn's, leaves the idle timer alone."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.logger.warning("Invalid HTTP request received.")
            self.send_400_response("Invalid HTTP request received.")
        except httptools.HttpParserUpgrade:
            self._upgrade()

    def _upgrade(self) -> None:
        """Hand the connection over to what speaks WebSocket. Other protocols were an offer: the request is served."""
        if not self._should_upgrade():
            self._unsupported_upgrade_warning()
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self.send_400_response("An answer is still under way on this connection.")
            return
        self._unset_keepalive_if_required()
        self.scope = {"method": "GET", "headers": self.headers}  # type: ignore[typeddict-item]
        self.handle_websocket_upgrade()

    # --- the parser's callbacks

    def on_message_begin(self) -> None:
        """A request begins."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = self._forwarded = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header of it."""
        name = name.lower()
        if name.startswith(b"x-forwarded-"):
            self._forwarded = True
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        elif name.startswith(b"client-cert") and not self._behind_proxy():
            return
        self.headers.append((name, value))

    def _behind_proxy(self) -> bool:
        """Whether a trusted proxy is at the other end: nobody else is believed about certificates."""
        trusted = getattr(self.app, "trusted_hosts", ())
        return self.client is not None and self.client[0] in trusted

    def on_headers_complete(self) -> None:
        """Answer it now, or after those before it on this connection."""
        if self.parser.should_upgrade() and self._should_upgrade():
            return  # no request: ``_upgrade`` takes it from here
        before = self.cycle
        version = self.parser.get_http_version()
        scope = self._new_scope(version)
        self.cycle = exchange = Exchange(
            scope,  # type: ignore[arg-type]
            self.transport,
            self.flow,
            self.logger,
            self.access_logger,
            False,
            self.server_state.default_headers,
            asyncio.Event(),
            self.expect_100_continue,
            version != "1.0" and self.parser.should_keep_alive(),
            self.on_response_complete,
        )
        scope["extensions"] = {WHOLE: exchange.send_whole}
        # Only a request that came through a proxy needs uvicorn's reading of the proxy's headers around the API.
        app = self.app if self._forwarded else self._api
        if before is None or before.response_complete:
            self._start_asgi_task(exchange, app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((exchange, app))  # type: ignore[arg-type]

    def _new_scope(self, version: str) -> Scope:
        raw_path, _, query = self.url.partition(b"?")
        if (
            not raw_path.startswith(b"/") or b"#" in self.url
        ):  # absolute form, or a fragment that does not belong here
            parsed = httptools.parse_url(self.url)
            raw_path, query = parsed.path or b"/", parsed.query or b""
        path = raw_path.decode("ascii")
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": "",
            "headers": self.headers,
            "state": {},
            "method": self.parser.get_method().decode("ascii"),
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": query,
        }

    # --- the life of a request

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        itself: list[asyncio.Task[None]] = []
        itself.append(self.loop.create_task(self._run(cycle, app, itself)))
        self.tasks.add(itself[0])

    async def _run(self, cycle: RequestResponseCycle, app: Any, itself: list[asyncio.Task[None]]) -> None:
        try:
            await cycle.run_asgi(app)
        finally:
            cycle.scope["extensions"] = {}  # or each holds the other until the next garbage collection
            self.tasks.discard(itself[0])

    def on_response_complete(self) -> None:
        """Begin the next request that waits, or to watch for idleness."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._watch(self.timeout_keep_alive)

    def _watch(self, wait_s: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(wait_s, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if nothing was asked for as long as it may idle, else look again later.

        One timer per connection instead of one per request; a request that is being answered stops it.
        """
        self.timeout_keep_alive_task = None
        busy = self.cycle is not None and not self.cycle.response_complete
        if self.transport.is_closing() or busy:
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._watch(left)
        else:
            self.transport.close()
