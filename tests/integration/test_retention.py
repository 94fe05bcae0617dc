"""What is kept no longer than a city says: history, held rows, deliveries; and what does not come back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.deliveries import Deliveries
from sympolis.acquisition.deposits import Deposits
from sympolis.acquisition.ledger import MemoryLedger
from sympolis.acquisition.retention import Retention
from sympolis.acquisition.retrieval import Downloaded, Retriever
from sympolis.acquisition.schedule import Scheduler
from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.city import acquiring, package
from sympolis.cli.verbs import app
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.plugins import loader
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Client
from sympolis.testing.small_city import DAYS, LOOPS, count_at, write_package

RETENTION = '\n[retention]\nobservations = "P10D"\nheld_rows = "P5D"\ndeliveries = "P5D"\n'
SAMPLED = datetime.fromisoformat(f"{DAYS[-1]}T00:00:00+00:00") + timedelta(days=1)
HEADER = "loop,date," + ",".join(f"h{hour:02d}" for hour in range(24))
HOURS = 24
DAY = timedelta(days=1)
LAST = tuple(datetime.fromisoformat(day) for day in DAYS)


def table(*days: datetime, more: int = 0) -> bytes:
    """A delivery of these days, of all loops."""
    rows = []
    for day in days:
        for loop in range(LOOPS):
            cells = ",".join(str(count_at(loop, hour) + more) for hour in range(HOURS))
            rows.append(f"{loop},{day:%Y-%m-%d},{cells}")
    return "\n".join([HEADER, *rows, ""]).encode()


async def no_portal(*_: Any, **__: Any) -> Downloaded:
    raise AssertionError("nobody asked a portal")


class City:
    """The small city, one source of which has a retention, with a clock that is set by hand."""

    def __init__(self, folder: Path, **more: str) -> None:
        home = write_package(folder / "smallville")
        counts = home / "sources/counts.toml"
        text = counts.read_text(encoding="utf-8")
        counts.write_text(
            text.replace("min_rows", "max_refused = 1.0\nmin_rows") + RETENTION, encoding="utf-8"
        )
        for name, rest in more.items():
            other = text.replace('id = "counts"', f'id = "{name}"') + rest
            (home / f"sources/{name}.toml").write_text(other, encoding="utf-8")
        self.now = SAMPLED
        city = package.load(home)
        self.broker, contexts, ledger = Broker(MemoryStore()), Contexts(), MemoryLedger()
        terms = contexts.resolve_local(city.context["@context"])
        deliveries = Deliveries(folder / "deliveries")
        self.coordinator: Coordinator = acquiring.coordinator(
            city,
            self.broker,
            terms,
            connectors=loader.connectors(),
            ledger=ledger,
            retriever=Retriever(no_portal, deliveries),
            clock=lambda: self.now,
        )
        clock = lambda: self.now  # noqa: E731
        self.retention = Retention(self.coordinator, self.broker, terms, ledger, deliveries, clock)
        self.deposits = Deposits(self.coordinator, deliveries, clock)
        parts = ApiParts(
            broker=self.broker,
            contexts=contexts,
            city=city,
            coordinator=self.coordinator,
            retention=self.retention,
        )
        self.client = Client(create_api(parts))
        for source in ("loops", "counts"):
            self.do(self.coordinator.run(source))

    def do(self, work: Any) -> Any:
        """Wait for it."""
        return self.client.loop.run_until_complete(work)

    def retain(self, source: str = "counts", **body: Any) -> dict[str, Any]:
        """What the API says that was deleted."""
        answer = self.client.post(f"/api/sources/{source}/retention", body)
        assert answer.status == 200, answer.json
        return dict(answer.json)

    def held(self) -> int:
        """How many rows are in quarantine."""
        total, _ = self.coordinator.quarantine("counts")
        return int(total)

    def observations(self) -> int:
        """How many observations the twin has."""
        return int(self.do(self.broker.status()).observations)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    found = City(tmp_path)
    yield found
    found.client.close()


def test_what_is_over_is_counted_and_then_deleted(city: City) -> None:
    all_of_it = city.observations()
    assert all_of_it == (len(DAYS) * LOOPS - 1) * HOURS
    nothing = city.retain()
    assert (nothing["observations"], nothing["held_rows"], nothing["deliveries"]) == (0, 0, 0)
    city.now += timedelta(days=9.5)
    last_half_day = LOOPS * 12
    counted = city.retain(dry_run=True)
    assert (counted["dry_run"], counted["held_rows"]) == (True, 1)
    assert 0 < counted["observations"] < all_of_it
    assert (city.observations(), city.held()) == (all_of_it, 1)
    done = city.retain()
    assert {**done, "dry_run": True} == counted
    assert (city.observations(), city.held()) == (all_of_it - done["observations"], 0)
    assert city.observations() in range(last_half_day - 2 * LOOPS, last_half_day + 2 * LOOPS + 1)
    assert city.retain()["observations"] == 0


def test_what_was_deleted_does_not_come_back(city: City) -> None:
    city.now += timedelta(days=30)
    city.retain()
    assert city.observations() == 0
    _, summary = city.do(city.deposits.deposit("counts", table(*LAST, city.now - 2 * DAY)))
    assert (summary.state, summary.error, summary.read) == ("done", None, (len(DAYS) + 1) * LOOPS)
    assert (summary.accepted, summary.unchanged, summary.quarantined) == (LOOPS, len(DAYS) * LOOPS, 0)
    assert summary.reconciles
    assert city.observations() == LOOPS * HOURS


def test_old_deliveries_go_but_the_last_good_one(city: City, tmp_path: Path) -> None:
    for more in (1, 2, 3):
        city.now += timedelta(days=1)
        _, summary = city.do(city.deposits.deposit("counts", table(*LAST, city.now - DAY, more=more)))
        assert summary.error is None
    kept = Deliveries(tmp_path / "deliveries")
    assert len(kept.all("counts")) == 3
    city.now += timedelta(days=20)
    assert city.retain(dry_run=True)["deliveries"] == 2
    assert len(kept.all("counts")) == 3
    last = kept.all("counts")[0].id
    assert city.retain()["deliveries"] == 2
    assert [one.id for one in kept.all("counts")] == [last]


def test_the_longest_time_of_a_type_holds(tmp_path: Path) -> None:
    city = City(tmp_path, silent="", longer='\n[retention]\nobservations = "P400D"\n')
    city.now += timedelta(days=100)
    found = city.retain()
    assert (found["observations"], found["kept_for"]) == (0, ["silent"])
    assert "observations" not in found["before"]
    city.client.close()
    both = City(tmp_path / "both", longer='\n[retention]\nobservations = "P400D"\n')
    both.now += timedelta(days=100)
    assert (both.retain()["observations"], both.retain()["kept_for"]) == (0, [])
    both.now += timedelta(days=400)
    assert both.retain()["observations"] > 0
    both.client.close()


def test_a_source_that_declares_nothing_keeps_everything(city: City) -> None:
    city.now += timedelta(days=1000)
    found = city.retain("loops")
    assert (found["observations"], found["held_rows"], found["deliveries"], found["before"]) == (0, 0, 0, {})
    assert [one.source for one in city.do(city.retention.apply_all())] == ["counts"]
    assert city.observations() == 0


@pytest.mark.parametrize(("body", "status"), [({"dry_run": "yes"}, 400), ({"dry": True}, 400)])
def test_mistakes_are_said(city: City, body: dict[str, Any], status: int) -> None:
    assert city.client.post("/api/sources/counts/retention", body).status == status
    assert city.client.post("/api/sources/nothing/retention", {}).status == 404


def test_the_command(tmp_path: Path) -> None:
    home = write_package(tmp_path / "smallville")
    with (home / "sources/counts.toml").open("a", encoding="utf-8") as file:
        file.write(RETENTION)
    where = ["--city", str(home), "--data", str(tmp_path / "data"), "--format", "json"]
    words = [["retain", "--dry-run"], ["retain", "counts"], ["retain", "nothing"]]
    every, one, none = [CliRunner().invoke(app, ["source", *said, *where]) for said in words]
    assert (every.exit_code, one.exit_code, none.exit_code) == (0, 0, 3)
    assert {found["source"] for found in json.loads(every.stdout)} == {"streets", "loops", "areas", "counts"}
    [found] = json.loads(one.stdout)
    assert set(found["before"]) == {"observations", "held_rows", "deliveries"}


def test_it_is_done_once_a_day_where_sources_are_read_anew(city: City) -> None:
    done: list[datetime] = []

    async def tidy() -> None:
        done.append(city.now)
        if len(done) == 2:
            raise RuntimeError("the disk is full")

    scheduler = Scheduler(city.coordinator, {}, clock=lambda: city.now, tidy=tidy)
    for _ in range(5):
        asyncio.run(scheduler.tidy_due())
        city.now += timedelta(hours=12)
    assert done == [SAMPLED, SAMPLED + timedelta(days=1), SAMPLED + timedelta(days=2)]
