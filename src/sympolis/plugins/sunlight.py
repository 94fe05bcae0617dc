"""What a square metre or a kilowatt of photovoltaics gives in an hourly year, shared by models that may not share code.

pvlib (BSD-3-Clause) does the physics; it and pandas take a second to load, so only what computes loads them. Weather
comes as the twin has it: direct radiation is on the horizontal, as in Germany's test reference years.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from sympolis.domain import errors

SERIES: Final = ("temperature", "windSpeed", "directRadiation", "diffuseRadiation")
"""Attributes of a weather entity [°C, m/s, W/m², W/m²], each value the mean of the hour that begins at its time."""
HOURS: Final = 8_760
_LOWEST_SUN: Final = 0.05
"""Cosine of the zenith: nearer to the horizon (87°) direct radiation on the horizontal says nothing about the beam."""
_BEAM_LIMIT: Final = 1_100.0
_PER_KELVIN: Final = -0.0035
"""Power lost per kelvin of a crystalline module (data sheets: -0.0030 to -0.0040)."""
_ALBEDO: Final = 0.2

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Year:
    """An hourly year at a place: ``times`` are seconds since 1970 (UTC) when each hour begins."""

    latitude: float
    longitude: float
    altitude_m: float
    times: Array
    temperature: Array
    wind: Array
    direct: Array
    diffuse: Array

    def write(self, file: Path) -> None:
        """Keep it, without compression: it is read by every member."""
        names = ("times", "temperature", "wind", "direct", "diffuse")
        place = np.array([self.latitude, self.longitude, self.altitude_m])
        with file.open("wb") as out:
            np.savez(out, place=place, **{name: getattr(self, name) for name in names})

    @classmethod
    def read(cls, file: Path) -> Year:
        """The year kept in a file."""
        with np.load(file) as kept:
            latitude, longitude, altitude = (float(one) for one in kept["place"])
            rest = [kept[name] for name in ("times", "temperature", "wind", "direct", "diffuse")]
            return cls(latitude, longitude, altitude, *rest)


def year_of(entity: Mapping[str, Any]) -> Year:
    """The newest 8,760 hours of a weather entity among ``Inputs``. Raises ``ModelFailed`` where some are missing."""
    series = entity["series"]
    missing = [name for name in SERIES if name not in series]
    if missing:
        raise errors.ModelFailed(f"the weather has no {missing[0]}", where=entity["id"])
    by_time = [dict(zip(series[name]["times"], series[name]["values"], strict=True)) for name in SERIES]
    common = sorted(set(by_time[0]).intersection(*by_time[1:]))[-HOURS:]
    if len(common) < HOURS:
        raise errors.ModelFailed(
            f"the weather has {len(common)} hours of which everything is known, a year has {HOURS}",
            where=entity["id"],
        )
    columns = [np.array([values[at] for at in common], dtype=float) for values in by_time]
    longitude, latitude = entity["location"]["coordinates"][:2]
    times = np.array([at.rstrip("Z") for at in common], dtype="datetime64[s]").astype(np.int64)
    return Year(latitude, longitude, float(entity.get("altitude") or 0.0), times, *columns)


def specific_yields(year: Year, faces: Sequence[tuple[float, float]]) -> Array:
    """What a kilowatt (peak) gives before losses of the system [kWh a year], for faces of (tilt, azimuth) in degrees.

    Azimuth: clockwise from the north. Sun: NREL SPA at the middle of each hour (doi:10.1016/j.solener.2003.12.003);
    sky: Hay and Davies (1980); module temperature: Faiman (doi:10.1002/pip.813); power: PVWatts (NREL/TP-6A20-62641).
    """
    import pandas as pd
    from pvlib import irradiance, pvsystem, solarposition, temperature

    middle = pd.DatetimeIndex((year.times + 1_800).astype("datetime64[s]"), tz="UTC")
    sun = solarposition.get_solarposition(middle, year.latitude, year.longitude, altitude=year.altitude_m)
    zenith, azimuth = sun["apparent_zenith"].to_numpy(), sun["azimuth"].to_numpy()
    beam, extra = _beam(year, zenith), irradiance.get_extra_radiation(middle).to_numpy()
    found = []
    for tilt, facing in faces:
        plane = irradiance.get_total_irradiance(
            tilt, facing, zenith, azimuth, beam, year.direct + year.diffuse, year.diffuse,
            dni_extra=extra, model="haydavies", albedo=_ALBEDO,
        )["poa_global"]  # fmt: skip
        cell = temperature.faiman(plane, year.temperature, year.wind)
        found.append(float(np.nansum(pvsystem.pvwatts_dc(plane, cell, 1.0, _PER_KELVIN))))
    return np.array(found)


def _beam(year: Year, zenith: Array) -> Array:
    """Radiation on a plane that faces the sun, from what of it falls on the horizontal."""
    height = np.cos(np.radians(zenith))
    beam = np.where(height > _LOWEST_SUN, year.direct / np.maximum(height, _LOWEST_SUN), 0.0)
    limited: Array = np.minimum(beam, _BEAM_LIMIT)
    return limited
