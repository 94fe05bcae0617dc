"""What every keeper of registrations does: what it took is there after a restart (clause 5.9)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from sympolis.context.distributed.relays import MemoryRelayBooks, Relay, RelayBooks
from sympolis.context.registrations.books import (
    KeptRegistration,
    MemoryRegistrationBooks,
    RegistrationBooks,
)
from sympolis.context.registrations.registration import Fared
from sympolis.stores.embedded.registrations import EmbeddedRegistrationBooks
from sympolis.stores.postgres import PostgresStore
from sympolis.stores.postgres.sources import PostgresSourceBooks
from sympolis.testing.postgres import server

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
Reopen = Callable[[], "Kept"]


KINDS = ("memory", "embedded", "postgres")


class Kept(RegistrationBooks, RelayBooks, Protocol):
    """What all kinds keep."""


class InMemory(MemoryRegistrationBooks, MemoryRelayBooks):
    """Both books."""

    def __init__(self) -> None:
        MemoryRegistrationBooks.__init__(self)
        MemoryRelayBooks.__init__(self)


@pytest.fixture(params=KINDS)
def reopened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reopen]:
    """Opens the books, each time after closing them; those in memory stay as they are."""
    with ExitStack() as stack:
        if request.param == "memory":
            yield partial(_same, InMemory())
        elif request.param == "embedded":
            yield _Reopening(lambda: EmbeddedRegistrationBooks.open(tmp_path), stack)
        else:
            yield _Reopening(partial(_books_at, stack.enter_context(asyncio.Runner()), url()), stack)


def url() -> str:
    return server().fresh_url()


def _same(books: InMemory) -> Kept:
    return books


class _Reopening:
    """Opens books anew after closing those of before."""

    def __init__(self, opens: Callable[[], Kept], stack: ExitStack) -> None:
        self._opens = opens
        self._open: Kept | None = None
        stack.callback(self._close)

    def __call__(self) -> Kept:
        self._close()
        self._open = self._opens()
        return self._open

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()


class _OfStore(PostgresSourceBooks):
    """Books that end their store with them."""

    store: PostgresStore
    runner: asyncio.Runner

    def close(self) -> None:
        self.runner.run(self.store.close())


def _books_at(runner: asyncio.Runner, address: str) -> Kept:
    store = runner.run(PostgresStore.open(address))
    runner.run(store.write((), tenant="city"))
    books = _OfStore(store._calls)
    books.store, books.runner = store, runner
    return books


def kept(name: str, **document: object) -> KeptRegistration:
    return KeptRegistration(f"urn:r:{name}", {"type": "ContextSourceRegistration", **document}, NOW, NOW)


def test_registrations_are_kept_by_tenant(reopened: Reopen) -> None:
    books = reopened()
    books.keep("", kept("b", mode="redirect"))
    books.keep("", kept("a"))
    books.keep("city", kept("a", scope="/x"))
    books = reopened()
    assert books.tenants() == ["", "city"]
    assert [one.id for one in books.registrations("")] == ["urn:r:a", "urn:r:b"]
    assert books.registrations("city") == [kept("a", scope="/x")]
    assert books.registrations("nobody") == []


def test_a_changed_registration_keeps_its_record(reopened: Reopen) -> None:
    books = reopened()
    fared = Fared(3, 1, NOW, NOW, True)
    books.keep("", kept("a"))
    books.note({("", "urn:r:a"): fared, ("", "urn:r:gone"): fared})
    books.keep("", kept("a", mode="exclusive"))
    [found] = reopened().registrations("")
    assert found.document["mode"] == "exclusive"
    assert found.fared == fared


def test_what_is_dropped_is_gone_with_its_record(reopened: Reopen) -> None:
    books = reopened()
    books.keep("", kept("a"))
    books.note({("", "urn:r:a"): Fared(1)})
    books.drop("", "urn:r:a")
    books.drop("", "urn:r:never")
    assert reopened().tenants() == []
    reopened().keep("", kept("a"))
    [found] = reopened().registrations("")
    assert found.fared == Fared()


def test_what_is_noted_again_and_again_is_the_last(reopened: Reopen) -> None:
    books = reopened()
    books.keep("", kept("a"))
    for sent in (1, 4, 9):
        books.note({("", "urn:r:a"): Fared(sent, 1, NOW, None, False)})
    [found] = reopened().registrations("")
    assert found.fared == Fared(9, 1, NOW, None, False)


def test_relays_are_kept_until_they_are_dropped(reopened: Reopen) -> None:
    books = reopened()
    first = Relay("k1", "", "urn:s:1", "urn:r:a", "urn:s:there")
    second = Relay("k2", "city", "urn:s:1", "urn:r:a", "urn:s:there")
    books.keep_relay(first)
    books.keep_relay(second)
    books.keep_relay(replace(first, remote="urn:s:elsewhere"))
    books.drop_relay("k2")
    books.drop_relay("never")
    assert reopened().relays() == [replace(first, remote="urn:s:elsewhere")]
