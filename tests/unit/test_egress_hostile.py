"""Other servers and strange names: they cost the client of all outgoing calls little, and it says what was wrong."""

import asyncio
import contextlib

import pytest

from sympolis.context.subscriptions.endpoints import read_endpoint
from sympolis.context.subscriptions.notice import Notice
from sympolis.domain.errors import DeliveryFailed
from sympolis.egress import EgressPolicy, Guard, HttpClient
from sympolis.egress.http import ResponseTooLarge
from sympolis.notify.http import HttpNotifier

_GUARD = Guard(EgressPolicy(allow_loopback=True))
_BLOCK = b"X-More: " + b"a" * 65_536 + b"\r\n"


async def _asked(answer: list[bytes], most_bytes: int) -> int:
    """The size of the answer's body, as the client has it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            for part in answer:
                writer.write(part)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    client = HttpClient(_GUARD)
    try:
        port = server.sockets[0].getsockname()[1]
        response = await client.request("GET", f"http://127.0.0.1:{port}/", most_bytes=most_bytes)
    finally:
        await client.close()
        server.close()
    return len(response.body)


@pytest.mark.parametrize(
    "answer",
    [
        [b"HTTP/1.1 200 OK\r\n", *[_BLOCK] * 20, b"Content-Length: 0\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nX-Long: ", *[b"a" * 65_536] * 20, b"\r\nContent-Length: 0\r\n\r\n"],
        [*[b"HTTP/1.1 103 Early Hints\r\n" + _BLOCK + b"\r\n"] * 20, b"HTTP/1.1 204 No Content\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", *[_BLOCK] * 20, b"\r\n"],
    ],
    ids=["many headers", "one long header", "many early answers", "trailers"],
)
def test_the_headers_of_an_answer_are_bounded_as_its_body_is(answer: list[bytes]) -> None:
    with pytest.raises(ResponseTooLarge):
        asyncio.run(_asked(answer, 1 << 20))


def test_a_body_in_the_smallest_chunks_is_read() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert asyncio.run(_asked([head, b"1\r\na\r\n" * 100_000, b"0\r\n\r\n"], 1 << 20)) == 100_000


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".example", "ü" * 64 + ".example"])
def test_a_name_that_no_host_can_have_is_a_failed_delivery(host: str) -> None:
    notice = Notice(read_endpoint({"uri": f"http://{host}/"}), "application/json", (), b"{}")
    with pytest.raises(DeliveryFailed, match="cannot be the name of a host"):
        asyncio.run(HttpNotifier(_GUARD).send(notice))


def test_a_header_beyond_latin_letters_is_refused() -> None:
    asked = HttpClient(_GUARD).request("GET", "http://127.0.0.1:1/", headers=(("X-A", "Ω"),))
    with pytest.raises(OSError, match="Latin"):
        asyncio.run(asked)
