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

from sympolis.plugins import cnossos
from sympolis.plugins.simulators.road_noise.streets import Streets

Values = NDArray[np.float64]

HOURS = 24
PENALTIES_DB = {"day": 0.0, "evening": 5.0, "night": 10.0}
"""Directive 2002/49/EC, Annex I."""


@dataclass(slots=True)
class Traffic:
    """What drives on each segment in each hour of the window under a scenario."""

    flows: dict[str, Values]
    """By category: (hours, segments) [veh/h]."""
    speed_kmh: Values
    """(hours, segments)."""
    quiet: NDArray[np.bool_]
    """By segment: where the quiet surface lies."""
    hours: tuple[int, ...]
    """Of the day."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Levels [dB(A)], −inf where nothing drives."""

    power: Values
    """(hours, segments), per metre."""
    facade: Values
    """(hours, segments)."""
    lden: Values
    lnight: Values


def periods(given: Mapping[str, Any]) -> list[str]:
    """``day``, ``evening`` or ``night`` for each hour of the day."""
    starts = [(int(given[f"{name}_start"]), name) for name in ("day", "evening", "night")]

    def of(hour: int) -> str:
        return min(((hour - start) % HOURS, name) for start, name in starts)[1]

    return [of(hour) for hour in range(HOURS)]


def noise(streets: Streets, traffic: Traffic, given: Mapping[str, Any]) -> Noise:
    """Levels of the window's hours and, by the day's profile, of day, evening and night."""
    power = _power(streets, traffic, float(given["temperature"]))
    together = np.stack([power[:, group].sum(axis=1) for group in streets.together], axis=1)
    loss = 10 * np.log10(2 * float(given["facade_distance"])) - float(given["canyon"])
    factors, hours = np.array(streets.profile), periods(given)
    whole = together.mean(axis=0) / max(float(factors[list(traffic.hours)].mean()), 1e-9)
    level = {name: _db(whole * _mean_factor(factors, hours, name)) - loss for name in PENALTIES_DB}
    weights = {name: hours.count(name) for name in PENALTIES_DB}
    return Noise(_db(power), _db(together) - loss, _lden(level, weights), level["night"])


def _power(streets: Streets, traffic: Traffic, temperature_c: float) -> Values:
    """A-weighted sound power per metre [pW/m]: (hours, segments)."""
    total = np.zeros(traffic.speed_kmh.shape)
    for quiet in (False, True):
        chosen = np.flatnonzero(traffic.quiet == quiet)
        if chosen.size:
            total[:, chosen] = _power_on(streets, traffic, temperature_c, chosen, quiet=quiet)
    return total


def _power_on(
    streets: Streets, traffic: Traffic, temperature_c: float, chosen: NDArray[np.intp], *, quiet: bool
) -> Values:
    speed = traffic.speed_kmh[:, chosen]
    nearness = np.tile(np.array(streets.nearness)[chosen], len(traffic.hours))
    surface = cnossos.THIN_LAYER_B if quiet else cnossos.REFERENCE
    conditions = cnossos.Conditions(
        temperature_c, surface=surface, junction=cnossos.LIGHTS, junction_nearness=nearness
    )
    total = np.zeros(speed.size)
    for category, flows in traffic.flows.items():
        one = cnossos.vehicle_power_db(category, speed.ravel(), conditions)
        line = cnossos.line_power_db(one, flows[:, chosen].ravel(), speed.ravel())
        total += 10 ** (cnossos.a_weighted_db(line) / 10)
    return total.reshape(speed.shape)


def _mean_factor(factors: Values, hours: Sequence[str], name: str) -> float:
    chosen = [factor for factor, hour in zip(factors, hours, strict=True) if hour == name]
    return float(np.mean(chosen)) if chosen else 0.0


def _db(energy: Values) -> Values:
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(energy))


def _lden(level: Mapping[str, Values], weights: Mapping[str, int]) -> Values:
    """Directive 2002/49/EC, Annex I, with the periods' own lengths."""
    energy = sum(weights[name] * 10 ** ((level[name] + PENALTIES_DB[name]) / 10) for name in PENALTIES_DB)
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
    """Who hears how much; levels of exactly the bound count as above it."""
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
