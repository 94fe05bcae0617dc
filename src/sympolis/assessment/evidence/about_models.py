"""Checks of models and services: what runs, what it rests on, what it cost."""

from __future__ import annotations

from sympolis.assessment.evidence.checking import Seen, all_of, at_least, at_work, check
from sympolis.assessment.evidence.facts import Facts


@check("models-described")
def _models_described(facts: Facts) -> Seen:
    return all_of(one.bounded for one in facts.models)


@check("models-calibrated")
def _models_calibrated(facts: Facts) -> Seen:
    return at_least(sum(one.calibrated for one in facts.models))


@check("models-licensed")
def _models_licensed(facts: Facts) -> Seen:
    return all_of(bool(one.licence) for one in facts.models if one.learned)


@check("learned-models")
def _learned_models(facts: Facts) -> Seen:
    return at_least(sum(one.learned for one in facts.models) + facts.forecasts)


@check("ai-services")
def _ai_services(facts: Facts) -> Seen:
    return at_least(sum(one.learned for one in facts.models) + facts.forecasts, 2)


@check("risk-stated")
def _risk_stated(facts: Facts) -> Seen:
    return all_of(bool(one.risk) for one in (*facts.models, *facts.forecasters) if one.learned)


@check("services-run")
def _services_run(facts: Facts) -> Seen:
    return at_least(sum(one.runs_here for one in facts.services))


@check("services-two")
def _services_two(facts: Facts) -> Seen:
    return at_least(sum(one.runs_here for one in facts.services), 2)


@check("services-chained")
def _services_chained(facts: Facts) -> Seen:
    return at_least(sum(len(one.models) > 1 for one in facts.services))


@check("scenarios-simulated")
def _scenarios_simulated(facts: Facts) -> Seen:
    return at_least(facts.finished_runs)


@check("scenarios-compared")
def _scenarios_compared(facts: Facts) -> Seen:
    return at_least(facts.finished_runs, 2)


@check("forecasts-made")
def _forecasts_made(facts: Facts) -> Seen:
    return at_least(facts.forecasts)


@check("results-traced")
def _results_traced(facts: Facts) -> Seen:
    return Seen("lineage" in facts.parts and facts.finished_runs > 0, {"count": facts.finished_runs, "of": 1})


@check("energy-counted")
def _energy_counted(facts: Facts) -> Seen:
    return Seen(facts.energy_kwh is not None, {"value": f"{facts.energy_kwh or 0:.3f}"})


@check("training-counted")
def _training_counted(facts: Facts) -> Seen:
    return Seen(facts.training_kwh is not None, {"value": f"{facts.training_kwh or 0:.4f}"})


@check("results-reused")
def _results_reused(facts: Facts) -> Seen:
    return at_least(facts.reused_runs)


@check("layers-managed")
def _layers_managed(facts: Facts) -> Seen:
    return at_work(facts, "layers")
