"""Who bears it: a change split over the city's areas, with their people and how fragile they are.

A line counts in an area by the share of its length inside, a polygon by the share of its surface, a point as a whole.
What is summed follows from the field (``FieldSpec.over_area``): amounts, amounts per extent, or means. Each area's
change is computed member by member, so it has an interval of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sympolis.analysis.comparison import Ensemble, differences, percent, word
from sympolis.analysis.intervals import prediction
from sympolis.domain.measure import Direction, Estimate, Verdict
from sympolis.plugins.simulator import FieldSpec

Values = NDArray[np.float64]

TRAFFIC = "flow"
"""The field read as hourly flow [veh/h]."""
EMISSION = "nox"
"""The field read as mass of nitrogen oxides per hour."""

_KILOGRAMS = {"mg": 1e-6, "g": 1e-3, "kg": 1.0, "t": 1e3}


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the city and the features in it: positions in the feature list and how much of each lies inside."""

    id: str
    name: str
    population: float | None
    fragility: float | None
    features: NDArray[np.intp]
    share: Values
    """Share (0..1) of each feature that lies inside."""
    extent: Values
    """Kilometres, square kilometres or number (lines, polygons, points) of each feature inside."""


@dataclass(frozen=True, slots=True)
class FieldSplit:
    """One field's change in one area: in its unit, and in % of what it was (None where that is 0)."""

    spec: FieldSpec
    change: Estimate
    percent: Estimate | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class AreaChange:
    """What changes for the people of one area."""

    area: Area
    traffic_percent: Estimate | None
    emission_kg: Estimate | None
    verdict: Verdict
    fields: tuple[FieldSplit, ...] = ()


def split(
    base: Ensemble, other: Ensemble, areas: Sequence[Area], specs: Sequence[FieldSpec]
) -> list[AreaChange]:
    """Each area's change between paired ensembles, over the whole window, of every field that says how to sum it.

    Traffic [%] and NOx [kg] are given by name as well. The verdict is about emissions where the model gives them, else
    about the first field that is better one way, else about traffic (less is better).
    """
    return [_area_change(base, other, area, specs) for area in areas if area.features.size]


def _area_change(base: Ensemble, other: Ensemble, area: Area, specs: Sequence[FieldSpec]) -> AreaChange:
    units = {spec.name: spec.unit for spec in specs}
    traffic = _traffic(base, other, area)
    emission = _emission(base, other, area, units.get(EMISSION, ""))
    found = tuple(_field(base, other, area, spec) for spec in specs if spec.over_area)
    judged = next((one for one in found if one.spec.direction is not Direction.NEUTRAL), None)
    if emission is None and judged is not None:
        return AreaChange(area, traffic, None, judged.verdict, found)
    verdict = word(emission if emission is not None else traffic, Direction.LOWER)
    return AreaChange(area, traffic, emission, verdict, found)


def _field(base: Ensemble, other: Ensemble, area: Area, spec: FieldSpec) -> FieldSplit:
    sums = {"sum": area.share, "extent": area.extent, "mean": area.extent}[spec.over_area]
    combine = _mean if spec.over_area == "mean" else _sum
    before, after = (combine(one.fields[spec.name], area, sums) for one in (base, other))
    change = _change(before, after, spec.unit)
    return FieldSplit(spec, change, percent(change, float(before.mean())), word(change, spec.direction))


def _mean(values: Values, area: Area, weights: Values) -> Values:
    """Weighted mean over hours and the area's features, per member; missing values do not count."""
    inside = values[:, :, area.features]
    present = np.isfinite(inside) * weights
    total = present.sum(axis=(1, 2))
    summed = (np.nan_to_num(inside, nan=0.0) * present).sum(axis=(1, 2))
    found: Values = np.divide(summed, total, out=np.zeros_like(summed), where=total > 0)
    return found


def _traffic(base: Ensemble, other: Ensemble, area: Area) -> Estimate | None:
    if TRAFFIC not in base.fields:
        return None
    before = _sum(base.fields[TRAFFIC], area, area.extent)
    after = _sum(other.fields[TRAFFIC], area, area.extent)
    return percent(_change(before, after, "veh·km"), float(before.mean()))


def _emission(base: Ensemble, other: Ensemble, area: Area, unit: str) -> Estimate | None:
    factor = _KILOGRAMS.get(unit.split("/", maxsplit=1)[0].strip())
    if EMISSION not in base.fields or factor is None:
        return None
    before = _sum(base.fields[EMISSION], area, area.share * factor)
    after = _sum(other.fields[EMISSION], area, area.share * factor)
    return _change(before, after, "kg")


def _sum(values: Values, area: Area, weights: Values) -> Values:
    """Weighted sum over hours and the area's features, per member; a missing value adds nothing."""
    inside = np.nan_to_num(values[:, :, area.features], nan=0.0)
    summed: Values = (inside * weights).sum(axis=(1, 2))
    return summed


def _change(before: Values, after: Values, unit: str) -> Estimate:
    spread = prediction(differences(before, after))
    return Estimate(float(spread.mean), unit, spread.interval())
