"""A broker whose snapshots, ends and subscriptions work together, as the composition root joins them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sympolis.api.asgi import Api, create_api
from sympolis.api.parts import ApiParts
from sympolis.app.lasting import Lasting, open_lasting
from sympolis.context.broker import Broker
from sympolis.context.instants import format_instant
from sympolis.context.store import Store
from sympolis.context.subscriptions.books import MemoryBooks
from sympolis.context.subscriptions.notice import Notice
from sympolis.context.subscriptions.service import Subscriptions
from sympolis.context.terms import Contexts
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Answer, exchange

ROOT = "/ngsi-ld/v1"


class Post:
    """Hands over what is sent."""

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[Notice] = asyncio.Queue()

    async def send(self, notice: Notice) -> None:
        await self.arrived.put(notice)

    async def close(self) -> None:
        pass


@dataclass
class Setting:
    api: Api
    lasting: Lasting
    subscriptions: Subscriptions
    post: Post = field(default_factory=Post)

    async def ask(self, method: str, target: str, document: Any = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await exchange(self.api, method, ROOT + target, json=document, headers=named)

    async def snapshot(self, tenant: str = "") -> str:
        queries = [{"type": "Query", "entities": [{"type": "Bus"}]}]
        named = {"NGSILD_Tenant": tenant} if tenant else {}
        answer = await self.ask(
            "POST", "/snapshots", {"type": "Snapshot", "snapshotQueries": queries}, **named
        )
        assert answer.status == 201
        await self.lasting.snapshots.settled()
        return (answer.header("location") or "").rpartition("/")[2]


@asynccontextmanager
async def opened(store: Store) -> AsyncIterator[Setting]:
    contexts, broker, post = Contexts(), Broker(store), Post()
    subscriptions = Subscriptions(store, contexts, MemoryBooks(), post)
    await subscriptions.open()
    lasting = await open_lasting(broker, subscriptions, post)
    parts = ApiParts(
        broker=broker,
        contexts=contexts,
        subscriptions=subscriptions,
        snapshots=lasting.snapshots,
        transients=lasting.transients,
        entity_maps=lasting.entity_maps,
    )
    try:
        yield Setting(create_api(parts), lasting, subscriptions, post)
    finally:
        await lasting.close()
        await subscriptions.close()
        await store.close()


class Clock:
    """Goes as all others do, but may be put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def seconds(self) -> float:
        return self.now().timestamp()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "embedded"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Store:
    if request.param == "memory":
        return MemoryStore(now=clock.now)
    return EmbeddedStore.open(tmp_path, now=clock.now)


def bus(number: int, **members: Any) -> dict[str, Any]:
    return {"id": f"urn:ngsi-ld:Bus:{number}", "type": "Bus", "load": {"value": number}, **members}


def subscription(*triggers: str) -> dict[str, Any]:
    return {
        "id": "urn:ngsi-ld:Subscription:1",
        "type": "Subscription",
        "entities": [{"type": "Bus"}],
        "notificationTrigger": list(triggers),
        "notification": {"endpoint": {"uri": "http://receiver.example/"}},
    }


def test_subscribers_are_told_of_ends(store: Store, clock: Clock) -> None:
    async def scenario() -> None:
        async with opened(store) as setting, asyncio.timeout(20):
            setting.lasting.transients._clock = clock.seconds
            ends = format_instant(datetime.now(UTC) + timedelta(hours=1))
            await setting.ask("POST", "/subscriptions", subscription("entityDeleted"))
            assert (await setting.ask("POST", "/entities", bus(1, expiresAt=ends))).status == 201
            clock.ahead = timedelta(hours=2)
            assert (await setting.ask("GET", "/entities/urn:ngsi-ld:Bus:1")).status == 404
            told = msgspec.json.decode((await setting.post.arrived.get()).body)
            assert told["data"][0]["id"] == "urn:ngsi-ld:Bus:1" and told["data"][0]["deletedAt"] >= ends

    asyncio.run(scenario())


def test_a_snapshot_has_subscriptions_of_its_own(store: Store) -> None:
    async def scenario() -> None:
        async with opened(store) as setting, asyncio.timeout(20):
            await setting.ask("POST", "/entities", bus(1), NGSILD_Tenant="north")
            named = {"NGSILD_Tenant": "north", "NGSILD_Snapshot": await setting.snapshot("north")}
            made = await setting.ask("POST", "/subscriptions", subscription("entityCreated"), **named)
            assert made.status == 201
            await setting.ask("POST", "/entities", bus(2), NGSILD_Tenant="north")
            await setting.ask("POST", "/entities", bus(3), **named)
            notice = await setting.post.arrived.get()
            assert msgspec.json.decode(notice.body)["data"][0]["id"] == "urn:ngsi-ld:Bus:3"
            headers = {name: value for name, value in notice.headers if name.startswith("NGSILD")}
            assert headers == {name.replace("_", "-"): value for name, value in named.items()}
            assert (await setting.ask("GET", "/subscriptions", NGSILD_Tenant="north")).json == []

    asyncio.run(scenario())


def test_what_belongs_to_a_snapshot_goes_with_it(store: Store) -> None:
    async def scenario() -> None:
        async with opened(store) as setting, asyncio.timeout(20):
            await setting.ask("POST", "/entities", bus(1))
            named = {"NGSILD_Snapshot": await setting.snapshot()}
            await setting.ask("POST", "/subscriptions", subscription("entityCreated"), **named)
            made = await setting.ask("GET", "/entityMaps?type=Bus", **named)
            assert made.status == 201 and setting.lasting.entity_maps.count == 1
            target = f"/snapshots/{named['NGSILD_Snapshot']}"
            assert (await setting.ask("DELETE", target)).status == 204
            assert setting.lasting.entity_maps.count == 0
            assert (await setting.ask("GET", "/subscriptions", **named)).status == 404
            assert setting.subscriptions.contexts_in_use() == []

    asyncio.run(scenario())
