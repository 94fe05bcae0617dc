"""Who bears it: a change split over the city's areas, with their people and how fragile they are.

A street counts in an area by the share of its length inside. Traffic is summed as vehicle-kilometres, emissions as
mass; each area's change is computed member by member, so it has an interval of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sympolis.analysis.comparison import Ensemble, differences, percent, word
from sympolis.analysis.intervals import prediction
from sympolis.domain.measure import Direction, Estimate, Verdict

Values = NDArray[np.float64]

TRAFFIC = "flow"
"""The field read as hourly flow [veh/h]."""
EMISSION = "nox"
"""The field read as mass of nitrogen oxides per hour."""

_KILOGRAMS = {"mg": 1e-6, "g": 1e-3, "kg": 1.0, "t": 1e3}


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the city and the streets in it: positions in the feature list and kilometres inside."""

    id: str
    name: str
    population: float | None
    fragility: float | None
    streets: NDArray[np.intp]
    share: Values
    """Share (0..1) of each street's length that lies inside."""
    length_km: Values
    """Kilometres of each street inside."""


@dataclass(frozen=True, slots=True)
class AreaChange:
    """What changes for the people of one area."""

    area: Area
    traffic_percent: Estimate | None
    emission_kg: Estimate | None
    verdict: Verdict


def split(
    base: Ensemble, other: Ensemble, areas: Sequence[Area], units: Mapping[str, str]
) -> list[AreaChange]:
    """Each area's change of traffic [%] and NOx [kg over the window] between paired ensembles.

    ``units`` gives each field's unit. The verdict is about emissions where the model gives them, else about traffic
    (less of either is better).
    """
    return [_area_change(base, other, area, units) for area in areas if area.streets.size]


def _area_change(base: Ensemble, other: Ensemble, area: Area, units: Mapping[str, str]) -> AreaChange:
    traffic = _traffic(base, other, area)
    emission = _emission(base, other, area, units.get(EMISSION, ""))
    judged = emission if emission is not None else traffic
    return AreaChange(area, traffic, emission, word(judged, Direction.LOWER))


def _traffic(base: Ensemble, other: Ensemble, area: Area) -> Estimate | None:
    if TRAFFIC not in base.fields:
        return None
    before = _sum(base.fields[TRAFFIC], area, area.length_km)
    after = _sum(other.fields[TRAFFIC], area, area.length_km)
    return percent(_change(before, after, "veh·km"), float(before.mean()))


def _emission(base: Ensemble, other: Ensemble, area: Area, unit: str) -> Estimate | None:
    factor = _KILOGRAMS.get(unit.split("/", maxsplit=1)[0].strip())
    if EMISSION not in base.fields or factor is None:
        return None
    before = _sum(base.fields[EMISSION], area, area.share * factor)
    after = _sum(other.fields[EMISSION], area, area.share * factor)
    return _change(before, after, "kg")


def _sum(values: Values, area: Area, weights: Values) -> Values:
    """Weighted sum over hours and the area's streets, per member; a missing value adds nothing."""
    inside = np.nan_to_num(values[:, :, area.streets], nan=0.0)
    summed: Values = (inside * weights).sum(axis=(1, 2))
    return summed


def _change(before: Values, after: Values, unit: str) -> Estimate:
    spread = prediction(differences(before, after))
    return Estimate(float(spread.mean), unit, spread.interval())
