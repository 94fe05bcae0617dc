"""The PostgreSQL store keeps the contract."""

from contextlib import asynccontextmanager

from sympolis.stores.postgres import PostgresStore
from sympolis.testing.histories import HistoryContract
from sympolis.testing.postgres import server
from sympolis.testing.stores import StoreContract


class TestPostgresStore(StoreContract):
    @asynccontextmanager
    async def open_store(self, now):
        store = await PostgresStore.open(server().fresh_url(), now=now)
        try:
            yield store
        finally:
            await store.close()


class TestPostgresHistory(HistoryContract):
    @asynccontextmanager
    async def open_store(self, now):
        store = await PostgresStore.open(server().fresh_url(), now=now)
        try:
            yield store
        finally:
            await store.close()
