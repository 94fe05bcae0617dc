"""``plans/<id>.toml``: a plan that a law asks for, as the city declares it.

A plan orders steps, each with its clause and, where it is computed, the service that answers it. It holds no logic:
what a step finds are runs of the engine. What the file says beside the steps is what nobody computes: targets that
others have set, measures, figures to watch, and which data are missing.
"""

# ruff: noqa: RUF009 - option() declares an immutable field, like dataclasses.field
from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sympolis.domain.reading import Texts, did_you_mean, option

IDENTIFIER = "[a-z][a-z0-9-]*"
_NAME = "[a-z][a-z0-9_]*"
STATUSES = ("proposed", "decided", "under way", "done", "given up")


@dataclass(frozen=True, kw_only=True)
class StepPlan:
    """One step (``[[steps]]``)."""

    id: str = option(pattern=IDENTIFIER)
    clause: str
    """Where the law asks for it."""
    title: Texts
    text: Texts = option({})
    """What it found or decided, where no model answers; what to bear in mind, where one does."""
    service: str = ""
    """The service that answers it."""
    indicators: tuple[str, ...] = ()
    """Of the service's figures, those to show; empty: all."""
    details: Texts = option({})
    """What the single things behind its figures are called, e.g. every building; empty: its model looks at none."""


@dataclass(frozen=True, kw_only=True)
class ExplainedBy:
    """Figures of a step's service that explain a difference (``explained_by`` of a target)."""

    step: str
    indicators: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MilestonePlan:
    """A figure that the law wants for years before and at the target (``[[milestones]]``).

    Between what is known of today and what the target scenario gives, it is drawn as a straight line, and stays there
    after the target year: an assumption, said beside it.
    """

    id: str = option(pattern=IDENTIFIER)
    title: Texts
    unit: str
    clause: str = ""
    step: str = ""
    """The step whose figure holds in the target year; empty: nobody computes it."""
    indicator: str = ""
    scale: float = 1.0
    today: float | None = None
    today_year: int = 2024
    today_low: float | None = None
    today_high: float | None = None
    source: Texts = option({})
    """Of today's value."""
    missing: Texts = option({})
    """Who has it, where it is not computed."""


@dataclass(frozen=True, kw_only=True)
class TargetPlan:
    """A figure that somebody has stated or decided, against which the plan's own is held (``[[targets]]``)."""

    id: str = option(pattern=IDENTIFIER)
    title: Texts
    step: str
    indicator: str
    """A figure of that step's service."""
    year: int
    value: float
    unit: str
    source: str
    offset: float = 0.0
    """Added to the plan's own figure before the two are compared."""
    note: Texts = option({})
    """Why the two may differ, and what the offset stands for."""
    explained_by: tuple[ExplainedBy, ...] = ()
    """Figures that say what the plan's own follows from, and what would have to hold for it to meet this one."""


@dataclass(frozen=True, kw_only=True)
class LevelPlan:
    """A kind of zone (``[[zones.levels]]``)."""

    id: str = option(pattern=IDENTIFIER)
    title: Texts
    at_least: float
    """From this mean of the field on."""


@dataclass(frozen=True, kw_only=True)
class ZonesPlan:
    """How places are put into zones (``[zones]``)."""

    step: str
    field: str = option(pattern=_NAME)
    """The field of the step's results whose mean over the ensemble decides."""
    weight: str = option("", pattern="|" + _NAME)
    """A field by which zones are summed up."""
    fields: tuple[str, ...] = ()
    """Further fields that tables and cards show."""
    levels: tuple[LevelPlan, ...]
    note: Texts = option({})


@dataclass(frozen=True, kw_only=True)
class MeasurePlan:
    """A measure of the plan (``[[measures]]``)."""

    id: str = option(pattern=IDENTIFIER)
    title: Texts
    responsible: str
    cost_meur: float | None = None
    """None: not known."""
    start: int = option(minimum=1990, maximum=2200)
    end: int = option(minimum=1990, maximum=2200)
    status: str = option("proposed", choices=STATUSES)
    progress: float = option(0.0, minimum=0, maximum=100)
    """Per cent."""
    indicator: str = ""
    """The figure to watch by which it is judged."""
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class MeasuredPlan:
    """A value that was measured (``[[monitoring.values]]``)."""

    year: int
    value: float
    source: str


@dataclass(frozen=True, kw_only=True)
class MonitorPlan:
    """A figure to watch (``[[monitoring]]``); without values it is not measured yet."""

    id: str = option(pattern=IDENTIFIER)
    title: Texts
    unit: str
    target: str = ""
    """The target it moves towards."""
    values: tuple[MeasuredPlan, ...] = ()
    missing: Texts = option({})
    """Where values would come from, while there are none."""


@dataclass(frozen=True, kw_only=True)
class GapPlan:
    """Data that are missing (``[[gaps]]``): the worklist."""

    id: str = option(pattern=IDENTIFIER)
    step: str
    title: Texts
    clause: str = ""
    stand_in: Texts = option({})
    """What is done without them."""
    holder: str = ""
    """Who has them."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan of this city (``plans/<id>.toml``)."""

    id: str = option(pattern=IDENTIFIER)
    order: int = 100
    title: Texts
    question: Texts = option({})
    law: str
    responsible: str
    cycle_years: int = option(5, minimum=1, maximum=30)
    """How often it is to be reviewed."""
    adopted: date | None = None
    """None: a draft."""
    target_year: int
    members: int = option(16, minimum=4, maximum=64)
    """Ensemble size of its runs."""
    steps: tuple[StepPlan, ...]
    targets: tuple[TargetPlan, ...] = ()
    years: tuple[int, ...] = ()
    """For which the milestones are drawn."""
    milestones: tuple[MilestonePlan, ...] = ()
    zones: ZonesPlan | None = None
    measures: tuple[MeasurePlan, ...] = ()
    monitoring: tuple[MonitorPlan, ...] = ()
    gaps: tuple[GapPlan, ...] = ()

    @property
    def next_review(self) -> date | None:
        """When the next one is due at the latest."""
        if self.adopted is None:
            return None
        year = self.adopted.year + self.cycle_years
        try:
            return self.adopted.replace(year=year)
        except ValueError:  # adopted on 29 February
            return self.adopted.replace(year=year, day=28)


def complaints(plan: Plan, services: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """(field, message, hint) of what is wrong with a plan in itself and beside its package."""
    steps = {step.id: step for step in plan.steps}
    for step in plan.steps:
        if step.service and step.service not in services:
            hint = did_you_mean(step.service, services)
            yield f"steps.{step.id}.service", f"there is no service {step.service!r}", hint
    named: list[tuple[str, str]] = [(f"targets.{one.id}", one.step) for one in plan.targets]
    named += [
        (f"targets.{one.id}.explained_by", part.step) for one in plan.targets for part in one.explained_by
    ]
    named += [(f"milestones.{one.id}", one.step) for one in plan.milestones if one.step]
    named += [("zones", plan.zones.step)] if plan.zones else []
    for where, name in named:
        if name not in steps:
            yield f"{where}.step", f"there is no step {name!r}", did_you_mean(name, steps)
        elif not steps[name].service:
            yield f"{where}.step", f"no service answers the step {name!r}", ""
    for gap in plan.gaps:
        if gap.step not in steps:
            yield f"gaps.{gap.id}.step", f"there is no step {gap.step!r}", did_you_mean(gap.step, steps)
    yield from _names(plan)


def _names(plan: Plan) -> Iterator[tuple[str, str, str]]:
    parts: Mapping[str, Collection[str]] = {
        "steps": [one.id for one in plan.steps],
        "targets": [one.id for one in plan.targets],
        "milestones": [one.id for one in plan.milestones],
        "measures": [one.id for one in plan.measures],
        "monitoring": [one.id for one in plan.monitoring],
        "gaps": [one.id for one in plan.gaps],
    }
    for part, ids in parts.items():
        for name in sorted({one for one in ids if list(ids).count(one) > 1}):
            yield part, f"{name!r} stands there twice", "give each an id of its own"
    for one in plan.monitoring:
        if one.target and one.target not in parts["targets"]:
            hint = did_you_mean(one.target, parts["targets"])
            yield f"monitoring.{one.id}.target", f"there is no target {one.target!r}", hint
    for measure in plan.measures:
        if measure.end < measure.start:
            yield f"measures.{measure.id}", "it ends before it starts", ""
        if measure.indicator and measure.indicator not in parts["monitoring"]:
            hint = did_you_mean(measure.indicator, parts["monitoring"])
            yield f"measures.{measure.id}.indicator", f"nothing watches {measure.indicator!r}", hint
