"""What a broker needs to work with others: its registrations, who subscribed to them, a way to ask the others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sympolis.app.courier import HttpCourier
from sympolis.context.distributed.relays import KeepsSources, MemoryRelayBooks, RelayBooks, SourceBooks
from sympolis.context.distributed.service import Distribution
from sympolis.context.distributed.subscribing import RemoteSubscriptions
from sympolis.context.registrations.books import (
    KeepsWatching,
    MemoryRegistrationBooks,
    RegistrationBooks,
    WatchingBooks,
)
from sympolis.context.registrations.service import Registrations
from sympolis.context.registrations.telling import SourceSubscriptions
from sympolis.context.store import Store
from sympolis.context.subscriptions.books import MemoryBooks, SubscriptionBooks
from sympolis.context.subscriptions.service import Subscriptions
from sympolis.context.terms import Contexts
from sympolis.egress import EgressPolicy, Guard, HttpClient
from sympolis.notify import EndpointNotifier
from sympolis.settings import Settings
from sympolis.stores.embedded.registrations import EmbeddedRegistrationBooks
from sympolis.stores.embedded.subscriptions import EmbeddedBooks

FOLDER = "sources"
"""Below the data folder: what concerns other brokers."""


@dataclass(frozen=True)
class Joined:
    """See the module; ``close`` it before the store."""

    registrations: Registrations
    subscriptions: SourceSubscriptions
    distribution: Distribution
    remote: RemoteSubscriptions

    async def close(self) -> None:
        """Stop telling of registrations, then let go of them."""
        await self.remote.close()
        await self.distribution.close()
        await self.subscriptions.close()
        await self.registrations.close()


async def open_sources(
    settings: Settings,
    store: Store,
    contexts: Contexts,
    folder: Path,
    client: HttpClient,
    local: Subscriptions,
) -> Joined:
    """The registrations kept below ``folder``, at work."""
    books: RegistrationBooks
    told: SubscriptionBooks
    relays: RelayBooks
    if settings.store == "memory":
        books, told, relays = MemoryRegistrationBooks(), MemoryBooks(), MemoryRelayBooks()
    else:
        books = relays = source_books(store, folder)
        told = watching_books(store, folder)
    registrations = Registrations(store, books)
    await registrations.open()
    guard = Guard(EgressPolicy(allow_loopback=settings.allow_loopback, allowed=settings.allow_hosts))
    subscriptions = SourceSubscriptions(registrations, store, contexts, told, EndpointNotifier(guard))
    await subscriptions.open()
    distribution = Distribution(
        registrations,
        HttpCourier(client),
        contexts,
        identity=_identity(settings, store, folder / FOLDER),
        timeout_s=settings.forward_timeout_s,
    )
    address = settings.public_url.rstrip("/")
    remote = RemoteSubscriptions(distribution, local, contexts, relays, address=address)
    remote.open()
    return Joined(registrations, subscriptions, distribution, remote)


def source_books(store: Store | None, folder: Path) -> EmbeddedRegistrationBooks | SourceBooks:
    """The registrations where they are kept: by the store itself where several processes use it, else in ``folder``."""
    if isinstance(store, KeepsSources):
        return store.source_books()
    return EmbeddedRegistrationBooks.open(folder / FOLDER)


def watching_books(store: Store | None, folder: Path) -> EmbeddedBooks | WatchingBooks:
    """The subscriptions to context sources where they are kept: by the same rule."""
    return store.watching_books() if isinstance(store, KeepsWatching) else EmbeddedBooks.open(folder / FOLDER)


def _identity(settings: Settings, store: Store, folder: Path) -> str:
    """Who this broker is to others: the same after a restart, as long as its data are (clause 5.2.40)."""
    fresh = f"sympolis-{uuid4().hex[:16]}"
    if settings.store == "memory":
        return fresh
    if isinstance(store, KeepsSources):
        return store.source_books().identity(fresh)
    path = folder / "identity"
    if not path.exists():
        path.write_text(fresh, encoding="ascii")
    return path.read_text(encoding="ascii").strip()
