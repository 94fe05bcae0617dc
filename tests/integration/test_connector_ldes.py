"""One Sympolis replicates another's event stream, page by page, and then only what has grown."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sympolis.acquisition.deliveries import Deliveries, Delivery
from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.retrieval import Downloaded, Retriever
from sympolis.acquisition.source import Refresh, Source
from sympolis.plugins.connector import Origin
from sympolis.plugins.connectors.ldes import LdesConnector
from sympolis.plugins.connectors.ldes.settings import LdesSettings
from sympolis.testing.federation import TestBroker, federation

TYPE = "https://uri.etsi.org/ngsi-ld/default-context/Parking"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def planned() -> PlannedSource:
    source = Source(
        id="parking",
        title={"en": "Parking"},
        connector="ldes",
        mapping="parking",
        path="x.ttl",
        url="http://there.test",
        licence="CC0-1.0",
        owner="Town",
        attribution="Town",
        refresh=Refresh(url="http://there.test/ldes/Parking"),
    )
    return PlannedSource(source, None, Path("x.ttl"), LdesSettings(types=(TYPE,)))  # type: ignore[arg-type]


async def put(there: TestBroker, first: int, count: int, free: int) -> None:
    entities = [
        {
            "id": f"urn:ngsi-ld:Parking:{number}",
            "type": "Parking",
            "free": {"type": "Property", "value": free},
            "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [11.3, 44.5]}},
        }
        for number in range(first, first + count)
    ]
    answer = await there.ask("POST", "/ngsi-ld/v1/entityOperations/upsert", entities)
    assert answer.status in (201, 204), answer.body


def values(delivery: Delivery) -> dict[str, Any]:
    rows = LdesConnector().read(Origin(delivery.path), LdesSettings(types=(TYPE,)))
    found = {}
    for row in rows:
        assert row.fields["local_id"] not in found and row.geometry is not None
        found[row.fields["local_id"]] = row.fields["free.hasValue"]
    return found


def test_a_neighbour_s_stream_is_replicated(tmp_path: Path) -> None:
    async def scene() -> None:
        async with asyncio.timeout(120), federation("there") as (_, brokers):
            there, asked = brokers["there"], []

            async def download(url: str, *, headers: Mapping[str, str], to: Path, **_: Any) -> Downloaded:
                parts = urlsplit(url)
                asked.append(parts.query)
                target = parts.path + (f"?{parts.query}" if parts.query else "")
                answer = await there.ask("GET", target, headers={k.lower(): v for k, v in headers.items()})
                to.write_bytes(answer.body)
                return Downloaded(answer.status, dict(answer.headers))

            clock = iter(NOW + timedelta(days=day) for day in range(10))
            retriever = Retriever(download, Deliveries(tmp_path), clock=lambda: next(clock))
            await put(there, 0, 300, 1)
            first = await retriever.retrieve(planned(), LdesConnector())
            assert len(asked) == 2 and set(values(first).values()) == {1} and len(values(first)) == 300
            first.take()
            asked.clear()
            await put(there, 7, 1, 2)
            second = await retriever.retrieve(planned(), LdesConnector())
            assert len(asked) == 1 and values(second)["7"] == 2 and len(values(second)) < 100
            second.take()
            third = await retriever.retrieve(planned(), LdesConnector())
            assert third.id == second.id

    asyncio.run(scene())
