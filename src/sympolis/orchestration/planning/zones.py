"""Places put into zones by the mean of a field over the ensemble, and zones summed up.

The field of a choice (100: chosen, 0: not) has a mean that says in which share of the members it was chosen: a place
that is chosen whatever the uncertain figures are is *very likely* suited, one chosen in every other member is open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympolis.orchestration.planning.plan import LevelPlan, ZonesPlan

Json = dict[str, Any]
Value = float | None


@dataclass(frozen=True, slots=True)
class Zoned:
    """Each place's zone (None: no value) and fields; ``fields[name]`` lists (mean, low, high) in the places' order."""

    run: str
    places: tuple[str, ...]
    zone: tuple[str | None, ...]
    fields: Mapping[str, Sequence[tuple[Value, Value, Value]]]
    specs: Mapping[str, Json]
    """Unit, title and direction of each field."""
    totals: Mapping[str, tuple[int, float | None]]
    """By zone: how many places, and the sum of the weight's means."""


def zoned(plan: ZonesPlan, run_id: str, results: Json) -> Zoned:
    """Zones of a run's results, as ``/api/runs/{id}/results`` has them."""
    found = results["fields"]
    shown = dict.fromkeys((plan.field, *([plan.weight] if plan.weight else []), *plan.fields))
    fields = {name: _column(found[name]) for name in shown if name in found}
    levels = sorted(plan.levels, key=lambda level: -level.at_least)
    zone = tuple(_level(mean, levels) for mean, _, _ in fields[plan.field])
    return Zoned(
        run=run_id,
        places=tuple(results["features"]),
        zone=zone,
        fields=fields,
        specs={name: {k: found[name][k] for k in ("unit", "title", "direction")} for name in fields},
        totals={level.id: _total(level.id, zone, fields.get(plan.weight)) for level in plan.levels},
    )


def _column(field: Json) -> list[tuple[Value, Value, Value]]:
    return list(zip(field["mean"][0], field["low"][0], field["high"][0], strict=True))


def _level(mean: Value, levels: Sequence[LevelPlan]) -> str | None:
    if mean is None:
        return None
    return next((level.id for level in levels if mean >= level.at_least), None)


def _total(
    level: str, zone: Sequence[str | None], weight: Sequence[tuple[Value, Value, Value]] | None
) -> tuple[int, float | None]:
    inside = [index for index, name in enumerate(zone) if name == level]
    if weight is None:
        return len(inside), None
    return len(inside), sum(weight[index][0] or 0.0 for index in inside)
