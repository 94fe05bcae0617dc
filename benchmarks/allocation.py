"""How long it takes to place a city's children: the second city's squares and sites, allocated exactly.

CPU seconds of one process. Beside the usual way stand all pairs at once, so that what column generation saves can be
seen, and demand so high that places run short: the hard case.
"""

from __future__ import annotations

import asyncio
import platform
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from sympolis.acquisition.ledger import MemoryLedger
from sympolis.city import acquiring, package
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.domain.scenario import Override
from sympolis.orchestration.gather import gather
from sympolis.orchestration.naming import named
from sympolis.plugins import loader
from sympolis.plugins.simulators.facility_network import allocation, network, plan, settings
from sympolis.stores.memory import MemoryStore

SOURCES = ("areas", "ages", "childcare-sites", "people-squares", "stops")
MODEL = "childcare"
RUNS = 3


def measure() -> list[tuple[str, float, str]]:
    """(what, median CPU seconds, how) of each case."""
    known = _network()
    given: dict[str, Any] = {parameter.name: parameter.default for parameter in settings.PARAMETERS}
    wanted = plan.as_today(known, given, plan.asking(known), None)
    plan.carry_out(wanted, known, (), given)
    shape = f"{len(wanted.children):,} squares × {len(wanted.places)} sites"
    near = int((wanted.minutes <= given["limit_min"]).sum())
    short = wanted.children * 1.05 * wanted.places.sum() / wanted.children.sum()

    def usual() -> None:
        allocation.allocate(wanted.children, wanted.places, wanted.minutes, given["limit_min"])

    def scarce() -> None:
        allocation.allocate(short, wanted.places, wanted.minutes, given["limit_min"])

    def whole() -> None:
        before = allocation.FIRST_PAIRS
        allocation.FIRST_PAIRS = len(wanted.places)
        try:
            usual()
        finally:
            allocation.FIRST_PAIRS = before

    def located() -> None:
        fresh = plan.as_today(known, given, plan.asking(known), None)
        asked = Override(
            "locate_sites", {}, {"sites": 3, "places": 100, "invest_eur": 0.0, "running_eur": 0.0}
        )
        plan.carry_out(fresh, known, (asked,), given)

    return [
        ("allocate every child", _median(usual), f"{shape}, {near:,} pairs within 30 minutes"),
        ("with five per cent too few places", _median(scarce), shape),
        ("all pairs at once instead", _median(whole), "the same optimum"),
        ("find three new sites", _median(located), "mixed-integer, demand in squares of a kilometre"),
    ]


def table(rows: list[tuple[str, float, str]]) -> str:
    """The rows as Markdown."""
    place = f"{platform.python_implementation()} {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"
    lines = [f"| {place} | CPU-s | how |", "|---|---:|---|"]
    return "\n".join([*lines, *(f"| {what} | {seconds:.2f} | {how} |" for what, seconds, how in rows)])


def _median(work: Callable[[], None]) -> float:
    found = []
    for _ in range(RUNS):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return float(np.median(found))


def _network() -> network.Network:
    city = package.load(package.locate("leipzig"))
    terms = Contexts().resolve_local(city.context["@context"])
    broker = Broker(MemoryStore())
    coordinator = acquiring.coordinator(
        city, broker, terms, connectors=loader.connectors(), ledger=MemoryLedger()
    )
    chosen = city.models[MODEL]
    simulator = named(loader.simulators()[chosen.simulator], chosen.types, MODEL)

    async def gathered() -> Any:
        for source in SOURCES:
            await coordinator.run(source)
        return await gather(broker, terms, simulator.needs)

    with tempfile.TemporaryDirectory() as folder:
        return network.prepare(asyncio.run(gathered()), Path(folder))
