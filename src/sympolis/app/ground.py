"""What a twin and a broker alone both stand on: a store, the known @contexts, subscriptions, a guarded way out."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sympolis.app import mark
from sympolis.app.adopting import CONTEXTS, adopt_files
from sympolis.app.joining import Joined, open_sources
from sympolis.app.knowledge import open_contexts
from sympolis.app.lasting import Lasting, open_lasting
from sympolis.app.notifying import open_subscriptions
from sympolis.context.broker import Broker
from sympolis.context.library import ContextLibrary, KeepsContexts, Shelf
from sympolis.context.store import Store
from sympolis.context.subscriptions.service import Subscriptions
from sympolis.context.terms import Contexts
from sympolis.domain import errors
from sympolis.egress import tls
from sympolis.egress.guard import EgressPolicy, Guard
from sympolis.egress.http import HttpClient
from sympolis.notify import EndpointNotifier
from sympolis.settings import POSTGRESQL, Settings
from sympolis.stores.context_files import ContextFiles
from sympolis.stores.embedded import EmbeddedStore

if TYPE_CHECKING:
    from sympolis.stores.postgres import PostgresStore


@dataclass(frozen=True)
class Ground:
    """See the module; ``close`` it last."""

    broker: Broker
    contexts: Contexts
    library: ContextLibrary
    subscriptions: Subscriptions
    client: HttpClient
    """Every call that the server makes to others goes through it, and through its guard."""
    sources: Joined
    lasting: Lasting
    guard: Guard
    """Where this server may call; ``client`` goes through it, and so does whatever speaks something else."""

    async def close(self) -> None:
        """Let go of the store's files and of open connections."""
        await self.lasting.close()
        await self.subscriptions.close()
        await self.sources.close()
        await self.library.close()
        await self.client.close()
        await self.broker.store.close()


def egress_policy(settings: Settings) -> EgressPolicy:
    """Where this server may call."""
    return EgressPolicy(allow_loopback=settings.allow_loopback, allowed=settings.allow_hosts)


def own_tls(settings: Settings) -> ssl.SSLContext | None:
    """How this server shows itself to others; None where nothing is set. Raises ``SettingsInvalid``."""
    if not settings.tls_certificate and not settings.tls_roots:
        return None
    return tls.context(certificate=settings.tls_certificate, key=settings.tls_key, roots=settings.tls_roots)


async def lay_ground(settings: Settings, folder: Path) -> Ground:
    """Store, contexts and the way out, for ``settings``; files below ``folder``. Raises ``StoreUnavailable``."""
    mark.check(folder)
    policy = egress_policy(settings)
    guard = Guard(policy)
    client = HttpClient(guard, tls=own_tls(settings))
    store = await open_store(settings, folder)
    await asyncio.to_thread(adopt_files, store, folder)
    try:
        shelf = None if settings.store == "memory" else context_shelf(store, folder)
        contexts, library = open_contexts(settings, client, shelf)
    except BaseException:
        await store.close()
        raise
    library.watch()
    subscriptions = await open_subscriptions(settings, store, contexts, folder)
    library.needed_by(subscriptions.contexts_in_use)
    sources = await open_sources(settings, store, contexts, folder, client, subscriptions)
    broker = Broker(store)
    kept_in = None if settings.store == "memory" else folder
    lasting = await open_lasting(broker, subscriptions, EndpointNotifier(Guard(policy)), kept_in)
    return Ground(broker, contexts, library, subscriptions, client, sources, lasting, guard)


def context_shelf(store: Store | None, folder: Path) -> Shelf:
    """Where hosted contexts are kept: by the store itself where several processes use it, else in ``folder``."""
    return store.context_shelf() if isinstance(store, KeepsContexts) else ContextFiles(folder / CONTEXTS)


async def open_store(settings: Settings, folder: Path) -> Store:
    """The store of the settings, files below ``folder``. Raises ``StoreUnavailable`` or ``SettingsInvalid``."""
    if settings.store == "memory":
        from sympolis.stores.memory import MemoryStore

        return MemoryStore()
    if settings.store.startswith(POSTGRESQL):
        return await _postgres().open(settings.store)
    return EmbeddedStore.open(folder / "store", hot_months=settings.hot_months)


def _postgres() -> type[PostgresStore]:
    """Loaded only where it is asked for: its driver is an extra."""
    try:
        from sympolis.stores.postgres import PostgresStore
    except ImportError as problem:
        raise errors.SettingsInvalid(
            "the driver for PostgreSQL is not installed",
            where="store",
            hint="pip install 'sympolis[postgres]'",
        ) from problem
    return PostgresStore
