"""Indicators of impact that a twin counts itself, so that a half-yearly report is a snapshot and not a survey."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from sympolis.assessment.evidence.facts import Facts


def _aligned_percent(facts: Facts) -> float | None:
    if not facts.datasets:
        return None
    return round(100 * sum(bool(one.data_model) for one in facts.datasets) / len(facts.datasets), 1)


FIGURES: Final[Mapping[str, Callable[[Facts], float | None]]] = {
    "sectors": lambda facts: len({theme for one in facts.datasets for theme in one.themes}),
    "dynamic": lambda facts: sum(one.reads_anew for one in facts.datasets),
    "exposed": lambda facts: sum(one.policy for one in facts.datasets),
    "data_models": lambda facts: facts.data_models,
    "aligned_percent": _aligned_percent,
    "services": lambda facts: sum(one.runs_here for one in facts.services),
    "interfaces": lambda facts: sum(bool(one.standard) for one in facts.interfaces),
    "agreements": lambda facts: facts.agreements,
    "owners": lambda facts: len({one.owner for one in facts.datasets}),
    "partners": lambda facts: facts.partners,
    "ai": lambda facts: sum(one.learned for one in facts.models) + facts.forecasts,
    "runs": lambda facts: facts.finished_runs,
}


@cache
def declared() -> tuple[Mapping[str, Any], ...]:
    """The indicators of ``indicators.toml``."""
    text = resources.files(__package__ or "").joinpath("indicators.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["indicator"])


def measured(facts: Facts) -> list[dict[str, Any]]:
    """Every indicator as it is now, with its target."""
    return [_measured(one, facts) for one in declared()]


def _measured(one: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    value = FIGURES[one["figure"]](facts)
    reached = value is not None and value >= one["target"]
    return {
        "id": one["id"],
        "title": one["title"],
        "value": value,
        "target": one["target"],
        "reached": reached,
    }
