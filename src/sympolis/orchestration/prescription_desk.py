"""Recommendations: every option tried in the model, the best choice found, kept as a scenario and run like any other.

One trial is an ordinary member: the measure at one place, every uncertain parameter in the middle of its range. Gains
of single options are added up to choose; what the choice does as a whole, and how certain that is, says the run of its
scenario, which is started at once and linked. A recommendation is a job; its record is a file, and an NGSI-LD entity.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from sympolis.analysis import ensemble
from sympolis.analysis.equity import Area
from sympolis.analysis.prescription.problem import Choice, FrontPoint, Option
from sympolis.context import gated
from sympolis.context.broker import Broker
from sympolis.domain import errors
from sympolis.domain.entity import Entity
from sympolis.domain.scenario import Override, RunStatus, Scenario
from sympolis.orchestration import files, gather, recommendation, run
from sympolis.orchestration.atlas import Atlas
from sympolis.orchestration.documents import instant
from sympolis.orchestration.member_library import plan_of
from sympolis.orchestration.model_desk import ModelDesk, Ready
from sympolis.orchestration.prescription_request import Prescription, read
from sympolis.orchestration.prescription_trials import Trial, options, override_of, trials_of, worst_off
from sympolis.orchestration.recommendation import Recommendation
from sympolis.orchestration.request import Request
from sympolis.orchestration.run_desk import RunDesk
from sympolis.orchestration.scenario_desk import ScenarioDesk
from sympolis.orchestration.twin_entities import SCENARIO, SIMULATION_RUN, Maker, urn
from sympolis.orchestration.worker import call_of
from sympolis.orchestration.workers import Executor
from sympolis.plugins.simulator import Member

SOLVER = "sympolis.analysis.prescription.solve"
RECOMMENDATION = "Recommendation"
MOST_ACTIVE = 2
MIDDLE = 0.5
TRIALS_SHARE = 0.8

Json = dict[str, Any]


class PrescriptionDesk:
    """Starts, follows and remembers recommendations."""

    def __init__(  # noqa: PLR0913 - a composition: each part is a collaborator
        self,
        broker: Broker,
        names: gather.Names,
        *,
        city: str,
        models: ModelDesk,
        scenarios: ScenarioDesk,
        runs: RunDesk,
        atlas: Atlas,
        pool: Executor,
        folder: Path,
        language: str,
        now: Callable[[], datetime],
    ) -> None:
        self._broker = broker
        self._names = names
        self._city = city
        self._models = models
        self._scenarios = scenarios
        self._runs = runs
        self._atlas = atlas
        self._pool = pool
        self._folder = folder
        self._language = language
        self._now = now
        self._found: dict[str, Recommendation] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, document: Mapping[str, Any]) -> Json:
        """Start a recommendation; the one that is kept where the same was asked of the same data before.

        Raises ``BadRequestData`` naming the member, ``Conflict`` (too many at once), ``QuotaExceeded``,
        ``ModelFailed``.
        """
        asked = read(document, self._models.ids, self._models.simulator, self._language)
        gated.use_model(asked.model)
        ready = await self._models.ready(asked.model)
        areas = await self._areas(ready)
        # Nothing is awaited from here until the task is entered: two who ask at once are one after the other.
        key = files.key([asked, ready.data_version, ready.simulator.version])[:12]
        kept = self._find(f"recommendation-{key}")
        if kept is not None and kept.status in (RunStatus.RUNNING, RunStatus.DONE):
            return recommendation.document(kept)
        if len(self._tasks) >= MOST_ACTIVE:
            text = f"{MOST_ACTIVE} recommendations are under way already"
            raise errors.Conflict(text, hint="wait for one")
        trials = trials_of(asked, areas)
        begun = Recommendation(
            id=f"recommendation-{key}", asked=asked, started_at=self._now(), trials=len(trials)
        )
        self._runs.quotas.admit()
        self._post(begun)
        with self._runs.quotas.one():  # the run of what is recommended is a part of it
            self._runs.quotas.begin(begun.id)
            task = asyncio.create_task(self._guarded(begun, ready, areas, trials), name=begun.id)
        self._tasks[begun.id] = task
        task.add_done_callback(lambda _: self._over(begun.id))
        return recommendation.document(begun)

    def _over(self, recommendation_id: str) -> None:
        self._tasks.pop(recommendation_id, None)
        self._runs.quotas.end(recommendation_id)

    def get(self, recommendation_id: str) -> Json:
        """One recommendation. Raises ``NotFound``."""
        found = self._find(recommendation_id)
        if found is None:
            raise errors.NotFound(f"there is no recommendation {recommendation_id!r}", where="recommendation")
        return recommendation.document(found)

    def list_all(self) -> list[Json]:
        """Every recommendation, newest first."""
        kept = [self._find(path.stem) for path in sorted(self._folder.glob("recommendation-*.json"))]
        found = {one.id: one for one in [*kept, *self._found.values()] if one is not None}
        return [recommendation.document(one) for one in sorted(found.values(), key=recommendation.newest)]

    async def close(self) -> None:
        """Stop what is under way; trials that are done stay."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    # --- doing --------------------------------------------------------------------------------------------------------

    async def _areas(self, ready: Ready) -> list[Area]:
        """The areas that the model's results refer to."""
        places = await self._atlas.places(ready.setup.id, ready.simulator, ready.data_version)
        known = frozenset(places.ids)
        return [area for area in await self._atlas.areas(places, tuple(places.ids)) if area.id in known]

    async def _guarded(self, begun: Recommendation, ready: Ready, areas: Sequence[Area],
                       trials: Sequence[Trial]) -> None:  # fmt: skip
        try:
            done = await self._recommended(begun, ready, areas, trials)
        except asyncio.CancelledError:
            self._post(replace(begun, status=RunStatus.CANCELLED, finished_at=self._now()))
            raise
        except Exception as error:  # the reason belongs to the record, where its owner will look for it
            done = replace(begun, status=RunStatus.FAILED, error=run.problem(error), finished_at=self._now())
        self._post(done)

    async def _recommended(self, begun: Recommendation, ready: Ready, areas: Sequence[Area],
                           trials: Sequence[Trial]) -> Recommendation:  # fmt: skip
        asked = begun.asked
        trials = await self._allowed(asked, ready, trials)
        figures, cost = await self._tried(begun, ready, trials)
        offered = options(asked, trials, figures, worst_off(areas))
        solved = await self._pool.run(
            call_of(
                SOLVER, "allocate", options=[asdict(option) for option in offered], limits=asdict(asked.limits),
                front=asked.front,
            )
        )  # fmt: skip
        choice = msgspec.convert(solved.result["choice"], Choice)
        scenario = await self._kept(begun, [offered[n] for n in choice.options])
        started = await self._runs.start(scenario, Request(seed=asked.seed)) if scenario else None
        done = replace(
            begun,
            status=RunStatus.DONE,
            share=1.0,
            finished_at=self._now(),
            cost_cpu_s=round(cost + solved.cost_cpu_s, 2),
            options=tuple(offered),
            names={area.id: area.name for area in areas},
            choice=choice,
            front=tuple(msgspec.convert(solved.result["front"], list[FrontPoint])),
            scenario=scenario,
            run=started.id if started else "",
        )
        await self._broker.upsert([self._entity(done)], cause=f"recommendation:{done.id}")
        return done

    async def _allowed(self, asked: Prescription, ready: Ready, trials: Sequence[Trial]) -> list[Trial]:
        """The trials that the model does not refuse. Raises ``OverrideRefused`` where it refuses them all."""
        window = self._models.window(asked.model, self._models.setup(asked.model).baseline_window)
        plan = plan_of(
            ready,
            window,
            [override_of(asked.levers[n], place, amount) for n, place, amount in trials],
            Request(),
        )
        settled = ensemble.member_at(plan, 1, lambda _name: MIDDLE).overrides
        reasons = await self._models.check(ready, settled, window)
        refused = {reason.override for reason in reasons if reason.where != "overrides"}
        if len(refused) == len(trials):
            raise errors.OverrideRefused(reasons[0].reason, where="levers", hint="offer smaller amounts")
        return [trial for number, trial in enumerate(trials) if number not in refused]

    async def _tried(self, begun: Recommendation, ready: Ready, trials: Sequence[Trial]
                     ) -> tuple[list[Mapping[str, float]], float]:  # fmt: skip
        """The indicators of the world as it is, then of each trial, and what computing them cost."""
        asked = begun.asked
        window = self._models.window(asked.model, self._models.setup(asked.model).baseline_window)
        seed = ensemble.member_seed(asked.seed, 0)

        def member(*overrides: Override) -> Member:
            plan = plan_of(ready, window, overrides, Request(seed=asked.seed))
            return ensemble.member_at(plan, seed, lambda _name: MIDDLE)

        tried = [override_of(asked.levers[lever], place, amount) for lever, place, amount in trials]
        members = [member(), *(member(override) for override in tried)]

        def heard(share: float, *_: Any) -> None:
            self._found[begun.id] = replace(begun, share=round(TRIALS_SHARE * share, 3))

        found = await self._runs.execution.figures(ready, members, heard)
        return [figures for figures, _ in found], sum(cost or 0.0 for _, cost in found)

    # --- keeping ------------------------------------------------------------------------------------------------------

    async def _kept(self, begun: Recommendation, chosen: Sequence[Option]) -> str:
        """The scenario that does what was chosen; empty where nothing was."""
        if not chosen:
            return ""
        asked = begun.asked
        baseline = await self._scenarios.get(self._models.baseline_of(asked.model))
        scenario = Scenario(
            id="",
            title=asked.title or recommendation.title(chosen),
            question=recommendation.question(asked),
            simulator=asked.model,
            overrides=tuple(override_of(asked.levers[o.lever], o.place, o.amount) for o in chosen),
            window=baseline.window,
        )
        return (await self._scenarios.named_by_content(scenario, "recommended")).id

    def _entity(self, done: Recommendation) -> Entity:
        made = Maker(self._names.expand)
        made.text("title", done.asked.title or recommendation.question(done.asked))
        made.value("model", done.asked.model)
        made.json("parameters", recommendation.asked(done.asked))
        made.json("allocation", recommendation.document(done)["allocation"])
        made.json("front", recommendation.document(done)["front"])
        made.instant("dateObserved", instant(done.finished_at) or "")
        if done.scenario:
            made.link("refScenario", urn(SCENARIO, self._city, done.scenario))
        if done.run:
            made.link("refRun", urn(SIMULATION_RUN, self._city, done.run))
        kind = self._names.expand(RECOMMENDATION)
        return Entity(urn(RECOMMENDATION, self._city, done.id), (kind,), made.attributes)

    def _post(self, found: Recommendation) -> None:
        self._found[found.id] = found
        files.write_json(self._folder / f"{found.id}.json", found)

    def _find(self, recommendation_id: str) -> Recommendation | None:
        if recommendation_id not in self._found:
            if not recommendation_id.startswith("recommendation-") or "/" in recommendation_id:
                return None
            kept = files.find_json(self._folder / f"{recommendation_id}.json")
            if kept is None:
                return None
            found = msgspec.convert(kept, Recommendation)
            if found.status is RunStatus.RUNNING:  # nobody is at it: the server was stopped meanwhile
                found = replace(found, status=RunStatus.CANCELLED)
            self._found[recommendation_id] = found
        return self._found[recommendation_id]
