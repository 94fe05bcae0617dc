"""What a finished run says of things smaller than its features, such as every building of a city: a file on request.

It is one member's: the one with every uncertain parameter in the middle of its range. Intervals stand at the features.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from sympolis.analysis import ensemble
from sympolis.domain import errors
from sympolis.domain.scenario import RunStatus
from sympolis.orchestration.member_library import plan_of
from sympolis.orchestration.model_desk import ModelDesk
from sympolis.orchestration.request import Request
from sympolis.orchestration.run import Run
from sympolis.orchestration.run_board import RunBoard
from sympolis.orchestration.workers import Executor

MIDDLE = 0.5


class Details:
    """Makes such files, once for each run."""

    def __init__(self, models: ModelDesk, board: RunBoard, pool: Executor, folder: Path) -> None:
        self._models = models
        self._board = board
        self._pool = pool
        self._folder = folder
        self._making = asyncio.Lock()

    async def of(self, run_id: str) -> Path:
        """The Parquet file; beside it lies the same as CSV. Raises ``NotFound``, ``Conflict``, ``ModelFailed``."""
        run = self._board.get(run_id)
        if run.status is not RunStatus.DONE:
            raise errors.Conflict(f"the run is {run.status}, so it has no results", where=run.id)
        if run.upstream:
            hint = "ask the run that feeds it"
            raise errors.Conflict("what feeds a run is kept for its features only", where=run.id, hint=hint)
        target = self._folder / f"{run.id}.parquet"
        async with self._making:
            if not target.exists():
                await self._make(run, target)
        return target

    async def _make(self, run: Run, target: Path) -> None:
        ready = await self._models.prepared(run.model)
        if (ready.data_version, ready.simulator.version) != (run.data_version, run.model_version):
            hint = "run it again"
            raise errors.Conflict("data or model have changed since this run", where=run.id, hint=hint)
        plan = plan_of(ready, run.window, run.overrides, Request(run.mode, seed=run.seed))
        member = ensemble.member_at(plan, ensemble.member_seed(run.seed, 0), lambda _name: MIDDLE)
        await self._pool.run(
            {
                "do": "detail",
                "simulator": ready.reference,
                "folder": str(ready.folder),
                "member": member,
                "target": str(target),
            }
        )
