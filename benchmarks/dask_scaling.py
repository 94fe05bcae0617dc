"""How a Dask cluster of local workers scales: many mesoscopic runs of one quarter, with one worker and with several.

Bologna's traffic samples go through the real path (package, mapping, entities, model), and the members of one large
ensemble are computed by the platform's own executor. The clock that counts is the wall's, because waiting is what
scaling is about: take the machine alone. CPU seconds per member stand beside it; if they grow with the workers, the
workers were in each other's way (memory, caches, another job), not the cluster.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sympolis.acquisition.ledger import MemoryLedger
from sympolis.analysis import ensemble
from sympolis.city import acquiring, package
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.domain.scenario import Window
from sympolis.orchestration import gather, member_files
from sympolis.orchestration.executors import executor
from sympolis.orchestration.worker import reference_to
from sympolis.orchestration.workers import Executor, PoolSettings
from sympolis.plugins import loader
from sympolis.plugins.simulators.sumo_traffic import SumoTraffic
from sympolis.stores.memory import MemoryStore

SOURCES = ("road-nodes", "traffic-signals", "road-network", "travel-demand", "traffic-loops", "loop-counts")
TARGET = 0.85
"""Of the throughput that as many workers would have if each did as one alone."""
_WARM = 2
"""Members per worker before the clock starts: processes start and engines load once."""
ENOUGH = 1000
"""Members from which on a measurement goes into the page; fewer only show that it works."""
RECORDS = Path(__file__).parent / "results"

Record = dict[str, Any]


def measure(members: int, workers: Sequence[int]) -> Record:
    """Compute ``members`` members once with each number of workers."""
    with tempfile.TemporaryDirectory(prefix="sympolis-dask-") as name:
        folder = Path(name)
        asyncio.run(_prepare(folder / "model"))
        found = [asyncio.run(_measured(folder, members, count)) for count in workers]
    alone = found[0]["members_per_s"] / found[0]["workers"]
    for one in found:
        one["per_worker"] = round(one["members_per_s"] / one["workers"] / alone, 3)
    return {"members": members, "runs": found}


def table(record: Record) -> str:
    """The record in Markdown."""
    rows = [
        f"| {one['workers']} | {one['wall_s']:.1f} s | {one['members_per_s']:.2f} | {one['cpu_s_per_member']:.2f} s "
        f"| {one['per_worker']:.2f} |"
        for one in record["runs"]
    ]
    head = f"| workers | {record['members']:,} members | members/s | CPU per member | per worker, against one alone |"
    return "\n".join([head, "|---|---|---|---|---|", *rows, "", f"Target: {TARGET} or more."])


def keep(record: Record) -> None:
    """Write the record beside those of other benchmarks."""
    path = RECORDS / f"dask-{record['members']}.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


async def _prepare(folder: Path) -> None:
    city = package.load("bologna")
    broker, terms = Broker(MemoryStore()), await Contexts().resolve(city.context["@context"])
    coordinator = acquiring.coordinator(
        city, broker, terms, connectors=loader.connectors(), ledger=MemoryLedger()
    )
    for source in SOURCES:
        await coordinator.run(source)
    SumoTraffic().prepare(await gather.gather(broker, terms, SumoTraffic.needs), folder)


async def _measured(folder: Path, members: int, workers: int) -> Record:
    pool = executor(PoolSettings(executor="dask", workers=workers, queue=members + 1), folder / "cluster")
    try:
        await _computed(pool, folder, f"warm-{workers}", range(members, members + _WARM * workers))
        began = time.monotonic()
        costs = await _computed(pool, folder, str(workers), range(members))
        wall_s = time.monotonic() - began
    finally:
        await pool.close()
    missing = [n for n in range(members) if member_files.load(folder / str(workers) / str(n)) is None]
    if missing:
        raise RuntimeError(f"{len(missing)} members gave nothing")
    return {
        "workers": workers,
        "wall_s": round(wall_s, 2),
        "members_per_s": round(members / wall_s, 4),
        "cpu_s_per_member": round(sum(costs) / members, 3),
    }


async def _computed(pool: Executor, folder: Path, name: str, numbers: range) -> list[float]:
    plan = ensemble.design(
        SumoTraffic.parameters,
        SumoTraffic.measures,
        {},
        ensemble.Design(
            seed=1, window=Window(8, 9), mode="interactive", fixed={}, uncertain=(), overrides=()
        ),
    )
    tasks = [
        {
            "do": "run",
            "simulator": reference_to(SumoTraffic),
            "folder": str(folder / "model"),
            "member": ensemble.member(plan, number),
            "stem": str(folder / name / str(number)),
            "linked": {},
        }
        for number in numbers
    ]
    return [answer.cost_cpu_s for answer in await asyncio.gather(*(pool.run(task) for task in tasks))]
