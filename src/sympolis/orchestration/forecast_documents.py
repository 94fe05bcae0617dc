"""Forecasts as the documents of docs/reference/twin-api.md, with the reason where one is withheld."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sympolis.analysis.forecasting.judging import COVERAGE_TOLERANCE, LEAST_SKILL, LEAST_VALUES, PUBLISHED
from sympolis.analysis.forecasting.plan import ForecastPlan
from sympolis.domain import errors
from sympolis.governance.saying import said

Json = dict[str, Any]

REASONS: Final[Mapping[str, Mapping[str, str]]] = {
    "silent": {
        "it": "La serie non ha valori da più di {silence} giorni.",
        "de": "Die Reihe hat seit über {silence} Tagen keinen Wert.",
        "en": "The series has had no value for more than {silence} days.",
    },
    "few_values": {
        "it": "Solo {n} valori messi da parte per la verifica; ne servono {least}.",
        "de": "Nur {n} Werte zurückgehalten, um sie zu prüfen; nötig sind {least}.",
        "en": "Only {n} values are held out to judge it by; {least} are needed.",
    },
    "skill": {
        "it": "Sbaglia del {skill:.1f} % meno di «come {season} fa»; serve almeno il {skill_least:.0f} %.",
        "de": "Irrt um {skill:.1f} % weniger als „wie vor {season}“; nötig sind mindestens {skill_least:.0f} %.",
        "en": "Errs {skill:.1f} % less than 'as {season} ago' does; at least {skill_least:.0f} % is needed.",
    },
    "coverage": {
        "it": "Gli intervalli del {level:.0f} % hanno contenuto il {coverage:.1f} % dei valori.",
        "de": "Die {level:.0f}-%-Intervalle enthielten {coverage:.1f} % der Werte.",
        "en": "The {level:.0f} % intervals held {coverage:.1f} % of the values.",
    },
}
_DAYS: Final = {
    "it": ("un giorno", "{days} giorni"),
    "de": ("einem Tag", "{days} Tagen"),
    "en": ("a day", "{days} days"),
}
_SUMMED: Final = ("n", "mae", "naive_mae", "naive_season", "skill", "coverage", "width")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is happening to a forecast: ``share`` 0..1 of the work under way; ``current``: made of the present data."""

    working: bool
    share: float | None
    problem: str | None
    current: bool

    @property
    def word(self) -> str:
        """``working``, ``failed``, ``current``, ``outdated``."""
        if self.working:
            return "working"
        if self.problem is not None:
            return "failed"
        return "current" if self.current else "outdated"


def unknown(plan: ForecastPlan, state: State) -> Json:
    """A forecast that has not been worked out yet."""
    word = "missing" if state.word == "outdated" else state.word
    return _head(plan) | {"state": word, "progress": state.share, "problem": state.problem, "series": []}


def forecast(
    plan: ForecastPlan, result: Json, state: State, *, brief: bool, feature: str | None = None
) -> Json:
    """A forecast that was worked out. Raises ``NotFound`` where it is not of ``feature``."""
    series = result["series"]
    if feature is not None:
        series = [one for one in series if one["feature"] == feature]
        if not series:
            raise errors.NotFound("the forecast is not of this entity", where="feature", hint=feature)
    return _head(plan) | {
        "state": state.word,
        "progress": state.share,
        "problem": state.problem,
        "origin": result["origin"],
        "model": result["model"],
        "model_version": result["version"],
        "candidates": result["candidates"],
        "held_out": result["held_out"],
        "evaluated_at_origin": result["evaluated_at_origin"],
        "figures": result["figures"],
        "published": sum(one["state"] == PUBLISHED for one in result["series"]),
        "withheld": sum(one["state"] != PUBLISHED for one in result["series"]),
        "series": [_series(plan, one, brief=brief, whole=feature is not None) for one in series],
    }


def reasons(plan: ForecastPlan, one: Mapping[str, Any]) -> list[Json]:
    """Why a series' forecast is withheld, in words."""
    return [{"code": code, "text": _words(plan, code, one["figures"])} for code in one["against"]]


def _head(plan: ForecastPlan) -> Json:
    return {
        "id": plan.id,
        "title": dict(plan.title),
        "entity_type": plan.entity_type,
        "attribute": plan.attribute,
        "unit": plan.unit,
        "source": plan.source,
        "step_s": plan.step_s,
        "horizon": plan.horizon,
        "level": plan.level,
        "rule": {
            "least_skill": LEAST_SKILL,
            "coverage": [
                round(plan.level - COVERAGE_TOLERANCE, 4),
                round(plan.level + COVERAGE_TOLERANCE, 4),
            ],
            "least_values": LEAST_VALUES,
        },
        "weather": "known before the origin" if plan.covariates else None,
    }


def _series(plan: ForecastPlan, one: Json, *, brief: bool, whole: bool) -> Json:
    answer: Json = {
        "feature": one["feature"],
        "state": one["state"],
        "reasons": reasons(plan, one),
        "last": one["last"],
        "figures": {name: one["figures"][name] for name in _SUMMED} if brief else one["figures"],
    }
    if not brief:
        answer |= {"horizons": one["horizons"], "values": one.get("values")}
    if whole:
        answer["past"] = one["past"]
    return answer


def _words(plan: ForecastPlan, code: str, figures: Mapping[str, Any]) -> Json:
    days = figures["naive_season"] // plan.day
    return said(
        REASONS[code],
        silence=plan.silence_days,
        n=figures["n"],
        least=LEAST_VALUES,
        skill=100 * (figures["skill"] or 0.0),
        skill_least=100 * LEAST_SKILL,
        coverage=100 * (figures["coverage"] or 0.0),
        level=100 * plan.level,
        season={language: _season(language, days) for language in _DAYS},
    )


def _season(language: str, days: int) -> str:
    one, more = _DAYS[language]
    return one if days == 1 else more.format(days=days)
