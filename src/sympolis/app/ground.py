"""What a twin and a broker alone both stand on: a store, the known @contexts, subscriptions, a guarded way out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sympolis.app.fetching import context_fetcher
from sympolis.app.notifying import open_subscriptions
from sympolis.context.broker import Broker
from sympolis.context.store import Store
from sympolis.context.subscriptions.service import Subscriptions
from sympolis.context.terms import Contexts
from sympolis.egress.guard import EgressPolicy, Guard
from sympolis.egress.http import HttpClient
from sympolis.settings import Settings
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.memory import MemoryStore


@dataclass(frozen=True)
class Ground:
    """See the module; ``close`` it last."""

    broker: Broker
    contexts: Contexts
    subscriptions: Subscriptions
    client: HttpClient
    """Every call that the server makes to others goes through it, and through its guard."""

    async def close(self) -> None:
        """Let go of the store's files and of open connections."""
        await self.subscriptions.close()
        await self.client.close()
        await self.broker.store.close()


async def lay_ground(settings: Settings, folder: Path) -> Ground:
    """Store, contexts and the way out, for ``settings``; files below ``folder``. Raises ``StoreUnavailable``."""
    client = HttpClient(Guard(EgressPolicy(allow_loopback=settings.allow_loopback)))
    store: Store = MemoryStore() if settings.store == "memory" else EmbeddedStore.open(folder / "store")
    contexts = Contexts(fetch=context_fetcher(client))
    subscriptions = await open_subscriptions(settings, store, contexts, folder)
    return Ground(Broker(store), contexts, subscriptions, client)
