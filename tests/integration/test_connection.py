"""What stands between a socket and the API: bytes in, bytes out, as HTTP/1.1 wants it."""

from __future__ import annotations

import asyncio
import gc
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sympolis.api.asgi import Api, create_api
from sympolis.api.http import Reply, Request
from sympolis.api.metrics import Metrics
from sympolis.api.parts import ApiParts, ApiSettings
from sympolis.api.routing import Answer, Operation
from sympolis.app.lock import Lock
from sympolis.app.server import run, serving
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.settings import Settings
from sympolis.stores.memory import MemoryStore

BIG = b"x" * 3_000_000
ENTITY = b'{"id":"urn:ngsi-ld:T:1","type":"T"}'
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Any]]


@dataclass
class Folderless:
    """An API to be served, and nothing around it."""

    asgi: Any
    lock: Lock
    address: str = ""
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def close(self) -> None:
        self.lock.release()


def operation(
    path: str, handle: Callable[[Request], Coroutine[Any, Any, Reply]], method: str = "GET"
) -> Operation:
    answers = {200: Answer("fine")}
    return Operation(method=method, path=path, handle=handle, name=path, title="", tag="", answers=answers)


class Routes:
    """A few answers beside the broker's; ``gate`` holds one of them back."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.started = asyncio.Event()

    async def big(self, request: Request) -> Reply:
        return Reply(body=BIG, media="application/octet-stream")

    async def slow(self, request: Request) -> Reply:
        self.started.set()
        await self.gate.wait()
        return Reply(body=b"slow", media="text/plain")

    async def certificate(self, request: Request) -> Reply:
        shown = (request.header(b"client-cert"), request.header(b"client-cert-chain"))
        return Reply(body=str(shown).encode(), media="text/plain")

    async def base(self, request: Request) -> Reply:
        return Reply(body=request.base_url.encode(), media="text/plain")

    async def split(self, request: Request) -> Reply:
        return Reply(headers=((b"x-given", b"one\r\nx-forged: two"),))

    async def echo(self, request: Request) -> Reply:
        return Reply(body=await request.body(), media="text/plain")

    def api(self) -> Api:
        parts = ApiParts(
            broker=Broker(MemoryStore()),
            contexts=Contexts(),
            settings=ApiSettings(max_body_bytes=100_000, gzip_from_bytes=1 << 30),
        )
        made = create_api(parts)
        more = (
            operation("/t/big", self.big),
            operation("/t/slow", self.slow),
            operation("/t/base", self.base),
            operation("/t/certificate", self.certificate),
            operation("/t/split", self.split),
            operation("/t/echo", self.echo, "POST"),
        )
        return Api(parts, (*made.operations, *more), Metrics())


@asynccontextmanager
async def talking(
    folder: Path, **settings: Any
) -> AsyncIterator[tuple[Routes, asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a server of its own."""
    routes = Routes()

    async def opened(settings: Settings) -> Folderless:
        lock = Lock(folder / "held")
        lock.acquire()
        return Folderless(routes.api(), lock)

    async with serving(Settings(port=0, data=folder, **settings), opened) as served:
        host, port = served.address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 23)
        try:
            yield routes, reader, writer
        finally:
            routes.gate.set()
            writer.close()


async def answer(
    reader: asyncio.StreamReader, *, head_only: bool = False
) -> tuple[int, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    lines = [line.split(": ", 1) for line in head[1:] if line]
    assert len({name for name, _ in lines}) == len(lines), "no header twice"
    headers = dict(lines)
    length = 0 if head_only else int(headers.get("content-length", 0))
    return int(head[0].split()[1]), headers, await reader.readexactly(length)


def get(path: str, *more: str, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/{version}", "Host: localhost", *more, "", "")).encode()


def put_together(path: str, body: bytes, *more: str) -> bytes:
    return (
        get(path, f"Content-Length: {len(body)}", "Content-Type: application/json", *more, method="POST")
        + body
    )


def test_answers_carry_what_the_general_way_gives(tmp_path: Path) -> None:
    async def check() -> None:
        async with talking(tmp_path) as (_, reader, writer):
            writer.write(get("/health/live", "X-Request-ID: me-1"))
            status, headers, body = await answer(reader)
            assert status == 200 and body and headers["x-request-id"] == "me-1"
            assert (
                headers["content-type"] == "application/json"
                and headers["x-content-type-options"] == "nosniff"
            )
            assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", headers["date"])
            assert (
                "server" not in headers and "transfer-encoding" not in headers and "connection" not in headers
            )

    run(check())


def test_one_connection_serves_many_requests_in_order(tmp_path: Path) -> None:
    async def check() -> None:
        async with talking(tmp_path) as (routes, reader, writer):
            # pipelined: the second has to wait for the first, which waits itself
            writer.write(get("/t/slow") + get("/t/base") + get("/nothing"))
            await routes.started.wait()
            routes.gate.set()
            assert (await answer(reader))[2] == b"slow"
            assert (await answer(reader))[2] == b"http://localhost"
            assert (await answer(reader))[0] == 404
            writer.write(put_together("/ngsi-ld/v1/entities", ENTITY))
            assert (await answer(reader))[0] == 201
            writer.write(get("/ngsi-ld/v1/entities/urn:ngsi-ld:T:1", method="HEAD"))
            status, headers, _ = await answer(reader, head_only=True)
            assert status == 200 and int(headers["content-length"]) > 30
            writer.write(get("/ngsi-ld/v1/entities/urn:ngsi-ld:T:1", method="DELETE"))
            status, headers, _ = await answer(reader)
            assert status == 204 and "content-length" not in headers

    run(check())


def test_large_answers_reach_a_reader_who_takes_their_time(tmp_path: Path) -> None:
    async def check() -> None:
        async with talking(tmp_path) as (_, reader, writer):
            writer.write(get("/t/big") * 3 + get("/t/base"))
            for _ in range(3):
                assert (await answer(reader))[2] == BIG
            assert (await answer(reader))[0] == 200

    run(check())


@pytest.mark.parametrize("more", ["HTTP/1.0", "Connection: close"])
def test_a_connection_ends_where_the_client_says_so(tmp_path: Path, more: str) -> None:
    async def check() -> None:
        async with talking(tmp_path) as (_, reader, writer):
            old = more == "HTTP/1.0"
            writer.write(get("/t/base", version="1.0") if old else get("/t/base", more))
            _, headers, body = await answer(reader)
            assert headers["connection"] == "close" and body == b"http://localhost"
            assert await reader.read() == b""

    run(check())


def test_bodies_come_in_pieces_and_large_ones_not_at_all(tmp_path: Path) -> None:
    async def check() -> None:
        async with talking(tmp_path) as (_, reader, writer):
            whole = put_together("/t/echo", b"abcdef")
            for piece in (whole[:9], whole[9:-4], whole[-4:]):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            assert (await answer(reader))[2] == b"abcdef"
            writer.write(
                get("/t/echo", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\n0\r\n\r\n"
            )
            assert (await answer(reader))[0] == 411
            writer.write(put_together("/t/echo", b"y" * 100_001))
            assert (await answer(reader))[0] == 413
            writer.write(get("/t/base"))
            assert (await answer(reader))[0] == 200

    run(check())


def test_a_client_may_ask_before_it_sends(tmp_path: Path) -> None:
    async def check() -> None:
        async with talking(tmp_path) as (_, reader, writer):
            head = put_together("/t/echo", b"abc", "Expect: 100-continue").removesuffix(b"abc")
            writer.write(head)
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"abc")
            assert (await answer(reader))[2] == b"abc"

    run(check())


def test_a_proxy_on_this_machine_may_say_how_it_was_reached(tmp_path: Path) -> None:
    async def check() -> None:
        async with talking(tmp_path) as (_, reader, writer):
            writer.write(get("/t/base", "X-Forwarded-Proto: https") + get("/t/base"))
            assert (await answer(reader))[2] == b"https://localhost"
            assert (await answer(reader))[2] == b"http://localhost"

    run(check())


@pytest.mark.parametrize("path", ["http://localhost/t/base?a", "/t/base#part"])
def test_addresses_in_odd_forms(tmp_path: Path, path: str) -> None:
    async def check() -> None:
        async with talking(tmp_path) as (_, reader, writer):
            writer.write(get(path))
            assert (await answer(reader))[0] == (400 if "?" in path else 200)

    run(check())


def test_what_is_not_http_is_refused(tmp_path: Path) -> None:
    async def check() -> None:
        async with talking(tmp_path) as (_, reader, writer):
            writer.write(b"\x16\x03\x01 nonsense\r\n\r\n")
            assert (await answer(reader))[0] == 400
            assert await reader.read() == b""

    run(check())


def test_no_header_can_forge_another(tmp_path: Path) -> None:
    async def check() -> None:
        async with talking(tmp_path) as (_, reader, writer):
            writer.write(get("/t/split"))
            status, headers, _ = await answer(reader)
            assert status == 500 and "x-forged" not in headers

    run(check())


def test_a_client_that_leaves_leaves_nothing_behind(tmp_path: Path) -> None:
    async def check() -> None:
        async with talking(tmp_path) as (routes, _, writer):
            writer.write(get("/t/slow"))
            await routes.started.wait()
            writer.transport.abort()
            routes.gate.set()

    run(check())


@pytest.mark.parametrize("begun", [b"", b"GET /t/base HTTP/1.1\r\nHost: localho"])
def test_who_asks_nothing_is_sent_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    monkeypatch.setattr("sympolis.app.server._KEEP_ALIVE_S", 0.01)

    async def check() -> None:
        async with talking(tmp_path) as (_, reader, writer):
            writer.write(begun)
            assert await reader.read() == b""

    run(check())


def test_an_idle_connection_is_closed_and_a_busy_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sympolis.app.server._KEEP_ALIVE_S", 0.01)

    async def check() -> None:
        async with talking(tmp_path) as (routes, reader, writer):
            writer.write(get("/t/slow"))
            await routes.started.wait()
            asyncio.get_running_loop().call_later(0.05, routes.gate.set)
            assert (await answer(reader))[2] == b"slow"
            assert await reader.read() == b""

    run(check())


@pytest.mark.parametrize(
    "request_bytes",
    [
        get("/ngsi-ld/v1/entities/urn:ngsi-ld:T:1"),
        get("/nothing"),
        put_together("/t/echo", b"abc"),
        put_together("/ngsi-ld/v1/entities", ENTITY),
        put_together("/ngsi-ld/v1/entityOperations/create", b"[" + ENTITY + b"]"),
        get("/ngsi-ld/v1/entities/urn:ngsi-ld:T:2", method="DELETE"),
    ],
    ids=["read", "error", "body", "exists", "exists in a batch", "absent"],
)
def test_requests_leave_no_cycles_for_the_garbage_collector(tmp_path: Path, request_bytes: bytes) -> None:
    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, times: int) -> None:
        for _ in range(times):
            writer.write(request_bytes)
            await answer(reader)

    async def check() -> None:
        async with talking(tmp_path) as (_, reader, writer):
            writer.write(put_together("/ngsi-ld/v1/entities", ENTITY))
            await answer(reader)
            await ask(reader, writer, 20)
            gc.collect()
            gc.disable()
            try:
                await ask(reader, writer, 100)
                assert gc.collect() < 100
            finally:
                gc.enable()

    run(check())


@pytest.mark.parametrize(
    ("proxies", "read"),
    [(("127.0.0.1",), "(':e30=:', ':e30=:')"), (("10.0.0.7",), "(None, None)"), ((), "(None, None)")],
)
def test_only_a_trusted_proxy_shows_certificates(tmp_path: Path, proxies: tuple[str, ...], read: str) -> None:
    async def story() -> bytes:
        async with talking(tmp_path, trusted_proxies=proxies) as (_, reader, writer):
            for more in ((), ("X-Forwarded-For: 127.0.0.1",)):
                shown = ("Client-Cert: :e30=:", "client-CERT-chain: :e30=:")
                writer.write(get("/t/certificate", *more, *shown))
                _, _, body = await answer(reader)
                assert body.decode() == read, more
        return body

    assert run(story())
