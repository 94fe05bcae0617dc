"""A city's acquisition with a portal that a test writes to: deliver something, run the source, read what is said of it.

``expect_refused`` holds what must be true of every broken delivery: a reason in words, nothing written, the last good
state in place, an alarm that stays until the delivery is mended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.deliveries import Deliveries
from sympolis.acquisition.ledger import MemoryLedger, RunSummary
from sympolis.acquisition.retrieval import Downloaded, Retriever
from sympolis.acquisition.source import Refresh
from sympolis.city import acquiring, package
from sympolis.city.schema import City
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts, Terms
from sympolis.plugins import loader
from sympolis.stores.memory import MemoryStore

NOW = datetime(2024, 6, 1, tzinfo=UTC)
MAX_SIZE_MB = 5
T = TypeVar("T")


@dataclass
class Clock:
    """A second later every time one looks, so that runs have an order."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """The present moment."""
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Desk:
    """See the module; make it with ``desk_of``."""

    folder: Path
    city: City
    coordinator: Coordinator
    broker: Broker
    terms: Terms
    kept: Deliveries
    clock: Clock
    portal: dict[str, bytes] = field(default_factory=dict)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end."""
        return asyncio.run(work)

    def deliver(self, source: str, content: str | bytes) -> None:
        """What the portal has from now on."""
        self.portal[source] = content.encode() if isinstance(content, str) else content

    def wait(self, span: timedelta) -> None:
        """Let time pass."""
        self.clock.now += span

    def run(self, source: str, *, retrieve: bool = True, accept: bool = False) -> RunSummary:
        """One run of a source."""
        return self.do(self.coordinator.run(source, retrieve=retrieve, accept=accept))

    def position(self) -> int:
        """How many changes the twin has seen."""
        return self.do(self.broker.status()).position

    def alarm(self, source: str) -> Mapping[str, str] | None:
        """What the page of sources says of the source, where it needs attention."""
        found: Mapping[str, str] | None = self.coordinator.source(source)["alarm"]
        return found

    def deliveries(self, source: str) -> list[dict[str, Any]]:
        """The kept deliveries, newest first."""
        found: list[dict[str, Any]] = self.coordinator.source(source)["deliveries"]
        return found

    def expect_refused(self, source: str, **words: str) -> None:
        """The portal's delivery is refused with these words (by language), and nothing of it reaches the twin."""
        before, good = self.position(), self.coordinator.data_versions()
        summary = self.run(source)
        assert summary.state == "failed", "a broken delivery must not be taken"
        assert (summary.accepted, summary.observations) == (0, 0)
        for language, text in words.items():
            said = summary.explained[language]
            assert text in said, f"the steward reads: {said}"
        assert self.position() == before, "something of it reached the twin"
        assert self.coordinator.data_versions() == good, "the last good state is no longer there"
        status = self.coordinator.source(source)
        assert status["status"] == "failed" and status["alarm"] == summary.explained
        assert status["last_good"] is not None, "since when the data are what they are"


def desk_of(folder: Path, deliveries: Path, *, refreshed: bool = True) -> Desk:
    """The city of a package with everything read in, and a portal for every source (if ``refreshed``)."""
    city = package.load(folder)
    sources = {
        name: replace(
            source,
            refresh=Refresh(url=f"https://portal.example/{name}", max_size_mb=MAX_SIZE_MB),
        )
        for name, source in city.sources.items()
    }
    city = replace(city, sources=sources if refreshed else city.sources)
    portal: dict[str, bytes] = {}

    async def download(url: str, *, to: Path, most_bytes: int, **_: Any) -> Downloaded:
        content = portal[url.rpartition("/")[2]]
        assert len(content) <= most_bytes, "the portal itself is not what is tested here"
        await asyncio.to_thread(to.write_bytes, content)
        return Downloaded(200, {})

    broker, kept, clock = Broker(MemoryStore()), Deliveries(deliveries), Clock()
    terms = Contexts().resolve_local(city.context["@context"])
    coordinator = acquiring.coordinator(
        city,
        broker,
        terms,
        connectors=loader.connectors(),
        ledger=MemoryLedger(),
        retriever=Retriever(download, kept),
        clock=clock,
    )
    desk = Desk(folder, city, coordinator, broker, terms, kept, clock, portal)
    desk.do(coordinator.run_all())
    return desk
