"""A recommendation as it is kept and as it is shown: what was asked, what was chosen, the front, and where it is
run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from sympolis.analysis.prescription.problem import Choice, FrontPoint, Option
from sympolis.domain.scenario import RunStatus
from sympolis.orchestration.documents import instant
from sympolis.orchestration.prescription_request import Prescription
from sympolis.orchestration.run import Problem

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One recommendation from its start to its choice."""

    id: str
    asked: Prescription
    started_at: datetime
    status: RunStatus = RunStatus.RUNNING
    share: float = 0.0
    trials: int = 0
    finished_at: datetime | None = None
    cost_cpu_s: float = 0.0
    error: Problem | None = None
    options: tuple[Option, ...] = ()
    names: Mapping[str, str] | None = None
    choice: Choice | None = None
    front: tuple[FrontPoint, ...] = ()
    scenario: str = ""
    run: str = ""


def document(found: Recommendation) -> Json:
    """As ``twin-api.md`` has it."""
    names = found.names or {}

    def chosen(choice: Choice) -> list[Json]:
        return [
            {
                "place": one.place, "name": names.get(one.place, one.place), "measure": one.measure,
                "amount": one.amount, "gain": _rounded(one.gain), "costs": _each(one.costs),
                "worst_off": one.worst_off,
            }
            for one in (found.options[n] for n in choice.options)
        ]  # fmt: skip

    return {
        "id": found.id,
        "status": str(found.status),
        "model": found.asked.model,
        "asked": asked(found.asked),
        "trials": found.trials,
        "progress": {"share": found.share},
        "cost_cpu_s": found.cost_cpu_s,
        "started_at": instant(found.started_at),
        "finished_at": instant(found.finished_at),
        "error": msgspec.to_builtins(found.error),
        "allocation": chosen(found.choice) if found.choice else [],
        "expected": _sums(found.choice) if found.choice else None,
        "front": [
            {"budget_share": p.budget_share, "least_share": p.least_share, **_sums(p.choice),
             "allocation": [[o["place"], o["measure"], o["amount"]] for o in chosen(p.choice)]}
            for p in found.front
        ],
        "assumption": ASSUMPTION,
        "scenario": found.scenario or None,
        "run": found.run or None,
    }  # fmt: skip


ASSUMPTION = {
    "en": "Options were tried one by one with every uncertain figure in the middle of its range, and added up. What "
    "they do together, and how certain that is, says the run of the scenario.",
    "it": "Le opzioni sono state provate una per una, ogni grandezza incerta a metà del suo intervallo, e sommate. Che "
    "cosa fanno insieme, e con quale certezza, lo dice la simulazione dello scenario.",
    "de": "Die Möglichkeiten wurden einzeln erprobt, jede unsichere Größe in der Mitte ihrer Spanne, und addiert. Was "
    "sie zusammen bewirken und wie sicher das ist, sagt der Lauf des Szenarios.",
}


def asked(given: Prescription) -> Json:
    """What was asked, as it was understood."""
    limits = given.limits
    return {
        "objective": given.objective,
        "budget": dict(limits.budget),
        "totals": dict(limits.totals),
        "most_places": limits.most_places,
        "equity": {"least_share": limits.least_share, "weight": limits.weight},
        "levers": [
            {"measure": one.measure, "parameter": one.parameter, "amounts": list(one.amounts),
             "places": list(one.places), "parameters": dict(one.parameters)}
            for one in given.levers
        ],
        "seed": given.seed,
    }  # fmt: skip


def _sums(choice: Choice) -> Json:
    return {
        "gain": _rounded(choice.gain),
        "costs": _each(choice.costs),
        "worst_off_share": round(choice.worst_off_share, 3),
        "places": len(choice.options),
    }


def _each(costs: Mapping[str, float]) -> dict[str, float]:
    return {name: _rounded(cost) for name, cost in costs.items()}


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def title(chosen: Sequence[Option]) -> dict[str, str]:
    """The scenario's name where none was given."""
    count = len(chosen)
    return {
        "en": f"Recommended: {count} choices",
        "it": f"Raccomandazione: {count} scelte",
        "de": f"Empfehlung: {count} Maßnahmen",
    }


def question(asked: Prescription) -> dict[str, str]:
    """The question that the scenario answers."""
    budget = ", ".join(f"{name} ≤ {most:,.0f}" for name, most in asked.limits.budget.items())
    return {
        "en": f"Which choice of measures is best for {asked.objective}, with {budget}?",
        "it": f"Quale scelta di misure è la migliore per {asked.objective}, con {budget}?",
        "de": f"Welche Wahl von Maßnahmen ist die beste für {asked.objective}, mit {budget}?",
    }


def newest(found: Recommendation) -> tuple[float, str]:
    """Sorts the newest first."""
    return -found.started_at.timestamp(), found.id
