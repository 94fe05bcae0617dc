"""Plans: what each step found, against what was asked or decided; zones; measures; and starting the steps.

A step that a service answers is a run like any other; the plan only remembers which run stands for it. So a plan can
be repeated, questioned to the last assumption, and is never out of step with the engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sympolis.context.broker import Broker
from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean
from sympolis.orchestration import files, gather
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.planning import documents, tables
from sympolis.orchestration.planning.measures import Measures
from sympolis.orchestration.planning.plan import Plan, StepPlan
from sympolis.orchestration.planning.zones import Zoned, zoned

Json = dict[str, Any]


class PlanDesk:
    """Finds, fills and runs the plans that a city declares."""

    def __init__(
        self,
        broker: Broker,
        names: gather.Names,
        desk: Desk,
        plans: Sequence[Plan],
        folder: Path,
        *,
        city: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._broker = broker
        self._names = names
        self._desk = desk
        self._plans = {one.id: one for one in sorted(plans, key=lambda plan: (plan.order, plan.id))}
        self._folder = folder
        self._zones: dict[str, Zoned] = {}
        self._starting = asyncio.Lock()
        self.measures = Measures(broker, names, city=city, now=now)

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The plans, in the city's order."""
        return tuple(self._plans.values())

    def plan(self, plan_id: str) -> Plan:
        """One declaration. Raises ``NotFound``."""
        try:
            return self._plans[plan_id]
        except KeyError:
            hint = did_you_mean(plan_id, self._plans)
            raise errors.NotFound(
                f"there is no plan {plan_id[:60]!r} here", where="plan", hint=hint
            ) from None

    async def get(self, plan_id: str) -> Json:
        """A plan with everything that is known. Raises ``NotFound``."""
        plan = self.plan(plan_id)
        runs = await self._runs(plan)
        steps = [await self._step(step, runs.get(step.id)) for step in plan.steps]
        figures = {step.id: runs[step.id]["indicators"] for step in plan.steps if _done(runs.get(step.id))}
        zones = await self._zoned(plan, runs)
        return {
            **documents.head(plan),
            "steps": steps,
            "targets": [documents.target(one, figures) for one in plan.targets],
            "milestones": [documents.milestone(one, plan, figures) for one in plan.milestones],
            "zones": documents.zones(plan, zones) if plan.zones else None,
            "measures": await self.measures.of(plan),
            "monitoring": [documents.monitor(one, plan) for one in plan.monitoring],
            "gaps": [documents.gap(one) for one in plan.gaps],
        }

    async def start(
        self, plan_id: str, steps: Sequence[str] = (), members: int | None = None, seed: int = 1
    ) -> Json:
        """Run these steps (all that a service answers, where none is named); the plan as it then stands.

        Raises ``NotFound``, ``BadRequestData`` for a step that nothing computes, and what starting a service raises.
        """
        plan = self.plan(plan_id)
        wanted = [self._computed(plan, name) for name in steps] or [s for s in plan.steps if s.service]
        async with self._starting:
            kept = self._kept(plan)
            for step in wanted:
                run = await self._desk.start_service(
                    step.service, {}, members=members or plan.members, seed=seed
                )
                kept[step.id] = run["id"]
                files.write_json(self._file(plan), kept)
        return await self.get(plan_id)

    async def zones(self, plan_id: str) -> Zoned:
        """Places with their zone and fields. Raises ``NotFound``; ``Conflict`` where the step has not been run."""
        plan = self.plan(plan_id)
        if plan.zones is None:
            raise errors.NotFound("the plan has no zones", where="plan")
        found = await self._zoned(plan, await self._runs(plan))
        if found is None:
            hint = f"POST /api/plans/{plan.id}/runs"
            raise errors.Conflict(f"the step {plan.zones.step!r} has not been run", where="steps", hint=hint)
        return found

    async def table(self, plan_id: str, name: str, language: str) -> tables.Rows:
        """A table of the plan. Raises ``NotFound``; ``Conflict`` where its step has not been run."""
        if name in tables.OF_A_PLAN:
            return tables.OF_A_PLAN[name](await self.get(plan_id), language)
        if name not in (tables.PLACES, tables.AREAS):
            hint = did_you_mean(name, tables.NAMES)
            raise errors.NotFound(f"the plan has no table {name[:60]!r}", where="table", hint=hint)
        found = await self.zones(plan_id)
        shapes = {one["id"]: one for one in (await self.shapes(plan_id))["features"]}
        if name == tables.PLACES:
            return tables.places(found, shapes)
        zones = self.plan(plan_id).zones
        assert zones is not None
        inside = {one["properties"].get("area") for one in shapes.values()} - {None}
        return tables.areas(found, shapes, zones.weight, await self._names_of(inside))

    async def shapes(self, plan_id: str) -> Json:
        """The GeoJSON of the places that zones are made of. Raises ``NotFound``."""
        plan = self.plan(plan_id)
        if plan.zones is None:
            raise errors.NotFound("the plan has no zones", where="plan")
        service = await self._desk.service(self._computed(plan, plan.zones.step).service)
        return await self._desk.model_features(service["model"])

    async def details(self, plan_id: str, step_id: str) -> Path:
        """The file of what a step says of single things. Raises ``NotFound``, ``Conflict``, ``ModelFailed``."""
        run, _ = await self.results(plan_id, step_id)
        return await self._desk.details.of(run["id"])

    async def results(self, plan_id: str, step_id: str) -> tuple[Json, Json]:
        """A step's run and its results. Raises ``NotFound``, ``Conflict`` where it has not been run to its end."""
        plan = self.plan(plan_id)
        run = (await self._runs(plan)).get(self._computed(plan, step_id).id)
        if run is None or not _done(run):
            raise errors.Conflict(f"the step {step_id!r} has not been run", where="step")
        return run, await self._desk.results(run["id"])

    # --- what is kept -------------------------------------------------------------------------------------------------

    def _computed(self, plan: Plan, name: str) -> StepPlan:
        steps = {step.id: step for step in plan.steps}
        if name not in steps:
            hint = did_you_mean(name, steps)
            raise errors.NotFound(f"the plan has no step {name[:60]!r}", where="steps", hint=hint)
        if not steps[name].service:
            raise errors.BadRequestData(f"nothing computes the step {name!r}", where="steps")
        return steps[name]

    def _file(self, plan: Plan) -> Path:
        return self._folder / f"{plan.id}.json"

    def _kept(self, plan: Plan) -> dict[str, str]:
        """The id of the run that stands for each step."""
        found = files.find_json(self._file(plan))
        return dict(found) if isinstance(found, Mapping) else {}

    async def _runs(self, plan: Plan) -> dict[str, Json]:
        kept = self._kept(plan)
        found: dict[str, Json] = {}
        for step in plan.steps:
            if step.id in kept:
                try:
                    found[step.id] = await self._desk.run(kept[step.id])
                except errors.NotFound:  # the record was cleared away: the step is open again
                    continue
        return found

    async def _step(self, step: StepPlan, run: Json | None) -> Json:
        if not step.service:
            return documents.described(step)
        service = await self._desk.service(step.service)
        chain = await self._chain(run) if run else []
        models = {one["model"]: await self._desk.model(one["model"]) for one in chain}
        return documents.computed(step, service, run, chain, models)

    async def _names_of(self, ids: Collection[str]) -> dict[str, str]:
        found = {one: await self._broker.find(one) for one in sorted(ids)}
        name = self._names.expand("name")
        return {i: str(entity.value(name, i)) for i, entity in found.items() if entity is not None}

    async def _chain(self, run: Json) -> list[Json]:
        """The run and all that fed it, directly or not, each once."""
        found, open_ = {run["id"]: run}, [run]
        while open_:
            for fed in open_.pop(0)["upstream"].values():
                if fed not in found:
                    found[fed] = await self._desk.run(fed)
                    open_.append(found[fed])
        return list(found.values())

    async def _zoned(self, plan: Plan, runs: Mapping[str, Json]) -> Zoned | None:
        if plan.zones is None or not _done(run := runs.get(plan.zones.step)):
            return None
        assert run is not None
        kept = self._zones.get(plan.id)
        if kept is None or kept.run != run["id"]:
            kept = zoned(plan.zones, run["id"], await self._desk.results(run["id"]))
            self._zones[plan.id] = kept
        return kept


def _done(run: Json | None) -> bool:
    return run is not None and run["status"] == "done"
