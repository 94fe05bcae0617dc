"""The memory store keeps the contract."""

from contextlib import asynccontextmanager

from sympolis.stores.memory import MemoryStore
from sympolis.testing.histories import HistoryContract
from sympolis.testing.stores import StoreContract


class TestMemoryStore(StoreContract):
    @asynccontextmanager
    async def open_store(self, now):
        store = MemoryStore(now=now)
        yield store
        await store.close()


class TestMemoryHistory(HistoryContract):
    @asynccontextmanager
    async def open_store(self, now):
        store = MemoryStore(now=now)
        yield store
        await store.close()
