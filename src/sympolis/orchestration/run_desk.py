"""Runs: from "start this scenario" to figures, with nothing computed twice and nothing half done.

Members' results are kept under ``members/<2 digits>/<key>.{npz,json}``, where the key covers everything that a result
depends on. A run is then only an agreement on which members to look at: asking again costs nothing, a run stopped half
way goes on from its finished members, and a scenario without overrides *is* the baseline, whatever its name.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from sympolis.analysis import ensemble
from sympolis.analysis import scenario as checking
from sympolis.analysis.comparison import estimate, stack
from sympolis.analysis.wording import summarised
from sympolis.context.broker import Broker
from sympolis.domain import errors
from sympolis.domain.scenario import Override, RunStatus, Scenario
from sympolis.orchestration import files, gather, member_files, wording
from sympolis.orchestration.atlas import Atlas
from sympolis.orchestration.geometry import Streets
from sympolis.orchestration.model_desk import ModelDesk, Ready
from sympolis.orchestration.run import Figure, Run, RunProgress, new_id, problem
from sympolis.orchestration.run_board import RunBoard
from sympolis.orchestration.scenario_desk import ScenarioDesk
from sympolis.orchestration.twin_entities import run_entity
from sympolis.orchestration.workers import WorkerPool
from sympolis.plugins.simulator import Member, MemberResult

MOST_ACTIVE = 20
"""Runs queued or running at once; more are refused."""
PRIORITY: Mapping[str, int] = {"interactive": 0, "job": 1}


@dataclass(frozen=True, slots=True)
class Request:
    """What a run was asked for."""

    mode: str = "interactive"
    members: int | None = None
    seed: int = 1

    def checked(self) -> Request:
        """Itself. Raises ``BadRequestData`` naming the member that is wrong."""
        if self.mode not in ensemble.POLICIES:
            raise errors.BadRequestData(f"expected one of {', '.join(ensemble.POLICIES)}", where="mode")
        if self.members is not None and not (_whole(self.members) and 2 <= self.members <= ensemble.LARGEST):
            text = f"expected a whole number from 2 to {ensemble.LARGEST}, or null"
            raise errors.BadRequestData(text, where="members", hint="one member alone has no interval")
        if not (_whole(self.seed) and 0 <= self.seed < 2**31):
            raise errors.BadRequestData("expected a whole number from 0 to 2147483647", where="seed")
        return self

    @property
    def policy(self) -> ensemble.Policy:
        """How many members to run."""
        if self.members is not None:
            return ensemble.Policy(self.members, self.members)
        return ensemble.POLICIES[self.mode]


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
        pool: WorkerPool,
        folder: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._broker = broker
        self._names = names
        self._city = city
        self._models = models
        self._scenarios = scenarios
        self._atlas = atlas
        self._pool = pool
        self._members = folder / "members"
        self._now = now
        self.board = RunBoard(folder / "runs", now)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._closing = False

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
        allowed, reasons = checking.read_overrides(given, ready.simulator.measures)
        if not reasons:
            areas = await self._atlas.polygons(allowed)
            streets = await self._streets(ready)
            allowed, reasons = checking.resolve(allowed, areas.get, frozenset(streets.ids))
        if not reasons and allowed and not self._was_run(ready, scenario, allowed):
            settled = ensemble.member(self._plan(ready, scenario, allowed, Request()), 0).overrides
            reasons = await self._models.check(ready, settled, scenario.window)
        return tuple(allowed), [_renumbered(reason, own_from) for reason in reasons]

    def _was_run(self, ready: Ready, scenario: Scenario, overrides: Sequence[Override]) -> bool:
        """Whether a member of this very question is kept: what has been simulated need not be checked again."""
        first = ensemble.member(self._plan(ready, scenario, overrides, Request()), 0)
        return member_files.exists(self._stem(self._member_key(ready, first)))

    async def estimate(
        self, scenario: Scenario, ready: Ready, overrides: Sequence[Override]
    ) -> dict[str, Any]:
        """What a run with default settings costs: CPU seconds (None: never measured), members, whether it is kept."""
        request = Request()
        plan = self._plan(ready, scenario, overrides, request)
        first = self._first(ready, plan)
        known = self._answer(first, request) if ready.calibration or not ready.setup.calibrated else None
        members = len(known.member_keys) if known else request.policy.maximum
        each = self._member_cost(scenario.simulator, request.mode, scenario)
        cost = 0.0 if known else each and float(f"{each * members:.2g}")
        return {"cpu_s": cost, "members": members, "cached": known is not None}

    async def start(self, scenario_id: str, request: Request) -> Run:
        """Start a run, or give the finished (or running) one that answers the same question.

        Raises ``NotFound``, ``BadRequestData``, ``OverrideRefused`` (the model does not allow it), ``Conflict`` (full).
        """
        request.checked()
        scenario = await self._scenarios.get(scenario_id)
        ready = await self._models.prepared(scenario.simulator)
        overrides, reasons = await self.objections(scenario, ready)
        if reasons:
            raise reasons[0].error()
        run = self._queued(scenario, ready, overrides, request)
        if (known := self._known(run, request)) is not None:
            return known
        if len(self._tasks) >= MOST_ACTIVE:
            raise errors.Conflict(f"{MOST_ACTIVE} runs are under way already", hint="wait, or cancel one")
        self.board.post(run)
        self._launch(run, ready, request)
        return run

    def cancel(self, run_id: str) -> Run:
        """Stop a run; one that is over stays as it is."""
        run = self.board.get(run_id)
        if run_id in self._tasks:
            self._tasks[run_id].cancel()
        return run

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

    async def members(self, run: Run) -> list[MemberResult]:
        """The results of a finished run's members. Raises ``Conflict`` (not finished) or ``NotFound`` (deleted)."""
        if run.status is not RunStatus.DONE:
            raise errors.Conflict(f"the run is {run.status}, so it has no results", where=run.id)
        found = await asyncio.to_thread(lambda: [member_files.load(self._stem(k)) for k in run.member_keys])
        kept = [result for result in found if result is not None]
        if len(kept) < len(found):
            raise errors.NotFound(
                "results of this run are no longer kept", where=run.id, hint="start it again"
            )
        return kept

    # --- doing --------------------------------------------------------------------------------------------------------

    def _launch(self, run: Run, ready: Ready, request: Request) -> None:
        task = asyncio.create_task(self._guarded(run.id, ready, request), name=run.id)
        self._tasks[run.id] = task
        task.add_done_callback(lambda _: self._over(run.id))

    def _over(self, run_id: str) -> None:
        """Whatever became of the task (it may have been cancelled before its first step), the run gets a last state."""
        del self._tasks[run_id]
        if not self._closing:
            self._end(run_id, status=RunStatus.CANCELLED)

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
        if ready.calibration is None and ready.setup.calibrated:
            ready = await self._models.ready(run.model, self._calibration_progress(run_id))
            run = self.board.post(self._addressed(run, ready, request))
        plan = self._design(ready, run)
        keys, results, costs = await self._members_of(run_id, ready, plan, request.policy)
        await self._finish(run_id, ready, keys, results, costs)

    async def _members_of(
        self, run_id: str, ready: Ready, plan: ensemble.Design, policy: ensemble.Policy
    ) -> tuple[list[str], list[MemberResult], list[float]]:
        """Run block after block until the ensemble is precise enough. The costs are of members computed now."""
        keys: list[str] = []
        results: list[MemberResult] = []
        costs: list[float] = []
        while not results or not ensemble.enough(results, policy):
            indices = ensemble.next_members(len(results), policy)
            members = [ensemble.member(plan, index) for index in indices]
            keys += [self._member_key(ready, member) for member in members]
            meter = _Meter(self.board, run_id, before=len(results), total=indices.stop)
            block = [
                self._member(ready, member, keys[index], meter.of(index))
                for index, member in zip(indices, members, strict=True)
            ]
            done = await _all(block)
            results += [result for result, _ in done]
            costs += [cost for _, cost in done if cost is not None]
        return keys, results, costs

    async def _member(
        self, ready: Ready, member: Member, key: str, progress: Callable[[float, str], None]
    ) -> tuple[MemberResult, float | None]:
        """One member's result, and its cost if it had to be computed."""
        stem = self._stem(key)
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            kept = await asyncio.to_thread(member_files.load, stem)
            if kept is not None:
                progress(1.0, "")
                return kept, None
            task = {
                "do": "run",
                "simulator": ready.reference,
                "folder": str(ready.folder),
                "member": member,
                "stem": str(stem),
            }

            def under_way(share: float, text: str) -> None:
                progress(min(share, 0.99), text)  # done is only what is kept

            answer = await self._pool.run(task, priority=PRIORITY[member.mode], progress=under_way)
            progress(1.0, "")
            made = await asyncio.to_thread(member_files.load, stem)
            if made is None:
                raise errors.ModelFailed("the member's result could not be read back", where=str(stem))
            return made, float(answer.cost_cpu_s)

    async def _finish(
        self,
        run_id: str,
        ready: Ready,
        keys: Sequence[str],
        results: Sequence[MemberResult],
        costs: Sequence[float],
    ) -> None:
        run = self.board.get(run_id)
        each = [result.cost_cpu_s for result in results]
        done = replace(
            run,
            status=RunStatus.DONE,
            progress=RunProgress(1.0, wording.FINISHED, len(keys), len(keys)),
            member_keys=tuple(keys),
            finished_at=self._now(),
            cost_cpu_s=sum(costs),
            member_cost_cpu_s=sum(each) / len(each),
            cached=not costs,
            warnings=summarised(result.warnings for result in results),
            indicators=_figures(ready, run, results),
        )
        # The entity first: a run that says "done" can already be cited from the twin's own data.
        await self._broker.upsert([run_entity(done, self._city, self._names.expand)], cause=f"run:{run_id}")
        self.board.post(done)

    def _end(self, run_id: str, **changes: Any) -> None:
        run = self.board.get(run_id)
        if not run.finished:
            self.board.post(replace(run, finished_at=self._now(), **changes))

    def _calibration_progress(self, run_id: str) -> Callable[[float, str], None]:
        def heard(share: float, _text: str) -> None:
            progress = RunProgress(0.3 * share, wording.CALIBRATING, 0, None)
            self.board.post(replace(self.board.get(run_id), progress=progress))

        return heard

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
            window=scenario.window,
            seed=request.seed,
            queued_at=at,
            progress=RunProgress(0.0, wording.QUEUED, 0, request.members),
            asked_members=request.members,
            overrides=overrides,
        )
        return self._addressed(run, ready, request)

    def _addressed(self, run: Run, ready: Ready, request: Request) -> Run:
        """The run with everything that follows from the model's state: parameters, calibration, key."""
        plan = self._design(ready, run)
        calibration = ready.calibration
        complete = calibration is not None or not ready.setup.calibrated
        first = self._first(ready, plan)
        return replace(
            run,
            data_version=ready.data_version,
            parameters=dict(plan.fixed),
            sampled=ensemble.uncertain_names(plan),
            calibration_id=calibration.id if calibration else "",
            calibration=calibration.result.figures if calibration else {},
            first=first if complete else "",
            key=files.key([first, request.policy]) if complete else "",
        )

    def _known(self, run: Run, request: Request) -> Run | None:
        """A run of the same scenario version that answers the same question: finished, or under way."""
        if not run.key:
            return None
        for other in self.board.list_runs(run.scenario):
            same = other.key == run.key and other.scenario_version == run.scenario_version
            if same and other.id in self._tasks and not other.finished:
                return other
        found = self._answer(run.first, request, scenario=run.scenario, version=run.scenario_version)
        return replace(found, cached=True) if found else None

    def _answer(
        self, first: str, request: Request, *, scenario: str | None = None, version: int | None = None
    ) -> Run | None:
        """A finished run whose first member is ``first``, so that all are; more members than needed are welcome."""
        for other in self.board.list_runs(scenario):
            count = len(other.member_keys)
            fits = count == request.members if request.members else count >= request.policy.minimum
            same = other.first == first and version in (None, other.scenario_version)
            if same and fits and other.status is RunStatus.DONE and self._kept(other):
                return other
        return None

    def _kept(self, run: Run) -> bool:
        return all(member_files.exists(self._stem(key)) for key in run.member_keys)

    def _plan(
        self, ready: Ready, scenario: Scenario, overrides: Sequence[Override], request: Request
    ) -> ensemble.Design:
        common = ensemble.Design(
            seed=request.seed,
            window=scenario.window,
            mode=request.mode,
            fixed={},
            uncertain=(),
            overrides=tuple(overrides),
            calibration=ready.calibration.result.parameters if ready.calibration else {},
        )
        simulator = ready.simulator
        return ensemble.design(simulator.parameters, simulator.measures, ready.setup.parameters, common)

    def _design(self, ready: Ready, run: Run) -> ensemble.Design:
        asked = Request(run.mode, run.asked_members, run.seed)
        scenario = Scenario(run.scenario, {}, {}, run.model, window=run.window)
        return self._plan(ready, scenario, run.overrides, asked)

    def _first(self, ready: Ready, plan: ensemble.Design) -> str:
        """Names the question: all members follow from the first one and the ranges over which the others vary."""
        return files.key([self._member_key(ready, ensemble.member(plan, 0)), ensemble.uncertain_names(plan)])

    def _member_key(self, ready: Ready, member: Member) -> str:
        return files.key([ready.setup.simulator, ready.simulator.version, ready.data_version, member])

    def _stem(self, key: str) -> Path:
        return self._members / key[:2] / key

    def _member_cost(self, model: str, mode: str, scenario: Scenario) -> float | None:
        """CPU seconds per member and hour measured so far, times this scenario's hours."""
        measured = [
            run.member_cost_cpu_s / (run.window.end_hour - run.window.start_hour)
            for run in self.board.list_runs()
            if run.model == model and run.mode == mode and run.member_cost_cpu_s > 0
        ]
        hours = scenario.window.end_hour - scenario.window.start_hour
        return median(measured) * hours if measured else None

    async def _streets(self, ready: Ready) -> Streets:
        return await self._atlas.streets(ready.setup.id, ready.simulator, ready.data_version)


class _Meter:
    """Adds up the progress of members that run side by side."""

    def __init__(self, board: RunBoard, run_id: str, *, before: int, total: int) -> None:
        self._board = board
        self._run_id = run_id
        self._before = before
        self._total = total
        self._shares: dict[int, float] = {}

    def of(self, index: int) -> Callable[[float, str], None]:
        """The progress callback of member ``index``."""

        def heard(share: float, _text: str) -> None:
            self._shares[index] = share
            done = self._before + sum(part >= 1.0 for part in self._shares.values())
            whole = (self._before + sum(self._shares.values())) / self._total
            progress = RunProgress(min(whole, 0.99), wording.simulating(done, self._total), done, self._total)
            self._board.post(_with_progress(self._board.get(self._run_id), progress))

        return heard


def _with_progress(run: Run, progress: RunProgress) -> Run:
    return run if run.finished else replace(run, progress=progress)


async def _all(work: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
    """All results in order; the first failure stops the others and is raised, once they have stopped."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def _figures(ready: Ready, run: Run, results: Sequence[MemberResult]) -> tuple[Figure, ...]:
    stacked = stack(results, start_hour=run.window.start_hour)
    made = []
    for spec in ready.simulator.indicators:
        found = estimate(stacked.indicators[spec.name], spec.unit)
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


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
