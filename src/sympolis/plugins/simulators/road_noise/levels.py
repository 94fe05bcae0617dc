"""From traffic to levels at façades and people: the day, evening and night of Directive 2002/49/EC.

A street is a straight infinite line of incoherent point sources over hard ground; at distance d from it the level is
L = L_W′ − 10·lg(2·d). To it comes one term for reflections between façades. Nothing is screened, other streets do
not count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.plugins.simulators.road_noise import cnossos
from sympolis.plugins.simulators.road_noise.streets import Streets

Values = NDArray[np.float64]

HOURS = 24
EVENING_PENALTY_DB, NIGHT_PENALTY_DB = 5.0, 10.0


@dataclass(slots=True)
class Traffic:
    """What drives on each segment under a scenario."""

    speed_kmh: Values
    cars: Values
    """Factor on the flow of light vehicles."""
    quiet: NDArray[np.bool_]
    """Where the quiet surface lies."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Levels by segment [dB(A)]; −inf where nothing drives."""

    power_day: Values
    lden: Values
    lnight: Values


def periods(given: Mapping[str, Any]) -> list[str]:
    """``day``, ``evening`` or ``night`` for each hour of the day."""
    starts = [(int(given[f"{name}_start"]), name) for name in ("day", "evening", "night")]

    def of(hour: int) -> str:
        return min(((hour - start) % HOURS, name) for start, name in starts)[1]

    return [of(hour) for hour in range(HOURS)]


def noise(streets: Streets, traffic: Traffic, given: Mapping[str, Any]) -> Noise:
    """Levels of one day."""
    power = _power(streets, traffic, float(given["temperature"])) * float(given["demand_scale"])
    hours, factors = periods(given), np.array(streets.profile)
    by_period = {name: _mean_factor(factors, hours, name) for name in ("day", "evening", "night")}
    together = np.array([power[group].sum() for group in streets.together])
    loss = 10 * np.log10(2 * float(given["facade_distance"])) - float(given["canyon"])
    level = {name: _db(together * factor) - loss for name, factor in by_period.items()}
    weights = {name: hours.count(name) for name in by_period}
    return Noise(_db(power * by_period["day"]), _lden(level, weights), level["night"])


def _power(streets: Streets, traffic: Traffic, temperature_c: float) -> Values:
    """A-weighted sound power per metre in the demand's hour [pW/m]: by segment."""
    total = np.zeros(len(streets.ids))
    for quiet in (False, True):
        chosen = traffic.quiet == quiet
        if chosen.any():
            total[chosen] = _power_on(streets, traffic, temperature_c, chosen, quiet=quiet)
    return total


def _power_on(
    streets: Streets, traffic: Traffic, temperature_c: float, chosen: NDArray[np.bool_], *, quiet: bool
) -> Values:
    conditions = cnossos.Conditions(
        temperature_c=temperature_c,
        surface=cnossos.THIN_LAYER_B if quiet else cnossos.REFERENCE,
        junction=cnossos.LIGHTS,
        junction_nearness=np.array(streets.nearness)[chosen],
    )
    speed, total = traffic.speed_kmh[chosen], np.zeros(int(chosen.sum()))
    for category, flows in streets.flows.items():
        per_hour = np.array(flows)[chosen] * (traffic.cars[chosen] if category == "1" else 1.0)
        one = cnossos.vehicle_power_db(category, speed, conditions)
        total += 10 ** (cnossos.a_weighted_db(cnossos.line_power_db(one, per_hour, speed)) / 10)
    return total


def _mean_factor(factors: Values, hours: Sequence[str], name: str) -> float:
    chosen = [factor for factor, hour in zip(factors, hours, strict=True) if hour == name]
    return float(np.mean(chosen)) if chosen else 0.0


def _db(energy: Values) -> Values:
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(energy))


def _lden(level: Mapping[str, Values], weights: Mapping[str, int]) -> Values:
    """Directive 2002/49/EC, Annex I, with the periods' own lengths."""
    penalties = {"day": 0.0, "evening": EVENING_PENALTY_DB, "night": NIGHT_PENALTY_DB}
    energy = sum(weights[name] * 10 ** ((level[name] + penalties[name]) / 10) for name in penalties)
    return _db(np.asarray(energy) / HOURS)


def people(streets: Streets, given: Mapping[str, Any]) -> Values:
    """People living along each segment: the area's density over a strip on both sides.

    A street drawn as several lines is one street: its strip is shared out.
    """
    strip_km = 2 * (float(given["facade_distance"]) + float(given["inhabited_depth"])) / 1000
    lines = np.array([len(group) for group in streets.together])
    return np.asarray(np.array(streets.per_km2) * strip_km * np.array(streets.length_m) / 1000 / lines)


def highly_annoyed(lden: Values) -> Values:
    """Share highly annoyed by road traffic: Directive (EU) 2020/367, formula 4; from 40 to 80 dB Lden."""
    level = np.clip(lden, 40.0, 80.0)
    share = (78.9270 - 3.1162 * level + 0.0342 * level**2) / 100
    return np.where(lden < 40.0, 0.0, share)


def figures(found: Noise, living: Values) -> dict[str, float]:
    """The indicators; levels of exactly the bound count as above it."""
    heard = np.isfinite(found.lden)
    total = float(living[heard].sum())
    mean = float((10 ** (found.lden[heard] / 10) * living[heard]).sum() / total) if total else 0.0
    return {
        "people_lden_55": float(living[found.lden >= 55].sum()),
        "people_lden_65": float(living[found.lden >= 65].sum()),
        "people_lnight_50": float(living[found.lnight >= 50].sum()),
        "highly_annoyed": float((highly_annoyed(found.lden) * living).sum()),
        "lden_mean": 10 * float(np.log10(mean)) if mean > 0 else 0.0,
    }
