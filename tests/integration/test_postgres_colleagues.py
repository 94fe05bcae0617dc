"""Several processes on one database: all know the subscriptions, one tells, another takes over, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from sympolis.context.broker import Broker
from sympolis.context.codec import parse_entity
from sympolis.context.subscriptions.books import KeepsBooks, SharedBooks
from sympolis.context.subscriptions.notice import Notice
from sympolis.context.subscriptions.sending import DeliveryPolicy
from sympolis.context.subscriptions.service import Subscriptions
from sympolis.context.terms import Contexts
from sympolis.domain.errors import DeliveryFailed, DeliveryRefused, NotFound, StoreUnavailable
from sympolis.stores.postgres import PostgresStore, books
from sympolis.testing.postgres import server
from sympolis.testing.subscriptions import NotingNotifier

URI = "http://receiver.example/notify"
QUICKLY = DeliveryPolicy(first_wait_s=0.01, longest_wait_s=0.02)


@pytest.fixture(autouse=True)
def brief_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "_TURN_S", 0.02)
    monkeypatch.setattr(books, "_PAUSE_S", 0.02)


@pytest.fixture
def url() -> Iterator[str]:
    yield server().fresh_url()


@dataclass
class Process:
    """What one server process has: a store and the subscriptions to it."""

    store: PostgresStore
    service: Subscriptions
    notifier: NotingNotifier
    contexts: Contexts = field(default_factory=Contexts)

    async def subscribe(self, *, tenant: str = "", **more: Any) -> str:
        document = {
            "type": "Subscription",
            "entities": [{"type": "Road"}],
            "notification": {"format": "keyValues", "endpoint": {"uri": URI}},
            **more,
        }
        return (await self.service.create(document, self.contexts.core(), None, tenant=tenant)).id

    async def put(self, number: int, *, tenant: str = "", **values: Any) -> None:
        document = {"id": f"urn:ngsi-ld:Road:{number}", "type": "Road", **values}
        [outcome] = await Broker(self.store).upsert(
            [parse_entity(document, self.contexts.core())], tenant=tenant
        )
        assert outcome.error is None

    @property
    def told(self) -> list[Any]:
        return [one["speed"] for one in self.notifier.data]

    @property
    def tells(self) -> bool:
        return self.service._tells


@asynccontextmanager
async def process(
    url: str, answer: Callable[[Notice], None] = lambda _: None, policy: DeliveryPolicy = QUICKLY
) -> AsyncIterator[Process]:
    store = await PostgresStore.open(url)
    assert isinstance(store, KeepsBooks)
    kept, notifier, contexts = store.subscription_books(), NotingNotifier(answer), Contexts()
    assert isinstance(kept, SharedBooks)
    service = Subscriptions(store, contexts, kept, notifier, policy=policy)
    await service.open()
    try:
        yield Process(store, service, notifier, contexts)
    finally:
        await service.close()
        await store.close()


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.005)


def play(scene: Awaitable[None]) -> None:
    async def run() -> None:
        await asyncio.wait_for(scene, timeout=60)

    asyncio.run(run())


def test_a_subscription_is_known_and_changed_everywhere(url: str) -> None:
    async def scene() -> None:
        async with process(url) as one, process(url) as other:
            found = await one.subscribe(tenant="centro", description="first")
            subscription, record = await other.service.get(found, tenant="centro")
            assert subscription.document["description"] == "first"
            assert record.times_sent == 0
            await other.service.update(
                found, {"description": "second"}, other.contexts.core(), tenant="centro"
            )
            seen, _ = await one.service.get(found, tenant="centro")
            assert seen.document["description"] == "second"
            assert (await one.service.page(limit=5, offset=0, tenant="centro"))[0] == 1
            await other.service.delete(found, tenant="centro")
            with pytest.raises(NotFound):
                await one.service.get(found, tenant="centro")

    play(scene())


def test_whoever_writes_one_process_tells_once(url: str) -> None:
    """Also of the very next change, by a process that has not heard of the subscription yet."""

    async def scene() -> None:
        async with process(url) as one, process(url) as other:
            await until(lambda: one.tells or other.tells)
            teller, silent = (one, other) if one.tells else (other, one)
            for number in range(10):
                await (one, other)[number % 2].subscribe(q=f"speed=={number}")
                await (one, other)[1 - number % 2].put(number, speed=number)
            await until(lambda: len(teller.told) >= 10)
            assert teller.told == list(range(10))
            assert silent.told == []
            assert not silent.tells

    play(scene())


def test_another_process_takes_over_what_is_left(url: str) -> None:
    """The first one stops in an orderly way, with notifications that could not be delivered."""

    def down(_: Notice) -> None:
        raise DeliveryFailed("down")

    async def scene() -> None:
        async with AsyncExitStack() as longer:
            patient = DeliveryPolicy(attempts=1000, first_wait_s=0.01, longest_wait_s=0.02)
            async with process(url, down, patient) as first:
                await until(lambda: first.tells)
                second = await longer.enter_async_context(process(url))
                await first.subscribe()
                await first.put(1, speed=10)
                await second.put(1, speed=20)
                await until(lambda: first.notifier.attempts > 1)
                assert not second.tells
            await until(lambda: len(second.told) >= 2)
            await second.put(1, speed=30)
            await until(lambda: len(second.told) >= 3)
            assert second.told == [10, 20, 30]

    play(scene())


def test_a_process_that_is_cut_off_is_succeeded_and_cannot_write_over_it(url: str) -> None:
    async def scene() -> None:
        async with process(url) as one:
            await until(lambda: one.tells)
            await one.subscribe()
            await one.put(1, speed=10)
            await until(lambda: one.told == [10])
            async with process(url) as other:
                cut_off(url)
                await until(lambda: one.tells is not other.tells and (await_heard(one, other)))
                for speed in (20, 30):
                    await other.put(1, speed=speed)
                    await one.put(2, speed=speed)
                await until(lambda: set(one.told + other.told) >= {10, 20, 30})
                await until(lambda: len(one.told + other.told) >= 5)
                silent = other if one.tells else one
                with pytest.raises(StoreUnavailable):
                    await silent.service._settler.do(
                        lambda: silent.service._books.settle(books.Settlement(positions={"": 0}))
                    )

    play(scene())


def cut_off(url: str) -> None:
    """End every session that holds or waits for a turn."""
    server().sql(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE application_name = 'sympolis' AND query ~ 'try_advisory_lock|LISTEN|SELECT 1'"
    )


def await_heard(*processes: Process) -> bool:
    """Whether each process has dealt with what it was called."""
    return all(one.service._colleagues._calls.empty() for one in processes)


def test_how_notifications_fared_is_seen_everywhere(url: str) -> None:
    def refused(_: Notice) -> None:
        raise DeliveryRefused("no")

    async def scene() -> None:
        async with process(url, refused) as one, process(url, refused) as other:
            found = await one.subscribe()
            await other.put(1, speed=10)
            await until(lambda: one.notifier.attempts + other.notifier.attempts > 0)
            for each in (one, other):
                await each.service.settled()
                while (await each.service.get(found))[1].times_failed == 0:
                    await asyncio.sleep(0.005)
                total = 0
                while total == 0:
                    total, letters = await each.service.dead_letters(subscription=None, limit=5, offset=0)
                assert [letter.subscription for letter in letters] == [found]
                assert await each.service.caught_up()

    play(scene())


def test_states_are_kept_for_other_processes_and_only_where_there_are_subscriptions(url: str) -> None:
    async def scene() -> None:
        alone = await PostgresStore.open(url)  # a process without subscriptions of its own, like an import
        broker = Broker(alone)
        await broker.upsert([parse_entity({"id": "urn:a:1", "type": "Road"}, Contexts().core())])
        [first] = await alone.changes(0, states=True)
        assert first.after is None
        async with process(url) as one:
            await one.subscribe()
            await broker.upsert([parse_entity({"id": "urn:a:2", "type": "Road"}, Contexts().core())])
            [second] = await alone.changes(first.number, states=True)
            assert second.after is not None
        await alone.close()

    play(scene())


def test_what_another_broker_told_is_passed_on_by_whoever_heard_it(url: str) -> None:
    async def scene() -> None:
        async with process(url) as one, process(url) as other:
            await until(lambda: one.tells or other.tells)
            found = await one.subscribe()
            for each, speed in ((one, b"1"), (other, b"2")):
                element = b'{"id":"urn:r:1","type":"Road","speed":' + speed + b"}"
                await each.service.relay(found, [("urn:r:1", element)])
                await until(lambda each=each: len(each.told) == 1)
                await each.service.settled()
            assert [one.told, other.told] == [[1], [2]]
            await one.put(1, speed=3)
            await until(lambda: len(one.told + other.told) == 3)

    play(scene())
