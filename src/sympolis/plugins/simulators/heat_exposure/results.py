"""What a member gives: fields by area and street, figures for the city, and what they must not be read without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.domain.scenario import Override
from sympolis.plugins.simulators.heat_exposure import offer
from sympolis.plugins.simulators.heat_exposure.exposure import Exposure, vulnerable
from sympolis.plugins.simulators.heat_exposure.measures import Effect
from sympolis.plugins.simulators.heat_exposure.prepared import Prepared
from sympolis.plugins.simulators.heat_exposure.settings import value_of

Values = NDArray[np.float64]


def fields(
    prepared: Prepared, parameters: Mapping[str, Any], after: Exposure, effect: Effect
) -> dict[str, list[list[float]]]:
    """One row a field: areas, then streets. A street has what its own ground and its area's shade and people make of
    it."""
    street_area, street_c = _streets(prepared, effect)
    nothing = np.full(len(prepared.streets), np.nan)
    warmer = street_c - _at(after.surface_c, street_area)
    air = _at(after.air_c, street_area) + value_of("air_per_surface", parameters) * warmer
    by_place = {
        "utci": (after.utci, _at(after.utci, street_area) + _felt_slope(after) * warmer),
        "stress": (after.stress_h, _at(after.stress_h, street_area)),
        "air_temperature": (after.air_c, air),
        "surface_temperature": (after.surface_c, street_c),
        "heat_hours": (after.heat_hours, nothing),
        "vulnerable_hours": (after.old_hours, nothing),
        "risk": (after.risk, nothing),
    }
    return {name: [np.concatenate(parts).tolist()] for name, parts in by_place.items()}


def _streets(prepared: Prepared, effect: Effect) -> tuple[NDArray[np.intp], Values]:
    cell = prepared.street_cell
    known = cell >= 0
    area = np.where(known, prepared.area_of.ravel()[np.maximum(cell, 0)], -1)
    surface = prepared.observed_c + (0.0 if effect.cell_k is None else effect.cell_k)
    return area, np.where(known, surface.ravel()[np.maximum(cell, 0)], np.nan)


def _at(values: Values, position: NDArray[np.intp]) -> Values:
    return np.where(position >= 0, values[np.maximum(position, 0)], np.nan)


def _felt_slope(after: Exposure) -> float:
    """Kelvin of UTCI per kelvin of surface, between this city's own areas."""
    known = np.isfinite(after.surface_c) & np.isfinite(after.utci)
    x, y = after.surface_c[known], after.utci[known]
    spread = float(((x - x.mean()) ** 2).sum())
    return max(float(((x - x.mean()) * (y - y.mean())).sum()) / spread, 0.0) if spread > 0 else 0.0


def indicators(
    prepared: Prepared, parameters: Mapping[str, Any], base: Exposure, after: Exposure, effect: Effect
) -> dict[str, float]:
    """The city's figures; relief is against the same day without the measures."""
    sheltered = float(effect.sheltered_h.sum())
    fair_sheltered = float((effect.sheltered_h * vulnerable(prepared, parameters)).sum())
    relief = float((base.severe_hours - after.severe_hours).sum()) + sheltered
    days = prepared.weather.hot_days_a_year
    known = np.isfinite(after.utci)
    people = prepared.areas.people[known]
    weights = people if people.sum() > 0 else np.ones(known.sum())
    return {
        "heat_hours": float(after.heat_hours.sum()),
        "severe_hours": float(after.severe_hours.sum()),
        "vulnerable_hours": float(after.old_hours.sum()),
        "felt_temperature": float(np.average(after.utci[known], weights=weights)),
        "relief": relief,
        "fair_relief": float((base.fair_hours - after.fair_hours).sum()) + fair_sheltered,
        "investment": effect.investment_eur,
        "yearly_cost": effect.yearly_eur,
        "relief_per_1000_eur": 1000 * relief * days / effect.yearly_eur if effect.yearly_eur > 0 else 0.0,
        "hot_days": days,
    }


def warnings(prepared: Prepared, overrides: Sequence[Override]) -> tuple[str, ...]:
    """What must be said beside a result."""
    missing = int((~np.isfinite(prepared.areas.temperature_c)).sum())
    found = []
    if missing:
        found.append(f"{missing} areas have no surface temperature and no result: they lie outside the grid")
    for override in overrides:
        if override.measure == offer.COOL_ROOFS.name:
            found.append(
                "cool roofs: effect from published simulations; the city's own temperatures show none of albedo"
            )
        if override.measure == offer.PLANT_TREES.name:
            found.append(
                "trees: effect when grown; their shade from geometry, cooler ground from the fitted model"
            )
    return tuple(dict.fromkeys(found))
