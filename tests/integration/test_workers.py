"""The pool of worker processes: order, bounds and clean ends."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from sympolis.domain import errors
from sympolis.domain.scenario import Override, Window
from sympolis.orchestration.worker import call_of, reference_to
from sympolis.orchestration.workers import PoolSettings, WorkerPool
from sympolis.plugins.simulator import Member
from sympolis.testing.simulators import ToySimulator


def prepared(folder: Path) -> Path:
    streets = [{"id": f"urn:{n}", "length": 100.0, "capacity": 500} for n in range(3)]
    ToySimulator().prepare({"segments": streets}, folder / "model")
    return folder / "model"


def task(folder: Path, name: str, trouble: str = "") -> dict[str, Any]:
    overrides = (Override("trouble", {}, {"kind": trouble}),) if trouble else ()
    member = Member({"demand": 1.0, "noise": 0.0}, overrides, Window(), 1)
    return {
        "do": "run", "simulator": reference_to(ToySimulator), "folder": str(prepared(folder)),
        "member": member, "stem": str(folder / "members" / name),
    }  # fmt: skip


def test_interactive_tasks_go_before_thorough_ones(tmp_path: Path) -> None:
    async def work() -> list[str]:
        pool, order = WorkerPool(tmp_path, PoolSettings(workers=1)), []

        async def run(name: str, priority: int) -> None:
            await pool.run(task(tmp_path, name), priority=priority)
            order.append(name)

        names = [("first", 1), ("job", 1), ("job too", 1), ("interactive", 0)]
        await asyncio.gather(*(run(*name) for name in names))
        assert pool.processes == 1
        await pool.close()
        return order

    assert asyncio.run(work()) == ["first", "interactive", "job", "job too"]


def test_a_full_queue_refuses_and_says_so(tmp_path: Path) -> None:
    async def work() -> None:
        pool = WorkerPool(tmp_path, PoolSettings(workers=1, queue=1, grace_s=0.2))
        running = asyncio.create_task(pool.run(task(tmp_path, "a", "slow")))
        waiting = asyncio.create_task(pool.run(task(tmp_path, "b")))
        await asyncio.sleep(0)
        with pytest.raises(errors.Conflict, match="1 tasks are waiting"):
            await pool.run(task(tmp_path, "c"))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await waiting
        await pool.close()
        with pytest.raises(errors.ModelFailed, match="closed"):
            await pool.run(task(tmp_path, "d"))

    asyncio.run(work())


def test_a_cancelled_place_in_the_queue_is_not_lost(tmp_path: Path) -> None:
    async def work() -> None:
        pool = WorkerPool(tmp_path, PoolSettings(workers=1))
        tasks = [asyncio.create_task(pool.run(task(tmp_path, str(n)))) for n in range(4)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(one, asyncio.CancelledError) for one in done] == [False, True, False, False]
        await pool.run(task(tmp_path, "after"))
        await pool.close()

    asyncio.run(work())


def test_an_engine_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    async def work() -> None:
        pool = WorkerPool(tmp_path)
        with pytest.raises(errors.ModelFailed, match="no_such_engine"):
            await pool.run({**task(tmp_path, "x"), "simulator": "no_such_engine:Model"})
        await pool.close()

    asyncio.run(work())


def test_a_heavy_function_is_called_where_its_libraries_are(tmp_path: Path) -> None:
    async def work() -> None:
        pool = WorkerPool(tmp_path)
        shares = call_of("sympolis.analysis.sensitivity", "shares", inputs=2, n=4, seed=1)
        rows = (await pool.run(shares)).result
        assert len(rows) == 16
        assert all(len(row) == 2 for row in rows)
        with pytest.raises(errors.ModelFailed, match="power of two"):
            await pool.run(call_of("sympolis.analysis.sensitivity", "shares", inputs=2, n=5, seed=1))
        await pool.close()

    asyncio.run(work())


def test_too_much_memory_fails_the_model_and_not_the_twin(tmp_path: Path) -> None:
    async def work() -> None:
        pool = WorkerPool(tmp_path, PoolSettings(memory_mb=600))
        with pytest.raises(errors.ModelFailed, match="600 MB"):
            await pool.run(task(tmp_path, "x", "hungry"))
        assert (await pool.run(task(tmp_path, "y"))).cost_cpu_s > 0
        await pool.close()

    asyncio.run(work())
