"""Books of subscriptions keep what they were given: in memory, in a file, in a database (to entities, to sources)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sympolis.context.subscriptions.books import MemoryBooks, Settlement, SharedBooks, SubscriptionBooks
from sympolis.stores.embedded.subscriptions import EmbeddedBooks
from sympolis.stores.postgres import PostgresStore
from sympolis.stores.postgres.watching import PostgresWatchingBooks
from sympolis.testing.postgres import server
from sympolis.testing.subscription_books import (
    SubscriptionBooksContract,
    letter,
    subscription,
    waiting,
)


class TestMemoryBooks(SubscriptionBooksContract):
    @pytest.fixture(autouse=True)
    def _one(self) -> None:
        self._books = MemoryBooks()

    def reopen(self) -> SubscriptionBooks:
        return self._books


class _Reopened(SubscriptionBooksContract):
    """Books that are closed before they are opened again."""

    _open: SubscriptionBooks | None = None

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


class TestEmbeddedBooks(_Reopened):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> Iterator[None]:
        self._path = tmp_path
        yield
        self.close()

    def reopen(self) -> SubscriptionBooks:
        self.close()
        self._open = EmbeddedBooks.open(self._path)
        return self._open


class _OnPostgres(_Reopened):
    books_of: Callable[[PostgresStore], SharedBooks]

    @pytest.fixture(autouse=True)
    def _server(self) -> Iterator[None]:
        with asyncio.Runner() as self._runner:
            self._store = self._runner.run(PostgresStore.open(server().fresh_url()))
            self._runner.run(self._store.write((), tenant="city"))
            yield
            self.close()
            self._runner.run(self._store.close())

    def reopen(self) -> Any:
        self.close()
        books, leading = type(self).books_of(self._store), threading.Event()
        self._open = books
        books.watch(lambda _: None, lambda leads: leading.set() if leads else None)
        assert leading.wait(20)
        return books


class TestPostgresBooks(_OnPostgres):
    books_of = PostgresStore.subscription_books


class TestPostgresWatchingBooks(_OnPostgres):
    books_of = PostgresStore.watching_books

    def test_what_another_keeper_had_comes_first(self) -> None:
        """And once: what is there already stays as it is."""
        books: PostgresWatchingBooks = self.reopen()
        books.keep("", subscription("mine", description="here"))
        books.settle(Settlement(added={1: waiting(1, "mine")}))
        old = [subscription("mine"), subscription("old")]
        for _ in range(2):
            books.take_in(
                "", old, [waiting(1, "mine"), waiting(1, "old"), waiting(2, "old")], [letter(4, "old")]
            )
        books = self.reopen()
        assert [one.document.get("description") for one in books.subscriptions("")] == ["here", None]
        assert [(one.number, one.entity_id) for one in books.pending("")] == [
            (-2, "urn:e:1"), (-1, "urn:e:2"), (1, "urn:e:1"),
        ]  # fmt: skip
        assert books.dead_letters("") == (1, [letter(4, "old")])
        assert books.last_number() == 4
