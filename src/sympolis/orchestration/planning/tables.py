"""All that a plan must hand over, as plain tables: places, areas, figures, targets, assumptions, measures, gaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sympolis.orchestration.planning.zones import Zoned

Json = dict[str, Any]
Rows = list[Json]


def figures(plan: Json, language: str) -> Rows:
    """Every figure of every step with its interval."""
    return [
        {"step": step["id"], "clause": step["clause"], "run": step["run"], "name": one["name"],
         "title": text(one["title"], language), "value": one["value"], "low": one["interval"]["low"],
         "high": one["interval"]["high"], "level": one["interval"]["level"], "unit": one["unit"]}
        for step in plan["steps"] for one in step["indicators"]
    ]  # fmt: skip


def targets(plan: Json, language: str) -> Rows:
    """Official figures beside the plan's own, with residuals."""
    rows = []
    for one in plan["targets"]:
        ours = one["ours"] or {"value": None, "interval": {"low": None, "high": None}}
        rows.append({
            "id": one["id"], "title": text(one["title"], language), "year": one["year"], "official": one["value"],
            "ours": ours["value"], "low": ours["interval"]["low"], "high": ours["interval"]["high"],
            "residual": one["residual"], "residual_percent": one["residual_percent"], "inside": one["inside"],
            "unit": one["unit"], "offset": one["offset"], "source": one["source"],
            "note": text(one["note"], language),
        })  # fmt: skip
    return rows


def explanations(plan: Json, language: str) -> Rows:
    """What the plan's figures beside official ones follow from, and what would have to hold to meet these."""
    return [
        {"target": one["id"], "step": part["step"], "name": part["name"], "title": text(part["title"], language),
         "value": part["value"], "low": part["interval"]["low"], "high": part["interval"]["high"],
         "unit": part["unit"]}
        for one in plan["targets"] for part in one["explained_by"]
    ]  # fmt: skip


def milestones(plan: Json, language: str) -> Rows:
    """Figures for the years that the law names; one row without a value where nobody computes them."""
    empty = {"year": None, "value": None, "low": None, "high": None}
    return [
        {"id": one["id"], "clause": one["clause"], "title": text(one["title"], language), "unit": one["unit"],
         **value, "missing": text(one["missing"], language)}
        for one in plan["milestones"] for value in one["values"] or [empty]
    ]  # fmt: skip


def assumptions(plan: Json, language: str) -> Rows:
    """Every assumption of every step: its value or its range, and where it comes from."""
    return [
        {"step": step["id"], "model": one["model"], "name": one["name"], "title": text(one["title"], language),
         "value": one["value"], "low": one["range"][0] if one["range"] else None,
         "high": one["range"][1] if one["range"] else None, "unit": one["unit"],
         "source": text(one["source_texts"], language)}
        for step in plan["steps"] for one in step["assumptions"]
    ]  # fmt: skip


def measures(plan: Json, language: str) -> Rows:
    """Measures as they stand."""
    shown = ("id", "responsible", "cost_meur", "start", "end", "status", "progress", "indicator", "source")
    return [
        {"title": text(one["title"], language), **{name: one[name] for name in shown}}
        for one in plan["measures"]
    ]


def monitoring(plan: Json, language: str) -> Rows:
    """Figures to watch; one row for each value, one without where nothing is measured yet."""
    rows = []
    for one in plan["monitoring"]:
        for value in one["values"] or [
            {"year": None, "value": None, "source": text(one["missing"], language)}
        ]:
            rows.append({
                "id": one["id"], "title": text(one["title"], language), "unit": one["unit"], **value,
                "target_year": one["target"]["year"] if one["target"] else None,
                "target": one["target"]["value"] if one["target"] else None,
            })  # fmt: skip
    return rows


def gaps(plan: Json, language: str) -> Rows:
    """Data that are missing."""
    return [
        {"id": one["id"], "step": one["step"], "title": text(one["title"], language), "clause": one["clause"],
         "stand_in": text(one["stand_in"], language), "holder": one["holder"]}
        for one in plan["gaps"]
    ]  # fmt: skip


OF_A_PLAN: Final[Mapping[str, Callable[[Json, str], Rows]]] = {
    "figures": figures,
    "targets": targets,
    "explanations": explanations,
    "milestones": milestones,
    "assumptions": assumptions,
    "measures": measures,
    "monitoring": monitoring,
    "gaps": gaps,
}
PLACES, AREAS = "places", "areas"
NAMES: Final = (*OF_A_PLAN, PLACES, AREAS)


def places(found: Zoned, shapes: Mapping[str, Json]) -> Rows:
    """One row per place: its zone, and mean, low and high of every field."""
    rows = []
    for index, place in enumerate(found.places):
        facts = shapes.get(place, {}).get("properties", {})
        row: Json = {
            "id": place,
            "name": facts.get("name"),
            "area": facts.get("area"),
            "zone": found.zone[index],
        }
        for name, column in found.fields.items():
            row[name], row[f"{name}_low"], row[f"{name}_high"] = column[index]
        rows.append(row)
    return rows


def areas(found: Zoned, shapes: Mapping[str, Json], weight: str, names: Mapping[str, str]) -> Rows:
    """One row per area that places lie in: how many places each zone has there, and the weight's sum by zone."""
    sums: dict[str, Json] = {}
    weights = found.fields.get(weight)
    for index, place in enumerate(found.places):
        area = shapes.get(place, {}).get("properties", {}).get("area")
        if area is None:
            continue
        row = sums.setdefault(area, {"id": area, "name": names.get(area, area), "places": 0})
        row["places"] += 1
        zone = found.zone[index] or "none"
        row[f"places_{zone}"] = row.get(f"places_{zone}", 0) + 1
        if weights is not None:
            row[weight] = row.get(weight, 0.0) + (weights[index][0] or 0.0)
    columns = ("id", "name", "places", *(f"places_{level}" for level in found.totals), weight)
    return [
        {name: row.get(name, 0) for name in columns if name} for row in sorted(sums.values(), key=_by_name)
    ]


def _by_name(row: Json) -> str:
    return str(row["name"])


def text(texts: Any, language: str) -> str:
    """A text in a language, else in English, else in whichever there is."""
    if not isinstance(texts, Mapping):
        return str(texts or "")
    return str(texts.get(language) or texts.get("en") or next(iter(texts.values()), ""))


def columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of all columns, in order of appearance."""
    return list(dict.fromkeys(name for row in rows for name in row))
