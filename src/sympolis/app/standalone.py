"""The context broker alone: the NGSI-LD and OGC routes over a store, without a city around them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.app.assembly import api_settings, open_store
from sympolis.app.lock import Lock
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.settings import Settings

FOLDER = "broker"
"""Name of the broker's folder below ``settings.data``, where a city's twin has the city's name."""


@dataclass
class StandaloneBroker:
    """See the module; it is served like a twin (``server.Served``)."""

    broker: Broker
    lock: Lock
    asgi: Any
    address: str = ""
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def close(self) -> None:
        """Finish what was acknowledged and let go of the data folder."""
        await self.broker.store.close()
        self.lock.release()


async def open_broker(settings: Settings) -> StandaloneBroker:
    """A broker over ``settings.data``. Raises ``StoreUnavailable`` where another process holds the folder."""
    folder = settings.data / FOLDER
    lock = Lock(folder)
    lock.acquire()
    try:
        broker = Broker(open_store(settings, folder))
        parts = ApiParts(broker=broker, contexts=Contexts(), settings=api_settings(settings))
        return StandaloneBroker(broker, lock, create_api(parts))
    except BaseException:
        lock.release()
        raise
