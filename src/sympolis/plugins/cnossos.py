"""The road source of CNOSSOS-EU: sound power of vehicles and of the flows they make, in eight octave bands.

Source: Directive (EU) 2015/996, Annex, section 2.2 (equation numbers below), coefficients of table F-1 as replaced by
Delegated Directive (EU) 2021/1226 (OJ L 269, 28.7.2021, p. 65); the edition of 2015 is kept because the results
that the Commission's reference software published belong to it. Sound power in dB re 1 pW, of lines per metre;
speeds in km/h.

Categories: ``1`` light (cars, vans to 3.5 t), ``2`` medium heavy (two axles), ``3`` heavy (three axles or more), ``4a``
mopeds, ``4b`` motorcycles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

BANDS_HZ = (63, 125, 250, 500, 1000, 2000, 4000, 8000)
A_WEIGHTING_DB = np.array([-26.2, -16.1, -8.6, -3.2, 0.0, 1.2, 1.0, -1.1])
"""IEC 61672-1, nominal octave bands."""
REFERENCE_KMH = 70.0
SLOWEST_KMH = 20.0
"""Below, the sound power of 20 km/h holds (2.2.3: the formulas are not validated for stop-and-go)."""
REFERENCE_TEMPERATURE_C = 20.0
CATEGORIES = ("1", "2", "3", "4a", "4b")
_TEMPERATURE_K = {"1": 0.08, "2": 0.04, "3": 0.04}
"""dB per kelvin, equation 2.2.10."""
_NO_SURFACE = (0.0,) * 8

LIGHTS, ROUNDABOUT = 1, 2
_NEAR_JUNCTIONS = {
    ("1", LIGHTS): (-4.5, 5.5), ("1", ROUNDABOUT): (-4.4, 3.1),
    ("2", LIGHTS): (-4.0, 9.0), ("2", ROUNDABOUT): (-2.3, 6.7),
    ("3", LIGHTS): (-4.0, 9.0), ("3", ROUNDABOUT): (-2.3, 6.7),
}  # fmt: skip
"""Table F-3: (rolling, propulsion) in dB at the junction itself; motorcycles have none."""
JUNCTION_REACH_M = 100.0


@dataclass(frozen=True, slots=True)
class Source:
    """Table F-1 for one category: rolling A, B and propulsion A, B by band. Category 4 does not roll."""

    propulsion_a: tuple[float, ...]
    propulsion_b: tuple[float, ...]
    rolling_a: tuple[float, ...] | None = None
    rolling_b: tuple[float, ...] | None = None


_PROPULSION_B = {
    "1": (-1.3, 7.2, 7.7, 8.0, 8.0, 8.0, 8.0, 8.0),
    "2": (-1.9, 4.7, 6.4, 6.5, 6.5, 6.5, 6.5, 6.5),
    "3": (0.0, 3.0, 4.6, 5.0, 5.0, 5.0, 5.0, 5.0),
    "4a": (4.2, 7.4, 9.8, 11.6, 15.7, 18.9, 20.3, 20.6),
    "4b": (3.2, 5.9, 11.9, 11.6, 11.5, 12.6, 11.1, 12.0),
}
_ROLLING_B = {
    "1": (30.0, 41.5, 38.9, 25.7, 32.5, 37.2, 39.0, 40.0),
    "2": (30.0, 35.8, 32.6, 23.8, 30.1, 36.2, 38.3, 40.1),
    "3": (30.0, 33.5, 31.3, 25.4, 31.8, 37.1, 38.6, 40.6),
}
_PROPULSION_A = {
    2015: {
        "1": (94.5, 89.2, 88.0, 85.9, 84.2, 86.9, 83.3, 76.1),
        "2": (101.0, 96.5, 98.8, 96.8, 98.6, 95.2, 88.8, 82.7),
        "3": (104.4, 100.6, 101.7, 101.0, 100.1, 95.9, 91.3, 85.3),
        "4a": (88.0, 87.5, 89.5, 93.7, 96.6, 98.8, 93.9, 88.7),
        "4b": (95.0, 97.2, 92.7, 92.9, 94.7, 93.2, 90.1, 86.5),
    },
    2021: {
        "1": (97.9, 92.5, 90.7, 87.2, 84.7, 88.0, 84.4, 77.1),
        "2": (105.5, 100.2, 100.5, 98.7, 101.0, 97.8, 91.2, 85.0),
        "3": (108.8, 104.2, 103.5, 102.9, 102.6, 98.5, 93.8, 87.5),
        "4a": (93.0, 93.0, 93.5, 95.3, 97.2, 100.4, 95.8, 90.9),
        "4b": (99.9, 101.9, 96.7, 94.4, 95.2, 94.7, 92.1, 88.6),
    },
}
_ROLLING_A = {
    2015: {
        "1": (79.7, 85.7, 84.5, 90.2, 97.3, 93.9, 84.1, 74.3),
        "2": (84.0, 88.7, 91.5, 96.7, 97.4, 90.9, 83.8, 80.5),
        "3": (87.0, 91.7, 94.1, 100.7, 100.8, 94.3, 87.1, 82.5),
    },
    2021: {
        "1": (83.1, 89.2, 87.7, 93.1, 100.1, 96.7, 86.8, 76.2),
        "2": (88.7, 93.2, 95.7, 100.9, 101.7, 95.1, 87.8, 83.6),
        "3": (91.7, 96.2, 98.2, 104.9, 105.1, 98.5, 91.1, 85.6),
    },
}
SOURCES: Mapping[int, Mapping[str, Source]] = MappingProxyType(
    {
        edition: {
            category: Source(
                _PROPULSION_A[edition][category],
                _PROPULSION_B[category],
                _ROLLING_A[edition].get(category),
                _ROLLING_B.get(category),
            )
            for category in CATEGORIES
        }
        for edition in (2015, 2021)
    }
)
_STUDDED_A = (0.0, 0.0, 0.0, 2.6, 2.9, 1.5, 2.3, 9.2)
_STUDDED_B = (0.0, 0.0, 0.0, -3.1, -6.4, -14.0, -22.4, -11.4)


@dataclass(frozen=True, slots=True)
class Surface:
    """Table F-4 for one surface: α by band and β, by category; a category that is missing is not changed."""

    alpha: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    beta: Mapping[str, float] = field(default_factory=dict)


REFERENCE = Surface()
"""Dense asphalt concrete 0/11 and stone mastic asphalt 0/11, two to seven years old (2.2.2)."""
THIN_LAYER_B = Surface(
    {
        "1": (6.8, -1.2, -1.2, -0.3, -4.9, -7.0, -4.8, -3.2),
        "2": (13.8, 5.4, 3.9, -0.4, -1.8, -2.1, -0.7, -0.2),
        "3": (14.1, 6.1, 4.1, -0.4, -1.8, -2.1, -0.7, -0.2),
    },
    {"1": -1.8, "2": 0.5, "3": 0.5},
)
"""A thin quiet layer, edition of 2021; stated to hold from 40 km/h on."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What changes a vehicle's sound power besides its speed."""

    temperature_c: float = REFERENCE_TEMPERATURE_C
    """Yearly mean of the air."""
    slope_percent: float = 0.0
    """In driving direction, positive uphill."""
    surface: Surface = REFERENCE
    junction: int = 0
    """``LIGHTS``, ``ROUNDABOUT`` or 0."""
    junction_nearness: Values | float = 0.0
    """max(1 − distance/100 m, 0), equation 2.2.17; its mean where a whole street is meant."""
    studded_share: float = 0.0
    """Yearly mean share of light vehicles with studded tyres, equation 2.2.7."""
    edition: int = 2021


def vehicle_power_db(category: str, speed_kmh: Values, conditions: Conditions) -> Values:
    """Sound power of one vehicle of ``category`` at each speed: (speeds, 8), equations 2.2.2–2.2.20."""
    speed = np.maximum(np.atleast_1d(np.asarray(speed_kmh, dtype=float)), SLOWEST_KMH)[:, None]
    propulsion = _propulsion(category, speed, conditions)
    rolling = _rolling(category, speed, conditions)
    return propulsion if rolling is None else add_db(rolling, propulsion)


def line_power_db(power_db: Values, per_hour: Values, speed_kmh: Values) -> Values:
    """Sound power per metre of ``per_hour`` such vehicles: L + 10·lg(Q/(1000·v)), equation 2.2.1; −inf without any."""
    density = np.atleast_1d(per_hour) / (1000 * np.maximum(np.atleast_1d(speed_kmh), SLOWEST_KMH))
    with np.errstate(divide="ignore"):
        return np.asarray(power_db + 10 * np.log10(density)[:, None])


def a_weighted_db(bands_db: Values) -> Values:
    """The bands' (last axis) A-weighted sum."""
    return total_db(bands_db + A_WEIGHTING_DB, axis=-1)


def total_db(levels_db: Values, axis: int) -> Values:
    """Energetic sum along an axis; −inf where nothing sounds."""
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10((10 ** (levels_db / 10)).sum(axis=axis)))


def add_db(first: Values, second: Values) -> Values:
    """Energetic sum of two levels."""
    return np.asarray(10 * np.log10(10 ** (first / 10) + 10 ** (second / 10)))


def _propulsion(category: str, speed: Values, conditions: Conditions) -> Values:
    """Equation 2.2.11 with gradient, junction and surface (which can only absorb, 2.2.20)."""
    source = SOURCES[conditions.edition][category]
    level = (
        np.array(source.propulsion_a)
        + np.array(source.propulsion_b) * (speed - REFERENCE_KMH) / REFERENCE_KMH
    )
    level = level + _gradient(category, speed, conditions.slope_percent)
    level = level + _junction(category, conditions, 1)
    return np.asarray(level + np.minimum(conditions.surface.alpha.get(category, _NO_SURFACE), 0.0))


def _rolling(category: str, speed: Values, conditions: Conditions) -> Values | None:
    """Equation 2.2.4 with studded tyres, temperature, junction and surface (2.2.19)."""
    source = SOURCES[conditions.edition][category]
    if source.rolling_a is None or source.rolling_b is None:
        return None
    decades = np.log10(speed / REFERENCE_KMH)
    level = np.array(source.rolling_a) + np.array(source.rolling_b) * decades
    if category == "1" and conditions.studded_share > 0:
        level = level + _studded(speed, conditions.studded_share)
    level = level + _TEMPERATURE_K[category] * (REFERENCE_TEMPERATURE_C - conditions.temperature_c)
    level = level + _junction(category, conditions, 0)
    surface = conditions.surface
    alpha, beta = surface.alpha.get(category, _NO_SURFACE), surface.beta.get(category, 0.0)
    return np.asarray(level + np.array(alpha) + beta * decades)


def _junction(category: str, conditions: Conditions, part: int) -> Values:
    """Equations 2.2.17 and 2.2.18, as a column."""
    at_junction = _NEAR_JUNCTIONS.get((category, conditions.junction), (0.0, 0.0))[part]
    return np.asarray(at_junction * np.atleast_1d(conditions.junction_nearness)[:, None])


def _studded(speed: Values, share: float) -> Values:
    """Equations 2.2.6–2.2.8, for speeds held between 50 and 90 km/h."""
    decades = np.log10(np.clip(speed, 50.0, 90.0) / REFERENCE_KMH)
    louder = np.array(_STUDDED_A) + np.array(_STUDDED_B) * decades
    return np.asarray(10 * np.log10(1 - share + share * 10 ** (louder / 10)))


def _gradient(category: str, speed: Values, slope: float) -> Values | float:
    """Equations 2.2.13–2.2.16; gradients count to 12 %."""
    up, down = min(12.0, slope), min(12.0, -slope)
    if category == "1":
        return down - 6 if down > 6 else (up - 2) / 1.5 * speed / 100 if up > 2 else 0.0
    if category == "2":
        return (down - 4) / 0.7 * (speed - 20) / 100 if down > 4 else up * speed / 100 if up > 0 else 0.0
    if category == "3":
        return (
            (down - 4) / 0.5 * (speed - 10) / 100 if down > 4 else up / 0.8 * speed / 100 if up > 0 else 0.0
        )
    return 0.0
