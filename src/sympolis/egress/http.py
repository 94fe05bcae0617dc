"""A small HTTP/1.1 client: connections kept open, answers bounded, no redirects, every address checked by the guard.

On httptools, which the server needs anyway: a notification costs a tenth of a millisecond, and nothing stands between
the address that was checked and the one that is connected to (docs/decisions/0007).
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import SplitResult, unquote, urlsplit

import httptools

from sympolis.egress.guard import Guard

Headers = Iterable[tuple[str, str]]
Sink = Callable[[bytes], object]
"""Takes a part of a body, e.g. a file's ``write``."""
Pace = Callable[[int], Awaitable[object]]
"""Told of so many bytes that came; the next are read once it returns."""
_WITH_CONTENT = frozenset((200, 206))
_PORTS = {"http": 80, "https": 443}
_CHUNK = 65_536
_MOST_BESIDES = 256 * 1024
"""Bytes of headers and of framing, besides eight per byte of the body: a chunk of one byte has five around it."""
_MOST_IDLE = 8
"""Connections kept open per origin."""


@dataclass(slots=True)
class Response:
    """An answer: names of headers in lower case."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class ResponseTooLarge(OSError):
    """The answer is larger than the caller wants to read."""


class EndedEarly(OSError):
    """The answer began and broke off; ``response`` is what was known of it."""

    def __init__(self, response: Response) -> None:
        super().__init__("the answer ended early")
        self.response = response


class _Broken(OSError):
    """The connection ended before any answer came."""


class _Reading:
    """The parser's callbacks: gathers one answer."""

    def __init__(self, most_bytes: int, sink: Sink | None) -> None:
        self.response = Response()
        self.complete = False
        self.bounded = False
        self.reusable = False
        self._most = most_bytes
        self._body = bytearray()
        self._sink = sink
        self._size = 0
        self.parser = httptools.HttpResponseParser(self)

    def on_message_begin(self) -> None:
        self.response = Response()

    def on_header(self, name: bytes, value: bytes) -> None:
        self.response.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.response.status = self.parser.get_status_code()
        self.bounded = bool({"content-length", "transfer-encoding"} & self.response.headers.keys())

    def on_body(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._most:
            raise ResponseTooLarge(f"the answer has more than {self._most} bytes")
        if self._sink is not None and self.response.status in _WITH_CONTENT:
            self._sink(part)
        else:
            self._body += part

    def check_besides(self, received: int) -> None:
        """Raises ``ResponseTooLarge`` where, of the bytes received so far, far too many are not the body's."""
        if received - self._size > _MOST_BESIDES + 8 * self._size:
            raise ResponseTooLarge("the answer has too many headers")

    def on_message_complete(self) -> None:
        self.complete = self.response.status >= 200
        self.reusable = self.complete and self.parser.should_keep_alive()
        self.response.body = bytes(self._body)

    def end(self) -> bool:
        """The stream has ended: whether that ends the answer, too."""
        if not self.complete and self.response.status >= 200 and not self.bounded:
            self.complete = True
            self.response.body = bytes(self._body)
        return self.complete


@dataclass(slots=True)
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    reusable: bool = False

    async def exchange(
        self, request: bytes, most_bytes: int, sink: Sink | None, pace: Pace | None
    ) -> Response:
        reading = _Reading(most_bytes, sink)
        self.writer.write(request)
        received = 0
        while not reading.complete:
            data = await self._read(reading, received)
            if not data:
                if reading.end():
                    return reading.response
                raise EndedEarly(reading.response) if received else _Broken("no answer")
            received += len(data)
            _feed(reading, data)
            reading.check_besides(received)
            if pace is not None:
                await pace(len(data))
        self.reusable = reading.reusable
        return reading.response

    async def _read(self, reading: _Reading, received: int) -> bytes:
        try:
            return await self.reader.read(_CHUNK)
        except (ConnectionError, ssl.SSLError) as problem:
            if received:  # not to be asked for again as if nothing had come
                raise EndedEarly(reading.response) from problem
            raise


def _feed(reading: _Reading, data: bytes) -> None:
    try:
        reading.parser.feed_data(data)
    except httptools.HttpParserCallbackError as error:
        raise error.__context__ if isinstance(error.__context__, OSError) else OSError(str(error)) from error
    except httptools.HttpParserError as error:
        raise OSError(f"this is not HTTP: {error}") from error


class HttpClient:
    """Sends requests through a guard. One per event loop; ``close`` it."""

    def __init__(self, guard: Guard, *, most_idle: int = 64, tls: ssl.SSLContext | None = None) -> None:
        self._guard = guard
        self._tls = tls
        self._idle: dict[tuple[str, str, int], list[_Connection]] = {}
        self._most_idle = most_idle

    async def request(  # noqa: PLR0913 - each of them bounds one call
        self,
        method: str,
        url: str,
        *,
        headers: Headers = (),
        body: bytes = b"",
        timeout_s: float = 10.0,
        most_bytes: int = 1 << 20,
        sink: Sink | None = None,
        pace: Pace | None = None,
    ) -> Response:
        """One request and its answer, whatever its status.

        The body of a 200 or 206 goes to ``sink`` as it comes, if given, no faster than ``pace`` lets it. Raises
        ``Forbidden`` (address not permitted), ``TimeoutError``, ``EndedEarly``, or ``OSError`` for anything else that
        prevents an answer.
        """
        parts = urlsplit(url)
        origin = (parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme])
        request = _request(method, parts, headers, body)
        async with asyncio.timeout(timeout_s):
            kept = self._take(origin)
            if kept is not None:
                try:
                    return await self._exchange(origin, kept, request, most_bytes, sink, pace)
                except (_Broken, ConnectionError, ssl.SSLError):
                    pass  # closed by the other side while idle: once more on a new one
            return await self._exchange(origin, await self._open(origin), request, most_bytes, sink, pace)

    async def close(self) -> None:
        """Close idle connections."""
        kept = [one for group in self._idle.values() for one in group]
        self._idle.clear()
        for connection in kept:
            connection.writer.close()

    async def _exchange(
        self,
        origin: tuple[str, str, int],
        connection: _Connection,
        request: bytes,
        most_bytes: int,
        sink: Sink | None,
        pace: Pace | None,
    ) -> Response:
        try:
            response = await connection.exchange(request, most_bytes, sink, pace)
        except BaseException:
            connection.writer.close()
            raise
        self._give_back(origin, connection)
        return response

    async def _open(self, origin: tuple[str, str, int]) -> _Connection:
        scheme, host, port = origin
        tls = (self._tls or _usual_tls()) if scheme == "https" else None
        return _Connection(*await self._guard.connect(host, port, tls=tls))

    def _take(self, origin: tuple[str, str, int]) -> _Connection | None:
        group = self._idle.get(origin, [])
        while group:
            connection = group.pop()
            if not connection.reader.at_eof() and not connection.writer.is_closing():
                return connection
            connection.writer.close()
        return None

    def _give_back(self, origin: tuple[str, str, int], connection: _Connection) -> None:
        group = self._idle.setdefault(origin, [])
        if connection.reusable and len(group) < _MOST_IDLE:
            group.append(connection)
        else:
            connection.writer.close()
        if len(self._idle) > self._most_idle:
            self._close_oldest()

    def _close_oldest(self) -> None:
        oldest = next(iter(self._idle))
        for connection in self._idle.pop(oldest):
            connection.writer.close()


@cache
def _usual_tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _request(method: str, parts: SplitResult, headers: Headers, body: bytes) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {_ascii(target)} HTTP/1.1", f"Host: {_host(parts)}"]
    names = set()
    for name, value in headers:
        lines.append(f"{name}: {value}")
        names.add(name.lower())
    if parts.username and "authorization" not in names:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        lines.append(f"Authorization: Basic {base64.b64encode(secret.encode()).decode()}")
    lines.append(f"Content-Length: {len(body)}")
    if any("\r" in line or "\n" in line for line in lines):
        raise OSError("a header must not contain line breaks")
    try:
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
    except UnicodeError as problem:
        raise OSError("a header must be of Latin letters") from problem


def _host(parts: SplitResult) -> str:
    host = parts.netloc.rpartition("@")[2]
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError as problem:
        raise OSError("this cannot be the name of a host") from problem


def _ascii(target: str) -> str:
    return "".join(
        one if one.isascii() else "".join(f"%{byte:02X}" for byte in one.encode()) for one in target
    )
