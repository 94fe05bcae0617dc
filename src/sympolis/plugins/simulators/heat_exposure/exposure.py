"""Who is in how much heat: what a hot day feels like in every area, in the sun and in the shade, and for how many
people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.plugins.simulators.heat_exposure import day, radiation
from sympolis.plugins.simulators.heat_exposure.measures import Effect
from sympolis.plugins.simulators.heat_exposure.prepared import Prepared
from sympolis.plugins.simulators.heat_exposure.settings import value_of
from sympolis.plugins.simulators.heat_exposure.utci import STRONG, VERY_STRONG, utci

Values = NDArray[np.float64]

AFTERNOON = slice(12, 18)
"""Hours of the clock for which felt temperatures are averaged."""
OUTDOOR_HOURS = slice(7, 22)
COOL_HOURS = (7, 8, 9, 20, 21)
"""Where those who move out of the afternoon go."""
SPREAD_K = 1.5
"""Standard deviation of the UTCI between places of one area that are alike in sun and shade: an assumption that makes
the share above a threshold change gradually instead of all at once."""


@dataclass(frozen=True, slots=True)
class Felt:
    """By place and hour of the day: UTCI in the sun and in the shade [°C], air temperature [°C]."""

    sun: Values
    shade: Values
    new_shade: Values
    """Under what a measure puts up, which lets some sun through."""
    air: Values


@dataclass(frozen=True, slots=True)
class Exposure:
    """By area: felt and air temperature of the afternoon [°C], hours of stress, person-hours a day, and the risk."""

    utci: Values
    stress_h: Values
    air_c: Values
    surface_c: Values
    heat_hours: Values
    severe_hours: Values
    old_hours: Values
    fair_hours: Values
    risk: Values


def expose(prepared: Prepared, parameters: Mapping[str, Any], effect: Effect) -> Exposure:
    """One heat-wave day, everything that the member says settled."""
    areas = prepared.areas
    surface = areas.temperature_c + effect.surface_k
    felt = feel(prepared, parameters, surface, effect)
    shares = _shares(areas.shade, effect)
    strong, severe = (_above(felt, shares, limit, effect) for limit in (STRONG, VERY_STRONG))
    present = _presence(effect.moved) * value_of("outdoors", parameters)
    out = np.isfinite(surface)
    hours = np.where(out, (strong * present).sum(axis=1), 0.0)
    mixed = _mixed(felt, shares, effect)
    vulnerability = vulnerable(prepared, parameters)
    grave = np.where(out, (severe * present).sum(axis=1), 0.0) * areas.people
    return Exposure(
        utci=mixed[:, AFTERNOON].mean(axis=1),
        stress_h=strong.sum(axis=1),
        air_c=felt.air[:, AFTERNOON].mean(axis=1),
        surface_c=surface,
        heat_hours=hours * areas.people,
        severe_hours=grave,
        old_hours=hours * areas.old,
        fair_hours=grave * vulnerability,
        risk=_risk(mixed, vulnerability, areas.people, out),
    )


def feel(prepared: Prepared, parameters: Mapping[str, Any], surface_c: Values, effect: Effect) -> Felt:
    """Felt and air temperatures by area and hour of the day, from each area's surface temperature [°C]."""
    given = day.hours(
        prepared.weather,
        latitude=float(np.nanmean(prepared.latitude)), longitude=float(np.nanmean(prepared.longitude)),
        utc_offset_h=value_of("utc_offset", parameters), hours_of_day=np.arange(24.0),
        hotter_k=value_of("hotter_by", parameters),
    )  # fmt: skip
    city = _city_c(prepared)
    warmer = value_of("air_per_surface", parameters) * (surface_c - city)
    cooling = np.outer(effect.cooler_air_k, np.minimum(given.excess_share, 1.0))
    air = given.air_c[None, :] + warmer[:, None] - cooling
    excess = np.maximum(surface_c - day.overpass_air_c(prepared.weather), 0.0)
    hot_ground = air + excess[:, None] * given.excess_share[None, :]
    wind, sky = value_of("wind", parameters), value_of("sky_view", parameters)

    def felt(ground_c: Values, transmitted: Values | float) -> Values:
        let_through: Any = transmitted if isinstance(transmitted, float) else transmitted[:, None]
        radiant = radiation.mean_radiant_c(
            given.sun, air_c=air, ground_c=ground_c, vapour_hpa=given.vapour_hpa, sky_view=sky,
            transmitted=let_through,
        )  # fmt: skip
        return utci(air, radiant, wind, given.vapour_hpa)

    return Felt(felt(hot_ground, 1.0), felt(air, 0.0), felt(air, effect.transmitted), air)


def _city_c(prepared: Prepared) -> float:
    known = np.isfinite(prepared.areas.temperature_c)
    weights = prepared.areas.people[known]
    weights = weights if weights.sum() > 0 else np.ones(known.sum())
    return float(np.average(prepared.areas.temperature_c[known], weights=weights))


def _shares(shade: Values, effect: Effect) -> tuple[Values, Values, Values]:
    """Share of people in the sun, in old shade, in new shade, by area."""
    return np.maximum(1 - shade - effect.shade, 0.0), shade, effect.shade


def _mixed(felt: Felt, shares: tuple[Values, Values, Values], effect: Effect) -> Values:
    kinds = (felt.sun, felt.shade, felt.new_shade)
    mixed = sum(share[:, None] * values for share, values in zip(shares, kinds, strict=True))
    found: Values = np.asarray(mixed) - (effect.misted * effect.misted_k)[:, None]
    return found


def _above(felt: Felt, shares: tuple[Values, Values, Values], limit: float, effect: Effect) -> Values:
    """Share of the people outdoors who feel at least ``limit``, by area and hour."""
    from scipy.special import ndtr  # heavy: only where something is computed

    total = np.zeros_like(felt.air)
    for share, values in zip(shares, (felt.sun, felt.shade, felt.new_shade), strict=True):
        dry = ndtr((values - limit) / SPREAD_K)
        wet = ndtr((values - effect.misted_k[:, None] - limit) / SPREAD_K)
        total += share[:, None] * (dry + effect.misted[:, None] * (wet - dry))
    return total


def _presence(moved: Values) -> Values:
    """People outdoors by area and hour against the daytime's usual number."""
    present = np.zeros((len(moved), 24))
    present[:, OUTDOOR_HOURS] = 1.0
    present[:, AFTERNOON] -= moved[:, None]
    present[:, list(COOL_HOURS)] += (moved * 6 / len(COOL_HOURS))[:, None]
    return present


def vulnerable(prepared: Prepared, parameters: Mapping[str, Any]) -> Values:
    """Vulnerability of an area's people, 1 on the city's average: age and the city's fragility index, weighted."""
    areas, weight = prepared.areas, value_of("age_weight", parameters)
    city = areas.old.sum() / max(areas.people.sum(), 1.0)
    share = np.divide(areas.old, areas.people, out=np.full(len(areas.people), city), where=areas.people > 0)
    age = share / city if city > 0 else np.ones(len(share))
    found: Values = weight * age + (1 - weight) * areas.fragility / 100.0
    return found


def _risk(mixed: Values, vulnerability: Values, people: Values, out: NDArray[np.bool_]) -> Values:
    """Hazard (kelvin-hours of felt heat above strong stress by day) × vulnerability for one resident; 100: mean
    resident."""
    hazard = np.maximum(mixed[:, OUTDOOR_HOURS] - STRONG, 0.0).sum(axis=1)
    product = np.where(out, hazard * vulnerability, np.nan)
    known = np.isfinite(product)
    weights = people[known] if people[known].sum() > 0 else np.ones(known.sum())
    mean = float(np.average(product[known], weights=weights)) if known.any() else 0.0
    risk: Values = 100.0 * product / mean if mean > 0 else np.where(known, 0.0, np.nan)
    return risk
