"""What the heat plan's models cost on the second city's data: every building, every block, the mains.

CPU seconds of the process that does the work, each step fed by the one before as in the plan's chain.
"""

from __future__ import annotations

import asyncio
import platform
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sympolis.acquisition.ledger import MemoryLedger
from sympolis.analysis import ensemble
from sympolis.city import acquiring, package, tables
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.orchestration.gather import gather
from sympolis.plugins import loader
from sympolis.plugins.simulator import WHOLE_PERIOD, Linked, Member, MemberResult, Simulator
from sympolis.stores.memory import MemoryStore

CITY = "leipzig"
SOURCES = (
    "areas",
    "population",
    "housing",
    "weather-places",
    "weather-reference",
    "heat-blocks",
    "building-table",
)
CHAIN: Mapping[str, Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "heat_demand": {},
    "heat_potential": {},
    "heat_supply": {"heat": ("heat_demand", ("demand", "buildings", "floor_area")),
                    "ground": ("heat_potential", ("ground_heat",))},
    "heat_network": {"supply": ("heat_supply", ("network_demand",))},
}  # fmt: skip
"""By model: need → what feeds it, and the fields that do."""
FIXED = {"heat_demand": {"official_demand": 5500.0}, "heat_supply": {"network_today": 1600.0}}
MEMBERS = 8
"""Of one ensemble, as a plan has it: supply costs differ between members."""

Row = tuple[str, str, str]
"""(what, figure with unit, how it was measured)"""


def measure() -> list[Row]:
    """Every model prepared once and run for some members."""
    return asyncio.run(_measured())


async def _measured() -> list[Row]:
    city = package.load(CITY)
    terms, broker = Contexts().resolve_local(city.context["@context"]), Broker(MemoryStore())
    coordinator = acquiring.coordinator(
        city, broker, terms, connectors=loader.connectors(), ledger=MemoryLedger()
    )
    before = time.process_time()
    for source in SOURCES:
        await coordinator.run(source)
    rows = [
        ("sources of the plan taken in", _seconds(time.process_time() - before), "memory store, 7 sources")
    ]
    done: dict[str, list[MemberResult]] = {}
    with tempfile.TemporaryDirectory(prefix="sympolis-bench-") as place:
        for name in CHAIN:
            model = loader.simulators()[name]()
            inputs = await gather(
                broker, terms, model.needs, read_table=lambda facts: tables.read(city.folder, facts)
            )
            folder = Path(place) / name
            before = time.process_time()
            model.prepare(inputs, folder)
            rows.append((f"{name}: prepare", _seconds(time.process_time() - before), _what(name, inputs)))
            spent = _run(model, folder, done)
            told = f"median of {MEMBERS}; {min(spent):.2f} to {max(spent):.2f}"
            rows.append((f"{name}: one member", _seconds(statistics.median(spent)), told))
    return rows


def _what(name: str, inputs: Mapping[str, Any]) -> str:
    if "buildings" not in inputs:
        return f"{len(inputs['blocks']):,} blocks"
    budget = "; budget of all footprints 20 s" if name == "heat_demand" else ""
    return f"{inputs['buildings'][0].get('rows', 0):,.0f} outlines, {len(inputs['blocks']):,} blocks{budget}"


def _run(model: Simulator, folder: Path, done: dict[str, list[MemberResult]]) -> list[float]:
    spent = []
    done[model.id] = []
    for index in range(MEMBERS):
        member = _member(model, index, done)
        before = time.process_time()
        done[model.id].append(model.run(folder, member, _silent))
        spent.append(time.process_time() - before)
    return spent


def _member(model: Simulator, index: int, done: Mapping[str, list[MemberResult]]) -> Member:
    common = ensemble.Design(1, WHOLE_PERIOD, "interactive", {}, ())
    plan = ensemble.design(model.parameters, model.measures, FIXED.get(model.id, {}), common)
    fed = {
        need: Linked(done[giver][index].features, {name: done[giver][index].fields[name] for name in names})
        for need, (giver, names) in CHAIN[model.id].items()
    }
    return replace(ensemble.member(plan, index), linked=fed)


def _silent(_share: float, _text: str) -> None:
    """Nobody looks at how far it is."""


def _seconds(spent: float) -> str:
    return f"{spent:.2f} CPU-s"


def table(rows: list[Row]) -> str:
    """As Markdown."""
    head = f"| CPython {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d} | | how |\n|---|---:|---|\n"
    return head + "\n".join(f"| {what} | {value} | {how} |" for what, value, how in rows)
