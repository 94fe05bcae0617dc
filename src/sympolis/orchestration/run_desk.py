"""Runs: from "start this scenario" to figures, with nothing computed twice and nothing half done.

A run is only an agreement on which members to look at: asking again costs nothing, a run stopped half way goes on from
its finished members, and a scenario without overrides *is* the baseline, whatever its name.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from sympolis.analysis import ensemble
from sympolis.analysis import scenario as checking
from sympolis.analysis.assuming import measures_of
from sympolis.analysis.comparison import estimate, stack
from sympolis.analysis.wording import summarised
from sympolis.context import gated
from sympolis.context.broker import Broker
from sympolis.domain import errors
from sympolis.domain.scenario import Override, RunStatus, Scenario, Window
from sympolis.orchestration import files, gather, wording
from sympolis.orchestration.atlas import Atlas
from sympolis.orchestration.execution import Computed, Execution, Grown, Report
from sympolis.orchestration.member_library import MemberLibrary, plan_of
from sympolis.orchestration.model_desk import ModelDesk, Ready
from sympolis.orchestration.quotas import Quotas
from sympolis.orchestration.request import Request
from sympolis.orchestration.run import NO_TARIFF, Figure, Run, RunProgress, Tariff, new_id, problem
from sympolis.orchestration.run_board import RunBoard
from sympolis.orchestration.scenario_desk import ScenarioDesk
from sympolis.orchestration.twin_entities import run_entity
from sympolis.orchestration.workers import Executor, Progress
from sympolis.plugins.simulator import IndicatorSpec, Link, MemberResult

log = logging.getLogger(__name__)

MOST_ACTIVE = 20
"""Runs queued or running at once; more are refused."""
CALIBRATION_SHARE = 0.3
"""Of a run's progress bar, where the model has to be calibrated first."""
TIDY_EVERY = timedelta(minutes=10)
SPARED = timedelta(hours=6)
"""Members used within this time stay: an analysis or a search that nobody sees on the board may be under way."""
OWN_SHARE = 0.5
"""Of a run's progress bar, where its baseline has to be run as well."""


class RunDesk:
    """Starts, follows, cancels and remembers runs."""

    def __init__(  # noqa: PLR0913 - a composition: each part is a collaborator
        self,
        broker: Broker,
        names: gather.Names,
        *,
        city: str,
        models: ModelDesk,
        scenarios: ScenarioDesk,
        atlas: Atlas,
        pool: Executor,
        quotas: Quotas,
        folder: Path,
        now: Callable[[], datetime],
        tariff: Tariff = NO_TARIFF,
    ) -> None:
        self._broker = broker
        self._names = names
        self._city = city
        self._tariff = tariff
        self._models = models
        self._scenarios = scenarios
        self._atlas = atlas
        self._library = MemberLibrary(folder / "members")
        self.quotas = quotas
        self.execution = Execution(pool, self._library, quotas)
        self._now = now
        self.board = RunBoard(folder / "runs", now)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._asked: dict[str, int] = {}
        """How many have asked for each run that is under way."""
        self._closing = False
        self._tidied: datetime | None = None
        self._tidying: asyncio.Task[None] | None = None

    # --- asking -------------------------------------------------------------------------------------------------------

    async def objections(
        self, scenario: Scenario, ready: Ready
    ) -> tuple[tuple[Override, ...], list[checking.Reason]]:
        """All overrides from the baseline up with areas resolved, and the reasons against them.

        A reason's index counts the scenario's own overrides; those of its bases come before and are not its fault.
        """
        below = await self._scenarios.lineage(scenario)
        bases = [override for base in reversed(below) for override in base.overrides]
        composed = [*bases, *scenario.overrides]
        own_from = len(bases)
        given = [{"measure": o.measure, "where": o.where, "parameters": o.parameters} for o in composed]
        allowed, reasons = checking.read_overrides(given, measures_of(ready.simulator))
        if not reasons:
            areas = await self._atlas.polygons(allowed)
            places = await self._atlas.places(ready.setup.id, ready.simulator, ready.data_version)
            allowed, reasons = checking.resolve(allowed, areas.get, frozenset(places.ids))
        if not reasons and allowed:
            reasons = await self._models_objections(scenario, ready, allowed)
        return tuple(allowed), [_renumbered(reason, own_from) for reason in reasons]

    async def _models_objections(
        self, scenario: Scenario, ready: Ready, overrides: Sequence[Override]
    ) -> list[checking.Reason]:
        plan = plan_of(ready, self._window(scenario), overrides, Request())
        if self._library.has_first(ready, plan):
            return []  # what has been simulated need not be checked again
        settled = ensemble.member(plan, 0).overrides
        return await self._models.check(ready, settled, self._window(scenario))

    async def estimate(
        self, scenario: Scenario, ready: Ready, overrides: Sequence[Override]
    ) -> dict[str, Any]:
        """What a run with default settings costs: CPU seconds (None: never measured), members, whether it is kept."""
        request = Request()
        plan = plan_of(ready, self._window(scenario), overrides, request)
        known = self._answer(self._library.question(ready, plan), request) if ready.complete else None
        members = len(known.member_keys) if known else request.policy.maximum
        each = self._member_cost(scenario.simulator, request.mode, scenario)
        cost = 0.0 if known else each and float(f"{each * members:.2g}")
        return {"cpu_s": cost, "members": members, "cached": known is not None}

    async def start(self, scenario_id: str, request: Request) -> Run:
        """Start a run, or give the finished (or running) one that answers the same question.

        Raises ``NotFound``, ``BadRequestData``, ``OverrideRefused`` (the model does not allow it), ``Conflict``
        (full), ``QuotaExceeded``.
        """
        request.checked()
        scenario = await self._scenarios.get(scenario_id)
        gated.use_model(scenario.simulator)
        ready = await self._models.prepared(scenario.simulator)
        overrides, reasons = await self.objections(scenario, ready)
        if reasons:
            raise reasons[0].error()
        request = self._fed(request) or request
        run = self._queued(scenario, ready, overrides, request)
        if (known := self._known(run, request)) is not None:
            if known.id in self._asked:
                self._asked[known.id] += 1
            return known
        if len(self._tasks) >= MOST_ACTIVE:
            raise errors.Conflict(f"{MOST_ACTIVE} runs are under way already", hint="wait, or cancel one")
        self.quotas.admit()
        self.board.post(run)
        self.quotas.begin(run.id)
        self._asked[run.id] = 1
        self._launch(run, ready, request)
        return run

    def cancel(self, run_id: str) -> Run:
        """Stop a run, and those before it that nobody else has asked for; one that is over stays as it is."""
        run = self.board.get(run_id)
        if run_id in self._tasks:
            self._tasks[run_id].cancel()
            asked = self._asked.pop(run_id, 0)
            for before in run.upstream.values():
                self._release(before, asked)
        return run

    def _release(self, run_id: str, asked: int) -> None:
        """So many of those who asked for a run need it no longer: it stops where there is nobody else."""
        if run_id not in self._asked:
            return
        self._asked[run_id] -= asked
        if self._asked[run_id] <= 0:
            self.cancel(run_id)

    async def wait(self, run_id: str, heard: Callable[[Run], None] | None = None) -> Run:
        """The run when it is over; ``heard`` is told of its progress."""
        run = self.board.get(run_id)
        async for run in self.board.follow(run_id):
            if heard is not None:
                heard(run)
        return run

    async def close(self) -> None:
        """Stop all runs; the next start finds them interrupted, with their finished members kept."""
        self._closing = True
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        if self._tidying is not None:
            await asyncio.gather(self._tidying, return_exceptions=True)
        self.board.close()

    async def members(self, run: Run) -> list[MemberResult]:
        """The results of a finished run's members. Raises ``Conflict`` (not finished) or ``NotFound`` (deleted)."""
        if run.status is not RunStatus.DONE:
            raise errors.Conflict(f"the run is {run.status}, so it has no results", where=run.id)
        return await self._library.of(run)

    # --- doing --------------------------------------------------------------------------------------------------------

    def _launch(self, run: Run, ready: Ready, request: Request) -> None:
        task = asyncio.create_task(self._guarded(run.id, ready, request), name=run.id)
        self._tasks[run.id] = task
        task.add_done_callback(lambda _: self._over(run.id))

    def _over(self, run_id: str) -> None:
        """Whatever became of the task (it may have been cancelled before its first step), the run gets a last state."""
        del self._tasks[run_id]
        self._asked.pop(run_id, None)
        self.quotas.end(run_id)
        if not self._closing:
            self._end(run_id, status=RunStatus.CANCELLED)
            self._tidy_later()

    def _tidy_later(self) -> None:
        """Bring the library within its bound, at most now and then: it is a walk through all of its files."""
        at = self._now()
        if self._tidied is not None and at - self._tidied < TIDY_EVERY:
            return
        self._tidied = at
        self._tidying = asyncio.create_task(self._tidy(), name="members within bounds")

    async def _tidy(self) -> None:
        runs = self.board.list_runs()
        begun = [run.started_at or run.queued_at for run in runs if not run.finished]
        since = min([*begun, self._now() - SPARED])
        found = await self._library.prune(runs, since)
        if found.members:
            log.info("members were let go", extra={"members": found.members, "bytes": found.freed_bytes})

    async def _guarded(self, run_id: str, ready: Ready, request: Request) -> None:
        try:
            await self._execute(run_id, ready, request)
        except errors.Cancelled:
            self._end(run_id, status=RunStatus.CANCELLED)
        except Exception as error:  # the reason belongs to the run, where its owner will look for it
            self._end(run_id, status=RunStatus.FAILED, error=problem(error))

    async def _execute(self, run_id: str, ready: Ready, request: Request) -> None:
        run = self.board.post(
            replace(self.board.get(run_id), status=RunStatus.RUNNING, started_at=self._now())
        )
        if not request.resolved:
            request = await self._awaited(request)
            run = self.board.post(self._addressed(run, ready, request))
        if not ready.complete:
            ready = await self._models.ready(run.model, self._calibration_progress(run_id))
            run = self.board.post(self._addressed(run, ready, request))
        plan = plan_of(ready, run.window, run.overrides, request)
        baseline = self._find_baseline(run, ready, request)
        own = 1.0 if baseline else OWN_SHARE
        report = self._reporter(run_id, share=own)
        grown = self._grown(run_id, ready)
        computed = await self.execution.compute(ready, plan, request.policy, report, grown)
        baseline = baseline or await self._run_baseline(run, ready, request)
        await self._finish(run_id, ready, computed, baseline)

    def _find_baseline(self, run: Run, ready: Ready, request: Request) -> str:
        """The finished run to compare ``run`` with (itself, if it overrides nothing); empty where there is none yet."""
        asked = self._paired(request)
        if not run.overrides and asked.upstream == request.upstream:
            return run.id
        question = self._library.question(ready, plan_of(ready, run.window, (), asked))
        needed = asked.policy.maximum
        for other in self.board.list_runs(self._models.baseline_of(run.model)):
            fits = other.question == question and len(other.member_keys) >= needed
            if fits and other.status is RunStatus.DONE and self._library.has(other):
                return other.id
        return ""

    async def _run_baseline(self, run: Run, ready: Ready, request: Request) -> str:
        """Run the world as it is for the same hours, mode and seed; empty (with the reason there) if that fails."""
        baseline = await self._scenarios.get(self._models.baseline_of(run.model))
        asked = self._paired(request)
        companion = self._queued(replace(baseline, window=run.window), ready, (), asked)
        known = self._known(companion, asked)
        if known is None:
            known = self.board.post(companion)
            self._launch(companion, ready, asked)

        def heard(other: Run) -> None:
            share = OWN_SHARE + (1 - OWN_SHARE) * other.progress.share
            progress = self.board.get(run.id).progress
            self._tell(run.id, replace(progress, share=share, text=wording.COMPARING))

        done = known if known.finished else await self.wait(known.id, heard)
        return done.id if done.status is RunStatus.DONE else ""

    async def _finish(self, run_id: str, ready: Ready, computed: Computed, baseline: str) -> None:
        run = self.board.get(run_id)
        stack(computed.results, start_hour=run.window.start_hour)  # members that disagree are no ensemble
        members = len(computed.results)
        done = replace(
            run,
            status=RunStatus.DONE,
            baseline=baseline,
            progress=RunProgress(1.0, wording.FINISHED, members, members),
            member_keys=tuple(computed.keys),
            finished_at=self._now(),
            cost_cpu_s=sum(computed.costs),
            tariff=self._tariff,
            member_cost_cpu_s=sum(result.cost_cpu_s for result in computed.results) / members,
            cached=not computed.costs,
            warnings=(*ready.stand_ins, *summarised(result.warnings for result in computed.results)),
            indicators=_figures(ready.simulator.indicators, run.parameters, computed.results),
        )
        # The entity first: a run that says "done" can already be cited from the twin's own data.
        await self._broker.upsert([run_entity(done, self._city, self._names.expand)], cause=f"run:{run_id}")
        self.board.post(done)

    def _end(self, run_id: str, **changes: Any) -> None:
        run = self.board.get(run_id)
        if not run.finished:
            self.board.post(replace(run, finished_at=self._now(), indicators=(), **changes))  # no half result

    def _calibration_progress(self, run_id: str) -> Progress:
        def heard(share: float, _text: str) -> None:
            self._tell(run_id, RunProgress(CALIBRATION_SHARE * share, wording.CALIBRATING))

        return heard

    def _reporter(self, run_id: str, *, share: float) -> Report:
        """``share`` of the run's progress bar is its own members'."""

        def heard(part: float, done: int, planned: int) -> None:
            self._tell(run_id, RunProgress(share * part, wording.simulating(done, planned), done, planned))

        return heard

    def _grown(self, run_id: str, ready: Ready) -> Grown:
        """Shows the figures of the members there are, while the ensemble still grows."""

        def heard(results: Sequence[MemberResult]) -> None:
            run = self.board.get(run_id)
            if not run.finished and len(results) > 1:
                figures = _figures(ready.simulator.indicators, run.parameters, results)
                self.board.post(replace(run, indicators=figures))

        return heard

    def _tell(self, run_id: str, progress: RunProgress) -> None:
        run = self.board.get(run_id)
        if not run.finished:
            self.board.post(replace(run, progress=progress))

    def _fed(self, request: Request) -> Request | None:
        """The request with the members that feed it; None while a run before it is not finished."""
        runs = {need: self.board.get(given.run) for need, given in request.upstream.items()}
        if any(run.status is not RunStatus.DONE for run in runs.values()):
            return None
        links = {
            need: tuple(Link(key, given.fields, given.lines) for key in runs[need].member_keys)
            for need, given in request.upstream.items()
        }
        return replace(request, links=links)

    async def _awaited(self, request: Request) -> Request:
        """The same, once the runs before it are over. Raises ``ModelFailed`` where one of them failed."""
        for given in request.upstream.values():
            run = await self.wait(given.run)
            if run.status is not RunStatus.DONE:
                why = run.error.detail if run.error else f"it is {run.status}"
                raise errors.ModelFailed(
                    f"the model before this one ({run.model}) gave nothing: {why}", where=run.id
                )
        fed = self._fed(request)
        assert fed is not None
        return fed

    def _paired(self, request: Request) -> Request:
        """The request for the world as it is, with as many members as the other run may come to have.

        What feeds them is the world as it is, too: the baseline of each run before this one.
        """
        base = {
            need: replace(given, run=self.board.get(given.run).baseline or given.run)
            for need, given in request.upstream.items()
        }
        plain = replace(request, members=request.policy.maximum, upstream=base, service="")
        return self._fed(plain) or plain

    def _window(self, scenario: Scenario) -> Window:
        return self._models.window(scenario.simulator, scenario.window)

    # --- naming -------------------------------------------------------------------------------------------------------

    def _queued(
        self, scenario: Scenario, ready: Ready, overrides: tuple[Override, ...], request: Request
    ) -> Run:
        at = self._now()
        run = Run(
            id=new_id(at),
            scenario=scenario.id,
            scenario_version=scenario.version,
            scenario_title=scenario.title,
            model=ready.setup.id,
            model_version=ready.simulator.version,
            mode=request.mode,
            window=self._window(scenario),
            seed=request.seed,
            queued_at=at,
            progress=RunProgress(0.0, wording.QUEUED, 0, request.members),
            asked_members=request.members,
            overrides=overrides,
            service=request.service,
            upstream={need: given.run for need, given in request.upstream.items()},
            feeds=dict(request.upstream),
        )
        return self._addressed(run, ready, request)

    def _addressed(self, run: Run, ready: Ready, request: Request) -> Run:
        """The run with everything that follows from the model's state: parameters, calibration, key."""
        plan = plan_of(ready, run.window, run.overrides, request)
        calibration, settled = ready.calibration, ready.complete and request.resolved
        question = self._library.question(ready, plan) if settled else ""
        return replace(
            run,
            data_version=ready.data_version,
            parameters=dict(plan.fixed),
            sampled=ensemble.uncertain_names(plan),
            calibration_id=calibration.id if calibration else "",
            calibration=calibration.result.figures if calibration else {},
            question=question,
            key=files.key([question, request.policy]) if settled else "",
        )

    def _known(self, run: Run, request: Request) -> Run | None:
        """A run of the same scenario version that answers the same question: finished, or under way."""
        if not run.key:
            return None
        for other in self.board.list_runs(run.scenario):
            same = other.key == run.key and other.scenario_version == run.scenario_version
            if same and other.id in self._tasks and not other.finished:
                return other
        found = self._answer(run.question, request, scenario=run.scenario, version=run.scenario_version)
        return replace(found, cached=True) if found else None

    def _answer(
        self, question: str, request: Request, *, scenario: str | None = None, version: int | None = None
    ) -> Run | None:
        """A finished run that answers the same question; more members than needed are welcome."""
        for other in self.board.list_runs(scenario):
            count = len(other.member_keys)
            fits = count == request.members if request.members else count >= request.policy.minimum
            same = other.question == question and version in (None, other.scenario_version)
            if same and fits and other.status is RunStatus.DONE and self._library.has(other):
                return other
        return None

    def _member_cost(self, model: str, mode: str, scenario: Scenario) -> float | None:
        """CPU seconds per member and hour measured so far, times this scenario's hours."""
        measured = [
            run.member_cost_cpu_s / (run.window.end_hour - run.window.start_hour)
            for run in self.board.list_runs()
            if run.model == model and run.mode == mode and run.member_cost_cpu_s > 0
        ]
        window = self._window(scenario)
        hours = window.end_hour - window.start_hour
        return median(measured) * hours if measured else None


def _figures(
    specs: Sequence[IndicatorSpec], fixed: Mapping[str, Any], results: Sequence[MemberResult]
) -> tuple[Figure, ...]:
    """What the members say together; a figure that rests on a parameter nobody gave is left out."""
    made = []
    for spec in specs:
        if spec.given and not fixed.get(spec.given, True):
            continue
        found = estimate(np.array([result.indicators[spec.name] for result in results]), spec.unit)
        made.append(
            Figure(
                spec.name, spec.title, spec.unit, str(spec.direction), spec.decimals,
                found.value, found.interval.low, found.interval.high, found.interval.level,
            )
        )  # fmt: skip
    return tuple(made)


def _renumbered(reason: checking.Reason, own_from: int) -> checking.Reason:
    """Count from the scenario's own overrides; an objection to a base's override names the base."""
    index = reason.override - own_from
    before, after = f"overrides[{reason.override}]", f"overrides[{index}]" if index >= 0 else "base"
    return replace(reason, override=max(index, 0), where=reason.where.replace(before, after, 1))
