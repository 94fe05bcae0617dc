"""What the energy tools cost on the second city's data: all roofs, the dashboard's requests, the atlas and its files.

CPU seconds of the process that does the work. Requests are answered by the same desks that the API has, without HTTP:
an empty request of the API costs some 0.1 ms more.
"""

from __future__ import annotations

import asyncio
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet

from sympolis.acquisition.ledger import MemoryLedger
from sympolis.analysis.atlas import files
from sympolis.analysis.atlas.things import Selection
from sympolis.city import acquiring, package, tables
from sympolis.city.schema import City
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts, Terms
from sympolis.orchestration.atlases.desk import AtlasDesk
from sympolis.orchestration.dashboard_desk import DashboardDesk
from sympolis.orchestration.gather import gather
from sympolis.orchestration.run import Run
from sympolis.plugins import loader
from sympolis.plugins.simulator import WHOLE_PERIOD, Member
from sympolis.stores.embedded import EmbeddedStore

CITY = "leipzig"
SOURCES = (
    "areas", "building-table", "weather-places", "weather-reference", "carriers", "register-sums", "register-units",
    "municipalities", "charging-stations", "heat-network-homes",
)  # fmt: skip
ROOFS, YIELD = "solar_roofs", "renewable_yield"
REQUESTS = 200
MEMBER = Member({}, (), WHOLE_PERIOD, 1)

Row = tuple[str, str, str]
"""(what, figure with unit, how it was measured)"""


def measure() -> list[Row]:
    """Every measurement once; what is short, as the median of many."""
    return asyncio.run(_measured())


async def _measured() -> list[Row]:
    city = package.load(CITY)
    terms: Terms = Contexts().resolve_local(city.context["@context"])
    with tempfile.TemporaryDirectory(prefix="sympolis-bench-") as place:
        folder = Path(place)
        store = EmbeddedStore.open(folder / "store")
        try:
            broker = Broker(store)
            coordinator = acquiring.coordinator(
                city, broker, terms, connectors=loader.connectors(), ledger=MemoryLedger()
            )
            for source in SOURCES:
                await coordinator.run(source)
            rows = await _models(city, broker, terms, folder)
            rows += await _dashboard(city, broker, terms)
            return rows + await _atlas(city, broker, terms, folder)
        finally:
            await store.close()


async def _models(city: City, broker: Broker, terms: Terms, folder: Path) -> list[Row]:
    rows = []
    for name in (ROOFS, YIELD):
        model = loader.simulators()[name]()
        inputs = await gather(
            broker, terms, model.needs, read_table=lambda facts: tables.read(city.folder, facts)
        )
        prepared = _spent(lambda m=model, i=inputs, n=name: m.prepare(i, folder / n))
        run = _median(lambda m=model, n=name: m.run(folder / n, MEMBER, _silent), 5)
        how = "first: libraries load" if name == ROOFS else "sun and wind, 8,760 hours"
        count = ""
        if name == ROOFS:
            outlines = pyarrow.parquet.ParquetFile(city.folder / "samples/buildings/outlines.parquet")
            count = f", {outlines.metadata.num_rows:,} roofs"
        rows.append((f"{name}: prepare", f"{prepared:.2f} CPU-s", how + count))
        rows.append((f"{name}: one member", f"{1000 * run:.0f} ms CPU", "median of 5"))
    return rows


class _NoModels:
    """The dashboard's figures of models are not what is measured here."""

    async def latest(self, model: str) -> Run | None:  # noqa: ARG002
        return None

    async def ensure(self, model: str) -> None:  # noqa: ARG002
        return None


async def _dashboard(city: City, broker: Broker, terms: Terms) -> list[Row]:
    desk = DashboardDesk(broker, terms, city.dashboards, city=city.id, baselines=_NoModels())
    [plan] = desk.plans
    first = await _awaited(lambda: desk.get(plan.id))
    ranked = await _awaited(lambda: desk.peers(plan.id))
    later = await _often(lambda: desk.get(plan.id))
    others = await _often(lambda: desk.peers(plan.id, ["14612000", "11000000"]))
    size = len(json.dumps(await desk.get(plan.id)))
    return [
        ("dashboard: filled", f"{1000 * first:.0f} ms CPU", "once after a change of its data"),
        ("dashboard: rank 10,789 municipalities", f"{1000 * ranked:.0f} ms CPU", "once after a change"),
        ("dashboard: a request", f"{1000 * later:.2f} ms CPU", f"{size:,} bytes; budget 100 ms"),
        ("dashboard: compare with any municipality", f"{1000 * others:.2f} ms CPU", "two asked for by key"),
    ]


class _Table:
    """The table that the roofs' model left, and work done at once."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def model_table(self, model_id: str, table: str) -> Path:  # noqa: ARG002
        return self._file

    async def work(self, task: Mapping[str, Any]) -> Any:
        return files.write(**task["arguments"])


async def _atlas(city: City, broker: Broker, terms: Terms, folder: Path) -> list[Row]:
    desk = AtlasDesk(broker, terms, city.atlases, models=_Table(folder / ROOFS / "roofs.parquet"), credits={})
    [plan] = desk.plans
    first = await _awaited(desk.prepare)
    every, large = Selection(), Selection(low=30.0)
    summed = await _often(lambda: desk.summary(plan.id, every), 5)
    rows = [
        ("atlas: filled", f"{1000 * first:.0f} ms CPU", "all layers, without listed buildings"),
        (
            "atlas: sums of everything",
            f"{1000 * summed:.0f} ms CPU",
            "93,000 roofs by layer, carrier, state and area",
        ),
    ]
    for form in files.MEDIA:
        spent = await _awaited(lambda form=form: desk.export(plan.id, large, form, "en"))
        rows.append((f"atlas: {form} of things from 30 kW", f"{spent:.2f} CPU-s", "some 15,000 things"))
    return rows


def _silent(_share: float, _text: str) -> None:
    """Nobody looks at how far it is."""


def _spent(work: Callable[[], Any]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def _median(work: Callable[[], Any], times: int) -> float:
    return statistics.median(_spent(work) for _ in range(times))


async def _awaited(work: Callable[[], Awaitable[Any]]) -> float:
    before = time.process_time()
    await work()
    return time.process_time() - before


async def _often(work: Callable[[], Awaitable[Any]], times: int = REQUESTS) -> float:
    return statistics.median([await _awaited(work) for _ in range(times)])


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    place = f"{platform.python_implementation()} {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"
    lines = [f"| {place} | | how |", "|---|---:|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
