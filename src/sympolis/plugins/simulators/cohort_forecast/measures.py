"""What a scenario changes: homes in areas, births per adult, how people move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.domain.scenario import Override
from sympolis.plugins import households

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plan:
    """All overrides of a scenario together."""

    births_factor: float
    migration_factor: float
    newcomers: Values | None
    """(ages, areas), moving in evenly until the year asked about; None where no homes are built."""
    people: float


def refusals(ids: Sequence[str], overrides: Sequence[Override]) -> list[str]:
    """Reasons, in plain words, why these overrides cannot be carried out."""
    found = []
    for number, override in enumerate(overrides):
        if override.measure == "build_homes" and not areas_of(ids, override.where):
            found.append(f"overrides[{number}]: name at least one area of the forecast to build homes in")
    for measure in ("change_births", "change_migration"):
        if sum(one.measure == measure for one in overrides) > 1:
            found.append(
                f"{measure} can be given only once: two changes of the same thing contradict each other"
            )
    return found


def areas_of(ids: Sequence[str], where: Mapping[str, Any]) -> list[int]:
    """Positions of the areas meant; unknown ones make the whole override unknown."""
    named = [
        str(name) for name in (*where.get("features", ()), *([where["area"]] if "area" in where else []))
    ]
    index = {name: position for position, name in enumerate(ids)}
    return [index[name] for name in named] if all(name in index for name in named) else []


def plan(ids: Sequence[str], overrides: Sequence[Override]) -> Plan:
    """Add the overrides up. Homes for several areas are shared among them evenly."""
    factors = {"change_births": 1.0, "change_migration": 1.0}
    moving = np.zeros((households.AGES, len(ids)))
    people = 0.0
    for override in overrides:
        if override.measure in factors:
            factors[override.measure] += float(override.parameters["percent"]) / 100.0
            continue
        who = households.newcomers(override.parameters)
        places = areas_of(ids, override.where)
        moving[:, places] += who.children[:, None] / len(places)
        people += who.people
    return Plan(factors["change_births"], factors["change_migration"], moving if people else None, people)
