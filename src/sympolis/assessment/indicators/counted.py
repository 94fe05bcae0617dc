"""What a twin counts of itself, so that a half-yearly report is a snapshot and not a survey."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sympolis.assessment.evidence.checks import is_open
from sympolis.assessment.evidence.facts import Facts


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


FIGURES: Final[Mapping[str, Callable[[Facts], float | None]]] = {
    "sectors": lambda facts: len({theme for one in facts.datasets for theme in one.themes}),
    "dynamic": lambda facts: sum(one.reads_anew for one in facts.datasets),
    "exposed": lambda facts: sum(one.policy for one in facts.datasets),
    "data_models": lambda facts: facts.data_models,
    "aligned_percent": lambda facts: _percent(
        sum(bool(one.data_model) for one in facts.datasets), len(facts.datasets)
    ),
    "open_percent": lambda facts: _percent(
        sum(is_open(one.licence) for one in facts.datasets), len(facts.datasets)
    ),
    "services": lambda facts: sum(one.runs_here for one in facts.services),
    "chained": lambda facts: sum(len(one.models) > 1 for one in facts.services if one.runs_here),
    "interfaces": lambda facts: sum(bool(one.standard) for one in facts.interfaces),
    "agreements": lambda facts: facts.agreements,
    "owners": lambda facts: len({one.owner for one in facts.datasets}),
    "partners": lambda facts: facts.partners,
    "instances": lambda facts: 1 + facts.partners,
    "ai": lambda facts: sum(one.learned for one in facts.models) + facts.forecasts,
    "runs": lambda facts: facts.finished_runs,
    "training_kwh": lambda facts: facts.training_kwh,
    "use_kwh": lambda facts: facts.inference_kwh,
}
