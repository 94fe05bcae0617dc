"""What subscriptions cost: per change while they do not match, and from an acknowledged write to the receiver.

Run it with ``python -m benchmarks.subscriptions [number of subscriptions]``.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sympolis.context import effects
from sympolis.context.broker import Broker
from sympolis.context.codec import parse_entity
from sympolis.context.subscriptions import parsing
from sympolis.context.subscriptions.index import SubscriptionIndex
from sympolis.context.subscriptions.matching import Matcher
from sympolis.context.subscriptions.service import Subscriptions
from sympolis.context.terms import Contexts, core_terms
from sympolis.domain.changes import Change
from sympolis.egress import EgressPolicy, Guard
from sympolis.notify import EndpointNotifier
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.embedded.subscriptions import EmbeddedBooks
from sympolis.testing.receivers import receiver

NOW = datetime.now(UTC)
ROUNDS = 2000
NOTIFICATIONS = 500

Kind = Callable[[int], dict[str, Any]]
KINDS: dict[str, Kind] = {
    "another type": lambda number: {"entities": [{"type": f"Other{number}"}]},
    "another id": lambda number: {"entities": [{"type": "Road", "id": f"urn:ngsi-ld:Road:other:{number}"}]},
    "another attribute": lambda number: {
        "entities": [{"type": "Road"}],
        "watchedAttributes": [f"attribute{number}"],
    },
    "another value (==)": lambda number: {"entities": [{"type": "Road"}], "q": f'name=="street {number}"'},
    "another value (>), 1 in 100": lambda number: (
        {"entities": [{"type": "Road"}], "q": f"speed>{1000 + number}"}
        if number % 100 == 0
        else {"entities": [{"type": f"Other{number}"}]}
    ),
}


def road(speed: int) -> dict[str, Any]:
    """An entity as sensors send it."""
    return {
        "id": "urn:ngsi-ld:Road:1",
        "type": "Road",
        "name": {"type": "Property", "value": "Via Indipendenza"},
        "speed": {"type": "Property", "value": speed, "unitCode": "KMH"},
        "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [11.34, 44.49]}},
    }


def document(uri: str, **more: Any) -> dict[str, Any]:
    """A subscription to ``uri``."""
    return {"type": "Subscription", "notification": {"endpoint": {"uri": uri}}, **more}


def matching(kind: Kind, count: int) -> dict[str, float]:
    """Microseconds per change, for the writer's question and for the worker's."""
    index = SubscriptionIndex()
    for number in range(count):
        given = document("http://receiver.example", **kind(number))
        index.add(
            parsing.parse(given, core_terms(), subscription_id=f"urn:x:{number}", context=None, now=NOW)
        )
    matcher = Matcher(index)
    before, after = (parse_entity(road(speed), core_terms()) for speed in (30, 50))
    found = effects.change(before, after, number=1, at=NOW, cause="")
    change = Change(
        1, NOW, found.kind, found.entity_id, found.types, found.attributes, "", before=before, after=after
    )
    assert not matcher.matches(change, NOW)
    return {
        "writer_us": _microseconds(lambda: index.touches(change)),
        "worker_us": _microseconds(lambda: matcher.matches(change, NOW)),
    }


def _microseconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    for _ in range(ROUNDS):
        work()
    return round((time.process_time() - started) / ROUNDS * 1e6, 2)


async def delivering(count: int) -> dict[str, float]:
    """Milliseconds from the acknowledgement of a write to its arrival, one at a time; then all at once."""
    with tempfile.TemporaryDirectory() as folder:
        store, books = EmbeddedStore.open(Path(folder)), EmbeddedBooks.open(Path(folder))
        contexts, broker = Contexts(), Broker(store)
        notifier = EndpointNotifier(Guard(EgressPolicy(allow_loopback=True)))
        service = Subscriptions(store, contexts, books, notifier)
        await service.open()
        async with receiver() as there:
            for number in range(count):
                given = document(there.url, **KINDS["another type"](number))
                await service.create(given, contexts.core(), None)
            await service.create(document(there.url, entities=[{"type": "Road"}]), contexts.core(), None)
            waits = []
            for speed in range(NOTIFICATIONS):
                entity = parse_entity(road(speed), core_terms())
                await broker.upsert([entity])
                started = time.perf_counter()
                await there.next()
                waits.append((time.perf_counter() - started) * 1000)
            cpu, started = time.process_time(), time.perf_counter()
            writes = [
                broker.upsert([parse_entity(road(-speed), core_terms())]) for speed in range(NOTIFICATIONS)
            ]
            await asyncio.gather(*writes)
            speeds = [(await there.next()).json["data"][0]["speed"]["value"] for _ in writes]
            assert speeds == sorted(speeds, reverse=True), "in order"
            spent, took = time.process_time() - cpu, time.perf_counter() - started
        await service.close()
        await store.close()
    return {
        "p50_ms": round(statistics.median(waits), 2),
        "p99_ms": round(statistics.quantiles(waits, n=100)[98], 2),
        "burst_per_s": round(NOTIFICATIONS / took),
        "cpu_ms_each": round(spent / NOTIFICATIONS * 1000, 3),
    }


def main() -> None:
    """Print the figures as JSON."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    figures: dict[str, Any] = {name: matching(kind, count) for name, kind in KINDS.items()}
    figures["none"] = matching(KINDS["another type"], 0)
    figures["delivery, 200 others"] = asyncio.run(delivering(200))
    print(json.dumps({"subscriptions": count, **figures}, indent=2))


if __name__ == "__main__":
    main()
