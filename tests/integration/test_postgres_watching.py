"""Several processes on one database: all know the subscriptions to context sources, one tells, another goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sympolis.app.adopting import adopt_files, check_adopted
from sympolis.context.registrations.service import Registrations
from sympolis.context.registrations.telling import SourceSubscriptions
from sympolis.context.subscriptions.books import Settlement
from sympolis.context.subscriptions.subscription import Record
from sympolis.context.terms import Contexts
from sympolis.domain.errors import AlreadyExists, Conflict, NotFound
from sympolis.stores.embedded.subscriptions import EmbeddedBooks
from sympolis.stores.postgres import PostgresStore, books
from sympolis.testing.postgres import server
from sympolis.testing.subscription_books import NOW, letter, subscription, waiting
from sympolis.testing.subscriptions import NotingNotifier

TERMS = Contexts().core()
WISH = "urn:ngsi-ld:Subscription:1"


@pytest.fixture(autouse=True)
def brief_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "_TURN_S", 0.02)
    monkeypatch.setattr(books, "_PAUSE_S", 0.02)


@dataclass
class Process:
    """What one server process has."""

    registrations: Registrations
    service: SourceSubscriptions
    notifier: NotingNotifier

    async def subscribe(self, **more: Any) -> None:
        document = {
            "id": WISH,
            "type": "Subscription",
            "entities": [{"type": "Road"}],
            "notification": {"endpoint": {"uri": "http://receiver.example/"}},
        }
        await self.service.create({**document, **more}, TERMS, None, tenant="city")

    async def register(self, name: str) -> None:
        await self.registrations.create(
            {
                "id": f"urn:r:{name}",
                "type": "ContextSourceRegistration",
                "information": [{"entities": [{"type": "Road"}]}],
                "endpoint": "http://source.example/",
            },
            TERMS,
            tenant="city",
        )

    async def record(self) -> Record:
        _, found = await self.service.get(WISH, tenant="city")
        return found

    @property
    def told(self) -> list[tuple[str, list[str]]]:
        """Reasons, with the names of the registrations."""
        return [
            (one["triggerReason"], sorted(each["id"].removeprefix("urn:r:") for each in one["data"]))
            for one in self.notifier.bodies
        ]


@asynccontextmanager
async def process(url: str, folder: Path | None = None) -> AsyncIterator[Process]:
    store, notifier = await PostgresStore.open(url), NotingNotifier()
    if folder is not None:
        await asyncio.to_thread(adopt_files, store, folder)
    registrations = Registrations(store, store.source_books())
    await registrations.open()
    service = SourceSubscriptions(registrations, store, Contexts(), store.watching_books(), notifier)
    await service.open()
    try:
        yield Process(registrations, service, notifier)
    finally:
        await service.close()
        await registrations.close()
        await store.close()


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.005)


async def in_turn(one: Process, other: Process) -> tuple[Process, Process]:
    """The one that tells, and the other."""
    await until(lambda: one.service.tells or other.service.tells)
    return (one, other) if one.service.tells else (other, one)


def play(scene: Awaitable[None]) -> None:
    async def run() -> None:
        await asyncio.wait_for(scene, timeout=60)

    asyncio.run(run())


def test_a_subscription_is_known_and_changed_everywhere() -> None:
    async def scene() -> None:
        url = server().fresh_url()
        async with process(url) as one, process(url) as other:
            await one.subscribe()
            with pytest.raises(AlreadyExists):
                await other.subscribe()
            await other.service.update(WISH, {"description": "mine"}, TERMS, tenant="city")
            found, _ = await one.service.get(WISH, tenant="city")
            assert found.subscription.document["description"] == "mine"
            assert (await one.service.page(limit=5, offset=0, tenant="city"))[0] == 1
            await other.service.delete(WISH, tenant="city")
            with pytest.raises(NotFound):
                await one.service.get(WISH, tenant="city")

    play(scene())


def test_whoever_registers_one_process_tells_once() -> None:
    """Also of what matched when the other process was asked for the subscription, and of the very next change."""

    async def scene() -> None:
        url = server().fresh_url()
        async with process(url) as one, process(url) as other:
            teller, silent = await in_turn(one, other)
            await silent.register("a")
            await silent.subscribe()
            await silent.register("b")
            await until(lambda: any("b" in names for _, names in teller.told))
            await silent.registrations.delete("urn:r:b", tenant="city")
            await until(lambda: ("noLongerMatching", ["b"]) in teller.told)
            await teller.service.settled()
            named = [name for reason, names in teller.told if reason == "newlyMatching" for name in names]
            assert sorted(set(named)) == ["a", "b"]
            assert silent.told == []
            assert (await silent.record()).times_sent == len(teller.told)

    play(scene())


def test_a_process_that_goes_on_tells_what_was_missed_and_no_more() -> None:
    async def scene() -> None:
        url = server().fresh_url()
        async with process(url) as one, process(url) as other:
            teller, silent = await in_turn(one, other)
            await teller.subscribe()
            await teller.register("a")
            await until(lambda: len(teller.told) == 1)
            await teller.service.settled()
            teller.registrations._listeners.clear()  # it ends before it hears of the next one
            await silent.register("b")
            await silent.registrations.delete("urn:r:a", tenant="city")
            await teller.service.rest()
            await asyncio.to_thread(teller.service._books.close)
            await until(lambda: len(silent.told) == 2)
            assert silent.told == [("newlyMatching", ["b"]), ("noLongerMatching", ["a"])]
            await silent.service.settled()
            assert (await silent.record()).times_sent == 3

    play(scene())


def test_files_of_before_are_taken_in_and_told_on(tmp_path: Path) -> None:
    async def scene() -> None:
        url = server().fresh_url()
        async with process(url) as one:
            await one.registrations.create(
                {
                    "id": "urn:r:a",
                    "type": "ContextSourceRegistration",
                    "information": [{"entities": [{"type": "Road"}]}],
                    "endpoint": "http://source.example/",
                },
                TERMS,
            )
        _keep_in_files(tmp_path / "sources")
        with pytest.raises(Conflict, match="beside the database"):
            check_adopted(tmp_path)
        async with process(url, tmp_path) as one:
            await until(lambda: one.told == [("updated", ["old"])])
            await one.service.settled()
            found, record = await one.service.get("urn:s:a")
            assert (found.subscription.modified_at, record.times_sent) == (NOW, 6)
            assert one.service._books.dead_letters("")[0] == 1
            await one.service.delete("urn:s:a")
        check_adopted(tmp_path)
        async with process(url, tmp_path) as one:
            with pytest.raises(NotFound):
                await one.service.get("urn:s:a")

    play(scene())


def _keep_in_files(folder: Path) -> None:
    old = EmbeddedBooks.open(folder)
    endpoint = {"uri": "http://receiver.example/"}
    old.keep("", subscription("a", entities=[{"type": "Road"}], notification={"endpoint": endpoint}))
    told = b'{"triggerReason":"updated","data":[{"id":"urn:r:old"}]}'
    left = waiting(9, "a")
    old.settle(
        Settlement(
            added={9: type(left)(9, "", left.subscription, "urn:r:old", NOW, told)},
            records={("", "urn:s:a"): Record(times_sent=5, last_notification=NOW)},
            dead=[letter(3, "a")],
        )
    )
    old.close()
