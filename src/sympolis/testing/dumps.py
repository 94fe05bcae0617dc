"""The contract of a store that can be written down whole (``context.dumps.port.Dumping``), as tests.

Derive a test class from ``DumpContract`` and give it ``open_store``, as for ``StoreContract``.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sympolis.context import merge
from sympolis.context.dumps import whole
from sympolis.context.dumps.files import DumpReader, DumpWriter
from sympolis.context.dumps.port import Dumping
from sympolis.context.dumps.tenants import TenantsPart
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.store import Store, Write
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.stores.memory import MemoryStore
from sympolis.testing.stores import (
    NAME,
    SPEED,
    Now,
    creating,
    observation,
    observed,
    point,
    road,
    with_store,
)

Whole = dict[str, tuple[list[Entity], list[Observation]]]


async def everything(store: Any) -> Whole:
    """All entities and all instances of histories, by tenant: two stores that agree on it hold the same."""
    found: Whole = {}
    for tenant in await store.tenants():
        entities = (await store.query(Query(limit=10**6), tenant=tenant)).entities
        asked = HistoryQuery(Query(limit=10**6), max_instances=10**6, time=None)
        series = (await store.history(asked, tenant=tenant)).series
        found[tenant] = (list(entities), [one for line in series for one in line.observations])
    return found


async def write_dump(store: Any, folder: Path) -> None:
    """A dump of a store alone."""
    out = DumpWriter(whole.empty_folder(folder))
    await whole.dump([TenantsPart(store)], out, version="test", of={"kind": "broker"})


async def read_dump(store: Any, folder: Path, *, begun: bool = False) -> None:
    """Restore a dump of a store alone."""
    await whole.restore([TenantsPart(store, store)], DumpReader(folder), begun=begun)


def rich(number: int) -> Entity:
    """A road with attributes of many kinds, in several instances, with attributes of their own."""
    inner = {NAME: (Attribute(AttributeKind.LANGUAGE_PROPERTY, {"it": "via", "de": "Weg"}),)}
    return replace(
        road(
            number,
            speed=replace(observed(number, hours=number, unit_code="KMH"), attributes=inner),
            location=point(11.3, 44.5),
            length=Attribute(AttributeKind.PROPERTY, 2**40 + 0.5, dataset_id="urn:a:survey"),
            part=Attribute(
                AttributeKind.RELATIONSHIP, ["urn:a:1", "urn:a:2"], members={"objectType": "Road"}
            ),
            raw=Attribute(AttributeKind.JSON_PROPERTY, {"a": [None, {"b": "x:y"}]}),
        ),
        scope=("/north/road",),
    )


async def fill(store: Store) -> None:
    """Entities with a past: changed, deleted, in two tenants."""
    await store.write(creating(*(rich(number) for number in range(5))))
    await store.write([Write(rich(1).id, merge.upsert_update(road(1, speed=observed(99, hours=50))))])
    await store.write([Write(rich(2).id, merge.delete)])
    await store.observe([observation(road(7), hours, hours * 1.5) for hours in range(30)])
    await store.observe([observation(road(7), 1, "other", dataset_id="urn:a:d")], tenant="Ost")
    await store.write(creating(rich(8)), tenant="Ost")


class DumpContract:
    """See the module's text."""

    def open_store(self, now: Now) -> AbstractAsyncContextManager[Store]:
        """A fresh, empty store that takes the time from ``now``; closed at the end."""
        raise NotImplementedError

    folder: Path
    """An empty folder for the test's files."""

    @with_store
    async def test_a_still_store_does_not_see_what_comes_later(self, store: Store) -> None:
        assert isinstance(store, Dumping)
        await store.write(creating(road(1, speed=observed(1)), road(2)))
        async with store.still() as still:
            await store.write(creating(road(3, speed=observed(3))))
            await store.write([Write(road(1).id, merge.delete)])
            await store.observe([observation(road(1), 1, 7)])
            assert [one.id for one in await still.entities("", 10)] == [road(1).id, road(2).id]
            assert await still.subjects("", 10) == [road(1).id, road(2).id] or [road(1).id]
            found = await still.history(HistoryQuery(Query(ids=(road(1).id,))))
            assert [one.value for series in found.series for one in series.observations] == [1]
            position = still.position
        assert position == 2
        async with store.still() as later:
            assert [one.id for one in await later.entities("", 10)] == [road(2).id, road(3).id]
            assert later.position == 5

    @with_store
    async def test_a_still_store_is_read_in_pages(self, store: Store) -> None:
        assert isinstance(store, Dumping)
        await store.write(creating(*(road(number) for number in range(7))))
        await store.observe([observation(road(number), 1, number) for number in range(3, 9)])
        async with store.still() as still:
            first = await still.entities("", 4)
            rest = await still.entities(first[-1].id, 4)
            assert [one.id for one in (*first, *rest)] == [road(number).id for number in range(7)]
            assert await still.subjects(road(6).id, 10) == [road(7).id, road(8).id]
            assert list(await still.entities(rest[-1].id, 4)) == []

    @with_store
    async def test_tenants_are_told(self, store: Store) -> None:
        assert isinstance(store, Dumping)
        await store.write(creating(road(1)), tenant="Ost")
        await store.write((), tenant="mitte-2_x")
        assert sorted(await store.tenants()) == ["", "Ost", "mitte-2_x"]

    @with_store
    async def test_a_write_that_is_not_recorded_leaves_the_history_alone(self, store: Store) -> None:
        entity = replace(rich(1), created_at=observed(1).observed_at, modified_at=observed(1, 2).observed_at)
        await store.write([Write(entity.id, lambda *_: entity, recorded=False)])
        assert await store.get(entity.id) == entity
        assert (await store.status()).observations == 0
        assert (await store.history(HistoryQuery(Query(), time=None))).series == ()

    @with_store
    async def test_a_dump_gives_everything_back(self, store: Store) -> None:
        await fill(store)
        before = await everything(store)
        await write_dump(store, self.folder / "first")
        other = MemoryStore()
        await read_dump(other, self.folder / "first")
        assert await everything(other) == before

    @with_store
    async def test_everything_comes_back_from_a_dump(self, store: Store) -> None:
        other = MemoryStore()
        await fill(other)
        await write_dump(other, self.folder / "second")
        await read_dump(store, self.folder / "second")
        assert await everything(store) == await everything(other)
        await read_dump(store, self.folder / "second", begun=True)
        assert await everything(store) == await everything(other), "done twice it is as done once"
        [outcome] = await store.write(
            [Write(rich(3).id, merge.upsert_update(road(3, speed=observed(5, 99))))]
        )
        assert outcome.error is None
        assert (await store.query(Query(types=None, count=True))).total == 4
        assert SPEED in {name for name, _ in (await _get(store, rich(3).id)).instances()}


async def _get(store: Store, entity_id: str) -> Entity:
    found = await store.get(entity_id)
    assert found is not None
    return found
