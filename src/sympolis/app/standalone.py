"""The context broker alone: the NGSI-LD and OGC routes over a store, without a city around them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.app.bounds import api_settings
from sympolis.app.ground import Ground, lay_ground
from sympolis.app.lock import Lock
from sympolis.settings import Settings

FOLDER = "broker"
"""Name of the broker's folder below ``settings.data``, where a city's twin has the city's name."""


@dataclass
class StandaloneBroker:
    """See the module; it is served like a twin (``server.Served``)."""

    ground: Ground
    lock: Lock
    asgi: Any
    address: str = ""
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def close(self) -> None:
        """Finish what was acknowledged and let go of the data folder."""
        await self.ground.close()
        self.lock.release()


async def open_broker(settings: Settings) -> StandaloneBroker:
    """A broker over ``settings.data``. Raises ``StoreUnavailable`` where another process holds the folder."""
    folder = settings.data.absolute() / FOLDER
    lock = Lock(folder)
    lock.acquire()
    try:
        ground = await lay_ground(settings, folder)
        parts = ApiParts(
            broker=ground.broker,
            contexts=ground.contexts,
            library=ground.library,
            subscriptions=ground.subscriptions,
            registrations=ground.sources.registrations,
            source_subscriptions=ground.sources.subscriptions,
            distribution=ground.sources.distribution,
            remote_subscriptions=ground.sources.remote,
            snapshots=ground.lasting.snapshots,
            transients=ground.lasting.transients,
            entity_maps=ground.lasting.entity_maps,
            settings=api_settings(settings, alone=True),
        )
        return StandaloneBroker(ground, lock, create_api(parts))
    except BaseException:
        lock.release()
        raise
