"""Bologna's own sources say the same in PostgreSQL as in memory, over a restart of the store, too."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sympolis.acquisition.ledger import MemoryLedger
from sympolis.city import acquiring, package
from sympolis.context.broker import Broker
from sympolis.context.query import Aggregation, HistoryQuery, Query
from sympolis.context.store import Store
from sympolis.context.terms import Contexts
from sympolis.domain.entity import Entity
from sympolis.plugins import loader
from sympolis.stores.memory import MemoryStore
from sympolis.stores.postgres import PostgresStore
from sympolis.testing.postgres import server

SOURCES = (
    "statistical-areas",
    "low-traffic-zones",
    "air-quality-stations",
    "air-quality-daily",
    "traffic-loops",
)
"""Areas, points, relations between them, and a history over several years."""
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_bologna_is_the_same_in_postgresql() -> None:
    async def scene() -> None:
        url = server().fresh_url()
        plain, store = MemoryStore(now=lambda: AT), await PostgresStore.open(url, now=lambda: AT)
        expected, found = await ingested(plain), await ingested(store)
        assert found == expected
        assert sum(expected.values()) > 1500
        await store.close()
        again = await PostgresStore.open(url, now=lambda: AT)
        assert await told(again) == await told(plain)
        assert await ingested(again) == await ingested(plain)
        log, same = await again.changes(0), await plain.changes(0)
        assert [replace(one, at=AT) for one in log] == [replace(one, at=AT) for one in same]
        await again.close()

    asyncio.run(scene())


async def ingested(store: Store) -> Counter[str]:
    """How many rows of each source were taken in."""
    city = package.load("bologna")
    terms = Contexts().resolve_local(city.context["@context"])
    coordinator = acquiring.coordinator(
        city, Broker(store), terms, connectors=loader.connectors(), ledger=MemoryLedger(), clock=lambda: AT
    )
    return Counter({source: (await coordinator.run(source)).accepted for source in SOURCES})


async def told(store: Store) -> dict[str, Any]:
    """What a store tells of the city: entities, kinds, histories, figures."""
    page = await store.query(Query(limit=1000, count=True))
    series = HistoryQuery(Query(limit=1000), methods=tuple(Aggregation), period_s=30 * 86_400)
    return {
        "total": page.total,
        "entities": [comparable(one) for one in page.entities],
        "months": [
            (one.entity_id, one.name, one.dataset_id, [rounded(bucket) for bucket in one.buckets])
            for one in (await store.history(series)).series
        ],
        "observations": (await store.status()).observations,
        "everything": [
            (one.entity_id, one.name, len(one.observations))
            for one in (await store.history(HistoryQuery(Query(limit=1000), time=None))).series
        ],
    }


def comparable(entity: Entity) -> Entity:
    return replace(entity, members={})


def rounded(bucket: Any) -> Any:
    figures = {
        method: round(figure, 6) if isinstance(figure, float) else figure
        for method, figure in bucket.figures.items()
    }
    return bucket.start, bucket.end, figures
