"""The JSON of ``docs/reference/twin-api.md`` for models, scenarios, runs, results and comparisons, and nothing else.

Numbers are rounded where they are shown: four significant digits say all that an interval of a few percent allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.analysis.assuming import measures_of
from sympolis.analysis.comparison import FieldChange, IndicatorChange
from sympolis.analysis.equity import AreaChange, FieldSplit
from sympolis.analysis.intervals import Spread
from sympolis.domain.measure import Estimate, Interval
from sympolis.domain.scenario import Scenario
from sympolis.orchestration import adapting, saying
from sympolis.orchestration.compatibility import Supply
from sympolis.orchestration.in_words import attribute_in_words, type_in_words
from sympolis.orchestration.model_desk import ModelSetup, StoredCalibration
from sympolis.orchestration.run import Figure, Run
from sympolis.plugins.meanings import meanings_of
from sympolis.plugins.simulator import FieldSpec, IndicatorSpec, Measure, Need, Parameter, Simulator

Json = dict[str, Any]

DIGITS = 4


def instant(at: datetime | None) -> str | None:
    """ISO 8601 UTC, or null."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at is not None else None


# --- models -----------------------------------------------------------------------------------------------------------


def model(
    setup: ModelSetup,
    simulator: type[Simulator],
    calibrated: StoredCalibration | None,
    supplies: Sequence[Supply],
) -> Json:
    """One model with its parameters, measures, indicators and calibration, and whether it runs here."""
    meanings = meanings_of(simulator)
    return {
        "id": setup.id,
        "simulator": setup.simulator,
        "version": simulator.version,
        "title": dict(setup.title or simulator.title),
        "description": dict(simulator.description),
        "validity": dict(simulator.validity),
        "parameters": [
            {**parameter(p), "default": setup.parameters.get(p.name, p.default)} for p in simulator.parameters
        ],
        "measures": [measure(m) for m in measures_of(simulator, setup.parameters)],
        "indicators": [
            {**indicator_spec(spec), "meaning": dict(meanings.get(spec.name, {}))}
            for spec in simulator.indicators
        ],
        "fields": [field_spec(spec) for spec in simulator.fields],
        "hours_matter": simulator.hours_matter,
        "period": dict(simulator.period),
        "needs": [supply(one) for one in supplies],
        "runs_here": all(one.met for one in supplies),
        "calibratable": setup.calibrated,
        "calibration": calibration(calibrated),
    }


def supply(one: Supply) -> Json:
    """What a model needs of one kind, and what the twin has."""
    return {
        "name": one.need.name,
        "title": dict(_wanted(one.need)),
        "type": one.need.type,
        "attributes": list(one.need.attributes),
        "minimum": one.need.minimum,
        "history": one.need.history,
        "found": one.found,
        "missing": list(one.missing),
        "carried": dict(one.carried),
        "met": one.met,
        "proxies": [[name, used, count] for name, used, count in one.proxies],
        "stand_ins": {name: list(taken) for name, taken in stand_ins(one.need).items()},
        "adaptations": [adapting.document(note) for note in one.adaptations],
        "problems": [adapting.document(note) for note in one.problems],
        "without": [adapting.document(note) for note in one.without],
    }


def _wanted(need: Need) -> Mapping[str, str]:
    """What is needed, in words of planners: of grids what they show, of all else the kind of things."""
    shown = need.where.get("variable")
    return type_in_words(need.type) if shown is None else attribute_in_words(str(shown))


def stand_ins(need: Need) -> Mapping[str, Sequence[str]]:
    """By what is wanted (an attribute, or the kind of thing): the names of what the model takes in its place."""
    kinds = {str(need.where[name]): taken for name, taken in need.instead.items() if name in need.where}
    return {**kinds, **need.proxies}


def parameter(one: Parameter) -> Json:
    """A parameter with bounds, plausible range, unit and source."""
    return {
        "name": one.name,
        "title": dict(one.title),
        "kind": one.kind,
        "unit": one.unit,
        "default": one.default,
        "low": one.low,
        "high": one.high,
        "plausible": list(one.plausible) if one.plausible else None,
        "choices": list(one.choices),
        "source": one.source,
        "source_texts": {**saying.texts([one.source])[0], **one.source_texts},
    }


def measure(one: Measure) -> Json:
    """A measure with its targets and parameters."""
    return {
        "name": one.name,
        "title": dict(one.title),
        "description": dict(one.description),
        "targets": list(one.targets),
        "parameters": [parameter(p) for p in one.parameters],
    }


def indicator_spec(one: IndicatorSpec) -> Json:
    """What an indicator is."""
    return {
        "name": one.name,
        "title": dict(one.title),
        "unit": one.unit,
        "direction": str(one.direction),
        "decimals": one.decimals,
    }


def field_spec(one: FieldSpec) -> Json:
    """What a field of the results is."""
    return {
        "name": one.name,
        "title": dict(one.title),
        "unit": one.unit,
        "direction": str(one.direction),
        "over_area": one.over_area,
    }


def calibration(stored: StoredCalibration | None) -> Json | None:
    """How the model was fitted and how well it then did."""
    if stored is None:
        return None
    result = stored.result
    return {
        "id": stored.id,
        "model": stored.model,
        "version": stored.version,
        "at": instant(stored.at),
        "window": asdict(stored.window),
        "figures": split_figures(result.figures),
        "points": [
            [f, split, number(observed), number(simulated)] for f, split, observed, simulated in result.points
        ],
        "notes": list(result.notes),
        "note_texts": saying.texts(result.notes),
        "parameters": dict(result.parameters),
        "cost_cpu_s": round(result.cost_cpu_s, 2),
        "data_version": stored.data_version,
    }


def split_figures(figures: Mapping[str, Mapping[str, float]]) -> Json:
    """Calibration figures by split."""
    return {split: {name: number(value) for name, value in found.items()} for split, found in figures.items()}


# --- scenarios and runs -----------------------------------------------------------------------------------------------


def scenario(
    one: Scenario, *, latest_run: str | None, builtin: bool, approved_version: int | None = None
) -> Json:
    """A scenario as it is edited and listed. ``approved_version``: the newest that was reviewed or adopted."""
    return {
        "id": one.id,
        "title": dict(one.title),
        "question": dict(one.question),
        "model": one.simulator,
        "overrides": [
            {"measure": o.measure, "where": dict(o.where), "parameters": dict(o.parameters)} for o in one.overrides
        ],
        "window": asdict(one.window),
        "base": one.base,
        "author": one.author,
        "status": str(one.status),
        "version": one.version,
        "approved_version": approved_version,
        "created_at": instant(one.created_at),
        "modified_at": instant(one.modified_at),
        "latest_run": latest_run,
        "builtin": builtin,
    }  # fmt: skip


def run(one: Run) -> Json:
    """A run as it is followed and cited."""
    return {
        "id": one.id,
        "scenario": one.scenario,
        "scenario_version": one.scenario_version,
        "scenario_title": dict(one.scenario_title),
        "status": str(one.status),
        "progress": asdict(one.progress),
        "model": one.model,
        "model_version": one.model_version,
        "mode": one.mode,
        "window": asdict(one.window),
        "seed": one.seed,
        "members": len(one.member_keys) or one.asked_members,
        "data_version": one.data_version,
        "key": one.key,
        "queued_at": instant(one.queued_at),
        "started_at": instant(one.started_at),
        "finished_at": instant(one.finished_at),
        "cost_cpu_s": round(one.cost_cpu_s, 2),
        "energy": energy(one),
        "cached": one.cached,
        "error": asdict(one.error) if one.error is not None else None,
        "warnings": list(one.warnings),
        "warning_texts": saying.texts(one.warnings),
        "parameters": {
            "fixed": dict(one.parameters),
            "sampled": {k: list(v) for k, v in one.sampled.items()},
        },
        "indicators": [figure(found) for found in one.indicators],
        "calibration": split_figures(one.calibration),
        "calibration_id": one.calibration_id or None,
        "baseline": one.baseline or None,
        "service": one.service or None,
        "upstream": dict(one.upstream),
        "lineage": f"/api/lineage/{one.id}",
    }


def energy(one: Run) -> Json | None:
    """The energy a finished run took and its price: an estimate from CPU seconds; null where no power is declared."""
    if not one.tariff.core_watts:
        return None
    return {
        "wh": number(one.tariff.energy_wh(one.cost_cpu_s)),
        "eur": number(one.tariff.cost_eur(one.cost_cpu_s)),
        "estimate": True,
        "core_watts": one.tariff.core_watts,
        "eur_per_kwh": one.tariff.eur_per_kwh,
    }


def figure(one: Figure) -> Json:
    """An indicator of a run."""
    return {
        "name": one.name,
        "title": dict(one.title),
        "unit": one.unit,
        "direction": one.direction,
        "decimals": one.decimals,
        "value": number(one.value),
        "interval": {"low": number(one.low), "high": number(one.high), "level": one.level},
    }


# --- results and comparisons ------------------------------------------------------------------------------------------


def results(
    features: Sequence[str], hours: Sequence[int], fields: Mapping[str, Spread], specs: Sequence[FieldSpec]
) -> Json:
    """Per hour and feature: mean, low and high of each field."""
    units = {spec.name: spec for spec in specs}
    return {
        "features": list(features),
        "hours": list(hours),
        "fields": {
            name: {
                "unit": units[name].unit,
                "title": dict(units[name].title),
                "direction": str(units[name].direction),
                **spread_table(spread, middle="mean"),
            }
            for name, spread in fields.items()
        },
    }


def spread_table(spread: Spread, *, middle: str) -> Json:
    """Three tables, one row per hour."""
    return {middle: table(spread.mean), "low": table(spread.low), "high": table(spread.high)}


def field_change(change: FieldChange, spec: FieldSpec) -> Json:
    """A field's change per hour and feature."""
    return {
        "unit": spec.unit,
        "title": dict(spec.title),
        "direction": str(spec.direction),
        **spread_table(change.change, middle="change"),
        "clear": change.clear.astype(int).tolist(),
    }


def indicator_change(change: IndicatorChange) -> Json:
    """An indicator before, after, and the change between."""
    percent = change.percent
    return {
        **indicator_spec(change.spec),
        "base": estimate(change.base),
        "with": estimate(change.other),
        "change": {
            **estimate(change.change),
            "percent": number(percent.value) if percent else None,
            "percent_interval": interval(percent.interval) if percent else None,
        },
        "verdict": str(change.verdict),
    }


def area_change(change: AreaChange) -> Json:
    """What changes for one area."""
    return {
        "area": change.area.id,
        "name": change.area.name,
        "population": number(change.area.population),
        "fragility": number(change.area.fragility),
        "flow_change_percent": estimate(change.traffic_percent) if change.traffic_percent else None,
        "nox_change_kg": estimate(change.emission_kg) if change.emission_kg else None,
        "verdict": str(change.verdict),
        "fields": {one.spec.name: _field_split(one) for one in change.fields},
    }


def _field_split(one: FieldSplit) -> Json:
    return {
        "title": dict(one.spec.title),
        "unit": one.spec.unit,
        "direction": str(one.spec.direction),
        "change": estimate(one.change),
        "percent": estimate(one.percent) if one.percent else None,
        "verdict": str(one.verdict),
    }


def estimate(one: Estimate) -> Json:
    """A value and its interval."""
    return {"value": number(one.value), "interval": interval(one.interval)}


def interval(one: Interval) -> Json:
    """Low, high and level."""
    return {"low": number(one.low), "high": number(one.high), "level": one.level}


# --- rounding ---------------------------------------------------------------------------------------------------------


def number(value: float | int | None) -> float | int | None:
    """Rounded for reading; null where there is no value. An end of an interval that is not 0 never becomes 0."""
    if value is None or not np.isfinite(value):
        return None
    if isinstance(value, int):
        return value
    rounded = float(f"{value:.{DIGITS + 2}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 2**53 else rounded


def table(values: NDArray[np.float64]) -> list[list[float | None]]:
    """Rounded to significant digits, NaN as null. Shape (hours, features)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.floor(np.log10(np.abs(values)))
    places = np.clip(DIGITS - 1 - np.nan_to_num(power, nan=0.0, posinf=0.0, neginf=0.0), 0, 12)
    scale = 10.0**places
    rounded = np.round(values * scale) / scale + 0.0  # no -0.0
    return [[value if isfinite(value) else None for value in row] for row in rounded.tolist()]
