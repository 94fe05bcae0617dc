"""What a body in the open takes up: sun, sky, walls and ground, as one mean radiant temperature in sun and in shade.

Declared method (VDI 3787 Part 2; Matzarakis, Rutz & Mayer 2010, DOI 10.1007/s00484-009-0261-0): long-wave radiation
from below, from the sky and from walls each with its share of the surroundings, short-wave radiation weighted by the
standing body's projected area. Where the sun does not reach the body, direct radiation is cut to ``transmitted`` and
the ground is as warm as the air.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]

STEFAN_BOLTZMANN = 5.670374e-8
"""W/(m² K⁴)."""
ABSORBED = 0.7
"""Share of short-wave radiation that clothed people absorb (VDI 3787 Part 2)."""
EMISSIVITY = 0.97
SOLAR_CONSTANT = 1361.0
"""W/m² (Kopp & Lean 2011, DOI 10.1029/2010GL045777)."""
KELVIN = 273.15


@dataclass(frozen=True, slots=True)
class Sun:
    """The sun's height [°] and radiation on a level surface, direct and diffuse [W/m²], hour by hour."""

    height_deg: Values
    direct: Values
    diffuse: Values

    @property
    def whole(self) -> Values:
        """Global radiation [W/m²]."""
        return self.direct + self.diffuse


def sun_height_deg(latitude_deg: float, day_of_year: int, solar_hour: ArrayLike) -> Values:
    """Height of the sun [°] by solar time [h] (declination: Cooper 1969, DOI 10.1016/0038-092X(69)90047-4)."""
    declination = np.radians(23.45 * np.sin(2 * np.pi * (284 + day_of_year) / 365))
    latitude = np.radians(latitude_deg)
    hour_angle = np.radians(15.0 * (np.asarray(solar_hour, dtype=float) - 12.0))
    sine = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(
        hour_angle
    )
    height: Values = np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))
    return height


def clear_sky(height_deg: Values, day_total_j_m2: float | None = None, hours: Values | None = None) -> Sun:
    """Radiation under a cloudless sky (Haurwitz 1945), split as Erbs et al. 1982 (DOI 10.1016/0038-092X(82)90302-4).

    With the day's total [J/m²] and the heights of its 24 hours, the hours are scaled to that total.
    """
    whole = _haurwitz(height_deg)
    if day_total_j_m2 and hours is not None:
        whole = whole * (day_total_j_m2 / (float(_haurwitz(hours).sum()) * 3600.0))
    sine = np.maximum(np.sin(np.radians(height_deg)), 0.0)
    clearness = np.where(sine > 0.05, whole / np.maximum(SOLAR_CONSTANT * sine, 1.0), 0.0)
    diffuse = whole * _diffuse_share(np.clip(clearness, 0.0, 1.0))
    return Sun(height_deg, whole - diffuse, diffuse)


def _haurwitz(height_deg: Values) -> Values:
    sine = np.maximum(np.sin(np.radians(height_deg)), 1e-6)
    return np.where(height_deg > 0, 1098.0 * sine * np.exp(-0.057 / sine), 0.0)


def _diffuse_share(k: Values) -> Values:
    middle = 0.9511 - 0.1604 * k + 4.388 * k**2 - 16.638 * k**3 + 12.336 * k**4
    return np.where(k <= 0.22, 1.0 - 0.09 * k, np.where(k <= 0.8, middle, 0.165))


def projected_area(height_deg: ArrayLike) -> Values:
    """Share of a standing body's surface that the sun meets (VDI 3787 Part 2; Jendritzky et al. 1990)."""
    height = np.asarray(height_deg, dtype=float)
    share: Values = 0.308 * np.cos(np.radians(height * (1 - height**2 / 48402.0)))
    return share


def mean_radiant_c(
    sun: Sun, *, air_c: Values, ground_c: Values, vapour_hpa: float, sky_view: float, transmitted: float = 1.0
) -> Values:
    """Mean radiant temperature [°C] of a standing body; arrays end in the hours of ``sun``.

    ``ground_c``: the ground around the body [°C]; walls are as warm as the air; ``sky_view``: share of the upper half
    that is sky (0..1); ``transmitted``: share of the direct radiation that arrives (1 in the sun, 0.01–0.1 under a
    tree). The clear sky's emissivity: Brutsaert 1975, DOI 10.1029/WR011i005p00742.
    """
    air_k, ground_k = air_c + KELVIN, ground_c + KELVIN
    sky = np.minimum(1.24 * (vapour_hpa / air_k) ** (1 / 7), 1.0) * STEFAN_BOLTZMANN * air_k**4
    walls = EMISSIVITY * STEFAN_BOLTZMANN * air_k**4
    ground = EMISSIVITY * STEFAN_BOLTZMANN * ground_k**4
    long_wave = 0.5 * ground + 0.5 * (sky_view * sky + (1 - sky_view) * walls)
    sine = np.maximum(np.sin(np.radians(sun.height_deg)), 0.05)
    beam = np.where(sun.height_deg > 0, sun.direct / sine, 0.0) * transmitted
    reflected = 0.2 * (sun.direct * transmitted + sun.diffuse)
    short_wave = projected_area(sun.height_deg) * beam + 0.5 * sky_view * sun.diffuse + 0.5 * reflected
    absorbed = long_wave + ABSORBED / EMISSIVITY * short_wave
    radiant: Values = (absorbed / (STEFAN_BOLTZMANN)) ** 0.25 - KELVIN
    return radiant
