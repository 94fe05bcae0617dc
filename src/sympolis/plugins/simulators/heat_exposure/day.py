"""The day that is modelled: a heat-wave day of this city, hour by hour, made from its own record.

Air temperature rises as a half cosine from its lowest value at five to its highest at half past two (solar time) and
falls back as another; the amount of water in the air stays; the sky is clear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.domain.errors import ModelFailed
from sympolis.plugins.simulators.heat_exposure import radiation, waves
from sympolis.plugins.simulators.heat_exposure.radiation import Sun
from sympolis.plugins.simulators.heat_exposure.utci import saturation_hpa

Values = NDArray[np.float64]

COOLEST_HOUR, WARMEST_HOUR = 5.0, 14.5
"""Solar time of the lowest and highest air temperature on a clear summer day."""
OVERPASS_HOUR = 10.9
"""Solar time at which Landsat 8 and 9 look at the ground (10:00–10:30 UTC in Central Europe)."""
LEAST_HUMIDITY_DAYS = 3


@dataclass(frozen=True, slots=True)
class Weather:
    """What is known of the city's heat-wave days."""

    max_c: float
    min_c: float
    vapour_hpa: float
    radiation_j_m2: float | None
    day_of_year: int
    hot_days_a_year: float
    summer_max_c: float
    """Mean of the summers' daily maxima: what the satellite's summer mean stands beside."""
    summer_min_c: float


def read(entities: Sequence[Mapping[str, Any]]) -> tuple[Weather, waves.Waves]:
    """From observed daily temperatures, humidity and radiation. Raises ``ModelFailed`` where they are too few.

    The longest record of maxima decides what a heat wave is; humidity and radiation come from whichever entity has
    them.
    """
    record = max(entities, key=lambda e: len(waves.by_day(e, "temperatureMax")), default={})
    highest, lowest = waves.by_day(record, "temperatureMax"), waves.by_day(record, "temperatureMin")
    found = waves.heat_waves(highest, lowest)
    if found is None:
        message = "the record of daily temperatures has no complete summer with a heat wave"
        raise ModelFailed(message, where="WeatherObserved: temperatureMax", hint="bring in a longer record")
    summer = [d for d in highest if d.month in waves.SUMMER and d in lowest]
    weather = Weather(
        max_c=found.day_max_c,
        min_c=found.day_min_c,
        vapour_hpa=_vapour(entities, found),
        radiation_j_m2=_radiation(entities, found.threshold_c),
        day_of_year=int(np.median([d.timetuple().tm_yday for d in found.dates])),
        hot_days_a_year=found.recent_days_a_year,
        summer_max_c=float(np.mean([highest[d] for d in summer])),
        summer_min_c=float(np.mean([lowest[d] for d in summer])),
    )
    return weather, found


def _hot_days(entity: Mapping[str, Any], threshold_c: float) -> list[date]:
    days = waves.by_day(entity, "temperatureMax")
    return [d for d, t in days.items() if t >= threshold_c]


def _vapour(entities: Sequence[Mapping[str, Any]], found: waves.Waves) -> float:
    """Mean vapour pressure [hPa] of hot days: mean relative humidity (0..1) at the mean of highest and lowest."""
    values = []
    for entity in entities:
        humidity = waves.by_day(entity, "relativeHumidity")
        highest, lowest = waves.by_day(entity, "temperatureMax"), waves.by_day(entity, "temperatureMin")
        for day in _hot_days(entity, found.threshold_c):
            if day in humidity and day in lowest:
                mean = (highest[day] + lowest[day]) / 2
                values.append(humidity[day] * float(saturation_hpa(mean)))
    if len(values) >= LEAST_HUMIDITY_DAYS:
        return float(np.mean(values))
    raise ModelFailed(
        f"humidity is known of {len(values)} hot days, {LEAST_HUMIDITY_DAYS} are needed",
        where="WeatherObserved: relativeHumidity", hint="bring in daily weather with humidity",
    )  # fmt: skip


def _radiation(entities: Sequence[Mapping[str, Any]], threshold_c: float) -> float | None:
    """Median daily radiation [J/m²] of hot days; None where it is not observed (then: a clear sky)."""
    values = [
        sums[day]
        for entity in entities
        if (sums := waves.by_day(entity, "solarExposure"))
        for day in _hot_days(entity, threshold_c)
        if day in sums
    ]
    return float(np.median(values)) if values else None


@dataclass(frozen=True, slots=True)
class Hours:
    """Air temperature [°C], sun and the ground's share of its noon excess, for the hours of a window."""

    air_c: Values
    sun: Sun
    vapour_hpa: float
    excess_share: Values


def hours(weather: Weather, *, latitude: float, longitude: float, utc_offset_h: float, hours_of_day: Values,
          hotter_k: float = 0.0) -> Hours:  # fmt: skip
    """The day's hours (their middles) by local clock; ``hotter_k`` is added to highest and lowest alike."""
    shift = longitude / 15.0 - utc_offset_h
    solar = (hours_of_day + 0.5 + shift) % 24.0
    whole_day = (np.arange(24) + 0.5 + shift) % 24.0
    heights = radiation.sun_height_deg(latitude, weather.day_of_year, solar)
    all_heights = radiation.sun_height_deg(latitude, weather.day_of_year, whole_day)
    sun = radiation.clear_sky(heights, weather.radiation_j_m2, all_heights)
    seen = radiation.clear_sky(radiation.sun_height_deg(latitude, weather.day_of_year, np.array([OVERPASS_HOUR])),
                               weather.radiation_j_m2, all_heights)  # fmt: skip
    air = course(weather.min_c + hotter_k, weather.max_c + hotter_k, solar)
    return Hours(air, sun, weather.vapour_hpa, sun.whole / float(seen.whole[0]))


def course(low_c: float, high_c: float, solar_hour: Values) -> Values:
    """Air temperature [°C] by solar time [h] between the day's lowest and highest."""
    rising = (solar_hour >= COOLEST_HOUR) & (solar_hour < WARMEST_HOUR)
    up = (solar_hour - COOLEST_HOUR) / (WARMEST_HOUR - COOLEST_HOUR)
    night = 24.0 - (WARMEST_HOUR - COOLEST_HOUR)
    down = 1.0 - ((solar_hour - WARMEST_HOUR) % 24.0) / night
    share = (1 - np.cos(np.pi * np.where(rising, up, down))) / 2
    temperature: Values = low_c + (high_c - low_c) * share
    return temperature


def overpass_air_c(weather: Weather) -> float:
    """Mean air temperature [°C] of summer days when the satellite looks."""
    return float(course(weather.summer_min_c, weather.summer_max_c, np.array([OVERPASS_HOUR]))[0])
