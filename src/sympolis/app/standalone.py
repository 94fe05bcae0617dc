"""The context broker alone: the NGSI-LD and OGC routes over a store, without a city around them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.app.bounds import api_settings
from sympolis.app.ground import Ground, lay_ground
from sympolis.app.lock import Lock
from sympolis.context.broker import Broker
from sympolis.settings import Settings

if TYPE_CHECKING:
    from sympolis.app.governing import Government

FOLDER = "broker"
"""Name of the broker's folder below ``settings.data``, where a city's twin has the city's name."""


@dataclass
class StandaloneBroker:
    """See the module; it is served like a twin (``server.Served``)."""

    ground: Ground
    lock: Lock
    asgi: Any
    government: Government | None = None
    """Asks who somebody is; None where everybody may do everything."""
    address: str = ""
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def close(self) -> None:
        """Finish what was acknowledged and let go of the data folder."""
        if self.government is not None:
            await self.government.close()
        await self.ground.close()
        self.lock.release()


async def open_broker(settings: Settings) -> StandaloneBroker:
    """A broker over ``settings.data``. Raises ``StoreUnavailable`` where another process holds the folder."""
    folder = settings.data.absolute() / FOLDER
    lock = Lock(folder)
    lock.acquire()
    try:
        ground = await lay_ground(settings, folder)
        government = _government(settings, folder, ground)
        access = None if government is None else government.access
        parts = ApiParts(
            broker=ground.broker if access is None else _gated(ground.broker),
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
            governed=None if government is None else government.governed,
            access=access,
        )
        return StandaloneBroker(ground, lock, create_api(parts), government)
    except BaseException:
        lock.release()
        raise


def _government(settings: Settings, folder: Path, ground: Ground) -> Government | None:
    """Loaded only where it is asked for: a broker on its own machine starts without it."""
    if settings.identity != "required":
        return None
    from sympolis.app.governing import open_government

    return open_government(settings, folder, ground)


def _gated(broker: Broker) -> Broker:
    from sympolis.app.governing import gated_broker

    return gated_broker(broker)
