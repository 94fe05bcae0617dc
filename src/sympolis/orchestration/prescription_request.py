"""What a recommendation is asked for, read and checked before any model runs.

A document like ``docs/reference/twin-api.md`` has it::

    {"model": "heat", "objective": "relief", "budget": {"yearly_cost": 100000},
     "levers": [{"measure": "plant_trees", "parameter": "trees", "amounts": [100, 200]}],
     "totals": {"plant_trees": 1000}, "most_places": 10, "equity": {"least_share": 0.4, "weight": 0.5}}
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sympolis.analysis import scenario as checking
from sympolis.analysis.prescription.problem import MOST_CHOSEN, Limits
from sympolis.domain import errors
from sympolis.domain.measure import Direction
from sympolis.domain.reading import did_you_mean
from sympolis.plugins.simulator import Measure, Parameter, Simulator

Named = TypeVar("Named")

LONGEST_TITLE = 2000
MOST_LEVERS = 6
MOST_AMOUNTS = 5
MOST_TRIALS = 1000
"""Runs of the model that a recommendation may cost."""

_MEMBERS = (
    "model", "objective", "budget", "levers", "totals", "most_places", "equity", "front", "title", "seed",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PrescriptionLever:
    """Amounts of one measure that may be chosen, each place on its own. ``places`` empty: every area of the model."""

    measure: str
    parameter: str
    amounts: tuple[int | float, ...]
    places: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prescription:
    """A question for the best use of a budget. ``rising``: more of ``objective`` is better."""

    model: str
    objective: str
    rising: bool
    levers: tuple[PrescriptionLever, ...]
    limits: Limits
    front: bool = True
    seed: int = 1
    title: Mapping[str, str] = field(default_factory=dict)


def read(
    document: Mapping[str, Any], models: Sequence[str], simulator_of: Any, language: str
) -> Prescription:
    """The document, every name known to the model. Raises ``BadRequestData`` naming the member."""
    for name in document:
        if name not in _MEMBERS:
            raise _bad("is not a member of a recommendation", str(name), did_you_mean(str(name), _MEMBERS))
    model = document.get("model")
    if not isinstance(model, str) or model not in models:
        raise _bad(f"there is no model {model!r} here", "model", did_you_mean(str(model), models))
    simulator: type[Simulator] = simulator_of(model)
    directions = {spec.name: spec.direction for spec in simulator.indicators}
    objective = _indicator(document.get("objective"), directions, "objective")
    if directions[objective] is Direction.NEUTRAL:
        raise _bad("neither more nor less of it is better", "objective")
    title = document.get("title", {})
    return Prescription(
        model=model,
        objective=objective,
        rising=directions[objective] is Direction.HIGHER,
        levers=_levers(document.get("levers"), {m.name: m for m in simulator.measures}),
        limits=_limits(document, directions),
        front=_boolean(document.get("front", True), "front"),
        seed=_seed(document.get("seed", 1)),
        title=_texts({language: title} if isinstance(title, str) and title else title),
    )


def _limits(document: Mapping[str, Any], directions: Mapping[str, Direction]) -> Limits:
    budget = _amounts(document.get("budget"), "budget")
    if not budget:
        raise _bad("is missing", "budget", 'e.g. {"yearly_cost": 100000}')
    for name in budget:
        _indicator(name, directions, f"budget.{name}")
    equity = document.get("equity", {})
    if not isinstance(equity, Mapping) or set(equity) - {"least_share", "weight"}:
        raise _bad("expected least_share and weight", "equity")
    places = document.get("most_places", MOST_CHOSEN)
    if not _whole(places) or not 1 <= places <= MOST_CHOSEN:
        raise _bad(f"expected a whole number from 1 to {MOST_CHOSEN}", "most_places")
    return Limits(
        budget=budget,
        totals=_amounts(document.get("totals", {}), "totals"),
        most_places=places,
        least_share=_between(equity.get("least_share", 0.0), 0.0, 1.0, "equity.least_share"),
        weight=_between(equity.get("weight", 0.0), 0.0, 10.0, "equity.weight"),
    )


def _levers(given: Any, measures: Mapping[str, Measure]) -> tuple[PrescriptionLever, ...]:
    if not isinstance(given, Sequence) or isinstance(given, str) or not 1 <= len(given) <= MOST_LEVERS:
        raise _bad(f"expected a list of 1 to {MOST_LEVERS} levers", "levers")
    return tuple(_lever(one, measures, f"levers[{number}]") for number, one in enumerate(given))


def _lever(given: Any, measures: Mapping[str, Measure], place: str) -> PrescriptionLever:
    known = {"measure", "parameter", "amounts", "places", "parameters"}
    if not isinstance(given, Mapping) or set(given) - known:
        raise _bad(f"expected an object of {', '.join(sorted(known))}", place)
    measure = _known(measures, given.get("measure"))
    if measure is None:
        hint = did_you_mean(str(given.get("measure")), measures)
        raise _bad(f"the model knows no measure {given.get('measure')!r}", f"{place}.measure", hint)
    if "features" not in measure.targets:
        raise _bad(f"{measure.name} cannot be placed in single areas", f"{place}.measure")
    parameters = {parameter.name: parameter for parameter in measure.parameters}
    parameter = _known(parameters, given.get("parameter"))
    if parameter is None or parameter.kind not in ("number", "integer"):
        hint = did_you_mean(str(given.get("parameter")), parameters)
        raise _bad("is no amount of this measure", f"{place}.parameter", hint)
    amounts = given.get("amounts")
    if not isinstance(amounts, Sequence) or isinstance(amounts, str) or not 1 <= len(amounts) <= MOST_AMOUNTS:
        raise _bad(f"expected a list of 1 to {MOST_AMOUNTS} amounts", f"{place}.amounts")
    for amount in amounts:
        if reason := checking.value_objection(parameter, amount):
            raise _bad(reason, f"{place}.amounts")
    return PrescriptionLever(
        measure=measure.name,
        parameter=parameter.name,
        amounts=tuple(sorted(set(amounts))),
        places=_names(given.get("places", ()), f"{place}.places"),
        parameters=_fixed(given.get("parameters") or {}, parameters, f"{place}.parameters"),
    )


def _known(table: Mapping[str, Named], name: Any) -> Named | None:
    return table.get(name) if isinstance(name, str) else None


def _fixed(given: Any, known: Mapping[str, Parameter], where: str) -> dict[str, Any]:
    """The other parameters of a measure, held at one value while amounts are tried."""
    if not isinstance(given, Mapping):
        raise _bad("expected an object of parameter values", where)
    for name, value in given.items():
        if name not in known:
            raise _bad("is no parameter of this measure", f"{where}.{name}", did_you_mean(str(name), known))
        if reason := checking.value_objection(known[name], value):
            raise _bad(reason, f"{where}.{name}")
    return dict(given)


# --- single values ----------------------------------------------------------------------------------------------------


def _bad(text: str, where: str, hint: str = "") -> errors.BadRequestData:
    return errors.BadRequestData(text, where=where, hint=hint)


def _indicator(value: Any, directions: Mapping[str, Direction], where: str) -> str:
    if not isinstance(value, str) or value not in directions:
        raise _bad(f"the model gives no indicator {value!r}", where, did_you_mean(str(value), directions))
    return value


def _amounts(value: Any, where: str) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise _bad("expected an object of amounts by name", where)
    return {str(name): _between(amount, 1e-9, 1e15, f"{where}.{name}") for name, amount in value.items()}


def _between(value: Any, low: float, high: float, where: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise _bad("expected a number", where)
    if not low <= value <= high:
        raise _bad(f"expected a number from {low:g} to {high:g}", where)
    return float(value)


def _names(value: Any, where: str) -> tuple[str, ...]:
    if (
        not isinstance(value, Sequence)
        or isinstance(value, str)
        or not all(isinstance(n, str) for n in value)
    ):
        raise _bad("expected a list of ids", where)
    return tuple(dict.fromkeys(value))


def _texts(value: Any) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in value.values()):
        raise _bad("expected a text, or texts by language", "title")
    if any(len(text) > LONGEST_TITLE for text in value.values()):
        raise _bad(f"is longer than {LONGEST_TITLE} characters", "title")
    return {str(language): text for language, text in value.items()}


def _boolean(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise _bad("expected true or false", where)
    return value


def _seed(value: Any) -> int:
    if not _whole(value) or not 0 <= value < 2**31:
        raise _bad("expected a whole number from 0 to 2147483647", "seed")
    return int(value)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
