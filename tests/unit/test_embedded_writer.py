"""The writer's thread never leaves anybody waiting: what it cannot do, it says."""

import asyncio
import threading

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


async def coming_together(folder, monkeypatch):
    """After a group of four, one comes first: whoever comes during the moment that it is given joins it."""
    store = EmbeddedStore.open(folder)
    writer = store._place("", create=True)._writer
    loop, begun, late = asyncio.get_running_loop(), threading.Event(), []
    commits = []
    commit = writer._commit
    monkeypatch.setattr(writer, "_commit", lambda group: (commits.append(len(group)), commit(group)))

    async def two_more():
        return await asyncio.gather(*(writer.do(lambda _: "late") for _ in range(2)))

    def moment(seconds):
        assert 0 < seconds <= 0.001
        late.append(asyncio.run_coroutine_threadsafe(two_more(), loop))
        while writer._jobs.empty():
            pass

    def held_up(_recorder):
        begun.wait(10)

    first = asyncio.create_task(writer.do(held_up))
    while not commits:
        await asyncio.sleep(0)
    four = [asyncio.create_task(writer.do(lambda _: "together")) for _ in range(4)]
    while writer._jobs.empty():  # all four are handed over at once
        await asyncio.sleep(0)
    begun.set()
    await asyncio.gather(first, *four)
    monkeypatch.setattr("sympolis.stores.embedded.writer.time.sleep", moment)
    await writer.do(lambda _: "first of them")
    assert [await asyncio.wrap_future(one) for one in late] == [["late", "late"]]
    monkeypatch.undo()
    await store.close()
    return commits


def test_those_who_were_answered_together_are_written_together(tmp_path, monkeypatch):
    assert asyncio.run(coming_together(tmp_path, monkeypatch)) == [1, 4, 3]
