"""A source that speaks by MQTT: a real mosquitto, the supervised listener, rows in the twin, nothing lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.ledger import MemoryLedger, RunSummary
from sympolis.acquisition.listening import Listeners
from sympolis.acquisition.source import Refresh
from sympolis.app.hearing import feeds
from sympolis.city import acquiring, package
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.domain import errors
from sympolis.egress.guard import EgressPolicy, Guard
from sympolis.plugins import loader
from sympolis.plugins.connector import Record
from sympolis.plugins.connectors.mqtt.settings import MqttSettings
from sympolis.stores.memory import MemoryStore
from sympolis.testing.small_city import loop_id, write_package

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
if MOSQUITTO is None and os.environ.get("SYMPOLIS_REQUIRE_MOSQUITTO") != "1":
    pytest.skip("mosquitto is not installed", allow_module_level=True)

SOURCE = "live"
MAPPING = """
id = "live"
version = "1"
entity_type = "ItemFlowObserved"
entity_id = "{loop}"
mode = "observations"
[time]
fields = ["at"]
[[attributes]]
name = "intensity"
field = "vehicles"
type = "number"
observed = true
"""
SOURCE_FILE = """
id = "live"
connector = "mqtt"
mapping = "live"
path = "samples/live.ndjson"
url = "https://data.smallville.example/live"
licence = "CC0-1.0"
owner = "Town of Smallville"
attribution = "Town of Smallville"
title = { en = "Live counts" }
[settings]
topics = ["counts/{loop}"]
[expectations.attributes.intensity]
low = 0
required = true
"""


class Mosquitto:
    """A broker that forgets nothing while it runs."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert MOSQUITTO is not None
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(10_000):
            assert self._process.poll() is None, "mosquitto did not start"
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
                return
        raise AssertionError("mosquitto does not listen")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)

    async def publish(self, *payloads: bytes, topic: str = "counts/0") -> None:
        async with aiomqtt.Client("127.0.0.1", self.port) as client:
            for payload in payloads:
                await client.publish(topic, payload, qos=1)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    found = Mosquitto(tmp_path)
    found.start()
    yield found
    found.stop()


class Watched(Coordinator):
    """A coordinator that tells when rows were taken in, and fails when it is told to."""

    fails = 0
    taken: asyncio.Queue[RunSummary]

    async def take(self, source_id: str, records: Sequence[Record]) -> RunSummary:
        if self.fails:
            self.fails -= 1
            raise errors.StoreUnavailable("the disk is full", where="store")
        summary = await super().take(source_id, records)
        self.taken.put_nowait(summary)
        return summary


def coordinator(folder: Path, port: int, version: str) -> Watched:
    write_package(folder)
    (folder / "mappings" / "live.toml").write_text(MAPPING)
    (folder / "sources" / "live.toml").write_text(SOURCE_FILE)
    (folder / "samples" / "live.ndjson").write_text("")
    city = package.load(str(folder))
    [planned] = [one for one in acquiring.planned(city) if one.source.id == SOURCE]
    source = replace(planned.source, refresh=Refresh(url=f"mqtt://127.0.0.1:{port}"))
    settings = MqttSettings(topics=("counts/{loop}",), version=version)
    found = Watched(
        Broker(MemoryStore()),
        Contexts().resolve_local(city.context["@context"]),
        place=acquiring.place(city),
        planned=[replace(planned, source=source, settings=settings)],
        connectors=loader.connectors(),
        ledger=MemoryLedger(),
    )
    found.taken = asyncio.Queue()
    return found


@contextlib.asynccontextmanager
async def listening(found: Watched, *, loopback: bool = True) -> AsyncIterator[Listeners]:
    guard = Guard(EgressPolicy(allow_loopback=loopback))
    hooks: Any = None
    listeners = Listeners(found, feeds(guard, hooks, "test"))
    stopped = asyncio.Event()
    task = asyncio.create_task(listeners.run(stopped))
    try:
        yield listeners
    finally:
        stopped.set()
        await task


async def until(holds: Callable[[], bool]) -> None:
    """Give way until it holds; the caller's deadline ends a vain wait."""
    while not holds():
        await asyncio.sleep(0.01)


def state(listeners: Listeners) -> Any:
    return listeners.states()[SOURCE]["state"]


def message(hour: int, vehicles: object) -> bytes:
    return f'{{"at": "2026-03-01T{hour:02d}:00:00Z", "vehicles": {vehicles}}}'.encode()


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_messages_become_observations_and_bad_ones_are_held(
    mosquitto: Mosquitto, tmp_path: Path, version: str
) -> None:
    async def scene() -> None:
        found = coordinator(tmp_path / "city", mosquitto.port, version)
        async with asyncio.timeout(60), listening(found) as listeners:
            await until(lambda: state(listeners) == "listening")
            await mosquitto.publish(message(1, 10), b"no json", message(2, -5), message(3, 12))
            while (await found.taken.get()).read < 4:
                continue
            await until(lambda: listeners.states()[SOURCE]["messages"] == 4)
        assert state(listeners) == "stopped"
        entity = await found._broker.store.get(loop_id(0))
        assert entity is not None
        assert [one.value for name, one in entity.instances() if name.endswith("/intensity")] == [12]
        [run] = found._ledger.runs(SOURCE)
        assert (run.accepted, run.quarantined, run.reconciles) == (2, 2, True)
        assert found.data_versions() == {SOURCE: run.data_version} and run.data_version
        total, rows = found.quarantine(SOURCE)
        assert total == 2 and {row.fields["topic"] for row in rows} == {"counts/0"}

    asyncio.run(scene())


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_what_was_not_stored_is_not_acknowledged_and_comes_again(
    mosquitto: Mosquitto, tmp_path: Path, version: str
) -> None:
    async def scene() -> None:
        found = coordinator(tmp_path / "city", mosquitto.port, version)
        found.fails = 1
        async with asyncio.timeout(60), listening(found) as listeners:
            await until(lambda: state(listeners) == "listening")
            await mosquitto.publish(message(1, 10))
            await until(lambda: listeners.states()[SOURCE]["failures"] == 1)
            assert "the disk is full" in listeners.states()[SOURCE]["error"]
            assert (await found.taken.get()).accepted == 1
            await until(lambda: listeners.states()[SOURCE]["failures"] == 0)
            assert listeners.states()[SOURCE]["error"] is None

    asyncio.run(scene())


def test_the_broker_keeps_what_comes_while_the_twin_is_away(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async def scene() -> None:
        found = coordinator(tmp_path / "city", mosquitto.port, "5")
        async with asyncio.timeout(60):
            async with listening(found) as listeners:
                await until(lambda: state(listeners) == "listening")
            await mosquitto.publish(message(1, 10), message(2, 11))
            async with listening(found):
                while (await found.taken.get()).read < 2:
                    continue

    asyncio.run(scene())


def test_a_broker_that_went_away_is_found_again(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async def scene() -> None:
        found = coordinator(tmp_path / "city", mosquitto.port, "5")
        async with asyncio.timeout(90), listening(found) as listeners:
            await until(lambda: state(listeners) == "listening")
            await asyncio.to_thread(mosquitto.stop)
            await until(lambda: state(listeners) == "waiting")
            assert listeners.states()[SOURCE]["next_try"] is not None
            await asyncio.to_thread(mosquitto.start)
            await until(lambda: state(listeners) == "listening")
            await mosquitto.publish(message(1, 10))
            assert (await found.taken.get()).accepted == 1

    asyncio.run(scene())


def test_a_private_broker_is_not_called_unless_allowed(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async def scene() -> None:
        found = coordinator(tmp_path / "city", mosquitto.port, "5")
        async with asyncio.timeout(30), listening(found, loopback=False) as listeners:
            await until(lambda: state(listeners) == "waiting")
            assert "not public" in listeners.states()[SOURCE]["error"]

    asyncio.run(scene())
