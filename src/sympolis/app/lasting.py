"""What of the context has a lifetime of its own: entities that end, snapshots, entity maps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sympolis.api.errors import problem_document
from sympolis.context.broker import Broker
from sympolis.context.entity_maps import EntityMaps
from sympolis.context.map_shelves import KeepsMaps, MapShelf
from sympolis.context.snapshots.capture import Capture
from sympolis.context.snapshots.service import Snapshots
from sympolis.context.store import Store
from sympolis.context.subscriptions.sending import Notifier
from sympolis.context.subscriptions.service import Subscriptions
from sympolis.context.transient import Transients
from sympolis.stores.embedded.maps import EmbeddedMapShelf

_AT_ONCE = 100


@dataclass(frozen=True)
class Lasting:
    """See the module; ``close`` it before subscriptions and the store."""

    transients: Transients
    snapshots: Snapshots
    entity_maps: EntityMaps

    async def close(self) -> None:
        """Stop sweeping and making; what has not come to its end is kept."""
        await self.transients.close()
        await self.snapshots.close()
        self.entity_maps.close()


async def open_lasting(
    broker: Broker, subscriptions: Subscriptions, notifier: Notifier, folder: Path | None = None
) -> Lasting:
    """Lifetimes, at work on the broker's store. Call it when subscribers can be told of what ends.

    Entity maps are kept by the store where several processes use it, else in ``folder`` (None: not kept).
    """
    maps = EntityMaps(_map_shelf(broker.store, folder))

    async def forgotten(place: str) -> None:
        await maps.leave(place)
        while found := (await subscriptions.page(limit=_AT_ONCE, offset=0, tenant=place))[1]:
            for subscription, _ in found:
                await subscriptions.delete(subscription.id, tenant=place)

    capture = Capture(broker, broker.store, problem_document)
    snapshots = Snapshots(broker.store, capture, notifier=notifier, leaving=forgotten)
    transients = Transients(broker.store)
    await snapshots.open()
    await transients.open()
    return Lasting(transients, snapshots, maps)


def _map_shelf(store: Store, folder: Path | None) -> MapShelf | None:
    if isinstance(store, KeepsMaps):
        return store.map_shelf()
    return None if folder is None else EmbeddedMapShelf.open(folder)
