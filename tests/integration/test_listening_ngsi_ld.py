"""Entities of another broker in this process: read page by page, asked for anew, and heard by a subscription."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.deliveries import Deliveries
from sympolis.acquisition.hooks import HEADER, Hooks
from sympolis.acquisition.ledger import MemoryLedger, RunState, RunSummary
from sympolis.acquisition.listening import Listeners
from sympolis.acquisition.retrieval import Downloaded, Retriever
from sympolis.acquisition.source import Expectations, Refresh
from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts, ApiSettings
from sympolis.app.hearing import feeds
from sympolis.city import acquiring, package
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.egress.guard import Guard
from sympolis.plugins import loader
from sympolis.plugins.connector import Record
from sympolis.plugins.connectors.ngsi_ld.settings import NgsiLdSettings
from sympolis.plugins.listening import Answered, Call
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import exchange
from sympolis.testing.federation import ENTITIES, TestBroker, Wire, federation
from sympolis.testing.small_city import loop_id, write_package

SOURCE = "counts"
TYPE = "https://uri.etsi.org/ngsi-ld/default-context/Counter"
MAPPING = """
id = "counts"
version = "1"
entity_type = "ItemFlowObserved"
entity_id = "{local_id}"
[[attributes]]
name = "intensity"
field = "vehicles"
type = "number"
"""


class Watched(Coordinator):
    """Tells when rows were taken in."""

    taken: asyncio.Queue[RunSummary]

    async def take(self, source_id: str, records: Sequence[Record]) -> RunSummary:
        summary = await super().take(source_id, records)
        self.taken.put_nowait(summary)
        return summary


def _reach(there: TestBroker, url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


class Here:
    """This twin: its coordinator, its hooks, and its API as the other broker reaches it."""

    def __init__(self, folder: Path, there: TestBroker) -> None:
        write_package(folder)
        (folder / "mappings" / "counts.toml").write_text(MAPPING)
        city = package.load(str(folder))
        [planned] = [one for one in acquiring.planned(city) if one.source.id == SOURCE]
        source = replace(
            planned.source,
            connector="ngsi_ld",
            refresh=Refresh(url="http://there.test"),
            expectations=Expectations(),
        )
        settings = NgsiLdSettings(type="Counter", subscribe=True, page_rows=2)

        async def download(url: str, *, headers: Mapping[str, str], to: Path, **_: Any) -> Downloaded:
            answer = await there.ask(
                "GET", _reach(there, url), headers={k.lower(): v for k, v in headers.items()}
            )
            to.write_bytes(answer.body)
            return Downloaded(answer.status)

        async def call(call: Call, *, timeout_s: float) -> Answered:
            headers = {name.lower(): value for name, value in call.headers.items()}
            given = {"host": "there.test", **headers}
            answer = await exchange(
                there.app, call.method, _reach(there, call.url), headers=given, body=call.body
            )
            return Answered(answer.status, answer.body)

        self.store = MemoryStore()
        self.coordinator = Watched(
            Broker(self.store),
            Contexts().resolve_local(city.context["@context"]),
            place=acquiring.place(city),
            planned=[replace(planned, source=source, settings=settings)],
            connectors=loader.connectors(),
            ledger=MemoryLedger(),
            retriever=Retriever(download, Deliveries(folder / "deliveries")),
        )
        self.coordinator.taken = asyncio.Queue()
        self.hooks = Hooks(call, lambda: "http://here.test")
        self.listeners = Listeners(self.coordinator, feeds(Guard(), self.hooks, "test"))
        parts = ApiParts(
            broker=Broker(self.store),
            contexts=Contexts(),
            coordinator=self.coordinator,
            hooks=self.hooks,
            listeners=self.listeners,
            settings=ApiSettings(hosts=("*",)),
        )
        self.app = create_api(parts)

    async def value(self, number: int) -> Any:
        entity = await self.store.get(loop_id(number))
        assert entity is not None
        return next(one.value for name, one in entity.instances() if name.endswith("/intensity"))

    def state(self) -> Mapping[str, Any]:
        return self.listeners.states()[SOURCE]

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        stopped = asyncio.Event()
        task = asyncio.create_task(self.listeners.run(stopped))
        try:
            await until(lambda: self.state()["state"] == "listening")
            yield
        finally:
            stopped.set()
            await task


async def until(holds: Callable[[], bool]) -> None:
    """Give way until it holds; the caller's deadline ends a vain wait."""
    while not holds():
        await asyncio.sleep(0.005)


async def put(there: TestBroker, number: int, vehicles: int) -> None:
    entity = {
        "id": f"urn:ngsi-ld:Counter:{number}",
        "type": "Counter",
        "vehicles": {"type": "Property", "value": vehicles},
    }
    answer = await there.ask("POST", "/ngsi-ld/v1/entityOperations/upsert", [entity])
    assert answer.status in (201, 204), answer.body


def play(act: Callable[[Here, TestBroker, Wire], Any], folder: Path) -> None:
    async def whole() -> None:
        async with asyncio.timeout(60), federation("there") as (wire, brokers):
            here = Here(folder, brokers["there"])
            wire.apps["here.test"] = here.app
            await act(here, brokers["there"], wire)

    asyncio.run(whole())


def test_pages_are_read_and_then_only_what_was_modified(tmp_path: Path) -> None:
    async def act(here: Here, there: TestBroker, wire: Wire) -> None:
        for number in range(3):
            await put(there, number, 10 + number)
        first = await here.coordinator.run(SOURCE, retrieve=True)
        assert (first.state, first.read, first.accepted) == (RunState.DONE, 3, 3), first.error
        await put(there, 1, 50)
        second = await here.coordinator.run(SOURCE, retrieve=True)
        # what was changed, and what has the time of the bookmark
        assert second.state is RunState.DONE and second.accepted == 1 and second.read <= 2, second
        assert [await here.value(number) for number in range(3)] == [10, 50, 12]

    play(act, tmp_path / "city")


def test_changes_are_heard_and_answered_when_they_are_stored(tmp_path: Path) -> None:
    async def act(here: Here, there: TestBroker, wire: Wire) -> None:
        async with here.listening():
            await put(there, 0, 77)
            assert (await here.coordinator.taken.get()).accepted == 1
            assert await here.value(0) == 77
            found = (await there.ask("GET", "/ngsi-ld/v1/subscriptions")).json
            assert [one["notification"]["endpoint"]["uri"] for one in found] == [
                "http://here.test/api/sources/counts/messages"
            ]
        async with here.listening():
            await put(there, 0, 78)
            assert (await here.coordinator.taken.get()).accepted >= 1
            assert len((await there.ask("GET", "/ngsi-ld/v1/subscriptions")).json) == 1

    play(act, tmp_path / "city")


@pytest.mark.parametrize(("token", "status"), [({}, 403), ({HEADER.lower(): "guessed"}, 403)])
def test_a_message_without_the_token_is_refused(tmp_path: Path, token: dict[str, str], status: int) -> None:
    async def act(here: Here, there: TestBroker, wire: Wire) -> None:
        async with here.listening():
            answer = await exchange(
                here.app, "POST", "/api/sources/counts/messages", json={"data": []}, headers=token
            )
            assert answer.status == status
        answer = await exchange(here.app, "POST", "/api/sources/counts/messages", json={"data": []})
        assert answer.status == 404

    play(act, tmp_path / "city")


def test_a_message_that_cannot_be_stored_is_to_be_sent_again(tmp_path: Path) -> None:
    async def act(here: Here, there: TestBroker, wire: Wire) -> None:
        async def fail(source_id: str, records: Sequence[Record]) -> RunSummary:
            raise RuntimeError("the disk is full")

        async with here.listening():
            here.coordinator.take = fail  # type: ignore[method-assign]
            [feed] = here.hooks._feeds.values()
            answer = await exchange(
                here.app,
                "POST",
                "/api/sources/counts/messages",
                body=msgspec.json.encode({"data": []}),
                headers={HEADER.lower(): feed.token, "content-type": "application/json"},
            )
            assert answer.status == 503
            await until(lambda: here.state()["state"] == "waiting")
            assert "the disk is full" in here.state()["error"]

    play(act, tmp_path / "city")


def test_how_it_is_doing_is_seen(tmp_path: Path) -> None:
    async def act(here: Here, there: TestBroker, wire: Wire) -> None:
        async with here.listening():
            [found] = (await exchange(here.app, "GET", "/api/sources")).json
            assert found["listening"]["state"] == "listening"
            one = (await exchange(here.app, "GET", "/api/sources/counts")).json
            assert one["listening"]["messages"] == 0

    play(act, tmp_path / "city")


def test_the_entities_are_where_the_test_thinks(tmp_path: Path) -> None:
    async def act(here: Here, there: TestBroker, wire: Wire) -> None:
        await put(there, 0, 1)
        assert len((await there.ask("GET", f"{ENTITIES}?type={TYPE}")).json) == 1

    play(act, tmp_path / "city")
