"""However a client's bytes arrive, the answers are the same; whatever they are, the connection answers or ends."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, cast

import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.server import ServerState

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.app.connection import Connection
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.stores.memory import MemoryStore

HEAD = b"Host: localhost\r\nX-Request-ID: me\r\n"
BODY = b'{"id":"urn:ngsi-ld:T:1","type":"T","a":{"type":"Property","value":1}}'
POST = (
    b"POST /ngsi-ld/v1/entities HTTP/1.1\r\n" + HEAD + b"Content-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
)
REQUESTS = (
    POST,
    b"GET /ngsi-ld/v1/entities/urn:ngsi-ld:T:1?options=keyValues HTTP/1.1\r\n" + HEAD + b"\r\n",
    b"HEAD /ngsi-ld/v1/entities?type=T HTTP/1.1\r\n" + HEAD + b"\r\n",
    b"GET /nothing?%zz HTTP/1.1\r\n" + HEAD + b"\r\n",
    b"DELETE /ngsi-ld/v1/entities/urn:ngsi-ld:T:1 HTTP/1.1\r\n" + HEAD + b"\r\n",
)


class Wire:
    """A transport that remembers."""

    def __init__(self) -> None:
        self.sent = b""
        self.closed = False

    def get_extra_info(self, *_: Any) -> None:
        return None

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.sent += data

    def writelines(self, parts: Sequence[bytes]) -> None:
        self.write(b"".join(parts))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def answers(pieces: Sequence[bytes], *, complete: bool) -> bytes:
    """What a new server says to these bytes, given one after the other; ``complete``: it will answer them all."""

    async def talk() -> bytes:
        api = create_api(ApiParts(broker=Broker(MemoryStore()), contexts=Contexts()))
        config = uvicorn.Config(api, http=Connection, ws="none", lifespan="off", log_level="critical")
        config.load()
        state, wire = ServerState(), Wire()
        connection = Connection(config, state, {})
        connection.connection_made(cast("asyncio.Transport", wire))
        for piece in pieces:
            if not wire.closed:
                connection.data_received(piece)
                await asyncio.sleep(0)
        while complete and (state.tasks or connection.pipeline):
            await asyncio.sleep(0)
        connection.connection_lost(None)
        while state.tasks:
            await asyncio.sleep(0)
        return wire.sent

    return asyncio.run(talk())


EXPECTED = answers([b"".join(REQUESTS)], complete=True)


def test_the_answers_are_those_of_the_requests() -> None:
    statuses = re.findall(rb"HTTP/1\.1 (\d{3})", EXPECTED)
    assert statuses == [b"201", b"200", b"200", b"404", b"204"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, sum(map(len, REQUESTS))), max_size=12))
def test_it_does_not_matter_how_the_bytes_arrive(cuts: list[int]) -> None:
    raw = b"".join(REQUESTS)
    places = [0, *sorted(cuts), len(raw)]
    pieces = [raw[start:end] for start, end in pairwise(places)]
    assert answers(pieces, complete=True) == EXPECTED


@settings(max_examples=25, deadline=None)
@given(st.lists(st.binary(max_size=40) | st.sampled_from([*REQUESTS, b"\r\n", b"\x00", b": "]), max_size=6))
def test_whatever_the_bytes_are_it_answers_or_ends(pieces: list[bytes]) -> None:
    statuses = re.findall(rb"HTTP/1\.1 (\d{3})", answers(pieces, complete=False))
    assert b"500" not in statuses
