"""What only a store with a server behind it can get wrong: address, fitness of the server, schema, replicas."""

import asyncio
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import pytest

from sympolis.context import merge
from sympolis.context.query import Comparison, HistoryQuery, Query, Term, TimeRange, TimeRelation
from sympolis.context.store import Write
from sympolis.domain.errors import BadRequestData, SettingsInvalid, StoreUnavailable, TooComplexQuery
from sympolis.stores.postgres import PostgresStore, address, finish_upgrade, months, schema, server, troubles
from sympolis.testing.postgres import PrivateServer, require
from sympolis.testing.postgres import server as shared
from sympolis.testing.stores import NAME, SPEED, creating, observation, observed, road


@asynccontextmanager
async def opened(url, **more):
    store = await PostgresStore.open(url, **more)
    try:
        yield store
    finally:
        await store.close()


# --- the address


def test_our_options_are_ours_and_the_rest_is_the_drivers():
    found = address.parse(
        "postgresql://u:p%40w@db:5433/twin?schema=bologna&sslmode=require&pool=3&replica=db2&replica=db3:6000"
    )
    assert found.dsn == "postgresql://u:p%40w@db:5433/twin?sslmode=require"
    assert (found.schema, found.readers, found.writers) == ("bologna", 3, 4)
    assert found.replicas == (
        "postgresql://u:p%40w@db2/twin?sslmode=require",
        "postgresql://u:p%40w@db3:6000/twin?sslmode=require",
    )
    assert "p%40w" not in str(found) and "p@w" not in str(found)


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("mysql://db/twin", "store"),
        ("postgresql://db:port/twin", "store"),
        ("postgresql://db/twin?schema=Bad-Name", "store: schema"),
        ("postgresql://db/twin?schema=pg_catalog", "store: schema"),
        ("postgresql://db/twin?pool=0", "store: pool"),
        ("postgresql://db/twin?timeout=soon", "store: timeout"),
        ("postgresql://db/twin?migrate=maybe", "store: migrate"),
        ("postgresql://db/twin?replica=user@db2", "store: replica"),
        ("postgresql://db/twin?replica=", "store: replica"),
    ],
)
def test_an_address_that_cannot_be_used_says_which_part(url, where):
    with pytest.raises(SettingsInvalid) as refused:
        address.parse(url)
    assert refused.value.where == where


# --- the server


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"number": 130012, "version": "13.12"}, "14 or later"),
        ({"encoding": "LATIN1"}, "not UTF8"),
        ({"standby": True}, "read-only standby"),
    ],
)
def test_a_server_that_will_not_do_is_refused_with_advice(facts, said):
    fine = {"number": 150000, "version": "15.0", "encoding": "UTF8", "standby": False}
    server._check(fine, "db")
    with pytest.raises(StoreUnavailable, match=said) as refused:
        server._check({**fine, **facts}, "db")
    assert refused.value.hint


def test_a_server_without_postgis_is_refused_with_advice(monkeypatch):
    monkeypatch.setattr(server, "_EXTENSIONS", ("postgis", "no_such_extension"))
    with pytest.raises(StoreUnavailable, match=r"no_such_extension.*apt-get install"):
        asyncio.run(PostgresStore.open(shared().fresh_url()))


def test_a_user_who_may_not_add_postgis_is_told_what_to_ask_for():
    shared().sql("CREATE ROLE modest LOGIN")
    shared().sql("CREATE DATABASE bare OWNER modest")
    url = shared().url.replace("sympolis@/postgres", "modest@/bare")
    with pytest.raises(StoreUnavailable, match="CREATE EXTENSION postgis"):
        asyncio.run(PostgresStore.open(url))
    shared().sql("CREATE EXTENSION postgis; CREATE EXTENSION btree_gist", "bare")

    async def run():
        async with opened(url) as store:
            await store.write(creating(road(1)))
        async with opened(url + "&migrate=no") as store:
            assert await store.get(road(1).id) is not None

    asyncio.run(run())


@pytest.mark.parametrize("wrong", ["nobody@/postgres", "sympolis@/nothing"])
def test_an_unknown_user_or_database_is_a_wrong_setting(wrong):
    url = shared().url.replace("sympolis@/postgres", wrong)
    with pytest.raises(SettingsInvalid, match="check user, password and database"):
        asyncio.run(PostgresStore.open(url))


def test_a_server_that_is_not_there_is_unavailable():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(StoreUnavailable, match="is PostgreSQL running"):
        asyncio.run(PostgresStore.open(f"postgresql://127.0.0.1:{port}/twin"))


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        (asyncpg.DiskFullError, "make room"),
        (asyncpg.TooManyConnectionsError, "max_connections"),
        (asyncpg.ReadOnlySQLTransactionError, "target_session_attrs"),
        (asyncpg.LockNotAvailableError, "pg_stat_activity"),
        (asyncpg.QueryCanceledError, "pg_stat_activity"),
        (asyncpg.OutOfMemoryError, "log"),
    ],
)
def test_what_keeps_the_server_from_writing_is_said_with_advice(kind, advice):
    found = troubles.translated(kind("it says"), "db", doing="write")
    assert isinstance(found, StoreUnavailable)
    assert "it says" in str(found)
    assert advice in (found.hint or "")


def test_no_connection_left_is_said_with_advice():
    database = shared()
    database.sql("DROP ROLE IF EXISTS crowded")
    database.sql("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
    url = database.fresh_url()

    async def run():
        async with opened(url) as store:
            await store.write(creating(road(1)))
            crowded = url.replace("//sympolis@", "//crowded@")
            with pytest.raises(StoreUnavailable, match="too many connections") as refused:
                await PostgresStore.open(crowded)
            assert "max_connections" in (refused.value.hint or "")
            assert await store.get(road(1).id) is not None

    asyncio.run(run())


def test_a_query_may_not_take_longer_than_allowed():
    async def run():
        async with opened(shared().fresh_url() + "&timeout=0.1") as store:
            with pytest.raises(TooComplexQuery, match="longer than the server allows"):
                await store._server.read(lambda db: db.execute("SELECT pg_sleep(60)"))
            assert await store.query(Query()) is not None

    asyncio.run(run())


# --- the schema


def test_many_processes_may_begin_the_same_store_at_once():
    async def run():
        url = shared().fresh_url()
        stores = await asyncio.gather(*(PostgresStore.open(url) for _ in range(4)))
        await asyncio.gather(*(store.write(creating(road(n))) for n, store in enumerate(stores)))
        assert [change.number for change in await stores[0].changes(0)] == [1, 2, 3, 4]
        for store in stores:
            await store.close()

    asyncio.run(run())


def with_migrations(pre=(), post=()):
    known = schema.scripts()
    return {"pre": [*known["pre"], *pre], "post": [*known["post"], *post]}


def test_cleaning_up_waits_for_its_own_command(monkeypatch):
    known = with_migrations(
        pre=[(900, "ALTER TABLE entity ADD COLUMN later text")],
        post=[(900, "ALTER TABLE entity DROP COLUMN later")],
    )

    async def run():
        url = shared().fresh_url()
        async with opened(url) as old:
            monkeypatch.setattr(schema, "scripts", lambda: known)
            with pytest.raises(StoreUnavailable, match="migrations wait"):
                await PostgresStore.open(url + "&migrate=no")
            async with opened(url) as new:
                await old.write(creating(road(1)))  # an older process works on beside the newer one
                assert await new.get(road(1).id) is not None
            assert await finish_upgrade(url) == len(known["post"])
            assert await finish_upgrade(url) == 0
            await old.write(creating(road(2)))
        monkeypatch.undo()
        with pytest.raises(StoreUnavailable, match="schema 900"):
            await PostgresStore.open(url)

    asyncio.run(run())


def test_a_migration_that_fails_half_way_has_not_happened(monkeypatch):
    broken = with_migrations(pre=[(900, "CREATE TABLE half (key integer); SELECT 1 / 0")])
    mended = with_migrations(pre=[(900, "CREATE TABLE half (key integer)")])

    async def run():
        url = shared().fresh_url()
        monkeypatch.setattr(schema, "scripts", lambda: broken)
        with pytest.raises(StoreUnavailable, match="division by zero"):
            await PostgresStore.open(url)
        monkeypatch.setattr(schema, "scripts", lambda: mended)
        async with opened(url) as store:
            await store.write(creating(road(1)))

    asyncio.run(run())


KILLED = """
import asyncio, sys
from sympolis.stores.postgres import PostgresStore, schema
known = schema.scripts()
slow = [*known["pre"], (900, "CREATE TABLE half (key integer); SELECT pg_sleep(600)")]
schema.scripts = lambda: {**known, "pre": slow}
asyncio.run(PostgresStore.open(sys.argv[1]))
"""


def test_a_process_killed_during_a_migration_leaves_nothing_of_it():
    """And does not keep others waiting for the lock that it held."""
    database, url = shared(), shared().fresh_url()
    process = subprocess.Popen([sys.executable, "-c", KILLED, url])
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    while database.sql(asleep) == "0":
        assert process.poll() is None, "the migration did not begin"
    process.kill()
    process.wait()

    async def run():
        async with opened(url) as store:
            await store.write(creating(road(1)))

    asyncio.run(asyncio.wait_for(run(), 60))
    name = url.rpartition("=")[2]
    assert database.sql(f"SELECT to_regclass('{name}.half') IS NULL") == "t"


def test_migrations_have_numbers_of_their_own_and_cleaning_up_belongs_to_one():
    numbers = {phase: [number for number, _ in found] for phase, found in schema.scripts().items()}
    assert all(len(found) == len(set(found)) for found in numbers.values())
    assert set(numbers["post"]) <= set(numbers["pre"])


def test_people_can_read_the_tables():
    async def run():
        url = shared().fresh_url()
        async with opened(url) as store:
            await store.write(creating(road(1, speed=5)))
        return url.rpartition("=")[2]

    name = asyncio.run(run())
    assert '"value":5' in shared().sql(f"SELECT document FROM {name}.entity_document")


# --- writing


def test_a_text_that_postgresql_cannot_hold_is_refused_alone():
    """Everything waits for one commit, and one of the writes upsets the server."""

    async def run():
        async with opened(shared().fresh_url()) as store:
            bad = replace(road(2, speed=1), id="urn:ngsi-ld:Road:a\x00b")
            calls = (store.write(creating(one)) for one in (road(1), bad, road(3)))
            first, second, third = await asyncio.gather(*calls, return_exceptions=True)
            assert isinstance(second, BadRequestData)
            assert [first[0].change.number, third[0].change.number] == [1, 2]
            for unusable in (bad.id, "urn:ngsi-ld:Road:\ud800"):
                with pytest.raises(BadRequestData):
                    await store.get(unusable)
            with pytest.raises(BadRequestData):
                await store.changes(2**70)
            full = replace(road(4, speed="a\x00b", name={"a\x00": "\x01"}))
            await store.write(creating(full))
            assert (await store.get(full.id)).value(NAME) == {"a\x00": "\x01"}
            found = await store.query(Query(q=Term((SPEED,), Comparison.EQUAL, "a\x00b")))
            assert [one.id for one in found.entities] == [full.id]

    asyncio.run(run())


def test_a_cancelled_caller_does_not_stop_the_others():
    async def run():
        async with opened(shared().fresh_url()) as store:
            calls = [asyncio.ensure_future(store.write(creating(road(n)))) for n in range(5)]
            await asyncio.sleep(0)
            calls[2].cancel()
            found = await asyncio.gather(*calls, return_exceptions=True)
            assert isinstance(found[2], asyncio.CancelledError)
            assert all(found[n][0].change is not None for n in (0, 1, 3, 4))
            log = await store.changes(0)
            assert [change.number for change in log] == list(range(1, len(log) + 1))

    asyncio.run(run())


def test_two_processes_decide_on_what_the_other_has_written():
    """A counter that both raise: no step is lost, because the tenant's turn is taken before reading."""

    def raised(before, at):
        return merge.upsert_replace(road(1, speed=before.value(SPEED) + 1))(before, at)

    async def run():
        url = shared().fresh_url()
        async with opened(url) as one, opened(url) as other:
            await one.write(creating(road(1, speed=0)))
            await asyncio.gather(*(store.write([Write(road(1).id, raised)]) for store in [one, other] * 25))
            assert (await one.get(road(1).id)).value(SPEED) == 50
            assert [change.number for change in await other.changes(0)] == list(range(1, 52))

    asyncio.run(run())


def test_a_follower_hears_of_changes_in_other_processes():
    async def run():
        url = shared().fresh_url()
        async with opened(url) as one, opened(url) as other:
            followed = one.follow(0)
            waiting = asyncio.ensure_future(anext(followed))
            await other.write(creating(road(1)))
            assert (await asyncio.wait_for(waiting, 20)).number == 1
            waiting = asyncio.ensure_future(anext(followed))
            await other.write(creating(road(2)))
            assert (await asyncio.wait_for(waiting, 20)).number == 2

    asyncio.run(run())


def test_states_are_kept_for_those_who_want_them():
    async def run():
        async with opened(shared().fresh_url()) as store:
            store.keep_states(lambda tenant, change: tenant == "" and change.entity_id == road(1).id)
            await store.write(creating(road(1, speed=1), road(2, speed=1)))
            await store.write([Write(road(1).id, merge.delete)])
            created, other, deleted = await store.changes(0, states=True)
            assert (created.before, created.after.value(SPEED)) == (None, 1)
            assert (other.before, other.after) == (None, None)
            assert (deleted.before.value(SPEED), deleted.after) == (1, None)
            assert all(change.after is None for change in await store.changes(0))
            await store.forget_states(1)
            assert [change.before is None for change in await store.changes(0, states=True)] == [
                True,
                True,
                False,
            ]

    asyncio.run(run())


# --- history


@pytest.mark.parametrize(
    ("at", "start", "end"),
    [
        ("2024-05-08T07:00:00", "2024-05-01", "2024-06-01"),
        ("2024-12-31T23:59:59", "2024-12-01", "2025-01-01"),
        ("1969-12-31T00:00:00", "0001-01-01", "1970-01-01"),
    ],
)
def test_months(at, start, end):
    found = months.month_of(datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert [f"{bound:%Y-%m-%d}".rjust(10, "0") for bound in found] == [start, end]


def test_history_of_any_age_and_two_writers_making_the_same_months():
    times = [datetime(year, month, 1, tzinfo=UTC) for year in (1, 1969, 2023, 2199) for month in (1, 2, 12)]

    async def run():
        url = shared().fresh_url()
        async with opened(url) as one, opened(url) as other:
            points = [replace(observation(road(1), 0, place), at=at) for place, at in enumerate(times)]
            accepted = await asyncio.gather(one.observe(points[::2]), other.observe(points[1::2]))
            assert sum(accepted) == len(points)
            [series] = (await one.history(HistoryQuery(Query()))).series
            assert [point.at for point in series.observations] == times
            [newest] = (await one.history(HistoryQuery(Query(), last_n=2))).series
            assert [point.at for point in newest.observations] == times[-2:]

    asyncio.run(run())


def test_only_the_months_asked_for_are_looked_at():
    async def run():
        async with opened(shared().fresh_url()) as store:
            await store.observe([observation(road(1), 24 * 30 * month, month) for month in range(12)])
            arguments = ([1], datetime(2024, 6, 1, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC), 100)
            statement = "EXPLAIN " + server.sql.load("sympolis.stores.postgres", "store.sql")["points"]
            rows = await store._server.read(lambda db: db.fetch(statement, *arguments))
            plan = "\n".join(row[0] for row in rows)
            assert "observation_2024_06" in plan
            assert plan.count("observation_20") == plan.count("observation_2024_06")

    asyncio.run(run())


# --- replicas


@pytest.fixture(scope="module")
def pair():
    """A primary and a streaming standby."""
    require()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    primary = PrivateServer("fsync=off", "max_connections=60")
    primary.create()
    standby = PrivateServer("listen_addresses='127.0.0.1'", f"port={port}", "hot_standby=on")
    standby.copy_of(primary)
    yield primary, standby, f"127.0.0.1:{port}"
    standby.remove()
    primary.remove()


def test_a_replica_answers_unless_it_would_hide_our_own_writes(pair):
    primary, standby, host = pair
    url = primary.fresh_url()

    async def run():
        async with opened(url) as other, opened(f"{url}&replica={host}") as store:
            await store.write(creating(road(1, speed=observed(1))))
            await caught_up(primary, host)
            await paused(host, True)
            await other.write(creating(road(2)))
            assert len((await store.query(Query())).entities) == 1  # the replica's state
            assert await store.get(road(2).id) is not None  # the primary's
            await store.write(creating(road(3)))
            assert len((await store.query(Query())).entities) == 3
            assert [change.number for change in await store.changes(0)] == [1, 2, 3]
            await paused(host, False)
            assert (await store.history(HistoryQuery(Query(ids=(road(1).id,))))).series
            await asyncio.to_thread(standby.stop, "immediate")
            assert len((await store.query(Query())).entities) == 3
            await asyncio.to_thread(standby.start)

    asyncio.run(run())


def test_a_standby_is_no_primary(pair):
    _, _, host = pair
    with pytest.raises(StoreUnavailable, match=r"\?replica="):
        asyncio.run(PostgresStore.open(f"postgresql://sympolis@{host}/postgres"))


async def on(host, statement):
    connection = await server.connect_once(address.parse(f"postgresql://sympolis@{host}/postgres"))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def caught_up(primary, host):
    newest = await asyncio.to_thread(primary.sql, "SELECT pg_current_wal_flush_lsn()")
    while not await on(host, f"SELECT pg_last_wal_replay_lsn() >= '{newest}'::pg_lsn"):
        await asyncio.sleep(0.01)


async def paused(host, wanted):
    await on(host, f"SELECT pg_wal_replay_{'pause' if wanted else 'resume'}()")
    while wanted and await on(host, "SELECT pg_get_wal_replay_pause_state()") != "paused":
        await asyncio.sleep(0.01)


def test_a_range_is_answered_like_any(pair):
    """History through a replica, by range."""
    primary, _, host = pair

    async def run():
        async with opened(f"{primary.fresh_url()}&replica={host}") as store:
            await store.observe([observation(road(1), hours, hours) for hours in range(3)])
            wanted = TimeRange(TimeRelation.AFTER, observation(road(1), 1, 1).at)
            [series] = (await store.history(HistoryQuery(Query(), range=wanted))).series
            assert [point.value for point in series.observations] == [1, 2]

    asyncio.run(run())
