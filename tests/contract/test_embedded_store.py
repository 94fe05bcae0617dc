"""The embedded store keeps the contract, and what only a store with files can promise."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import apsw
import pytest

from sympolis.context.query import Query, Term
from sympolis.domain.errors import StoreUnavailable
from sympolis.stores.embedded import EmbeddedStore, files
from sympolis.testing.histories import HistoryContract
from sympolis.testing.stores import SPEED, StoreContract, creating, observation, observed, road


class TestEmbeddedStore(StoreContract):
    @pytest.fixture(autouse=True)
    def _in_folder(self, tmp_path):
        self.folder = tmp_path

    @asynccontextmanager
    async def open_store(self, now):
        store = EmbeddedStore.open(self.folder / "data", now=now)
        yield store
        await store.close()


class TestEmbeddedHistory(HistoryContract):
    @pytest.fixture(autouse=True)
    def _in_folder(self, tmp_path):
        self.folder = tmp_path

    @asynccontextmanager
    async def open_store(self, now):
        store = EmbeddedStore.open(self.folder / "data", now=now)
        yield store
        await store.close()


def test_what_was_written_is_there_after_opening_again(tmp_path):
    async def run():
        store = EmbeddedStore.open(tmp_path)
        [outcome] = await store.write(creating(road(1, speed=observed(30))))
        await store.write(creating(road(2)), tenant="Ost")
        await store.observe([observation(road(1), 5, 35)])
        await store.close()

        store = EmbeddedStore.open(tmp_path)
        assert await store.get(road(1).id) == outcome.entity
        assert await store.get(road(2).id, tenant="Ost") is not None
        assert (await store.status()).observations == 2
        [created] = await store.write(creating(road(3, speed=1)))
        assert created.change.number == 3
        assert len((await store.query(Query(q=Term((SPEED,))))).entities) == 2
        await store.close()

    asyncio.run(run())


def test_two_processes_cannot_share_a_folder(tmp_path):
    store = EmbeddedStore.open(tmp_path)
    with pytest.raises(StoreUnavailable, match="another process"):
        EmbeddedStore.open(tmp_path)
    asyncio.run(store.close())
    asyncio.run(EmbeddedStore.open(tmp_path).close())


@pytest.mark.parametrize("version", ["3.40.1", "3.51.2"])
def test_old_library_is_refused_with_advice(version):
    with pytest.raises(StoreUnavailable, match="pip install"):
        files.check_library(version)


def test_file_of_a_newer_version_is_refused(tmp_path):
    path = tmp_path / "twin.sqlite"
    connection = files.open_writer(path)
    connection.execute("PRAGMA user_version = 999")
    with pytest.raises(StoreUnavailable, match="schema 999"):
        files.migrate(connection, path)
    connection.close()


def test_a_folder_that_cannot_be_had_says_why(tmp_path):
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(StoreUnavailable, match="data"):
        EmbeddedStore.open(tmp_path / "data")


@pytest.mark.parametrize("tenant", ["Leipzig", "leipzig", "../up", "a/b", "ö", "con"])
def test_tenants_stay_inside_the_folder(tmp_path, tenant):
    folder = files.tenant_folder(tmp_path, tenant)
    assert folder.parent == tmp_path / "tenants"
    assert folder.resolve().parent == (tmp_path / "tenants").resolve()


def test_tenant_folders_differ_where_case_does_not_count(tmp_path):
    names = ["Ost", "ost", "%6f.st", "o st"]
    assert len({str(files.tenant_folder(tmp_path, name)).lower() for name in names}) == len(names)


def test_a_failed_commit_reaches_every_caller_and_nothing_is_kept(tmp_path):
    """The disk fills up: whoever waited is told, and the store goes on when there is room again."""

    async def run():
        store = EmbeddedStore.open(tmp_path)
        await store.write(creating(road(1)))
        writer = store._tenants[""]._writer
        writer._db.pragma("max_page_count", writer._db.pragma("page_count"))
        big = replace(road(2, text="x" * 2_000_000))
        with pytest.raises(Exception, match=r"full"):
            await store.write(creating(big))
        writer._db.pragma("max_page_count", 1_000_000)
        [outcome] = await store.write(creating(road(3)))
        assert outcome.change.number == 2
        assert await store.get(road(2).id) is None
        await store.close()

    asyncio.run(run())


def test_the_writer_is_durable(tmp_path):
    connection = files.open_writer(tmp_path / "twin.sqlite")
    assert connection.pragma("journal_mode") == "wal"
    assert connection.pragma("synchronous") == 2
    assert connection.pragma("wal_autocheckpoint") == 8000
    connection.close()


def test_a_reader_cannot_write(tmp_path):
    files.open_writer(tmp_path / "twin.sqlite").close()
    connection = files.open_reader(tmp_path / "twin.sqlite")
    with pytest.raises(apsw.ReadOnlyError):
        connection.execute("DELETE FROM entity")
    connection.close()
