"""An in-process client for ASGI applications that can also follow streams: no socket, no sleep, no third party.

``Client`` is for tests that read from top to bottom; ``open_stream`` for server-sent events inside a coroutine.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import msgspec

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. ``headers`` are in the order sent, names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON, unpacked if it came compressed."""
        packed = self.header("content-encoding") == "gzip"
        return msgspec.json.decode(gzip.decompress(self.body) if packed else self.body)

    def header(self, name: str) -> str | None:
        """The first header of this name."""
        return next((value for key, value in self.headers if key == name), None)

    def all(self, name: str) -> list[str]:
        """Every header of this name."""
        return [value for key, value in self.headers if key == name]


def http_scope(method: str, target: str, headers: Iterable[tuple[bytes, bytes]]) -> dict[str, Any]:
    """The scope of a request for ``target`` (path and query, percent-encoded)."""
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": list(headers),
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8400),
    }


async def exchange(
    application: Application,
    method: str,
    target: str,
    *,
    json: Any = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
) -> Answer:
    """One request and its whole answer. Host, Content-Type and Content-Length are added unless given."""
    payload = msgspec.json.encode(json) if json is not None else body
    lines = _lines(headers, payload, is_json=json is not None)
    waiting: list[Message] = [{"type": "http.request", "body": payload or b"", "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop() if waiting else await asyncio.Future()

    async def send(message: Message) -> None:
        sent.append(message)

    await application(http_scope(method, target, lines), receive, send)
    start, *rest = sent
    named = tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in start["headers"]
    )
    return Answer(start["status"], named, b"".join(message.get("body", b"") for message in rest))


def _lines(headers: Any, payload: bytes | None, *, is_json: bool) -> list[tuple[bytes, bytes]]:
    given = list(headers.items() if isinstance(headers, Mapping) else headers)
    names = {name.lower() for name, _ in given}
    defaults = [("host", "127.0.0.1:8400")]
    if payload is not None:
        defaults.append(("content-length", str(len(payload))))
    if is_json:
        defaults.append(("content-type", "application/json"))
    given += [(name, value) for name, value in defaults if name not in names]
    return [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in given if value != "-"
    ]


class Client:
    """Asks an application synchronously, on an event loop of its own. A header whose value is ``-`` is left out."""

    def __init__(self, application: Application, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.application = application
        self.loop = loop or asyncio.new_event_loop()

    def request(self, method: str, target: str, **more: Any) -> Answer:
        """See ``exchange``."""
        return self.loop.run_until_complete(exchange(self.application, method, target, **more))

    def get(self, target: str, **headers: str) -> Answer:
        """GET, with headers as keywords (underscores become dashes)."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("GET", target, headers=named)

    def post(self, target: str, json: Any, **headers: str) -> Answer:
        """POST a JSON document."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", target, json=json, headers=named)

    def close(self) -> None:
        """Let go of the loop."""
        self.loop.close()


class OpenStream:
    """An answer under way: ``status``, ``headers``, and ``chunk`` by ``chunk``."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.ended = False
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self.left = asyncio.Event()

    async def put(self, message: Message) -> None:
        """Take a message from the application."""
        await self._messages.put(message)

    async def start(self) -> None:
        """Wait for status and headers."""
        message = await self._messages.get()
        self.status = message["status"]
        self.headers = {name.decode(): value.decode() for name, value in message["headers"]}

    async def chunk(self) -> bytes:
        """The next part of the body; empty at the end."""
        message = await self._messages.get()
        self.ended = not message.get("more_body", False)
        return bytes(message.get("body", b""))

    async def event(self) -> dict[str, str]:
        """The next server-sent event that has data; empty at the end."""
        while not self.ended:
            lines = (await self.chunk()).decode().splitlines()
            fields = dict(line.split(": ", 1) for line in lines if line and not line.startswith(":"))
            if "data" in fields:
                return fields
        return {}


@asynccontextmanager
async def open_stream(
    application: Application, target: str, headers: Mapping[str, str] | None = None
) -> AsyncIterator[OpenStream]:
    """A GET whose answer is read while it is made. Leaving the block disconnects and waits for the server's end."""
    stream = OpenStream()
    requested: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if requested:
            return requested.pop()
        await stream.left.wait()
        return {"type": "http.disconnect"}

    scope = http_scope("GET", target, _lines(headers or {}, None, is_json=False))
    serving = asyncio.ensure_future(application(scope, receive, stream.put))
    try:
        await stream.start()
        yield stream
    finally:
        stream.left.set()
        await asyncio.wait_for(serving, timeout=30)
