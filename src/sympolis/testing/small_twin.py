"""The small city as a running twin behind its API: everything is real but the model, which is a toy."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.ledger import MemoryLedger
from sympolis.api.asgi import Api, create_api
from sympolis.api.parts import ApiParts, ApiSettings
from sympolis.city import acquiring, package
from sympolis.context.broker import Broker
from sympolis.context.store import Store
from sympolis.context.terms import Contexts
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.model_desk import ModelSetup
from sympolis.orchestration.service import Lever, ServiceSetup, Step
from sympolis.orchestration.workers import PoolSettings
from sympolis.plugins import loader
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Client
from sympolis.testing.simulators import ToySimulator
from sympolis.testing.small_city import write_package

ENTRY = ServiceSetup(
    id="entry-charge",
    title={"en": "Entry charge"},
    question={"en": "What if driving in cost money?"},
    steps=(Step("toy"),),
    levers=(Lever(name="charge", measure="charge_entry", parameter="charge_eur", low=0.0, high=10.0),),
    indicators=("nox", "travel"),
)
"""The one question that the small city asks."""


@dataclass(frozen=True, slots=True)
class SmallTwin:
    """The twin's parts, for tests that look behind the API."""

    api: Api
    client: Client
    broker: Broker
    coordinator: Coordinator
    desk: Desk


async def open_small_twin(folder: Path, store: Store, settings: ApiSettings) -> tuple[Api, ApiParts]:
    """Build the twin in ``folder`` over ``store`` and ingest its sources."""
    city = package.load(write_package(folder / "smallville"))
    contexts, broker = Contexts(), Broker(store)
    terms = await contexts.resolve(city.context["@context"])
    coordinator = acquiring.coordinator(
        city, broker, terms, connectors=loader.connectors(), ledger=MemoryLedger()
    )
    desk = Desk(
        broker, terms, {"toy": ToySimulator}, folder / "desk", city=city.id,
        models=[ModelSetup(id="toy", simulator="toy")], services=[ENTRY], workers=PoolSettings(workers=2, grace_s=0.3),
    )  # fmt: skip
    await desk.open()
    await coordinator.run_all()
    parts = ApiParts(
        broker=broker, contexts=contexts, city=city, coordinator=coordinator, desk=desk, settings=settings
    )
    return create_api(parts), parts


@contextmanager
def small_twin(
    folder: Path, *, store: Store | None = None, settings: ApiSettings | None = None
) -> Iterator[SmallTwin]:
    """A running twin and a client for it; everything is closed at the end of the block."""
    loop = asyncio.new_event_loop()
    kept = store or MemoryStore()
    api, parts = loop.run_until_complete(open_small_twin(folder, kept, settings or ApiSettings()))
    client = Client(api, loop)
    assert parts.coordinator is not None
    assert parts.desk is not None
    try:
        yield SmallTwin(api, client, parts.broker, parts.coordinator, parts.desk)
    finally:
        loop.run_until_complete(parts.desk.close())
        loop.run_until_complete(kept.close())
        client.close()
