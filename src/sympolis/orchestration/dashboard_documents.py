"""The JSON of dashboards. Values are rounded no further than to what the figure's decimals and two more digits say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sympolis.analysis.dashboards import figures
from sympolis.analysis.dashboards.figures import Found, Ranking
from sympolis.analysis.dashboards.plan import DashboardPlan, FigurePlan, Limit, Official, PeersPlan, TrendPlan
from sympolis.orchestration import documents

Json = dict[str, Any]
_SPARE_DIGITS = 2


def summary(plan: DashboardPlan) -> Json:
    """One entry of the list."""
    return {"id": plan.id, "title": dict(plan.title), "question": dict(plan.question)}


def dashboard(plan: DashboardPlan, day: date, found: Mapping[str, Found], trends: Sequence[Json]) -> Json:
    """A dashboard on a key date."""
    earlier = day < plan.key_date
    shown = {
        one.id: _figure(replace(one, official=None) if earlier else one, found[one.id])
        for one in plan.figures
    }
    return {
        **summary(plan),
        "key_date": day.isoformat(),
        "rule": dict(plan.rule),
        "figures": list(shown.values()),
        "tiles": [
            {
                "id": one.id,
                "title": dict(one.title),
                "chart": one.chart,
                "figures": list(one.figures),
                "note": dict(one.note),
                "wide": one.wide,
                "links": [
                    {"page": to.page, "id": to.id or None, "title": dict(to.title)} for to in one.links
                ],
            }
            for one in plan.tiles
        ],
        "trends": list(trends),
        "peers": plan.peers is not None,
        "findings": [*_contradictions(plan, shown), *_declared(plan)],
    }


def _figure(one: FigurePlan, found: Found) -> Json:
    digits = one.decimals + _SPARE_DIGITS
    return {
        "id": one.id,
        "title": dict(one.title),
        "unit": one.unit,
        "decimals": one.decimals,
        "direction": str(one.direction),
        "state": "working" if found.working else "missing" if found.value is None else "ready",
        "problem": found.problem or None,
        "reason": None if found.value is not None else figures.reason(found),
        "value": _rounded(found.value, digits),
        "interval": _interval(found, digits),
        "at": documents.instant(found.at),
        "count": found.count,
        "days": None if found.days is None else {"measured": found.days[0], "of": found.days[1]},
        "fresh_hours": one.fresh_hours,
        "limits": [_limit(limit, found.value) for limit in one.limits],
        "method": dict(one.method),
        "factor": None
        if one.product is None
        else {"value": one.product.factor, "low": one.product.low, "high": one.product.high,
              "text": dict(one.product.text), "source": dict(one.product.source), "figure": one.product.figure},
        "source": one.source or None,
        "run": found.run,
        "lineage": list(found.lineage),
        "official": None if one.official is None else _official(one, one.official, found.value, digits),
    }  # fmt: skip


def _interval(found: Found, digits: int) -> Json | None:
    if found.low is None or found.high is None:
        return None
    return {
        "low": _rounded(found.low, digits),
        "high": _rounded(found.high, digits),
        "level": found.level,
        "basis": dict(found.basis),
    }


def _official(one: FigurePlan, official: Official, value: float | None, digits: int) -> Json:
    absolute, percent = figures.difference(value, official.value)
    return {
        "value": official.value,
        "source": official.source,
        "url": official.url or None,
        "difference": _rounded(absolute, digits),
        "difference_percent": _rounded(percent, 1),
        "agrees": None if percent is None else abs(percent) <= one.tolerance_percent,
        "tolerance_percent": one.tolerance_percent,
        "why": dict(one.why),
    }


def _limit(limit: Limit, value: float | None) -> Json:
    """Limits are held against the figure itself, as laws hold them, whatever its interval."""
    return {
        "value": limit.value,
        "title": dict(limit.title),
        "source": limit.source,
        "url": limit.url or None,
        "since": None if limit.since is None else limit.since.isoformat(),
        "exceeded": None if value is None else value > limit.value,
    }


def _contradictions(plan: DashboardPlan, shown: Mapping[str, Json]) -> list[Json]:
    """A figure that is farther from the official one than it may be is a finding about the data, not a detail."""
    found = []
    for one in plan.figures:
        official = shown[one.id]["official"]
        if official is not None and official["agrees"] is False:
            about = {"id": one.id, "kind": "contradiction", "figure": one.id}
            found.append({**about, "text": dict(one.why), "source": one.source or None})
    return found


def _declared(plan: DashboardPlan) -> list[Json]:
    return [
        {"id": one.id, "kind": "note", "figure": None, "text": dict(one.text), "source": one.source or None}
        for one in plan.findings
    ]


def trend(
    plan: TrendPlan, figure: FigurePlan, past: Sequence[tuple[datetime, float]], target: Sequence[Json]
) -> Json:
    """A figure's past and its path."""
    digits = figure.decimals + _SPARE_DIGITS
    return {
        "id": plan.id,
        "figure": figure.id,
        "unit": figure.unit,
        "observed": [{"at": documents.instant(at), "value": _rounded(value, digits)} for at, value in past],
        "path": [{"year": point["year"], "value": _rounded(point["value"], digits)} for point in target],
        "text": dict(plan.text),
        "source": plan.source or None,
        "url": plan.url or None,
    }


def peers(plan: PeersPlan, rankings: Mapping[str, Ranking], codes: Sequence[str]) -> Json:
    """Every field with this city's rank and the others' values."""
    wanted = list(dict.fromkeys([plan.own, *codes]))
    return {
        "own": plan.own,
        "source": plan.source,
        "text": dict(plan.text),
        "places": [{"code": code, "name": plan.names.get(code)} for code in wanted],
        "names": dict(plan.names),
        "fields": [
            {
                "attribute": one.attribute,
                "title": dict(one.title),
                "unit": one.unit,
                "count": len(rankings[one.attribute].ordered),
                "values": [rankings[one.attribute].place(code) for code in wanted],
            }
            for one in plan.fields
        ],
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
