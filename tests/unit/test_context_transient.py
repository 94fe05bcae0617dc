"""What has an end is removed when it has come: by the store, durably noted before (clause 4.22)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sympolis.context.broker import Broker
from sympolis.context.instants import format_instant
from sympolis.context.places import SHELF
from sympolis.context.query import Query
from sympolis.context.transient import CAUSE, Transients, end, ends_in, next_end
from sympolis.domain.changes import ChangeKind
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.stores.memory import MemoryStore

START = datetime(2030, 1, 1, tzinfo=UTC)
LIGHT = "urn:ngsi-ld:Light:1"


class Clock:
    """The same time for the store and for the sweeper."""

    def __init__(self) -> None:
        self.now = START

    def seconds(self) -> float:
        return self.now.timestamp()

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Setting:
    def __init__(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore(now=lambda: self.clock.now)
        self.broker = Broker(self.store)
        self.transients = self.another()

    def another(self) -> Transients:
        """As another process, or this one after a restart, would begin."""
        return Transients(self.store, clock=self.clock.seconds)


@pytest.fixture
def setting() -> Setting:
    return Setting()


def at(seconds: float) -> str:
    return format_instant(START + timedelta(seconds=seconds))


def attribute(value: Any, ends: float | None = None, **inner: Attribute) -> Attribute:
    members = {} if ends is None else {"expiresAt": at(ends)}
    below = {name: (one,) for name, one in inner.items()}
    return Attribute(AttributeKind.PROPERTY, value, attributes=below, members=members)


def light(ends: float | None = None, **attributes: Attribute) -> Entity:
    members = {} if ends is None else {"expiresAt": at(ends)}
    return Entity(LIGHT, ("Light",), {name: (one,) for name, one in attributes.items()}, members=members)


async def keep(setting: Setting, entity: Entity, tenant: str = "") -> None:
    ends = next_end(entity)
    assert ends is not None
    await setting.transients.note({(tenant, entity.id): ends})
    await setting.broker.create(entity, tenant=tenant)


async def notes(setting: Setting) -> int:
    return len((await setting.store.query(Query(limit=100), tenant=SHELF)).entities)


def test_an_entity_is_there_until_its_end(setting: Setting) -> None:
    async def scenario() -> None:
        await keep(setting, light(60))
        setting.clock.pass_by(59.999)
        await setting.transients.sweep()
        assert await setting.broker.find(LIGHT) is not None and not setting.transients.due()
        setting.clock.pass_by(0.001)
        assert setting.transients.due()
        await setting.transients.sweep()
        assert await setting.broker.find(LIGHT) is None and await notes(setting) == 0

    asyncio.run(scenario())


def test_the_change_log_tells_of_the_end(setting: Setting) -> None:
    async def scenario() -> None:
        await keep(setting, light(60, on=attribute(True)))
        setting.clock.pass_by(60)
        await setting.transients.sweep()
        [*_, last] = await setting.store.changes(0)
        assert (last.kind, last.entity_id, last.cause) == (ChangeKind.DELETED, LIGHT, CAUSE)

    asyncio.run(scenario())


def test_attributes_and_sub_attributes_end_one_by_one(setting: Setting) -> None:
    async def scenario() -> None:
        inner = attribute(1, 10)
        await keep(setting, light(a=attribute(1, 20), b=attribute(2, ok=inner), c=attribute(3)))
        setting.clock.pass_by(10)
        await setting.transients.sweep()
        found = await setting.broker.retrieve(LIGHT)
        assert set(found.attributes) == {"a", "b", "c"} and not found.attributes["b"][0].attributes
        setting.clock.pass_by(10)
        await setting.transients.sweep()
        assert set((await setting.broker.retrieve(LIGHT)).attributes) == {"b", "c"}
        assert not setting.transients.due() and await notes(setting) == 0

    asyncio.run(scenario())


def test_an_end_that_was_put_off_is_waited_for(setting: Setting) -> None:
    async def scenario() -> None:
        await keep(setting, light(60))
        await setting.broker.upsert([light(120)])
        setting.clock.pass_by(60)
        await setting.transients.sweep()
        assert await setting.broker.find(LIGHT) is not None
        setting.clock.pass_by(60)
        await setting.transients.sweep()
        assert await setting.broker.find(LIGHT) is None

    asyncio.run(scenario())


def test_an_end_that_was_taken_back_never_comes(setting: Setting) -> None:
    async def scenario() -> None:
        await keep(setting, light(60))
        await setting.broker.upsert([light()])
        setting.clock.pass_by(600)
        await setting.transients.sweep()
        assert await setting.broker.find(LIGHT) is not None and await notes(setting) == 0

    asyncio.run(scenario())


def test_ends_survive_a_restart(setting: Setting) -> None:
    async def scenario() -> None:
        await keep(setting, light(60), tenant="north")
        setting.clock.pass_by(60)
        again = setting.another()
        assert again.due()
        await again.sweep()
        assert await setting.broker.find(LIGHT, tenant="north") is None and await notes(setting) == 0

    asyncio.run(scenario())


def test_a_note_about_nothing_does_no_harm(setting: Setting) -> None:
    async def scenario() -> None:
        await setting.transients.note({("nowhere", LIGHT): START, ("", LIGHT): START})
        await setting.transients.sweep()
        assert await notes(setting) == 0
        assert await setting.store.tenants() == ["", SHELF]

    asyncio.run(scenario())


def test_a_store_whose_clock_is_behind_is_asked_again(setting: Setting) -> None:
    async def scenario() -> None:
        await keep(setting, light(60))
        ahead = Transients(setting.store, clock=lambda: setting.clock.seconds() + 90)
        await ahead.sweep()
        assert await setting.broker.find(LIGHT) is not None and not ahead.due()
        setting.clock.pass_by(60)
        assert ahead.due()
        await ahead.sweep()
        assert await setting.broker.find(LIGHT) is None

    asyncio.run(scenario())


def test_what_ends_is_swept_without_anyone_asking() -> None:
    async def scenario() -> None:
        store = MemoryStore()
        broker, transients = Broker(store), Transients(store)
        await transients.open()
        ends = datetime.now(UTC) + timedelta(milliseconds=20)
        await transients.note({("", LIGHT): ends})
        await broker.create(Entity(LIGHT, ("Light",), members={"expiresAt": format_instant(ends)}))
        async with asyncio.timeout(10):
            async for change in broker.follow(0):
                if change.kind is ChangeKind.DELETED:
                    break
        await transients.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("turns", range(6))
def test_closing_does_not_wait_for_an_end(turns: int) -> None:
    """Whatever the sweeper has come to, also if it is being woken at that very moment."""

    async def scenario() -> None:
        transients = Transients(MemoryStore())
        async with asyncio.timeout(5):
            await transients.open()
            for _ in range(20):
                await asyncio.sleep(0)
            await transients.note({("", LIGHT): datetime.now(UTC) + timedelta(hours=1)})
            for _ in range(turns):
                await asyncio.sleep(0)
            await transients.close()

    asyncio.run(scenario())


def test_what_another_process_noted_is_learnt(setting: Setting) -> None:
    async def scenario() -> None:
        other = setting.another()
        await other.sweep()
        await keep(setting, light(60))
        await other._read_news()
        setting.clock.pass_by(60)
        assert other.due()
        await other.sweep()
        assert await setting.broker.find(LIGHT) is None

    asyncio.run(scenario())


def test_ends_are_found_in_bodies() -> None:
    inner = {"type": "Property", "value": 1, "expiresAt": at(5)}
    batch = [{"id": "urn:a", "speed": inner, "expiresAt": at(9)}, {"id": "urn:b"}, 7]
    assert ends_in(batch, None, "north") == {("north", "urn:a"): START + timedelta(seconds=5)}
    assert ends_in(inner, LIGHT, "") == {("", LIGHT): START + timedelta(seconds=5)}
    assert ends_in({"expiresAt": "soon"}, LIGHT, "") == {}


def test_an_entity_without_ends_is_left_as_it_is() -> None:
    entity = light(a=attribute(1), b=attribute(2, c=attribute(3)))
    assert next_end(entity) is None and end(entity, START) is entity and end(None, START) is None
