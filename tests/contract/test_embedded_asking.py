"""Columns and indexes come when queries ask for them, survive a restart half-way, and never change an answer."""

import asyncio

import pytest

from sympolis.context import merge
from sympolis.context.query import Comparison, Query, Term, TypeIs
from sympolis.context.store import Write
from sympolis.stores.embedded import EmbeddedStore, filling, search
from sympolis.stores.embedded.catalog import Kept
from sympolis.testing.stores import NAME, ROAD, SPEED, creating, road

MANY = 700
SLOW = Query(types=TypeIs(ROAD), q=Term((SPEED,), Comparison.LESS, 3), limit=1000)
NAMED = Query(types=TypeIs(ROAD), q=Term((NAME,), Comparison.EQUAL, "Via 31"), limit=1000)


def roads():
    return [road(number, speed=number % 50, name=f"Via {number}") for number in range(MANY)]


async def filled(store):
    """Wait until everything that was asked for is there; whoever fills it in takes turns with others."""
    writer = store._place("")._writer
    await writer.do(lambda recorder: None)
    while not writer.catalog().needs.all_ready():
        await writer.do(lambda recorder: None)
    return writer.catalog()


def columns_of(catalog):
    return set(catalog.needs.columns.get(catalog.names[ROAD], {}))


def indexes_of(catalog):
    return set(catalog.needs.indexes.get(catalog.names[ROAD], {}))


async def ids(store, query):
    return [entity.id for entity in (await store.query(query)).entities]


def test_what_is_asked_for_gets_a_column_and_the_answer_stays(tmp_path):
    async def run():
        store = EmbeddedStore.open(tmp_path)
        await store.write(creating(*roads()))
        before = await ids(store, SLOW)
        assert len(before) == 3 * MANY / 50
        catalog = await filled(store)
        assert columns_of(catalog) == {SPEED}
        assert await ids(store, SLOW) == before
        faster = road(1, speed=40)
        await store.write([Write(faster.id, merge.upsert_update(faster)), Write(road(0).id, merge.delete)])
        assert await ids(store, SLOW) == [one for one in before if one not in (faster.id, road(0).id)]
        await store.close()

    asyncio.run(run())


def test_what_was_restored_gets_a_column_like_anything_else(tmp_path):
    async def run():
        store = EmbeddedStore.open(tmp_path)
        writes = [Write(one.id, merge.create(one), recorded=False) for one in roads()]
        await store.write(writes)
        before = await ids(store, SLOW)
        assert columns_of(await filled(store)) == {SPEED}
        assert await ids(store, SLOW) == before
        await store.close()

    asyncio.run(run())


def test_a_question_that_few_look_at_costs_no_column(tmp_path):
    async def run():
        store = EmbeddedStore.open(tmp_path)
        await store.write(creating(*roads()[:100]))
        assert len(await ids(store, SLOW)) == 6
        assert columns_of(await filled(store)) == set()
        await store.close()

    asyncio.run(run())


def test_long_walks_get_an_index(tmp_path, monkeypatch):
    monkeypatch.setattr(search, "_LONG_WALK", 500)

    async def run():
        store = EmbeddedStore.open(tmp_path)
        await store.write(creating(*roads()))
        for _ in range(2):
            assert await ids(store, NAMED) == [road(31).id]
        catalog = await filled(store)
        assert columns_of(catalog) == indexes_of(catalog) == {NAME}
        assert await ids(store, NAMED) == [road(31).id]
        renamed = road(31, name="Via Zamboni")
        await store.write([Write(renamed.id, merge.upsert_update(renamed))])
        assert await ids(store, NAMED) == []
        await store.close()

    asyncio.run(run())


@pytest.mark.parametrize("indexed", [False, True])
def test_filling_in_goes_on_after_a_restart(tmp_path, monkeypatch, indexed):
    """The file is closed after the first piece; entities written in between are in it all the same."""
    monkeypatch.setattr(filling, "_AT_ONCE", 100)

    async def run():
        store = EmbeddedStore.open(tmp_path)
        await store.write(creating(*roads()))
        writer = store._place("")._writer
        writer._filling = True  # it is told one piece at a time
        key = writer.catalog().names[ROAD]
        await writer.do(
            lambda recorder: recorder.ask(
                [(key, SPEED, Kept.COLUMN), (key, SPEED, Kept.INDEX)][: 1 + indexed]
            )
        )
        await writer.do(lambda recorder: recorder.fill())
        await store.write([Write(road(600).id, merge.upsert_update(road(600, speed=1)))])
        before = await ids(store, SLOW)
        await store.close()

        store = EmbeddedStore.open(tmp_path)
        catalog = await filled(store)
        assert columns_of(catalog) == {SPEED}
        assert indexes_of(catalog) == ({SPEED} if indexed else set())
        assert await ids(store, SLOW) == before
        assert road(600).id in before
        await store.close()

    asyncio.run(run())


def test_more_attributes_than_columns_are_looked_at(tmp_path):
    async def run():
        store = EmbeddedStore.open(tmp_path)
        names = {f"a{number}": number for number in range(20)}
        await store.write(creating(*(road(number, **names) for number in range(5))))
        writer = store._place("")._writer
        key = writer.catalog().names[ROAD]
        asked = [(key, f"https://example.org/a{number}", Kept.COLUMN) for number in range(20)]
        await writer.do(lambda recorder: recorder.ask(asked))
        catalog = await filled(store)
        assert len(columns_of(catalog)) == 16
        for number in range(20):
            term = Term((f"https://example.org/a{number}",), Comparison.EQUAL, number)
            assert len(await ids(store, Query(types=TypeIs(ROAD), q=term))) == 5
        await store.close()

    asyncio.run(run())
