"""Why is this answer uncertain? The members of a run's question, varied input by input, and what each input explains.

Asked of a finished run. Where the run overrides something, the result is the *change* against the world as it is, both
sides drawn alike, because that is what a planner reads. Members are ordinary ones: kept, found again, never computed
twice. An analysis is a job; its record is a file of its own, and asking again goes on from the members that are kept.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from sympolis.analysis import ensemble
from sympolis.domain import errors
from sympolis.domain.scenario import RunStatus
from sympolis.orchestration import files, run
from sympolis.orchestration.documents import instant
from sympolis.orchestration.execution import Execution
from sympolis.orchestration.member_library import plan_of
from sympolis.orchestration.model_desk import ModelDesk, Ready
from sympolis.orchestration.quotas import Quotas
from sympolis.orchestration.request import Request
from sympolis.orchestration.run import Problem, Run
from sympolis.orchestration.run_board import RunBoard
from sympolis.orchestration.worker import call_of
from sympolis.orchestration.workers import Executor
from sympolis.plugins.simulator import Member, Parameter

FUNCTIONS = "sympolis.analysis.sensitivity"
CHANCE = "chance"
CHANCE_TITLE = {
    "it": "Il caso (giorni diversi a parità di tutto)",
    "de": "Zufall (verschiedene Tage bei sonst Gleichem)",
    "en": "Chance (different days, all else equal)",
}
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


@dataclass(frozen=True, slots=True)
class Analysis:
    """One analysis from its start to its table. ``inputs`` are (name, low, high); chance comes last, from 0 to 1."""

    run: str
    points: int
    members: int
    inputs: tuple[tuple[str, float, float], ...]
    started_at: datetime
    status: RunStatus = RunStatus.RUNNING
    share: float = 0.0
    finished_at: datetime | None = None
    cost_cpu_s: float = 0.0
    error: Problem | None = None
    indicators: tuple[Json, ...] = ()


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
        ``QuotaExceeded``, ``NotImplementedHere`` (the run's model was fed by another one).
        """
        if points not in POINTS:
            raise errors.BadRequestData(f"expected one of {', '.join(map(str, POINTS))}", where="points")
        asked = self._board.get(run_id)
        kept = self._find(run_id)
        if kept is not None and kept.points == points and kept.status in (RunStatus.RUNNING, RunStatus.DONE):
            return self._document(kept)
        ready = await self._ready(asked)
        # Nothing is awaited from here until the task is entered: two who ask at once are one after the other.
        if run_id in self._tasks:
            return self._document(self._analyses[run_id])
        if len(self._tasks) >= MOST_ACTIVE:
            raise errors.Conflict(f"{MOST_ACTIVE} analyses are under way already", hint="wait for one")
        analysis = self._planned(asked, ready, points)
        self._quotas.admit()
        self._post(analysis, durable=True)
        name = f"sensitivity of {run_id}"
        self._quotas.begin(name)
        task = asyncio.create_task(self._guarded(analysis, asked, ready), name=name)
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

    async def _ready(self, asked: Run) -> Ready:
        if asked.status is not RunStatus.DONE:
            raise errors.Conflict(
                f"the run is {asked.status}, so there is nothing to analyse", where=asked.id
            )
        if asked.upstream:
            text = f"{asked.model} was fed by other models, whose uncertain inputs would have to vary with its own"
            hint = f"analyse what feeds it: {', '.join(sorted(asked.upstream.values()))}"
            raise errors.NotImplementedHere(text, where=asked.id, hint=hint)
        ready = await self._models.ready(asked.model)
        if (ready.data_version, ready.simulator.version) != (asked.data_version, asked.model_version):
            text = "the twin's data or the model have changed since this run"
            raise errors.Conflict(text, where=asked.id, hint="run the scenario again and analyse that run")
        return ready

    def _planned(self, asked: Run, ready: Ready, points: int) -> Analysis:
        ranges = ensemble.uncertain_names(_plan(asked, ready))
        inputs = (*((name, *limits) for name, limits in ranges.items()), (CHANCE, 0.0, 1.0))
        members = points * (len(inputs) + 2) * (2 if asked.overrides else 1)
        if members > MOST_MEMBERS:
            text = f"{len(inputs)} inputs at {points} points are {members} members, more than {MOST_MEMBERS}"
            raise errors.BadRequestData(text, where="points", hint="ask for fewer points")
        return Analysis(asked.id, points, members, inputs, self._now())

    # --- doing --------------------------------------------------------------------------------------------------------

    async def _guarded(self, analysis: Analysis, asked: Run, ready: Ready) -> None:
        try:
            done = await self._analysed(analysis, asked, ready)
        except asyncio.CancelledError:
            self._post(replace(analysis, status=RunStatus.CANCELLED, finished_at=self._now()), durable=True)
            raise
        except Exception as error:  # the reason belongs to the analysis, where its owner will look for it
            done = replace(
                analysis, status=RunStatus.FAILED, error=run.problem(error), finished_at=self._now()
            )
        self._post(done, durable=True)

    async def _analysed(self, analysis: Analysis, asked: Run, ready: Ready) -> Analysis:
        inputs = len(analysis.inputs)
        shares = call_of(FUNCTIONS, "shares", inputs=inputs, n=analysis.points, seed=asked.seed)
        rows = (await self._pool.run(shares)).result
        plans = [_plan(asked, ready)] + (
            [replace(_plan(asked, ready), overrides=())] if asked.overrides else []
        )
        members = [_member(plan, analysis, row) for plan in plans for row in rows]
        found = await self._execution.figures(ready, members, lambda share, *_: self._heard(analysis, share))
        values = _outcomes([figures for figures, _ in found], len(rows))
        tables = [
            (
                await self._pool.run(
                    call_of(FUNCTIONS, "indices", values=one, inputs=inputs, seed=asked.seed)
                )
            ).result
            for one in values.values()
        ]
        described = self._described(ready)
        return replace(
            analysis,
            status=RunStatus.DONE,
            share=1.0,
            finished_at=self._now(),
            cost_cpu_s=round(sum(cost or 0.0 for _, cost in found), 2),
            indicators=tuple(
                _indicator(name, outcomes, table, analysis, described)
                for (name, outcomes), table in zip(values.items(), tables, strict=True)
            ),
        )

    def _heard(self, analysis: Analysis, share: float) -> None:
        self._post(replace(analysis, share=round(share, 3)))

    def _described(self, ready: Ready) -> Mapping[str, Parameter]:
        simulator = ready.simulator
        own = {parameter.name: parameter for parameter in simulator.parameters}
        return own | {f"{m.name}.{p.name}": p for m in simulator.measures for p in m.parameters}

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
        return {
            "run": analysis.run,
            "status": str(analysis.status),
            "of": "change" if asked.overrides else "value",
            "points": analysis.points,
            "members": analysis.members,
            "progress": {"share": analysis.share},
            "estimate": {"cpu_s": float(f"{asked.member_cost_cpu_s * analysis.members:.2g}")},
            "cost_cpu_s": analysis.cost_cpu_s,
            "started_at": instant(analysis.started_at),
            "finished_at": instant(analysis.finished_at),
            "error": msgspec.to_builtins(analysis.error),
            "indicators": list(analysis.indicators),
        }


def _plan(asked: Run, ready: Ready) -> ensemble.Design:
    return plan_of(ready, asked.window, asked.overrides, Request(mode=asked.mode, seed=asked.seed))


def _member(plan: ensemble.Design, analysis: Analysis, row: Sequence[float]) -> Member:
    """The member at one point of the design; the share of chance names its seed."""
    places = {name: share for (name, _, _), share in zip(analysis.inputs, row, strict=True)}
    seed = ensemble.member_seed(plan.seed, int(places.pop(CHANCE) * 2**31))
    return ensemble.member_at(plan, seed, places.__getitem__)


def _outcomes(figures: Sequence[Mapping[str, float]], points: int) -> Mapping[str, list[float]]:
    """Each indicator's value at every point, minus the world as it is at that point where it was run, too."""
    own, without = figures[:points], figures[points:]
    return {
        name: [one[name] - (without[place][name] if without else 0.0) for place, one in enumerate(own)]
        for name in own[0]
    }


def _indicator(
    name: str,
    outcomes: Sequence[float],
    table: Sequence[Mapping[str, float]],
    analysis: Analysis,
    described: Mapping[str, Parameter],
) -> Json:
    independent = sorted(
        outcomes[: 2 * analysis.points]
    )  # the samples A and B: drawn as an ensemble would be
    half = (_quantile(independent, 0.95) - _quantile(independent, 0.05)) / 2
    inputs = [
        _input(bounds, indices, half, described)
        for bounds, indices in zip(analysis.inputs, table, strict=False)
    ]
    inputs.sort(key=lambda one: -float(one["first"]))
    return {"name": name, "half_width": float(f"{half:.4g}"), "varies": bool(table), "inputs": inputs}


def _input(
    bounds: tuple[str, float, float],
    indices: Mapping[str, float],
    half: float,
    described: Mapping[str, Parameter],
) -> Json:
    name, low, high = bounds
    known = described.get(name)
    return {
        "name": name,
        "title": dict(known.title) if known else CHANCE_TITLE,
        "unit": known.unit if known else "",
        "range": [low, high] if known else None,
        "source": known.source if known else "",
        "knowable": known is not None,
        **{key: round(value, 4) for key, value in indices.items()},
        "half_width_if_known": float(f"{narrowed(half, indices['first']):.4g}"),
    }


def narrowed(half_width: float, first: float) -> float:
    """Half the width of an interval once an input with this first-order index is known.

    The variance left is ``1 - first`` of what it was, on average over what the input may turn out to be; an interval's
    width goes with its root. Estimates outside [0, 1] are noise and cut off.
    """
    return half_width * math.sqrt(1.0 - min(max(first, 0.0), 1.0))


def _quantile(values: Sequence[float], share: float) -> float:
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (place - below) * (values[above] - values[below])
