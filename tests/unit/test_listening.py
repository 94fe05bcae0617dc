"""A listener takes what has come at once, acknowledges what is stored, and comes back after failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from sympolis.acquisition.listening import Heard, Listener, Listeners, pause_s
from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Record
from sympolis.plugins.listening import Message, Topics

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Clock:
    """Time that passes by a second with each look, so that pauses end."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1000)
        return self.now


class Speaking:
    """A connector: a row a message, its payload."""

    def __init__(self, wish: Any = None) -> None:
        self.wish = wish or Topics(topics=("a",))

    def listens(self, origin: Origin, settings: Any) -> Any:
        return self.wish if not callable(self.wish) else self.wish()

    def heard(self, message: Message, settings: Any) -> Iterator[Record]:
        yield Record(1, {"value": message.payload.decode()})


@dataclass
class Books:
    """The part of a coordinator that a listener uses."""

    speaking: Any = field(default_factory=Speaking)
    taken: list[list[tuple[int, str]]] = field(default_factory=list)
    fails: int = 0

    def planned(self, source_id: str) -> Any:
        source = SimpleNamespace(id=source_id, connector="speaking", refresh=object())
        return SimpleNamespace(source=source, origin=Origin(url="mqtt://b"), settings=None)

    def sources(self) -> list[Any]:
        return [SimpleNamespace(planned=self.planned("s"))]

    def connector(self, planned: Any) -> Any:
        return self.speaking

    async def take(self, source_id: str, records: Sequence[Record]) -> None:
        if self.fails:
            self.fails -= 1
            raise errors.StoreUnavailable("the disk is full", where="store")
        self.taken.append([(one.number, one.fields["value"]) for one in records])


@dataclass
class Broker:
    """Gives what is not acknowledged with each connection, then waits; ``refuses`` connections first."""

    messages: list[bytes]
    stopped: asyncio.Event
    refuses: int = 0
    opened: int = 0

    @asynccontextmanager
    async def __call__(self, planned: Any, wish: Any) -> AsyncIterator[Any]:
        self.opened += 1
        if self.refuses:
            self.refuses -= 1
            raise errors.SourceFailed("nobody there", where="mqtt://b")
        yield Feed(self)


class Feed:
    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._waiting = list(broker.messages)

    def waiting(self) -> int:
        return len(self._waiting)

    async def next(self) -> Heard:
        if not self._waiting:
            self._broker.stopped.set()
            await asyncio.Event().wait()
        payload = self._waiting.pop(0)

        async def acknowledge() -> None:
            self._broker.messages.remove(payload)

        return Heard(Message("a", payload, NOW), acknowledge)


def listened(messages: list[bytes], books: Books, *, refuses: int = 0) -> tuple[Listener, Broker]:
    """Listen until nothing more is said."""

    async def story() -> tuple[Listener, Broker]:
        stopped = asyncio.Event()
        broker = Broker(messages, stopped, refuses)
        listener = Listener(books, "s", broker, clock=Clock(), chance=lambda: 0.5)  # type: ignore[arg-type]
        async with asyncio.timeout(20):
            await listener.run(stopped)
        return listener, broker

    return asyncio.run(story())


def test_what_has_come_is_one_batch_with_rows_numbered_through() -> None:
    books = Books()
    listener, broker = listened([b"a", b"b", b"c"], books)
    assert books.taken == [[(1, "a"), (2, "b"), (3, "c")]] and broker.messages == []
    assert (listener.state.state, listener.state.messages, listener.state.newest_message) == (
        "stopped",
        3,
        NOW,
    )


def test_a_batch_has_its_bound() -> None:
    books = Books()
    listened([b"%d" % number for number in range(1200)], books)
    assert [len(batch) for batch in books.taken] == [500, 500, 200]


def test_what_was_not_stored_is_not_acknowledged_and_is_taken_the_next_time() -> None:
    books = Books(fails=2)
    listener, broker = listened([b"a", b"b"], books)
    assert books.taken == [[(1, "a"), (2, "b")]] and broker.opened == 3 and broker.messages == []
    assert listener.state.failures == 0


def test_a_feed_that_cannot_be_opened_is_tried_again() -> None:
    books = Books()
    _, broker = listened([b"a"], books, refuses=3)
    assert broker.opened == 4 and len(books.taken) == 1


def test_a_defect_is_told_and_does_not_end_the_listener() -> None:
    wishes = iter([ValueError("a defect"), Topics(topics=("a",))])

    def wish() -> Any:
        found = next(wishes)
        if isinstance(found, Exception):
            raise found
        return found

    books = Books(Speaking(wish))
    listened([b"a"], books)
    assert len(books.taken) == 1


@pytest.mark.parametrize("speaking", [Speaking(lambda: None), object()])
def test_a_source_that_does_not_listen_has_no_listener(speaking: Any) -> None:
    listeners = Listeners(Books(speaking), None)  # type: ignore[arg-type]
    assert listeners.states() == {}
    asyncio.run(asyncio.wait_for(listeners.run(asyncio.Event()), 5))


def test_pauses_grow_to_five_minutes_and_are_spread() -> None:
    assert [pause_s(failures, 0.5) for failures in (1, 2, 3, 9, 10, 1000)] == [1, 2, 4, 256, 300, 300]
    assert (pause_s(1, 0.0), pause_s(1, 1.0)) == pytest.approx((0.8, 1.2))
