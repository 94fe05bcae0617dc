"""The JSON of ``docs/reference/twin-api.md`` for plans, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sympolis.orchestration.documents import number
from sympolis.orchestration.planning.plan import (
    GapPlan,
    MilestonePlan,
    MonitorPlan,
    Plan,
    StepPlan,
    TargetPlan,
)
from sympolis.orchestration.planning.zones import Zoned

Json = dict[str, Any]

OPEN, DESCRIBED, CANNOT = "open", "described", "cannot"


def head(plan: Plan) -> Json:
    """What the plan is."""
    review = plan.next_review
    return {
        "id": plan.id,
        "title": dict(plan.title),
        "question": dict(plan.question),
        "law": plan.law,
        "responsible": plan.responsible,
        "cycle_years": plan.cycle_years,
        "adopted": plan.adopted.isoformat() if plan.adopted else None,
        "next_review": review.isoformat() if review else None,
        "target_year": plan.target_year,
        "years": list(plan.years),
    }


def described(step: StepPlan) -> Json:
    """A step that words answer."""
    return {**_step(step), "status": DESCRIBED, "run": None, "finished_at": None, "progress": None, "seed": None,
            "members": None, "data_version": None, "cost_cpu_s": None, "error": None, "warnings": [], "problems": [],
            "indicators": [], "assumptions": [], "runs": []}  # fmt: skip


def computed(
    step: StepPlan, service: Json, run: Json | None, chain: Sequence[Json], models: Mapping[str, Json]
) -> Json:
    """A step that a service answers: how far it is, its figures, and all that was assumed for them."""
    check = service["check"]
    shown = step.indicators or tuple(one["name"] for one in service["indicators"])
    indicators = {one["name"]: one for one in run["indicators"]} if run else {}
    status = run["status"] if run else OPEN if service["runs_here"] else CANNOT
    return {
        **_step(step),
        "status": status,
        "run": run["id"] if run else None,
        "runs": [one["id"] for one in chain],
        "finished_at": run["finished_at"] if run else None,
        "progress": run["progress"] if run else None,
        "seed": run["seed"] if run else None,
        "members": run["members"] if run else None,
        "data_version": run["data_version"] if run else None,
        "cost_cpu_s": round(sum(one["cost_cpu_s"] for one in chain), 2) if run else None,
        "error": run["error"] if run else None,
        "warnings": [text for one in chain for text in one["warning_texts"]],
        "problems": list(check["problems"]),
        "indicators": [indicators[name] for name in shown if name in indicators],
        "assumptions": [found for one in chain for found in _assumptions(one, models[one["model"]])],
    }


def _step(step: StepPlan) -> Json:
    return {
        "id": step.id,
        "clause": step.clause,
        "title": dict(step.title),
        "text": dict(step.text),
        "service": step.service or None,
        "details": dict(step.details),
    }


def _assumptions(run: Json, model: Json) -> list[Json]:
    """Every parameter of a run: fixed, or the range that the ensemble drew from; then what its overrides assume."""
    fixed, sampled = run["parameters"]["fixed"], run["parameters"]["sampled"]
    found = [
        {"model": run["model"], "name": p["name"], "title": p["title"], "unit": p["unit"],
         "value": fixed.get(p["name"]), "range": sampled.get(p["name"]), "source": p["source"],
         "source_texts": p["source_texts"]}
        for p in model["parameters"]
    ]  # fmt: skip
    known = {p["name"] for p in model["parameters"]}
    parts = {f"{m['name']}.{p['name']}": p for m in model["measures"] for p in m["parameters"]}
    found += [
        {"model": run["model"], "name": name, "title": parts[name]["title"], "unit": parts[name]["unit"],
         "value": None, "range": span, "source": parts[name]["source"],
         "source_texts": parts[name]["source_texts"]}
        for name, span in sampled.items() if name not in known and name in parts
    ]  # fmt: skip
    return found


def target(one: TargetPlan, figures: Mapping[str, Sequence[Json]]) -> Json:
    """A target beside the plan's own figure: residual, whether it lies within the interval, and what explains it.

    ``figures``: of each step that has been run.
    """
    indicators = figures.get(one.step, ())
    found = next((i for i in indicators if i["name"] == one.indicator), None)
    stated = {
        "id": one.id,
        "title": dict(one.title),
        "step": one.step,
        "indicator": one.indicator,
        "year": one.year,
        "value": one.value,
        "unit": one.unit,
        "source": one.source,
        "offset": one.offset,
        "note": dict(one.note),
        "explained_by": [
            {**figure, "step": part.step}
            for part in one.explained_by
            for name in part.indicators
            for figure in figures.get(part.step, ())
            if figure["name"] == name
        ],
    }
    if found is None or found["value"] is None:
        return {**stated, "ours": None, "residual": None, "residual_percent": None, "inside": None}
    value = found["value"] + one.offset
    low, high = (found["interval"][end] for end in ("low", "high"))
    interval = {"low": number(low + one.offset), "high": number(high + one.offset),
                "level": found["interval"]["level"]}  # fmt: skip
    residual = value - one.value
    return {
        **stated,
        "ours": {"value": number(value), "interval": interval},
        "residual": number(residual),
        "residual_percent": number(100 * residual / one.value) if one.value else None,
        "inside": low + one.offset <= one.value <= high + one.offset,
    }


def milestone(one: MilestonePlan, plan: Plan, figures: Mapping[str, Sequence[Json]]) -> Json:
    """A figure by year: on a straight line from today to the target year, then as it is there."""
    found = next((i for i in figures.get(one.step, ()) if i["name"] == one.indicator), None)
    values = [] if found is None or found["value"] is None else _on_the_way(one, plan, found)
    return {
        "id": one.id,
        "title": dict(one.title),
        "unit": one.unit,
        "clause": one.clause or None,
        "today": _today(one),
        "values": values,
        "computed": bool(one.step),
        "missing": dict(one.missing),
    }  # fmt: skip


def _today(one: MilestonePlan) -> Json | None:
    if one.today is None:
        return None
    return {"year": one.today_year, "value": one.today, "source": dict(one.source)}


def _on_the_way(one: MilestonePlan, plan: Plan, found: Json) -> list[Json]:
    interval = found["interval"] or {}
    ends = [found["value"], interval.get("low"), interval.get("high")]
    value, low, high = (None if end is None else end * one.scale for end in ends)
    first, spread = one.today, (one.today_low, one.today_high)
    drawn = []
    for year in plan.years:
        share = min(1.0, max(0.0, (year - one.today_year) / (plan.target_year - one.today_year)))
        drawn.append({
            "year": year,
            "value": number(_between(first, value, share)),
            "low": number(_between(first if spread[0] is None else spread[0], low, share)),
            "high": number(_between(first if spread[1] is None else spread[1], high, share)),
        })  # fmt: skip
    return drawn


def _between(first: float | None, last: float | None, share: float) -> float | None:
    """Where today is not known only the target year and those after it have a value."""
    if last is None or (first is None and share < 1.0):
        return None
    return last if first is None else first + (last - first) * share


def zones(plan: Plan, found: Zoned | None) -> Json:
    """The levels with how many places they have and how much of the weight."""
    assert plan.zones is not None
    return {
        "step": plan.zones.step,
        "field": plan.zones.field,
        "weight": plan.zones.weight or None,
        "note": dict(plan.zones.note),
        "run": found.run if found else None,
        "levels": [
            {"id": level.id, "title": dict(level.title), "at_least": level.at_least,
             "places": found.totals[level.id][0] if found else None,
             "sum": number(found.totals[level.id][1]) if found else None}
            for level in plan.zones.levels
        ],
        "unit": found.specs[plan.zones.weight]["unit"] if found and plan.zones.weight in found.specs else None,
    }  # fmt: skip


def monitor(one: MonitorPlan, plan: Plan) -> Json:
    """A figure to watch, with its target and what was measured."""
    aim = next((t for t in plan.targets if t.id == one.target), None)
    return {
        "id": one.id,
        "title": dict(one.title),
        "unit": one.unit,
        "target": {"year": aim.year, "value": aim.value, "unit": aim.unit} if aim else None,
        "values": [{"year": v.year, "value": v.value, "source": v.source} for v in one.values],
        "measured": bool(one.values),
        "missing": dict(one.missing),
    }


def gap(one: GapPlan) -> Json:
    """Data that are missing."""
    return {
        "id": one.id,
        "step": one.step,
        "title": dict(one.title),
        "clause": one.clause,
        "stand_in": dict(one.stand_in),
        "holder": one.holder,
    }
