"""What every keeper of registrations does: what it took is there after a restart (clause 5.9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sympolis.context.distributed.relays import MemoryRelayBooks, Relay, RelayBooks
from sympolis.context.registrations.books import (
    KeptRegistration,
    MemoryRegistrationBooks,
    RegistrationBooks,
)
from sympolis.context.registrations.registration import Fared
from sympolis.stores.embedded.registrations import EmbeddedRegistrationBooks

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
Reopen = Callable[[], RegistrationBooks]


@pytest.fixture(params=["memory", "embedded"])
def reopened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reopen]:
    """Opens the books, each time after closing them; those in memory stay as they are."""
    opened: list[RegistrationBooks] = []

    def reopen() -> RegistrationBooks:
        if request.param == "memory":
            opened[:] = opened or [MemoryRegistrationBooks()]
        else:
            for one in opened:
                one.close()
            opened[:] = [EmbeddedRegistrationBooks.open(tmp_path)]
        return opened[0]

    yield reopen
    for one in opened:
        one.close()


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


@pytest.mark.parametrize("kind", ["memory", "embedded"])
def test_relays_are_kept_until_they_are_dropped(kind: str, tmp_path: Path) -> None:
    embedded = EmbeddedRegistrationBooks.open(tmp_path) if kind == "embedded" else None
    books: RelayBooks = embedded or MemoryRelayBooks()
    first = Relay("k1", "", "urn:s:1", "urn:r:a", "urn:s:there")
    second = Relay("k2", "city", "urn:s:1", "urn:r:a", "urn:s:there")
    books.keep_relay(first)
    books.keep_relay(second)
    books.keep_relay(replace(first, remote="urn:s:elsewhere"))
    books.drop_relay("k2")
    books.drop_relay("never")
    if embedded is not None:
        embedded.close()
        books = embedded = EmbeddedRegistrationBooks.open(tmp_path)
    assert books.relays() == [replace(first, remote="urn:s:elsewhere")]
    if embedded is not None:
        embedded.close()
