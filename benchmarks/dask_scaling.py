"""How a Dask cluster of local workers scales: many mesoscopic runs of one quarter, with one worker and with several.

Bologna's traffic samples go through the real path (package, mapping, entities, model), and the members of one large
ensemble are computed by the platform's own executor. The clusters stand side by side and take turns, block by block,
so that a machine that is shared slows all of them alike; a turn of each is a round, and the median over the rounds is
what is reported.

Two figures, because they answer two questions. *Throughput per worker against one alone* is the wall's: what whoever
waits sees, and on a shared machine also what the others leave. *Useful share* is of CPU time: what the models
themselves used, of all that workers, scheduler and this process used. It is what the cluster could scale to where
every worker has a core of its own, and does not depend on who else computes here. CPU seconds per member stand beside
them: if they grow with the workers, the workers were in each other's way (memory, caches).
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from sympolis.acquisition.ledger import MemoryLedger
from sympolis.analysis import ensemble
from sympolis.city import acquiring, package
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.domain.scenario import Window
from sympolis.orchestration import gather, member_files
from sympolis.orchestration.dask_pool import LOCAL, DaskPool
from sympolis.orchestration.worker import cpu_seconds, reference_to
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
RECORDS = Path(__file__).parent / "measured"

ROUNDS = 20
"""Turns that each cluster gets."""
_SMALLER = 3
"""A cluster that is not the largest computes one in so many per worker: enough for a rate, in less time."""

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Block:
    """A cluster's turn: members computed, wall [s], CPU of the models, of the workers and of all [s]."""

    members: int
    wall_s: float
    useful_cpu_s: float
    workers_cpu_s: float
    cpu_s: float


def measure(members: int, workers: Sequence[int]) -> Record:
    """Compute ``members`` members with the most workers, and fewer with fewer workers, in turns."""
    with tempfile.TemporaryDirectory(prefix="sympolis-dask-") as name:
        folder = Path(name)
        asyncio.run(_prepare(folder / "model"))
        blocks = asyncio.run(_measured(folder, members, workers))
    alone = [one.members / one.wall_s / workers[0] for one in blocks[workers[0]]]
    runs = [_summed(count, blocks[count], alone) for count in workers]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "members": runs[-1]["members"],
        "rounds": len(alone),
        "load": round(os.getloadavg()[0], 1),
        "runs": runs,
    }


def table(record: Record) -> str:
    """The record in Markdown."""
    rows = [
        f"| {one['workers']} | {one['members']:,} | {one['members_per_s']:.2f} | {one['per_worker']:.2f} "
        f"| {one['cpu_s_per_member']:.2f} s | {one['useful_share']:.3f} | {one['useful_in_workers']:.3f} |"
        for one in record["runs"]
    ]
    head = (
        "| workers | members | members/s | per worker, against one alone | CPU per member | useful share of all CPU "
        "| of the workers' |"
    )
    below = (
        f"Measured on {record['date']} in {record['rounds']} turns each, load {record['load']}. "
        f"Target: {TARGET} or more per worker.\n"
    )
    return "\n".join([head, "|---|---|---|---|---|---|---|", *rows, "", below])


def keep(record: Record) -> None:
    """Write the record where the table finds it."""
    (RECORDS / "dask.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def records() -> Record | None:
    """What was kept."""
    path = RECORDS / "dask.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def _summed(workers: int, blocks: Sequence[Block], alone: Sequence[float]) -> Record:
    members, useful = sum(one.members for one in blocks), sum(one.useful_cpu_s for one in blocks)
    paired = [one.members / one.wall_s / workers / single for one, single in zip(blocks, alone, strict=True)]
    return {
        "workers": workers,
        "members": members,
        "members_per_s": round(members / sum(one.wall_s for one in blocks), 4),
        "per_worker": round(median(paired), 3),
        "per_worker_in_rounds": [round(one, 3) for one in paired],
        "cpu_s_per_member": round(useful / members, 3),
        "useful_share": round(useful / sum(one.cpu_s for one in blocks), 4),
        "useful_in_workers": round(useful / sum(one.workers_cpu_s for one in blocks), 4),
    }


async def _prepare(folder: Path) -> None:
    city = package.load("bologna")
    broker, terms = Broker(MemoryStore()), await Contexts().resolve(city.context["@context"])
    coordinator = acquiring.coordinator(
        city, broker, terms, connectors=loader.connectors(), ledger=MemoryLedger()
    )
    for source in SOURCES:
        await coordinator.run(source)
    SumoTraffic().prepare(await gather.gather(broker, terms, SumoTraffic.needs), folder)


async def _measured(folder: Path, members: int, workers: Sequence[int]) -> dict[int, list[Block]]:
    """Every cluster's turns. All clusters stand while one computes: an idle one costs a heartbeat now and then."""
    rounds = min(ROUNDS, max(1, members // (2 * max(workers))))
    each = -(-members // (rounds * max(workers)))
    pools = {
        count: DaskPool(
            LOCAL, folder / f"cluster-{count}", PoolSettings(LOCAL, workers=count, queue=members + 1)
        )
        for count in workers
    }
    blocks: dict[int, list[Block]] = {count: [] for count in workers}
    sizes = {count: count * (each if count == max(workers) else -(-each // _SMALLER)) for count in workers}
    try:
        for count, pool in pools.items():
            await _computed(pool, folder, f"warm-{count}", range(members, members + _WARM * count))
        for turn in range(rounds):
            for count, pool in pools.items():
                numbers = range(turn * sizes[count], (turn + 1) * sizes[count])
                blocks[count].append(await _block(pool, folder, str(count), numbers))
    finally:
        for pool in pools.values():
            await pool.close()
    return blocks


async def _block(pool: DaskPool, folder: Path, name: str, numbers: range) -> Block:
    before, own, began = await _of_workers(pool), time.process_time(), time.monotonic()
    costs = await _computed(pool, folder, name, numbers)
    wall_s, here = time.monotonic() - began, time.process_time() - own
    theirs = await _of_workers(pool) - before
    missing = [n for n in numbers if member_files.load(folder / name / str(n)) is None]
    if missing:
        raise RuntimeError(f"{len(missing)} members gave nothing")
    return Block(len(numbers), wall_s, sum(costs), theirs, theirs + here)


async def _of_workers(pool: DaskPool) -> float:
    """CPU seconds of the worker processes so far."""
    found: dict[str, float] = await pool._client.run(cpu_seconds)
    return sum(found.values())


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
