"""The same work on a Dask cluster: equal results, nothing lost with a worker, ends that are ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.integration.test_workers import task

from sympolis.domain import errors
from sympolis.orchestration import member_files
from sympolis.orchestration.dask_pool import DaskPool
from sympolis.orchestration.executors import executor
from sympolis.orchestration.worker import call_of
from sympolis.orchestration.workers import PoolSettings, WorkerPool

pytest.importorskip("distributed", reason="the extra dask is not installed")


@asynccontextmanager
async def cluster(folder: Path, workers: int = 1) -> AsyncIterator[DaskPool]:
    pool = executor(PoolSettings(executor="dask", workers=workers, grace_s=20), folder)
    assert isinstance(pool, DaskPool)
    try:
        yield pool
    finally:
        await pool.close()


def on_cluster(folder: Path, work: Callable[[DaskPool], Awaitable[None]], workers: int = 1) -> None:
    async def run() -> None:
        async with cluster(folder, workers) as pool:
            await work(pool)

    asyncio.run(run())


def member(folder: Path, name: str) -> Any:
    found = member_files.load(folder / "members" / name)
    assert found is not None
    return found


def test_results_are_those_of_the_process_pool(tmp_path: Path) -> None:
    async def work(pool: DaskPool) -> None:
        heard: list[float] = []
        answer = await pool.run(task(tmp_path, "there"), progress=lambda share, _: heard.append(share))
        here = WorkerPool(tmp_path)
        await here.run(task(tmp_path, "here"))
        await here.close()
        assert answer.cost_cpu_s > 0
        assert pool.processes == 1
        there, same = member(tmp_path, "there"), member(tmp_path, "here")
        assert there.indicators == same.indicators
        assert [list(row) for row in there.fields["flow"]] == [list(row) for row in same.fields["flow"]]
        rows = await pool.run(call_of("sympolis.analysis.sensitivity", "shares", inputs=2, n=4, seed=1))
        assert len(rows.result) == 16

    on_cluster(tmp_path, work)


def test_a_killed_worker_loses_no_run(tmp_path: Path) -> None:
    import dask

    dask.config.set(
        {"distributed.deploy.lost-worker-timeout": "0s"}
    )  # no time to come back, were it not for the pool

    async def work(pool: DaskPool) -> None:
        under_way = asyncio.Event()
        first = asyncio.create_task(
            pool.run(task(tmp_path, "0"), progress=lambda _share, _text: under_way.set())
        )
        others = [asyncio.create_task(pool.run(task(tmp_path, str(n)))) for n in range(1, 30)]
        await asyncio.wait_for(under_way.wait(), 60)
        assert pool._client is not None
        pids: dict[str, int] = await pool._client.run(os.getpid)
        os.kill(next(iter(pids.values())), signal.SIGKILL)
        await asyncio.gather(first, *others)
        assert all(member(tmp_path, str(n)).indicators for n in range(30))

    on_cluster(tmp_path, work)


def test_a_model_that_kills_its_worker_is_given_up_and_the_next_one_runs(tmp_path: Path) -> None:
    async def work(pool: DaskPool) -> None:
        with pytest.raises(errors.ModelFailed, match="gave the task up"):
            await pool.run(task(tmp_path, "x", "crash"))
        with pytest.raises(errors.ModelFailed, match="a street of no length"):
            await pool.run(task(tmp_path, "y", "raise"))
        assert (await pool.run(task(tmp_path, "z"))).cost_cpu_s > 0

    on_cluster(tmp_path, work)


def test_a_cancelled_run_stops_where_it_is(tmp_path: Path) -> None:
    async def work(pool: DaskPool) -> None:
        stuck = asyncio.Event()

        def heard(_share: float, text: str) -> None:
            if text == "stuck":
                stuck.set()

        running = asyncio.create_task(pool.run(task(tmp_path, "slow", "slow"), progress=heard))
        await asyncio.wait_for(stuck.wait(), 60)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (await pool.run(task(tmp_path, "next"))).cost_cpu_s > 0
        assert not list((tmp_path / "stopping").glob("*"))

    on_cluster(tmp_path, work)


def test_a_scheduler_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DaskPool, "connect_s", 0.3)

    async def work() -> None:
        with socket.socket() as taken:  # bound and never listening: nobody else answers there meanwhile
            taken.bind(("127.0.0.1", 0))
            pool = DaskPool(f"tcp://127.0.0.1:{taken.getsockname()[1]}", tmp_path)
            await refused(pool)

    async def refused(pool: DaskPool) -> None:
        with pytest.raises(errors.ModelFailed, match="no Dask cluster answers"):
            await pool.run(task(tmp_path, "x"))
        await pool.close()

    asyncio.run(work())
