"""Several twins in one process and a network between them that can lie, stall and break: no socket, no sleep.

network = Network()
a, b = network.add_twin("a.example", "A"), network.add_twin("b.example", "B")
await a.federation.partners.add("https://b.example")
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts, ApiSettings
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.dataspace.calls import WITH_CONTENT, Answer
from sympolis.dataspace.federation import Federation, Self
from sympolis.dataspace.records import MemoryRecords, Records
from sympolis.domain import errors
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Application, exchange


@dataclass
class Neighbour:
    """A twin in the network."""

    address: str
    federation: Federation
    application: Application

    @property
    def did(self) -> str:
        """Its DID."""
        return self.federation.own.did()

    async def send(self, method: str, path: str, json: Any = None, **headers: str) -> Any:
        """One request of somebody who works on its machine, and the whole answer."""
        named = {"host": urlsplit(self.address).netloc, **headers}
        return await exchange(self.application, method, path, json=json, headers=named)


@dataclass
class Network:
    """Carries calls to whoever has the host in the address. ``silent`` hosts do not answer in time.

    ``said`` answers in the place of a host's twin: what a liar says, as ``(method, url, headers, body) -> Answer`` or
    None for what the twin itself says. ``heard`` are the calls so far.
    """

    hosts: dict[str, Application] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    said: Callable[[str, str, Sequence[tuple[str, str]], bytes], Answer | None] | None = None
    heard: list[tuple[str, str]] = field(default_factory=list)

    def add_twin(
        self,
        host: str,
        title: str,
        *,
        records: Records | None = None,
        parts: Callable[[Federation], ApiParts] | None = None,
    ) -> Neighbour:
        """A twin with an API of its own at ``https://HOST``."""
        address = f"https://{host}"
        own = Self({"en": title}, lambda: address)
        federation = Federation(own, records or MemoryRecords(), self)
        application = create_api(_bare(federation, host) if parts is None else parts(federation))
        self.hosts[host] = application
        return Neighbour(address, federation, application)

    async def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        timeout_s: float = 5.0,
        most_bytes: int = 1 << 20,
        sink: Callable[[bytes], object] | None = None,
    ) -> Answer:
        """See ``dataspace.calls.Calls``."""
        self.heard.append((method, url))
        parts = urlsplit(url)
        lie = None if self.said is None else self.said(method, url, headers, body)
        if lie is not None:
            return _bounded(lie, url, most_bytes)
        if parts.netloc in self.silent:
            raise errors.SourceFailed(f"did not answer within {timeout_s:g} seconds", where=url)
        application = self.hosts.get(parts.netloc)
        if application is None:
            raise errors.SourceFailed("cannot be asked: no such host", where=url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        named = [*headers, ("host", parts.netloc)]
        found = await exchange(application, method, target, body=body or None, headers=named)
        answer = _bounded(Answer(found.status, dict(found.headers), found.body), url, most_bytes)
        if sink is not None and answer.status in WITH_CONTENT:
            sink(answer.body)
            return Answer(answer.status, answer.headers)
        return answer


def _bare(federation: Federation, host: str) -> ApiParts:
    return ApiParts(
        broker=Broker(MemoryStore()),
        contexts=Contexts(),
        federation=federation,
        settings=ApiSettings(hosts=(host,)),
    )


def _bounded(answer: Answer, url: str, most_bytes: int) -> Answer:
    if len(answer.body) > most_bytes:
        raise errors.SourceFailed(f"the answer has more than {most_bytes} bytes", where=url)
    return answer


def lie(document: object, status: int = 200) -> Answer:
    """An answer with this JSON."""
    return Answer(status, {"content-type": "application/json"}, msgspec.json.encode(document))
