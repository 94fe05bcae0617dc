"""Tenants that are dropped as a whole, from the stores that need no server."""

from contextlib import asynccontextmanager

import pytest

from sympolis.context.query import Query
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.memory import MemoryStore
from sympolis.testing.dropping import DroppingContract


class TestMemory(DroppingContract):
    @asynccontextmanager
    async def open_store(self, now):
        store = MemoryStore(now=now)
        yield store
        await store.close()


class TestEmbedded(DroppingContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path):
        self.folder = tmp_path

    @asynccontextmanager
    async def open_store(self, now):
        store = EmbeddedStore.open(self.folder, now=now)
        yield store
        await store.close()

    def test_what_a_crash_left_half_deleted_goes_when_the_store_is_opened(self):
        left = self.folder / "gone" / "north"
        left.mkdir(parents=True)
        (left / "twin.sqlite").write_bytes(b"half")

        async def scenario(store):
            assert not left.exists()
            assert (await store.query(Query())).entities == ()
            assert await store.tenants() == [""]

        self.run(scenario)
