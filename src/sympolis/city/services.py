"""``services/<id>.toml``: a question that the city asks in plain words, the models behind it and what one may move.

id, order, title, question, audience
model = "traffic"            one model, or
[[chain]]                    several, each with what feeds it
scenarios = ["…"]            what-ifs to start from, the first by default
indicators = ["…"]           in the order in which they matter
proxies = ["areas.population"]  stand-ins that are accepted (without it: all)
[[levers]]                   a parameter of a measure, within bounds
[objective]                  what an allocation makes least or most of
[[departments]]              who plans together: figures and levers of each
[[gaps]]                     who has what the service makes do without, and how to get it
"""

# ruff: noqa: RUF009 - option() declares an immutable field, like dataclasses.field
from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympolis.acquisition.source import IDENTIFIER
from sympolis.domain.reading import Texts, did_you_mean, option

_NAME = "[a-z][a-z0-9_]*"


@dataclass(frozen=True, kw_only=True)
class LeverPlan:
    """What a planner may move (``[[levers]]``)."""

    name: str = option(pattern=_NAME)
    title: Texts = option({})
    measure: str
    """A measure of one of the service's models."""
    parameter: str
    """A parameter of that measure."""
    low: float | None = None
    high: float | None = None
    where: Mapping[str, Any] = option({})
    """Where the measure applies if the scenario does not have it already."""


@dataclass(frozen=True, kw_only=True)
class FeedPlan:
    """What feeds a linked need (``[[chain.feeds]]``)."""

    need: str
    model: str = option(key="from")
    fields: Mapping[str, str]
    """The need's attribute → field of that model's results."""


@dataclass(frozen=True, kw_only=True)
class StepPlan:
    """One model of a chain (``[[chain]]``)."""

    model: str
    feeds: tuple[FeedPlan, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ObjectivePlan:
    """What an allocation makes least or most of, and what it may spend (``[objective]``)."""

    indicator: str
    sense: str = option("least", choices=("least", "most"))
    budget: Mapping[str, float] = option({})


@dataclass(frozen=True, kw_only=True)
class DepartmentPlan:
    """Who works on the service's joint plans (``[[departments]]``)."""

    id: str = option(pattern=IDENTIFIER)
    title: Texts
    aim: Texts = option({})
    """What it wants, in one sentence."""
    indicators: tuple[str, ...]
    """The figures by which it judges, in the order in which they matter to it."""
    levers: tuple[str, ...] = ()
    """The levers that are its own to move; others may move them too, and everybody sees who did."""


@dataclass(frozen=True, kw_only=True)
class GapPlan:
    """What the city knows about a gap in the service's data (``[[gaps]]``); it refines the worklist."""

    need: str
    """A need of one of the service's models."""
    attribute: str = ""
    """Without it: everything that the need lacks."""
    who: str = ""
    """Who has the data; without it the owner of the source, or the city's operator."""
    how: Texts = option({})
    days: tuple[float, float] | None = None
    """Working days, from and to."""
    worth: str = ""
    """The service's indicator that says what closing the gap is worth."""


@dataclass(frozen=True, kw_only=True)
class ServicePlan:
    """A service of this city (``services/<id>.toml``)."""

    id: str = option(pattern=IDENTIFIER)
    order: int = 100
    title: Texts
    question: Texts
    """As a councillor would ask it."""
    audience: Texts = option({})
    """For whom it is, and what they decide with it."""
    model: str = ""
    chain: tuple[StepPlan, ...] = ()
    scenarios: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    proxies: tuple[str, ...] | None = None
    levers: tuple[LeverPlan, ...] = ()
    objective: ObjectivePlan | None = None
    departments: tuple[DepartmentPlan, ...] = ()
    gaps: tuple[GapPlan, ...] = ()

    @property
    def steps(self) -> tuple[StepPlan, ...]:
        """The models in the order in which they run."""
        return self.chain or (StepPlan(model=self.model),)


Complaint = tuple[str, str, str]
"""(field, message, hint)."""


def complaints(
    plan: ServicePlan, models: Collection[str], scenarios: Mapping[str, str]
) -> Iterator[Complaint]:
    """What is wrong with a service in itself and beside its package; ``scenarios`` maps an id to its model."""
    if bool(plan.model) == bool(plan.chain):
        yield "model", "a service has either one model or a chain of models", "give model, or [[chain]]"
        return
    used = [step.model for step in plan.steps]
    yield from _chain_complaints(plan, used, models)
    for scenario in plan.scenarios:
        if scenarios.get(scenario) not in used:
            yield "scenarios", f"there is no scenario {scenario!r} of its models", "see scenarios/"
    yield from _lever_complaints(plan)
    yield from _department_complaints(plan)
    if plan.objective is not None and plan.indicators and plan.objective.indicator not in plan.indicators:
        yield "objective.indicator", f"{plan.objective.indicator!r} is not among its indicators", ""


def _chain_complaints(plan: ServicePlan, used: Sequence[str], models: Collection[str]) -> Iterator[Complaint]:
    for name in used:
        if name not in models:
            yield (
                "model" if plan.model else "chain",
                f"there is no model {name!r}",
                did_you_mean(name, models),
            )
    if len(set(used)) < len(used):
        yield "chain", "a model may stand in a chain only once", ""
    for number, step in enumerate(plan.steps):
        for feed in step.feeds:
            if feed.model not in used[:number]:
                message = f"{feed.model} does not run before {step.model}"
                yield f"chain[{number}].feeds", message, "change the order"


def _department_complaints(plan: ServicePlan) -> Iterator[Complaint]:
    names = [one.id for one in plan.departments]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield "departments", f"two departments are called {name!r}", "give each an id of its own"
    levers = [lever.name for lever in plan.levers]
    for department in plan.departments:
        for name in department.levers:
            if name not in levers:
                yield (
                    f"departments.{department.id}",
                    f"there is no lever {name!r}",
                    did_you_mean(name, levers),
                )
        for name in department.indicators:
            if plan.indicators and name not in plan.indicators:
                yield f"departments.{department.id}", f"{name!r} is not among the service's indicators", ""


def _lever_complaints(plan: ServicePlan) -> Iterator[Complaint]:
    names = [lever.name for lever in plan.levers]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield "levers", f"two levers are called {name!r}", "give each a name of its own"
    for lever in plan.levers:
        if lever.low is not None and lever.high is not None and lever.low >= lever.high:
            yield f"levers.{lever.name}", "low must be below high", ""
