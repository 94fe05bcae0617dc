"""Every store keeps the states around the changes that somebody waits for, and only those."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sympolis.context import merge
from sympolis.context.store import Store, Write
from sympolis.domain.changes import Change
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.memory import MemoryStore

ROAD, TREE, SPEED = "https://example.org/Road", "https://example.org/Tree", "https://example.org/speed"


@pytest.fixture(params=["memory", "embedded"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    return lambda: MemoryStore() if request.param == "memory" else EmbeddedStore.open(tmp_path / "data")


def thing(kind: str, number: int, speed: int) -> Entity:
    attributes = {SPEED: (Attribute(AttributeKind.PROPERTY, speed),)}
    return Entity(f"urn:ngsi-ld:T:{number}", (kind,), attributes)


def only_roads(tenant: str, change: Change) -> bool:
    return tenant == "a" and ROAD in change.types


async def written(store: Store, tenant: str) -> list[Change]:
    for entity in (thing(ROAD, 1, 30), thing(TREE, 2, 0), thing(ROAD, 1, 50)):
        await store.write([Write(entity.id, merge.upsert_replace(entity))], tenant=tenant)
    await store.write([Write("urn:ngsi-ld:T:1", merge.delete)], tenant=tenant)
    return await store.changes(0, states=True, tenant=tenant)


def speeds(changes: list[Change]) -> list[tuple[Any, Any]]:
    return [tuple(one and one.value(SPEED) for one in (change.before, change.after)) for change in changes]  # type: ignore[misc]


def test_wanted_changes_carry_both_states_and_others_none(open_store: Callable[[], Store]) -> None:
    async def scene() -> None:
        store = open_store()
        store.keep_states(only_roads)
        assert speeds(await written(store, "a")) == [(None, 30), (None, None), (30, 50), (50, None)]
        assert speeds(await written(store, "b")) == [(None, None)] * 4
        assert speeds(await store.changes(0, tenant="a")) == [(None, None)] * 4, "not asked for"
        await store.close()

    asyncio.run(scene())


def test_states_are_forgotten_up_to_a_number_and_no_further(open_store: Callable[[], Store]) -> None:
    async def scene() -> None:
        store = open_store()
        store.keep_states(only_roads)
        before = await written(store, "a")
        await store.forget_states(3, tenant="a")
        after = await store.changes(0, states=True, tenant="a")
        assert speeds(after) == [(None, None), (None, None), (None, None), (50, None)]
        assert after == before, "the log itself stays"
        await store.close()

    asyncio.run(scene())


def test_states_survive_a_restart(tmp_path: Path) -> None:
    async def scene() -> None:
        store = EmbeddedStore.open(tmp_path)
        store.keep_states(only_roads)
        await written(store, "a")
        await store.close()
        again = EmbeddedStore.open(tmp_path)
        assert speeds(await again.changes(2, states=True, tenant="a")) == [(30, 50), (50, None)]
        await again.close()

    asyncio.run(scene())
