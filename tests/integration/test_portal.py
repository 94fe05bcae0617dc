"""A source read anew from its portal: a real server, the guarded client, deliveries on disk, rows in the twin."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.deliveries import Deliveries
from sympolis.acquisition.ledger import MemoryLedger, RunState
from sympolis.acquisition.retrieval import Retriever
from sympolis.acquisition.schedule import Scheduler
from sympolis.acquisition.source import Refresh
from sympolis.app.downloading import downloader
from sympolis.city import acquiring, package
from sympolis.city.schema import City
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.domain import errors
from sympolis.egress.guard import EgressPolicy, Guard
from sympolis.egress.http import HttpClient
from sympolis.plugins import loader
from sympolis.stores.memory import MemoryStore
from sympolis.testing.small_city import write_package

SOURCE = "loops"


@dataclass
class Portal:
    """What the portal serves at ``/data``; ``/moved`` leads there."""

    body: bytes = b""
    status: int = 200
    etag: str | None = None
    asked: int = 0
    address: str = ""


@pytest.fixture
def portal() -> Iterator[Portal]:
    found = Portal()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found.asked += 1
            if self.path == "/moved":
                self.answer(302, b"", location="/data")
            elif found.etag is not None and self.headers.get("If-None-Match") == found.etag:
                self.answer(304, b"")
            else:
                self.answer(found.status, found.body, **({"etag": found.etag} if found.etag else {}))

        def answer(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 304:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Nothing on the console."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    found.address = f"http://127.0.0.1:{server.server_port}"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def city(tmp_path: Path) -> City:
    return package.load(write_package(tmp_path / "smallville"))


def with_refresh(city: City, refresh: Refresh) -> City:
    return replace(city, sources={**city.sources, SOURCE: replace(city.sources[SOURCE], refresh=refresh)})


def sample(city: City) -> bytes:
    return (city.folder / city.sources[SOURCE].path).read_bytes()


class Twin:
    """The coordinator of a small city with a way out to loopback."""

    def __init__(self, city: City, folder: Path) -> None:
        self.client = HttpClient(Guard(EgressPolicy(allow_loopback=True)))
        self.deliveries = Deliveries(folder)
        terms = Contexts().resolve_local(city.context["@context"])
        self.coordinator: Coordinator = acquiring.coordinator(
            city,
            Broker(MemoryStore()),
            terms,
            connectors=loader.connectors(),
            ledger=MemoryLedger(),
            retriever=Retriever(downloader(self.client), self.deliveries),
        )


def test_a_delivery_replaces_the_sample_and_is_named(portal: Portal, city: City, tmp_path: Path) -> None:
    newer = json.loads(sample(city))
    newer["features"].pop()
    portal.body = json.dumps(newer).encode()

    async def story() -> None:
        twin = Twin(with_refresh(city, Refresh(url=f"{portal.address}/moved")), tmp_path / "deliveries")
        first = await twin.coordinator.run(SOURCE)
        second = await twin.coordinator.run(SOURCE, retrieve=True)
        assert (first.state, second.state) == (RunState.DONE, RunState.DONE)
        assert second.read == first.read - 1 and second.data_version != first.data_version
        [delivery] = twin.coordinator.source(SOURCE)["deliveries"]
        assert delivery["bytes"] == len(portal.body)
        again = await twin.coordinator.run(SOURCE)
        assert again.skipped, "what was delivered stays, also without asking the portal"
        await twin.client.close()

    asyncio.run(story())


def test_a_portal_that_fails_leaves_the_data_and_says_so(portal: Portal, city: City, tmp_path: Path) -> None:
    async def story() -> None:
        twin = Twin(with_refresh(city, Refresh(url=f"{portal.address}/data")), tmp_path / "deliveries")
        before = await twin.coordinator.run(SOURCE)
        portal.status = 503
        failed = await twin.coordinator.run(SOURCE, retrieve=True)
        assert failed.state is RunState.FAILED and "503" in (failed.error or "")
        assert twin.deliveries.all(SOURCE) == []
        assert (await twin.coordinator.run(SOURCE, force=True)).read == before.read
        await twin.client.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"type": "FeatureCollection", "features": [{"type"', "is not JSON"),
        (b"", "is not JSON"),
        (b"<html>Please log in</html>", "is not JSON"),
        (b'{"type": "FeatureCollection", "features": []}', "expected at least 1"),
        (
            b'{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"x": 1}}]}',
            "no field",
        ),
    ],
    ids=["half a file", "nothing", "a login page", "no rows", "other columns"],
)
def test_a_broken_delivery_is_refused_with_its_reason(
    portal: Portal, city: City, tmp_path: Path, body: bytes, why: str
) -> None:
    portal.body = body

    async def story() -> None:
        twin = Twin(with_refresh(city, Refresh(url=f"{portal.address}/data")), tmp_path / "deliveries")
        failed = await twin.coordinator.run(SOURCE, retrieve=True)
        assert failed.state is RunState.FAILED and failed.accepted == 0
        assert why in (failed.error or "")
        await twin.client.close()

    asyncio.run(story())


def test_an_answer_without_end_is_cut(portal: Portal, city: City, tmp_path: Path) -> None:
    portal.body = b"x" * 1_500_000

    async def story() -> None:
        refresh = Refresh(url=f"{portal.address}/data", max_size_mb=1)
        twin = Twin(with_refresh(city, refresh), tmp_path / "deliveries")
        failed = await twin.coordinator.run(SOURCE, retrieve=True)
        assert "larger than 1 MB" in (failed.error or "")
        assert list((tmp_path / "deliveries" / SOURCE).iterdir()) == []
        await twin.client.close()

    asyncio.run(story())


def test_private_addresses_are_not_called(portal: Portal, city: City, tmp_path: Path) -> None:
    async def story() -> None:
        client = HttpClient(Guard(EgressPolicy()))
        download = downloader(client)
        with pytest.raises(errors.SourceFailed):
            await download(
                f"{portal.address}/data", headers={}, to=tmp_path / "x", most_bytes=100, timeout_s=5
            )
        await client.close()

    asyncio.run(story())
    assert portal.asked == 0


def test_what_is_due_is_read_and_what_fails_is_tried_again_soon(
    portal: Portal, city: City, tmp_path: Path
) -> None:
    portal.body, portal.etag = sample(city), '"v1"'
    now = [datetime(2026, 3, 1, tzinfo=UTC)]

    async def story() -> None:
        refresh = Refresh(url=f"{portal.address}/data", every="PT1H")
        twin = Twin(with_refresh(city, refresh), tmp_path / "deliveries")
        scheduler = Scheduler(
            twin.coordinator, {SOURCE: timedelta(hours=1)}, clock=lambda: now[0], chance=lambda: 0.5
        )
        assert await scheduler.run_due() == [SOURCE]
        assert await scheduler.run_due() == []
        now[0] += timedelta(hours=1)
        portal.status, portal.etag = 500, None
        await scheduler.run_due()
        assert scheduler.due(SOURCE) - now[0] == timedelta(minutes=1)
        assert scheduler.idle_s() == 60
        await twin.client.close()

    asyncio.run(story())
    assert portal.asked == 2


def test_stopping_ends_the_schedule_at_once(city: City, tmp_path: Path) -> None:
    async def story() -> None:
        twin = Twin(city, tmp_path / "deliveries")
        stopped = asyncio.Event()
        scheduler = Scheduler(twin.coordinator, {}, clock=lambda: datetime.now(UTC))
        running = asyncio.create_task(scheduler.run(stopped))
        await asyncio.sleep(0)
        stopped.set()
        await asyncio.wait_for(running, 5)
        await twin.client.close()

    asyncio.run(story())
