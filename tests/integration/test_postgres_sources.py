"""Several processes on one database: registrations, relays and hosted @contexts of one are those of all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sympolis.app.adopting import adopt_files, check_adopted
from sympolis.context.distributed.relays import Relay
from sympolis.context.library import ContextKind, ContextLibrary, KeptContext
from sympolis.context.registrations.books import KeptRegistration
from sympolis.context.registrations.registration import Fared, Registration
from sympolis.context.registrations.service import Registrations
from sympolis.context.terms import Contexts
from sympolis.domain.errors import AlreadyExists, Conflict, NotFound
from sympolis.stores.context_files import ContextFiles
from sympolis.stores.embedded.registrations import EmbeddedRegistrationBooks
from sympolis.stores.postgres import PostgresStore
from sympolis.stores.postgres.sources import PostgresSourceBooks
from sympolis.testing.postgres import server

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
TERMS = Contexts().core()


class Noting:
    """Remembers what it is told of registrations."""

    def __init__(self) -> None:
        self.told: list[tuple[str | None, str | None]] = []

    async def changed(self, tenant: str, before: Registration | None, after: Registration | None) -> None:
        self.told.append((_id(before), _id(after)))


def _id(found: Registration | None) -> str | None:
    return None if found is None else found.id


@dataclass
class Process:
    """What one server process has."""

    store: PostgresStore
    books: PostgresSourceBooks
    registrations: Registrations
    library: ContextLibrary
    own: Noting
    everywhere: Noting

    def endpoint(self, name: str, tenant: str) -> str | None:
        index = self.registrations.of(tenant)
        found = None if index is None else index.get(name)
        return None if found is None else found.endpoint

    def ids(self, tenant: str = "") -> list[str]:
        index = self.registrations.of(tenant)
        return [] if index is None else index.ids()


@asynccontextmanager
async def process(url: str) -> AsyncIterator[Process]:
    store = await PostgresStore.open(url)
    books = store.source_books()
    registrations, library = Registrations(store, books), ContextLibrary(Contexts(), store.context_shelf())
    await registrations.open()
    library.watch()
    found = Process(store, books, registrations, library, Noting(), Noting())
    registrations.listen(found.own)
    registrations.listen(found.everywhere, everywhere=True)
    try:
        yield found
    finally:
        await library.close()
        await registrations.close()
        await store.close()


def document(name: str, kind: str = "Road", **more: Any) -> dict[str, Any]:
    return {
        "id": f"urn:r:{name}",
        "type": "ContextSourceRegistration",
        "information": [{"entities": [{"type": kind}]}],
        "endpoint": f"http://source.example/{name}",
        **more,
    }


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


def test_what_one_registers_the_other_knows_changes_and_deletes() -> None:
    async def story() -> None:
        url = server().fresh_url()
        async with process(url) as one, process(url) as other:
            await one.registrations.create(document("a"), TERMS, tenant="city")
            await until(lambda: other.ids("city") == ["urn:r:a"])
            fragment = {"endpoint": "http://source.example/new"}
            await other.registrations.update("urn:r:a", fragment, TERMS, tenant="city")
            await until(lambda: one.endpoint("urn:r:a", "city") == fragment["endpoint"])
            await one.registrations.delete("urn:r:a", tenant="city")
            await until(lambda: other.ids("city") == [])
            assert one.own.told == [(None, "urn:r:a"), ("urn:r:a", None)]
            assert other.own.told == [("urn:r:a", "urn:r:a")]
            both = [(None, "urn:r:a"), ("urn:r:a", "urn:r:a"), ("urn:r:a", None)]
            assert one.everywhere.told == other.everywhere.told == both

    asyncio.run(story())


def test_two_at_once_are_as_one_after_the_other() -> None:
    async def story() -> None:
        url = server().fresh_url()
        async with process(url) as one, process(url) as other:
            both = (one, other)
            same = await asyncio.gather(
                *(each.registrations.create(document("a"), TERMS) for each in both), return_exceptions=True
            )
            assert sorted(type(each).__name__ for each in same) == ["AlreadyExists", "Registration"]
            claims = [
                each.registrations.create(document(name, "Bus", mode="redirect"), TERMS)
                for each, name in zip(both, "bc", strict=True)
            ]
            await asyncio.gather(*claims)
            exclusive = [
                each.registrations.create(
                    document(
                        name,
                        mode="exclusive",
                        information=[
                            {"entities": [{"type": "Tram", "id": "urn:t:1"}], "propertyNames": ["speed"]}
                        ],
                    ),
                    TERMS,
                )
                for each, name in zip(both, "de", strict=True)
            ]
            found = await asyncio.gather(*exclusive, return_exceptions=True)
            assert sorted(type(each).__name__ for each in found) == ["Conflict", "Registration"]
            await until(lambda: len(one.ids()) == 4 and one.ids() == other.ids())

    asyncio.run(story())


def test_what_a_process_missed_it_learns_before_it_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        url = server().fresh_url()
        monkeypatch.setattr(PostgresSourceBooks, "watch", lambda *_: None)
        async with process(url) as one, process(url) as other:
            await one.registrations.create(document("a"), TERMS)
            assert other.ids() == []
            with pytest.raises(AlreadyExists):
                await other.registrations.create(document("a"), TERMS)
            await one.registrations.delete("urn:r:a")
            with pytest.raises(NotFound):
                await other.registrations.delete("urn:r:a")

    asyncio.run(story())


def test_requests_are_counted_over_all_processes() -> None:
    async def story() -> None:
        url = server().fresh_url()
        async with process(url) as one, process(url) as other:
            await one.registrations.create(document("a"), TERMS)
            await until(lambda: other.ids() == ["urn:r:a"])
            one.registrations.note("", "urn:r:a", at=NOW, failed=False)
            other.registrations.note("", "urn:r:a", at=NOW, failed=True)
            other.registrations.note("", "urn:r:a", at=NOW, failed=False)
        async with process(url) as later:
            assert later.registrations.fared("", "urn:r:a").times_sent == 3
            assert later.registrations.fared("", "urn:r:a").times_failed == 1

    asyncio.run(story())


def test_hosted_contexts_are_those_of_all() -> None:
    async def story() -> None:
        url = server().fresh_url()
        async with process(url) as one, process(url) as other:
            kept = await one.library.add({"@context": {"speed": "urn:a:speed"}})
            await until(lambda: kept in other.library.list(ContextKind.HOSTED))
            await other.library.delete(kept.local_id)
            await until(lambda: one.library.list(ContextKind.HOSTED) == [])

    asyncio.run(story())


def test_all_processes_are_one_broker_to_others() -> None:
    async def story() -> None:
        url = server().fresh_url()
        async with process(url) as one, process(url) as other:
            assert one.books.identity("first") == other.books.identity("second") == "first"
            relay = Relay("k", "", "urn:s:1", "urn:r:a", "urn:s:there")
            one.books.keep_relay(relay)
            assert other.books.relay("k") == relay

    asyncio.run(story())


def test_files_of_before_are_taken_in_once(tmp_path: Path) -> None:
    async def story() -> None:
        old = EmbeddedRegistrationBooks.open(tmp_path / "sources")
        kept = KeptRegistration("urn:r:a", document("a"), NOW, NOW)
        old.keep("", kept)
        old.note({("", "urn:r:a"): Fared(3)})
        old.keep_relay(Relay("k", "", "urn:s:1", "urn:r:a", "urn:s:there"))
        old.close()
        (tmp_path / "sources" / "identity").write_text("sympolis-old")
        context = KeptContext("one", "http://x/one", ContextKind.HOSTED, {"a": "urn:a"}, NOW)
        ContextFiles(tmp_path / "contexts").keep(context)
        store = await PostgresStore.open(server().fresh_url())
        with pytest.raises(Conflict, match="beside the database"):
            check_adopted(tmp_path)
        for _ in range(2):
            await asyncio.to_thread(adopt_files, store, tmp_path)
        books = store.source_books()
        assert [(one.id, one.fared) for one in books.registrations("")] == [("urn:r:a", Fared(3))]
        assert [one.key for one in books.relays()] == ["k"]
        assert books.identity("new") == "sympolis-old"
        assert list(store.context_shelf().load()) == [context]
        check_adopted(tmp_path)
        await asyncio.to_thread(books.drop, "", "urn:r:a")
        await asyncio.to_thread(adopt_files, store, tmp_path)
        assert books.registrations("") == []
        await store.close()

    asyncio.run(story())


def test_a_conflict_that_another_process_made_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        url = server().fresh_url()
        monkeypatch.setattr(PostgresSourceBooks, "watch", lambda *_: None)
        alone: dict[str, Any] = {
            "mode": "exclusive",
            "information": [{"entities": [{"type": "Tram", "id": "urn:t:1"}], "propertyNames": ["speed"]}],
        }
        async with process(url) as one, process(url) as other:
            await one.registrations.create(document("a", **alone), TERMS)
            with pytest.raises(Conflict):
                await other.registrations.create(document("b", **alone), TERMS)
            assert other.ids() == ["urn:r:a"]

    asyncio.run(story())
