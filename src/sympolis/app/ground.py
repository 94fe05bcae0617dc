"""What a twin and a broker alone both stand on: a store, the known @contexts, and a guarded way out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sympolis.app.fetching import context_fetcher
from sympolis.context.broker import Broker
from sympolis.context.store import Store
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
    client: HttpClient
    """Every call that the server makes to others goes through it, and through its guard."""

    async def close(self) -> None:
        """Let go of the store's files and of open connections."""
        await self.client.close()
        await self.broker.store.close()


def lay_ground(settings: Settings, folder: Path) -> Ground:
    """Store, contexts and the way out, for ``settings``; files below ``folder``. Raises ``StoreUnavailable``."""
    client = HttpClient(Guard(EgressPolicy(allow_loopback=settings.allow_loopback)))
    store: Store = MemoryStore() if settings.store == "memory" else EmbeddedStore.open(folder / "store")
    return Ground(Broker(store), Contexts(fetch=context_fetcher(client)), client)
