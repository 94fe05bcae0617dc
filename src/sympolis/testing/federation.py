"""Several brokers in one process that work together: requests between them never leave it.

For tests of what several brokers do together: each has a name by which the others reach it
(``http://west.test``), and the requests that went between them can be looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts, ApiSettings
from sympolis.context.broker import Broker
from sympolis.context.distributed.asking import Answer as Said
from sympolis.context.distributed.asking import Ending
from sympolis.context.distributed.relays import MemoryRelayBooks
from sympolis.context.distributed.service import Distribution
from sympolis.context.distributed.subscribing import RemoteSubscriptions
from sympolis.context.distributed.wording import Outgoing
from sympolis.context.registrations.books import MemoryRegistrationBooks
from sympolis.context.registrations.service import Registrations
from sympolis.context.subscriptions.books import MemoryBooks
from sympolis.context.subscriptions.notice import Notice
from sympolis.context.subscriptions.service import Subscriptions
from sympolis.context.terms import Contexts
from sympolis.domain.errors import DeliveryRefused
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Answer, exchange

ENTITIES = "/ngsi-ld/v1/entities"
REGISTRATIONS = "/ngsi-ld/v1/csourceRegistrations"


@dataclass
class TestBroker:
    """One of them. ``ask`` is how a client reaches it."""

    __test__ = False
    name: str
    app: Any
    registrations: Registrations
    distribution: Distribution
    subscriptions: Subscriptions
    remote: RemoteSubscriptions
    store: MemoryStore

    async def ask(
        self, method: str, target: str, document: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request as a client would; a document goes as JSON."""
        body = b"" if document is None else msgspec.json.encode(document)
        given = {"host": f"{self.name}.test", **(headers or {})}
        if document is not None:
            given = {"content-type": "application/json", **given}
        return await exchange(self.app, method, target, headers=given, body=body)

    async def close(self) -> None:
        """Let go of everything."""
        await self.remote.close()
        await self.distribution.close()
        await self.registrations.close()
        await self.subscriptions.close()
        await self.store.close()

    async def register(self, registration: Mapping[str, Any], **headers: str) -> Answer:
        """Register a context source; ``type`` and ``endpoint`` may be left out where the source is ``endpoint``."""
        return await self.ask(
            "POST", REGISTRATIONS, {"type": "ContextSourceRegistration", **registration}, headers
        )


@dataclass
class Wire:
    """What carries requests between brokers: ``sent`` are all that went, ``broken`` the hosts that do not answer.

    ``answers`` gives what a host answers instead of a broker.
    """

    apps: dict[str, Any] = field(default_factory=dict)
    sent: list[Outgoing] = field(default_factory=list)
    broken: dict[str, Ending] = field(default_factory=dict)
    answers: dict[str, Said] = field(default_factory=dict)
    told: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    """Notifications that went to nobody of them: to a subscriber outside."""

    async def carry(self, request: Outgoing) -> Said:
        """See ``Courier.carry``."""
        parts = urlsplit(request.url)
        host = parts.hostname or ""
        if not parts.path.endswith("/info/sourceIdentity"):
            self.sent.append(request)
        if host in self.broken or (host not in self.apps and host not in self.answers):
            return Said(self.broken.get(host, Ending.UNREACHABLE))
        if host in self.answers:
            return self.answers[host]
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {"host": host, **{name.lower(): value for name, value in request.headers}}
        answer = await exchange(self.apps[host], request.method, target, headers=headers, body=request.body)
        return Said(Ending.ANSWERED, answer.status, dict(answer.headers), answer.body)

    async def send(self, notice: Notice) -> None:
        """See ``Notifier.send``."""
        parts = urlsplit(notice.endpoint.uri)
        app = self.apps.get(parts.hostname or "")
        if app is None:
            await self.told.put(msgspec.json.decode(notice.body))
            return
        given = {name.lower(): value for name, value in notice.headers}
        headers = {"host": parts.hostname or "", "content-type": notice.media, **given}
        answer = await exchange(app, "POST", parts.path, headers=headers, body=notice.body)
        if answer.status >= 400:
            raise DeliveryRefused(f"the receiver answered {answer.status}")

    async def close(self) -> None:
        """See ``Notifier.close``."""

    def to(self, host: str) -> list[Outgoing]:
        """The requests that went to a host."""
        return [one for one in self.sent if urlsplit(one.url).hostname == host]


@asynccontextmanager
async def federation(*names: str) -> AsyncIterator[tuple[Wire, dict[str, TestBroker]]]:
    """Brokers of these names and the wire between them; ``<name>.test`` is where each is."""
    wire, brokers = Wire(), {}
    for name in names:
        brokers[name] = await _open(name, wire)
        wire.apps[f"{name}.test"] = brokers[name].app
    try:
        yield wire, brokers
    finally:
        for one in brokers.values():
            await one.close()


async def _open(name: str, wire: Wire) -> TestBroker:
    store, contexts = MemoryStore(), Contexts()
    registrations = Registrations(store, MemoryRegistrationBooks())
    await registrations.open()
    subscriptions = Subscriptions(store, contexts, MemoryBooks(), wire)
    await subscriptions.open()
    distribution = Distribution(registrations, wire, contexts, identity=name)
    remote = RemoteSubscriptions(distribution, subscriptions, contexts, MemoryRelayBooks())
    remote.open()
    parts = ApiParts(
        broker=Broker(store),
        contexts=contexts,
        registrations=registrations,
        subscriptions=subscriptions,
        distribution=distribution,
        remote_subscriptions=remote,
        settings=ApiSettings(hosts=("*",)),
    )
    return TestBroker(name, create_api(parts), registrations, distribution, subscriptions, remote, store)
