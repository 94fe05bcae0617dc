"""How commands reach a twin: over HTTP where a server holds the data folder, else in this process.

Two writers on one data folder would fight; a server therefore leaves its address in the folder it has locked
(``app.lock``), and every command looks there first.
"""

from __future__ import annotations

import asyncio
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote

from sympolis import app
from sympolis.api.http import LOCAL
from sympolis.domain import errors
from sympolis.settings import Settings

KEY = "SYMPOLIS_KEY"
"""Environment variable with the API key by which commands speak to a server that asks who they are."""
_PROBLEMS: Mapping[str, type[errors.SympolisError]] = {
    kind.__name__: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.SympolisError)
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A status, the headers (lower case) and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """Carries one request to the twin at ``base``."""

    @property
    def base(self) -> str:
        """Scheme and host."""
        ...

    def send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        """Send and wait for the whole answer."""
        ...


class Client:
    """Asks the twin's API and turns problem details back into errors."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._link: str | None = None

    def get(self, path: str) -> Any:
        """The JSON at ``path``."""
        return self.call("GET", path)

    def post(self, path: str, document: Any = None) -> Any:
        """Send ``document``; the JSON answer."""
        return self.call("POST", path, document)

    def call(self, method: str, path: str, document: Any = None) -> Any:
        """One request. Raises the error that a problem answer stands for."""
        reply = self.raw(method, path, document)
        return json.loads(reply.body) if reply.body else None

    def upload(self, path: str, content: bytes, media: str) -> Any:
        """Send a file; the JSON answer."""
        reply = self._sent("POST", path, content, {"accept": "application/json", "content-type": media})
        return json.loads(reply.body)

    def converted(self, path: str, content: bytes, media: str) -> bytes:
        """Send a file; the file that is answered."""
        return self._sent("POST", path, content, {"accept": "*/*", "content-type": media}).body

    def entities(self, path: str) -> Any:
        """The NGSI-LD answer at ``path``, in the short names of the city's own context."""
        if self._link is None:
            context = self._transport.base + self.get("/api/city")["context"]
            self._link = (
                f'<{context}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
            )
        return json.loads(self.raw("GET", path, headers={"link": self._link}).body)

    def raw(
        self, method: str, path: str, document: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One request, its answer undecoded."""
        body = None if document is None else json.dumps(document).encode()
        typed = {} if body is None else {"content-type": "application/json"}
        return self._sent(method, path, body, {"accept": "application/json", **typed, **(headers or {})})

    def _sent(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        if key := os.environ.get(KEY):
            headers = {"authorization": f"Bearer {key}", **headers}
        reply = self._transport.send(method, path, body, headers)
        if reply.status >= 400:
            raise _error(reply)
        return reply


def _error(reply: Reply) -> errors.SympolisError:
    try:
        problem = json.loads(reply.body)
    except ValueError:
        problem = {}
    kind = _PROBLEMS.get(str(problem.get("type", "")).rsplit("/", 1)[-1], _by_status(reply.status))
    message = problem.get("detail") or problem.get("title") or f"the twin answered {reply.status}"
    return kind(message, where=problem.get("where", ""), hint=problem.get("hint", ""))


def _by_status(status: int) -> type[errors.SympolisError]:
    return {
        400: errors.InvalidRequest,
        404: errors.NotFound,
        409: errors.Conflict,
        422: errors.OverrideRefused,
    }.get(status, errors.SympolisError)


@dataclass(frozen=True, slots=True)
class OverHttp:
    """Reaches a running server."""

    base: str

    def send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        """One HTTP exchange; a server that does not answer is ``StoreUnavailable``."""
        request = urllib.request.Request(self.base + path, data=body, method=method, headers=dict(headers))  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
                return Reply(answer.status, _lower(answer.headers), answer.read())
        except urllib.error.HTTPError as answer:
            return Reply(answer.code, _lower(answer.headers), answer.read())
        except OSError as problem:
            raise errors.StoreUnavailable(
                f"the server that holds the data folder does not answer: {problem}",
                where=self.base,
                hint="stop it, or wait until it is ready",
            ) from problem


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class InProcess:
    """Runs the twin here, on an event loop of its own, and speaks ASGI to it."""

    base = "http://127.0.0.1"

    def __init__(self, loop: asyncio.AbstractEventLoop, application: Any) -> None:
        self._loop = loop
        self._application = application

    def send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        """One ASGI exchange."""
        return self._loop.run_until_complete(self._exchange(method, path, body or b"", headers))

    async def _exchange(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        bare, _, query = path.partition("?")
        lines = {"host": "127.0.0.1", "content-length": str(len(body)), **headers}
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": unquote(bare), "raw_path": bare.encode(), "query_string": query.encode(),
            "root_path": "", "headers": [(k.encode(), v.encode()) for k, v in lines.items()],
            "client": ("127.0.0.1", 0), "server": ("127.0.0.1", 0), "state": {LOCAL: True},
        }  # fmt: skip
        sent: list[Mapping[str, Any]] = []
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Mapping[str, Any]:
            if waiting:
                return waiting.pop()
            return await asyncio.Future()

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        await self._application(scope, receive, send)
        return _reply(sent)


def _reply(sent: list[Mapping[str, Any]]) -> Reply:
    start = sent[0]
    headers = {name.decode().lower(): value.decode() for name, value in start.get("headers", ())}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Reply(start["status"], headers, body)


def _from_here(address: str) -> str:
    """How this machine reaches a server that listens on every address: such an address is no name to ask at."""
    return address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


@contextmanager
def connect(settings: Settings) -> Iterator[Client]:
    """A client for the twin in ``settings.data``: the server that holds it, else the twin opened here."""
    address = app.holder(app.data_folder(settings))
    if address:
        yield Client(OverHttp(_from_here(address)))
        return
    with asyncio.Runner() as runner:  # also ends what the twin leaves behind, or what could not be opened
        twin = runner.run(app.open_twin(settings))
        try:
            yield Client(InProcess(runner.get_loop(), twin.asgi))
        finally:
            runner.run(twin.close())
