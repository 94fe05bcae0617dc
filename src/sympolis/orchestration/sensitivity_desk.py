"""Why is this answer uncertain? The members of a run's question, varied input by input, and what each input explains.

Asked of a finished run. Where the run overrides something, the result is the *change* against the world as it is, both
sides drawn alike, because that is what a planner reads. Where other models fed it, their unknowns vary with its own
(``chain_points``). Members are ordinary ones: kept, found again, never computed twice. An analysis is a job; its record
is a file of its own, and asking again goes on from the members that are kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from sympolis.domain import errors
from sympolis.domain.scenario import RunStatus
from sympolis.orchestration import chain_points, files, run
from sympolis.orchestration.chain_points import CHANCE, Stage
from sympolis.orchestration.documents import instant
from sympolis.orchestration.execution import Execution
from sympolis.orchestration.model_desk import ModelDesk, Ready
from sympolis.orchestration.quotas import Quotas
from sympolis.orchestration.run import Run
from sympolis.orchestration.run_board import RunBoard
from sympolis.orchestration.sensitivity_table import Analysis, indicator, outcomes_of
from sympolis.orchestration.worker import call_of
from sympolis.orchestration.workers import Executor

FUNCTIONS = "sympolis.analysis.sensitivity"
POINTS = (8, 16, 32, 64, 128)
MOST_MEMBERS = 2000
MOST_ACTIVE = 2

Json = dict[str, Any]

_MISSING: Json = {
    "status": "missing",
    "of": "value",
    "points": 0,
    "members": 0,
    "progress": {"share": 0.0},
    "indicators": [],
}


class SensitivityDesk:
    """Starts, follows and remembers analyses."""

    def __init__(
        self,
        models: ModelDesk,
        board: RunBoard,
        execution: Execution,
        *,
        quotas: Quotas,
        pool: Executor,
        folder: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._models = models
        self._board = board
        self._execution = execution
        self._quotas = quotas
        self._pool = pool
        self._folder = folder
        self._now = now
        self._analyses: dict[str, Analysis] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, run_id: str, points: int = 16) -> Json:
        """Analyse a finished run; the analysis that is kept where the same was asked before.

        Raises ``BadRequestData`` (``points``), ``NotFound``, ``Conflict`` (not finished, data changed, too many),
        ``QuotaExceeded``.
        """
        if points not in POINTS:
            raise errors.BadRequestData(f"expected one of {', '.join(map(str, POINTS))}", where="points")
        asked = self._board.get(run_id)
        kept = self._find(run_id)
        if kept is not None and kept.points == points and kept.status in (RunStatus.RUNNING, RunStatus.DONE):
            return self._document(kept)
        stages = await self._stages(asked)
        # Nothing is awaited from here until the task is entered: two who ask at once are one after the other.
        if run_id in self._tasks:
            return self._document(self._analyses[run_id])
        if len(self._tasks) >= MOST_ACTIVE:
            raise errors.Conflict(f"{MOST_ACTIVE} analyses are under way already", hint="wait for one")
        analysis = self._planned(asked, stages, points)
        self._quotas.admit()
        self._post(analysis, durable=True)
        name = f"sensitivity of {run_id}"
        self._quotas.begin(name)
        task = asyncio.create_task(self._guarded(analysis, asked, stages), name=name)
        self._tasks[run_id] = task
        task.add_done_callback(lambda _: self._over(run_id, name))
        return self._document(analysis)

    def get(self, run_id: str) -> Json:
        """The analysis of a run, ``missing`` where nobody asked for one. Raises ``NotFound`` (no such run)."""
        self._board.get(run_id)
        found = self._find(run_id)
        return self._document(found) if found is not None else {**_MISSING, "run": run_id}

    def _over(self, run_id: str, name: str) -> None:
        self._tasks.pop(run_id, None)
        self._quotas.end(name)

    async def close(self) -> None:
        """Stop what is under way; members that are done stay."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    # --- what is asked ------------------------------------------------------------------------------------------------

    async def _stages(self, asked: Run) -> list[Stage]:
        if asked.status is not RunStatus.DONE:
            raise errors.Conflict(
                f"the run is {asked.status}, so there is nothing to analyse", where=asked.id
            )
        return await chain_points.stages_of(asked, self._board.get, self._ready)

    async def _ready(self, one: Run) -> Ready:
        """The model as a run of the chain had it. Raises ``Conflict`` where it cannot be had any more."""
        again = "run the scenario again and analyse that run"
        if one.upstream.keys() != one.feeds.keys():
            text = "an earlier version of the twin ran this and did not note which fields fed it"
            raise errors.Conflict(text, where=one.id, hint=again)
        ready = await self._models.ready(one.model)
        if (ready.data_version, ready.simulator.version) != (one.data_version, one.model_version):
            text = "the twin's data or the model have changed since this run"
            raise errors.Conflict(text, where=one.id, hint=again)
        return ready

    def _planned(self, asked: Run, stages: Sequence[Stage], points: int) -> Analysis:
        unknowns = chain_points.unknowns_of(stages)
        inputs = (*((one.name, one.low, one.high) for one in unknowns), (CHANCE, 0.0, 1.0))
        counts = chain_points.members_at_most(stages, points)
        members = sum(counts)
        if members > MOST_MEMBERS:
            text = f"{len(inputs)} inputs at {points} points are {members} members, more than {MOST_MEMBERS}"
            raise errors.BadRequestData(text, where="points", hint="ask for fewer points")
        cpu_s = sum(count * stage.run.member_cost_cpu_s for count, stage in zip(counts, stages, strict=True))
        change = stages[-1].changes
        return Analysis(asked.id, points, members, inputs, self._now(), change=change, estimate_cpu_s=cpu_s)

    # --- doing --------------------------------------------------------------------------------------------------------

    async def _guarded(self, analysis: Analysis, asked: Run, stages: Sequence[Stage]) -> None:
        try:
            done = await self._analysed(analysis, asked, stages)
        except asyncio.CancelledError:
            self._post(replace(analysis, status=RunStatus.CANCELLED, finished_at=self._now()), durable=True)
            raise
        except Exception as error:  # the reason belongs to the analysis, where its owner will look for it
            done = replace(
                analysis, status=RunStatus.FAILED, error=run.problem(error), finished_at=self._now()
            )
        self._post(done, durable=True)

    async def _analysed(self, analysis: Analysis, asked: Run, stages: Sequence[Stage]) -> Analysis:
        inputs = len(analysis.inputs)
        shares = call_of(FUNCTIONS, "shares", inputs=inputs, n=analysis.points, seed=asked.seed)
        names = [name for name, _, _ in analysis.inputs]
        places = [dict(zip(names, row, strict=True)) for row in (await self._pool.run(shares)).result]
        own, cost = await self._figures(analysis, stages, places, overridden=True)
        without: list[Mapping[str, float]] = []
        if analysis.change:
            without, more = await self._figures(analysis, stages, places, overridden=False)
            cost += more
        values = outcomes_of(own, without)
        tables = [
            (
                await self._pool.run(
                    call_of(FUNCTIONS, "indices", values=one, inputs=inputs, seed=asked.seed)
                )
            ).result
            for one in values.values()
        ]
        described = {one.name: one for one in chain_points.unknowns_of(stages)}
        return replace(
            analysis,
            status=RunStatus.DONE,
            share=1.0,
            finished_at=self._now(),
            cost_cpu_s=round(cost, 2),
            indicators=tuple(
                indicator(name, outcomes, table, analysis, described)
                for (name, outcomes), table in zip(values.items(), tables, strict=True)
            ),
        )

    async def _figures(
        self,
        analysis: Analysis,
        stages: Sequence[Stage],
        places: Sequence[chain_points.Place],
        *,
        overridden: bool,
    ) -> tuple[list[Mapping[str, float]], float]:
        """The chain's answer at every place; its half of the progress where the world as it is comes after."""
        of, first = (2, overridden) if analysis.change else (1, True)

        def heard(share: float, *_: int) -> None:
            self._heard(analysis, (share if first else 1.0 + share) / of)

        return await chain_points.figures(stages, places, self._execution, heard, overridden=overridden)

    def _heard(self, analysis: Analysis, share: float) -> None:
        self._post(replace(analysis, share=round(share, 3)))

    # --- keeping ------------------------------------------------------------------------------------------------------

    def _post(self, analysis: Analysis, *, durable: bool = False) -> None:
        self._analyses[analysis.run] = analysis
        if durable:
            files.write_json(self._folder / f"{analysis.run}.json", analysis)

    def _find(self, run_id: str) -> Analysis | None:
        if run_id not in self._analyses:
            kept = files.find_json(self._folder / f"{run_id}.json")
            if kept is None:
                return None
            found = msgspec.convert(kept, Analysis)
            if found.status is RunStatus.RUNNING:  # nobody is at it: the server was stopped meanwhile
                found = replace(found, status=RunStatus.CANCELLED)
            self._analyses[run_id] = found
        return self._analyses[run_id]

    def _document(self, analysis: Analysis) -> Json:
        asked = self._board.get(analysis.run)
        expected = analysis.estimate_cpu_s or asked.member_cost_cpu_s * analysis.members
        return {
            "run": analysis.run,
            "status": str(analysis.status),
            "of": "change" if analysis.change or asked.overrides else "value",
            "points": analysis.points,
            "members": analysis.members,
            "progress": {"share": analysis.share},
            "estimate": {"cpu_s": float(f"{expected:.2g}")},
            "cost_cpu_s": analysis.cost_cpu_s,
            "started_at": instant(analysis.started_at),
            "finished_at": instant(analysis.finished_at),
            "error": msgspec.to_builtins(analysis.error),
            "indicators": list(analysis.indicators),
        }
