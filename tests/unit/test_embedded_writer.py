"""The writer's thread never leaves anybody waiting: what it cannot do, it says."""

import asyncio

import pytest

from sympolis.domain.errors import StoreUnavailable
from sympolis.stores.embedded import EmbeddedStore


async def failing_twice(folder):
    store = EmbeddedStore.open(folder)
    writer = store._place("", create=True)._writer

    def broken_flush():
        raise KeyError("a mistake of ours")

    writer._recorder.flush = broken_flush
    with pytest.raises(StoreUnavailable, match="a mistake of ours"):
        await writer.do(lambda recorder: None)
    del writer._recorder.flush
    assert await writer.do(lambda recorder: "done") == "done"
    await store.close()


async def given_up(folder):
    store = EmbeddedStore.open(folder)
    writer = store._place("", create=True)._writer

    def broken_commit(group):
        raise SystemError("the thread is lost")

    writer._commit = broken_commit
    with pytest.raises(StoreUnavailable, match="the thread is lost"):
        await writer.do(lambda recorder: None)
    with pytest.raises(StoreUnavailable):
        await writer.do(lambda recorder: None)
    await store.close()


def test_a_mistake_in_one_group_is_told_and_the_next_one_goes_on(tmp_path):
    asyncio.run(failing_twice(tmp_path))


def test_a_writer_that_is_lost_refuses_instead_of_hanging(tmp_path):
    asyncio.run(given_up(tmp_path))


async def failing_to_fill(folder):
    store = EmbeddedStore.open(folder)
    writer = store._place("", create=True)._writer

    def broken(recorder):
        raise OSError("no room for columns")

    writer.later(broken)
    assert await writer.do(lambda recorder: "done") == "done"
    await store.close()


def test_a_failing_job_of_its_own_stops_nobody(tmp_path, caplog):
    asyncio.run(failing_to_fill(tmp_path))
    assert "no room for columns" in caplog.text
