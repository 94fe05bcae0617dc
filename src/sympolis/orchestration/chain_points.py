"""The members of a whole chain at the points of a design: every model's uncertain parameters vary together.

A run that other models fed depends on their unknowns as much as on its own. Its chain is laid out here as stages, the
one that is asked last; a point gives each stage the member whose parameters lie there, fed by the member of the stage
before it at the same point. Members are named by what they depend on: where a point moves only what comes later, the
member before it is the one that another point has already, and nothing is computed twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sympolis.analysis import ensemble
from sympolis.orchestration.execution import Execution, Report
from sympolis.orchestration.member_library import plan_of
from sympolis.orchestration.model_desk import Ready
from sympolis.orchestration.request import Request
from sympolis.orchestration.run import Run
from sympolis.plugins.simulator import Link, Member, Parameter

CHANCE = "chance"
"""The input that every member has beside the parameters: which day it is, as its seed has it."""

Place = Mapping[str, float]
"""Where each input lies in its range, by name, [0, 1)."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """An uncertain parameter of a chain. ``own`` is what its model calls it; ``name`` is unique in the chain."""

    name: str
    model: str
    own: str
    low: float
    high: float
    described: Parameter | None


@dataclass(frozen=True, slots=True)
class Stage:
    """One model of the chain as it was run. ``changes``: something is overridden here or before it."""

    run: Run
    ready: Ready
    unknowns: tuple[Unknown, ...]
    changes: bool
    before: frozenset[str]
    """The runs that feed it, and those that feed them."""

    def plan(self, *, overridden: bool) -> ensemble.Design:
        """What its members have in common, with its overrides or as the world is."""
        asked = Request(mode=self.run.mode, seed=self.run.seed)
        return plan_of(self.ready, self.run.window, self.run.overrides if overridden else (), asked)


async def stages_of(
    asked: Run, find: Callable[[str], Run], ready: Callable[[Run], Awaitable[Ready]]
) -> list[Stage]:
    """The chain of a run, each run after those that feed it. Raises as ``find`` and ``ready`` do."""
    ordered: dict[str, Run] = {}

    def visit(one: Run) -> None:
        for fed in one.upstream.values():
            visit(find(fed))
        ordered.setdefault(one.id, one)

    visit(asked)
    made: dict[str, Stage] = {}
    for run in ordered.values():
        feeding = [made[fed] for fed in run.upstream.values()]
        changes = bool(run.overrides) or any(stage.changes for stage in feeding)
        before = frozenset(run.upstream.values()).union(*(stage.before for stage in feeding))
        made[run.id] = Stage(run, await ready(run), (), changes, before)
    return _named(list(made.values()))


def unknowns_of(stages: Sequence[Stage]) -> tuple[Unknown, ...]:
    """Every uncertain parameter of the chain, in its order."""
    return tuple(one for stage in stages for one in stage.unknowns)


def members_at_most(stages: Sequence[Stage], points: int) -> list[int]:
    """How many members each stage may cost: it varies with its own unknowns, those before it and chance."""
    return [points * (_varying(stage, stages) + 1 + 2) * (2 if stage.changes else 1) for stage in stages]


def _varying(stage: Stage, stages: Sequence[Stage]) -> int:
    return sum(len(one.unknowns) for one in stages if one is stage or one.run.id in stage.before)


async def figures(
    stages: Sequence[Stage],
    places: Sequence[Place],
    execution: Execution,
    report: Report,
    *,
    overridden: bool,
) -> tuple[list[Mapping[str, float]], float]:
    """The last stage's indicators at every place, in order, and what was computed for them [CPU-s]."""
    keys: dict[str, list[str]] = {}
    found: dict[str, Mapping[str, float]] = {}
    cost = 0.0
    for number, stage in enumerate(stages):
        plan = stage.plan(overridden=overridden)
        made = [_member(stage, plan, place, _links(stage, keys, row)) for row, place in enumerate(places)]
        keys[stage.run.id] = [execution.key(stage.ready, one) for one in made]
        different = dict(zip(keys[stage.run.id], made, strict=True))
        told = _part(report, number, len(stages))
        answers = await execution.figures(stage.ready, list(different.values()), told)
        found = {key: answer for key, (answer, _) in zip(different, answers, strict=True)}
        cost += sum(one or 0.0 for _, one in answers)
    return [found[key] for key in keys[stages[-1].run.id]], cost


def _member(stage: Stage, plan: ensemble.Design, place: Place, links: Mapping[str, Link]) -> Member:
    """The member of a stage at a place; the share of chance names its seed, the same along the chain."""
    names = {one.own: one.name for one in stage.unknowns}
    seed = ensemble.member_seed(plan.seed, int(place[CHANCE] * 2**31))
    return replace(ensemble.member_at(plan, seed, lambda own: place[names[own]]), links=links)


def _links(stage: Stage, keys: Mapping[str, Sequence[str]], row: int) -> dict[str, Link]:
    return {
        need: Link(keys[given.run][row], given.fields, given.lines) for need, given in stage.run.feeds.items()
    }


def _part(report: Report, number: int, of: int) -> Report:
    return lambda share, done, planned: report((number + share) / of, done, planned)


def _named(stages: Sequence[Stage]) -> list[Stage]:
    """The stages with their unknowns; names that two models share say whose they are."""
    ranges = [_ranges(stage) for stage in stages]
    all_names = [name for one in ranges for name in one]
    twice = {name for name in all_names if all_names.count(name) > 1}
    return [
        replace(stage, unknowns=tuple(_unknown(stage, name, limits, twice) for name, limits in one.items()))
        for stage, one in zip(stages, ranges, strict=True)
    ]


def _ranges(stage: Stage) -> dict[str, tuple[float, float]]:
    """What is drawn in either world: a scenario may assume what the world as it is leaves open."""
    as_it_is, other = (stage.plan(overridden=overridden) for overridden in (False, True))
    return {**ensemble.uncertain_names(as_it_is), **ensemble.uncertain_names(other)}


def _unknown(stage: Stage, own: str, limits: tuple[float, float], twice: set[str]) -> Unknown:
    name = f"{stage.run.model}/{own}" if own in twice else own
    return Unknown(name, stage.run.model, own, *limits, _described(stage.ready.simulator).get(own))


def _described(simulator: Any) -> dict[str, Parameter]:
    own = {parameter.name: parameter for parameter in simulator.parameters}
    return own | {f"{m.name}.{p.name}": p for m in simulator.measures for p in m.parameters}
