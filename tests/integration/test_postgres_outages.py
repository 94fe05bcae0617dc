"""PostgreSQL killed, restarted and stopped under load: what was acknowledged is there, and all goes on afterwards."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from sympolis.context import merge
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.store import Write
from sympolis.domain.errors import StoreUnavailable, SympolisError
from sympolis.stores.postgres import PostgresStore
from sympolis.testing.postgres import PrivateServer, require
from sympolis.testing.stores import SPEED, creating, observed, road

WRITERS = 8


@pytest.fixture(scope="module")
def shop():
    """A server of our own that flushes to disk, to be treated badly."""
    require()
    found = PrivateServer("max_connections=60", "checkpoint_timeout=30s", "wal_level=replica")
    found.create()
    yield found
    found.remove()


@asynccontextmanager
async def opened(url):
    store = await PostgresStore.open(url)
    try:
        yield store
    finally:
        await store.close()


class Load:
    """Writers that never stop: each counts up its own road, and remembers what was acknowledged."""

    def __init__(self, store):
        self.store = store
        self.acknowledged = {number: {0} for number in range(WRITERS)}
        self.going = True
        self._tasks = [asyncio.ensure_future(self._write(number)) for number in self.acknowledged]

    async def _write(self, number):
        value = 0
        while self.going:
            value += 1
            given = road(number, speed=observed(value, value / 60))
            try:
                await self.store.write([Write(given.id, merge.upsert_replace(given))])
                self.acknowledged[number].add(value)
            except StoreUnavailable:
                await asyncio.sleep(0.01)

    async def progress(self):
        """Wait until every writer has been acknowledged anew."""
        before = {number: len(values) for number, values in self.acknowledged.items()}
        while any(len(self.acknowledged[number]) == size for number, size in before.items()):
            await asyncio.sleep(0.005)

    async def end(self):
        self.going = False
        await asyncio.gather(*self._tasks)


def kill(shop):
    shop.kill()
    shop.start()


def restart(shop):
    shop.stop("fast")
    shop.start()


def crash_of_a_backend(shop):
    """One session's process dies: the server throws all others out and recovers by itself."""
    shop.kill_one_session()


@pytest.mark.parametrize("trouble", [kill, restart, crash_of_a_backend])
def test_nothing_acknowledged_is_lost(shop, trouble):
    async def run():
        async with opened(shop.fresh_url()) as store:
            followed = asyncio.ensure_future(first_gap(store))
            load = Load(store)
            for _ in range(2):
                await asyncio.wait_for(load.progress(), 60)
                await asyncio.to_thread(trouble, shop)
            await asyncio.wait_for(load.progress(), 60)
            await load.end()
            await check(store, load)
            await store.write(creating(road(9999)))
            assert await asyncio.wait_for(followed, 60) is None

    asyncio.run(run())


async def check(store, load):
    """Every value that was acknowledged is in its road's history, and the log has no gap."""
    log = []
    while found := await store.changes(len(log)):
        log += found
    assert [change.number for change in log] == list(range(1, len(log) + 1))
    found = await store.history(HistoryQuery(Query(limit=WRITERS)))
    for number, acknowledged in load.acknowledged.items():
        assert (await store.get(road(number).id)).value(SPEED) >= max(acknowledged)
        [series] = [one for one in found.series if one.entity_id == road(number).id]
        assert acknowledged - {0} <= {one.value for one in series.observations}
    status = await store.status()
    assert status.observations == sum(len(series.observations) for series in found.series)
    assert status.entities == WRITERS


async def first_gap(store):
    """The number after which the followed log has a gap; None when the last road comes without one."""
    newest = 0
    async for change in store.follow(0):
        if change.number != newest + 1:
            return newest
        newest = change.number
        if change.entity_id == road(9999).id:
            return None
    raise AssertionError("following ended with the store still open")


def test_a_server_that_is_down_is_said_to_be(shop):
    async def run():
        async with opened(shop.fresh_url()) as store:
            await store.write(creating(road(1, speed=1)))
            await asyncio.to_thread(shop.stop)
            for attempt in (store.get(road(1).id), store.query(Query()), store.write(creating(road(2)))):
                with pytest.raises(StoreUnavailable, match="is PostgreSQL running"):
                    await attempt
            with pytest.raises(StoreUnavailable, match="is PostgreSQL running"):
                await PostgresStore.open(shop.url)
            await asyncio.to_thread(shop.start)
            assert (await store.get(road(1).id)).value(SPEED) == 1
            [outcome] = await store.write(creating(road(2)))
            assert outcome.change.number == 2

    asyncio.run(run())


def test_a_commit_that_is_not_confirmed_is_not_acknowledged(shop):
    """The connection dies with the COMMIT on its way: the caller hears that nobody knows; nothing is repeated."""

    async def run():
        async with opened(shop.fresh_url()) as store:
            await store.write(creating(road(1, speed=1)))
            writer = (await store._place("")).writer
            confirm = writer._confirm

            async def cut(transaction):
                transaction._connection.terminate()
                await confirm(transaction)

            writer._confirm = cut
            with pytest.raises(StoreUnavailable, match="may or may not"):
                await store.write([Write(road(1).id, merge.delete)])
            writer._confirm = confirm
            [outcome] = await store.write(creating(road(2)))
            assert outcome.error is None

    asyncio.run(run())


def test_two_processes_at_once_leave_no_gap_when_one_is_cut_off(shop):
    """Two stores (as two processes have) write the same tenant; the sessions of both are ended again and again."""

    async def run():
        url = shop.fresh_url()
        async with opened(url) as one, opened(url) as other:
            loads = [Load(one), Load(other)]
            for _ in range(3):
                await asyncio.wait_for(asyncio.gather(*(load.progress() for load in loads)), 60)
                await end_sessions(one)
            for load in loads:
                await load.end()
            log = []
            while found := await other.changes(len(log)):
                log += found
            assert [change.number for change in log] == list(range(1, len(log) + 1))
            for number in range(WRITERS):
                assert (await one.get(road(number).id)).value(SPEED) is not None
            assert (await one.status()).position == len(log)

    asyncio.run(run())


async def end_sessions(store):
    """What an administrator (or a proxy) does to idle and busy sessions alike."""
    statement = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE application_name = 'sympolis' AND pid <> pg_backend_pid()"
    )
    try:
        await store._server.read(lambda db: db.fetchval(statement))
    except SympolisError as error:
        raise AssertionError("the session that ends the others was ended") from error
