"""When the disk is full, writes are refused and leave nothing behind, reads go on; with room again all is well."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.context import merge
from sympolis.context.broker import Broker
from sympolis.context.query import Query
from sympolis.context.store import Write
from sympolis.context.terms import Contexts
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.errors import StoreUnavailable
from sympolis.stores.embedded import EmbeddedStore
from sympolis.testing.asgi_client import Client
from sympolis.testing.dumps import everything
from sympolis.testing.stores import creating, observed, road

LARGE = "x" * 200_000


def large(number: int) -> Entity:
    return Entity(
        f"urn:large:{number}",
        ("https://example.org/T",),
        {"https://example.org/text": (Attribute(AttributeKind.PROPERTY, LARGE),)},
    )


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes: what a quota does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def set_most_pages(store: EmbeddedStore, pages: int) -> None:
    """Let the database have no more pages: SQLite then says that the disk is full."""
    place = store._place("")
    await place.write(lambda recorder: recorder._db.execute(f"PRAGMA max_page_count = {pages}").fetchall())


def test_full_is_refused_and_room_again_is_used(tmp_path: Path) -> None:
    async def run() -> None:
        store = EmbeddedStore.open(tmp_path)
        await store.write(creating(road(1, speed=observed(1))))
        before = await everything(store)
        await set_most_pages(store, 1)  # SQLite takes as many as there are
        with pytest.raises(StoreUnavailable, match="full"):
            await store.write([Write(large(1).id, merge.create(large(1)))])
        assert await everything(store) == before
        with pytest.raises(StoreUnavailable):
            await asyncio.gather(
                *(store.write([Write(large(n).id, merge.create(large(n)))]) for n in range(5))
            )
        assert (await store.status()).position == 1
        await set_most_pages(store, 1_000_000)
        [outcome] = await store.write([Write(large(2).id, merge.create(large(2)))])
        assert outcome.change is not None and outcome.change.number == 2
        assert (await store.query(Query(count=True))).total == 2
        await store.close()
        again = EmbeddedStore.open(tmp_path)
        assert (await again.query(Query(count=True))).total == 2
        await again.close()

    asyncio.run(run())


def test_a_write_that_the_system_cuts_short_leaves_nothing_behind(tmp_path: Path) -> None:
    async def run() -> None:
        store = EmbeddedStore.open(tmp_path)
        await store.write(creating(road(1, speed=observed(1))))
        before = await everything(store)
        largest = max(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
        with files_no_larger_than(largest + 50_000):
            for number in range(3):
                with pytest.raises(StoreUnavailable):
                    await store.write([Write(large(number).id, merge.create(large(number)))])
            assert await everything(store) == before
        [outcome] = await store.write([Write(large(4).id, merge.create(large(4)))])
        assert outcome.error is None
        await store.close()
        again = EmbeddedStore.open(tmp_path)
        assert sorted([one.id for one in (await again.query(Query())).entities]) == [large(4).id, road(1).id]
        assert (await again.status()).observations == 1
        await again.close()

    asyncio.run(run())


def test_a_client_is_told_503_and_may_try_again(tmp_path: Path) -> None:
    store = EmbeddedStore.open(tmp_path)
    client = Client(create_api(ApiParts(broker=Broker(store), contexts=Contexts())))
    body = {"id": "urn:large:1", "type": "T", "text": {"type": "Property", "value": LARGE}}
    client.loop.run_until_complete(set_most_pages(store, 1))
    refused = client.post("/ngsi-ld/v1/entities", body)
    assert refused.status == 503
    assert client.get("/ngsi-ld/v1/entities/urn:large:1").status == 404
    client.loop.run_until_complete(set_most_pages(store, 1_000_000))
    assert client.post("/ngsi-ld/v1/entities", body).status == 201
    client.loop.run_until_complete(store.close())
    client.close()
