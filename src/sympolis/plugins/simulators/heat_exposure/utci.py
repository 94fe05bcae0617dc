"""How hot it feels: the Universal Thermal Climate Index and the vapour pressure it needs.

The operational procedure is a polynomial of degree six in air temperature, wind, radiant excess and vapour pressure;
its 210 coefficients stand in ``utci.csv``: Bröde et al. 2012, Int. J. Biometeorol. 56, 481–494,
DOI 10.1007/s00484-011-0454-1 (electronic supplement, version a 0.002 of October 2009).
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]

STRONG = 32.0
"""UTCI [°C] from which heat stress is strong (assessment scale of Bröde et al. 2012, table 1)."""
VERY_STRONG = 38.0
"""UTCI [°C] from which heat stress is very strong."""
CALMEST_MS, WINDIEST_MS = 0.5, 17.0
"""Wind at 10 m [m/s] between which the polynomial was fitted; values beyond are moved to the bound."""

_SATURATION = (
    -2836.5744,
    -6028.076559,
    19.54263612,
    -0.02737830188,
    0.000016261698,
    7.0229056e-10,
    -1.8680009e-13,
)
_LOGARITHM = 2.7150305


def utci(air_c: ArrayLike, radiant_c: ArrayLike, wind_ms: ArrayLike, vapour_hpa: ArrayLike) -> Values:
    """UTCI [°C] for air temperature [°C], mean radiant temperature [°C], wind at 10 m [m/s], vapour pressure [hPa].

    Arrays broadcast. NaN where the procedure is not valid: air outside −50..50 °C, radiant excess outside −30..70 K,
    vapour pressure above 50 hPa.
    """
    air, vapour = np.asarray(air_c, dtype=float), np.asarray(vapour_hpa, dtype=float) / 10.0
    wind = np.clip(np.asarray(wind_ms, dtype=float), CALMEST_MS, WINDIEST_MS)
    excess = np.asarray(radiant_c, dtype=float) - air
    air, wind, excess, vapour = np.broadcast_arrays(air, wind, excess, vapour)
    felt = air + _offset(air, wind, excess, vapour)
    valid = (np.abs(air) <= 50) & (excess >= -30) & (excess <= 70) & (vapour >= 0) & (vapour <= 5)
    return np.where(valid, felt, np.nan)


def _offset(air: Values, wind: Values, excess: Values, vapour: Values) -> Values:
    exponents, coefficients = _table()
    powers = [[np.ones_like(x), *(x**n for n in range(1, 7))] for x in (air, wind, excess, vapour)]
    total = np.zeros_like(air)
    for (a, w, r, v), coefficient in zip(exponents, coefficients, strict=True):
        total = total + coefficient * powers[0][a] * powers[1][w] * powers[2][r] * powers[3][v]
    return total - air  # the table's polynomial is the index itself


@functools.cache
def _table() -> tuple[tuple[tuple[int, int, int, int], ...], tuple[float, ...]]:
    rows = np.loadtxt(Path(__file__).parent / "utci.csv", delimiter=",", skiprows=1)
    exponents: Any = tuple(tuple(int(n) for n in row[:4]) for row in rows)
    return exponents, tuple(float(row[4]) for row in rows)


def saturation_hpa(air_c: ArrayLike) -> Values:
    """Vapour pressure of saturated air over water [hPa] at ``air_c`` [°C] (Hardy 1998, ITS-90, as UTCI uses it)."""
    kelvin = np.asarray(air_c, dtype=float) + 273.15
    exponent = _LOGARITHM * np.log(kelvin)
    for power, factor in enumerate(_SATURATION):
        exponent = exponent + factor * kelvin ** (power - 2)
    pressure: Values = np.exp(exponent) * 0.01
    return pressure
