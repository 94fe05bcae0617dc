"""The PostgreSQL store keeps the contract."""

import asyncio
from contextlib import asynccontextmanager

from sympolis.context import merge
from sympolis.context.store import Write
from sympolis.domain.entity import Entity
from sympolis.stores.postgres import PostgresStore
from sympolis.testing.dropping import DroppingContract
from sympolis.testing.histories import HistoryContract
from sympolis.testing.postgres import server
from sympolis.testing.stores import StoreContract
from sympolis.testing.trimming import TrimmingContract


class OnPostgres:
    """A store in a schema of its own for every test."""

    @asynccontextmanager
    async def open_store(self, now):
        store = await PostgresStore.open(server().fresh_url(), now=now)
        try:
            yield store
        finally:
            await store.close()


class TestPostgresStore(OnPostgres, StoreContract):
    pass


class TestPostgresHistory(OnPostgres, HistoryContract):
    pass


class TestPostgresTrimming(OnPostgres, TrimmingContract):
    pass


class TestPostgresDropping(OnPostgres, DroppingContract):
    def test_a_process_that_knew_a_dropped_tenant_begins_it_anew(self):
        async def scenario():
            url = server().fresh_url()
            one, other = await PostgresStore.open(url), await PostgresStore.open(url)
            road = Entity("urn:ngsi-ld:Road:1", ("Road",))
            for store in (one, other):
                await store.write([Write(road.id, merge.upsert_replace(road))], tenant="north")
            await one.drop("north")
            [outcome] = await other.write([Write(road.id, merge.create(road))], tenant="north")
            assert outcome.error is None
            assert (await one.status(tenant="north")).position == 1
            await one.close()
            await other.close()

        asyncio.run(scenario())
