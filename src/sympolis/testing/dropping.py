"""The contract of stores that can let go of a tenant as a whole (``Dropping``), as tests; see ``testing.stores``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

import pytest

from sympolis.context import merge
from sympolis.context.places import clear, exists
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.store import Dropping, Store, Write
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.errors import NonexistentTenant

START = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
_ROAD = Entity("urn:ngsi-ld:Road:1", ("Road",), {"speed": (Attribute(AttributeKind.PROPERTY, 30, START),)})


class DroppingContract:
    """Derive from it and give it ``open_store``."""

    def open_store(self, now: Callable[[], datetime]) -> AbstractAsyncContextManager[Store]:
        """A new, empty store."""
        raise NotImplementedError

    def run(self, scenario: Callable[[Any], Awaitable[None]]) -> None:
        """Run a scenario on a new store."""

        async def opened() -> None:
            async with self.open_store(lambda: START) as store:
                await scenario(store)

        asyncio.run(opened())

    def test_a_dropped_tenant_is_gone_with_all_it_had(self) -> None:
        """State, history and change log."""

        async def scenario(store: Store) -> None:
            await _fill(store, "north")
            await clear(store, "north")
            if isinstance(store, Dropping):
                assert not await exists(store, "north")
                with pytest.raises(NonexistentTenant):
                    await store.query(Query(), tenant="north")
            else:
                assert (await store.query(Query(), tenant="north")).entities == ()

        self.run(scenario)

    def test_others_keep_what_they_have(self) -> None:
        """Dropping one tenant is nothing to another."""

        async def scenario(store: Store) -> None:
            for tenant in ("", "north", "south"):
                await _fill(store, tenant)
            await clear(store, "north")
            for tenant in ("", "south"):
                assert await store.get(_ROAD.id, tenant=tenant) is not None
                assert (await store.history(HistoryQuery(Query()), tenant=tenant)).series

        self.run(scenario)

    def test_a_name_can_be_used_again(self) -> None:
        """The tenant that comes after a dropped one of its name begins empty."""

        async def scenario(store: Store) -> None:
            await _fill(store, "north")
            await clear(store, "north")
            await store.observe((), tenant="north")
            assert (await store.query(Query(), tenant="north")).entities == ()
            assert (await store.history(HistoryQuery(Query()), tenant="north")).series == ()
            await _fill(store, "north")
            assert await store.get(_ROAD.id, tenant="north") is not None

        self.run(scenario)

    def test_what_was_never_there_can_be_dropped(self) -> None:
        """Twice, too."""

        async def scenario(store: Store) -> None:
            await clear(store, "nowhere")
            await clear(store, "nowhere")
            assert not await exists(store, "nowhere")

        self.run(scenario)


async def _fill(store: Store, tenant: str) -> None:
    await store.write([Write(_ROAD.id, merge.upsert_replace(_ROAD))], tenant=tenant)
    await store.observe([Observation(_ROAD.id, _ROAD.types, "speed", START, 31)], tenant=tenant)
