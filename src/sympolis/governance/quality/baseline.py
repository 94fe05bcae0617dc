"""What a series of measurements usually is at an hour of a day of the week, and how far it usually strays from that.

Robust throughout: medians and median absolute deviations, so that the faults that are looked for do not shape what is
held to be usual (Rousseeuw & Croux 1993, doi:10.1080/01621459.1993.10476408). Needs numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

MAD_TO_SIGMA: Final = 1.4826
_WEEKS_FOR_WEEKDAYS: Final = 12
"""With fewer weeks, Monday to Friday are taken together: a median of six values is no median."""
_LEVEL_DAYS: Final = 14
_PRIOR: Final = 10.0
"""Weight, in values, of the whole series' spread against that of one hour."""
_LEAST_SHARE: Final = 0.5
_DAY_S: Final = 86_400
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Series:
    """One sensor's values in order of time; ``times`` in whole seconds since 1970 (UTC)."""

    feature: str
    times: Whole
    values: Floats

    @property
    def step_s(self) -> int:
        """The usual (median) distance of two values, in seconds; 0 for fewer than two."""
        if self.times.size < 2:
            return 0
        return int(np.median(np.diff(self.times)))


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was to be expected at each value of a series, and its usual spread (one sigma)."""

    expected: Floats
    seasonal: Floats
    """The part of it that the hour and the day of the week explain."""
    scale: Floats

    def scores(self, values: Floats) -> Floats:
        """How many usual spreads each value lies from what was to be expected."""
        found: Floats = (values - self.expected) / self.scale
        return found


def series_of(feature: str, points: Sequence[tuple[datetime, Any]]) -> Series:
    """The numbers among ``points``, in order, one for each time."""
    known = {int(at.timestamp()): float(value) for at, value in points if type(value) in (int, float)}
    times = np.array(sorted(known), dtype=np.int64)
    return Series(feature, times, np.array([known[int(at)] for at in times], dtype=np.float64))


def baseline(series: Series, zone: tzinfo) -> Baseline:
    """The usual of a series with at least one value; hours and weekdays are those of ``zone``."""
    cells = _cells(series, zone)
    seasonal = _by_cell(series.values, cells)
    level = _level(series, series.values - seasonal)
    expected = seasonal + level
    return Baseline(expected, seasonal, _scale(series.values, expected, cells))


def _cells(series: Series, zone: tzinfo) -> Whole:
    """A number for each value: the time of day, apart for weekdays, Saturdays and Sundays (or each day)."""
    weeks = (series.times[-1] - series.times[0]) / (7 * _DAY_S)
    every_day, whole_days = weeks >= _WEEKS_FOR_WEEKDAYS, series.step_s >= _DAY_S
    found = np.empty(series.times.size, dtype=np.int64)
    for index, at in enumerate(series.times):
        local = datetime.fromtimestamp(int(at), UTC).astimezone(zone)
        kind = local.weekday() if every_day else max(0, local.weekday() - _SATURDAY + 1)
        minute = 0 if whole_days else local.hour * 60 + local.minute
        found[index] = kind * 1440 + minute
    return found


def _by_cell(values: Floats, cells: Whole) -> Floats:
    """The median of each value's cell."""
    found = np.empty(values.size)
    for cell in np.unique(cells):
        inside = cells == cell
        found[inside] = np.median(values[inside])
    return found


def _level(series: Series, residuals: Floats) -> Floats:
    """The slow part that is left: the median of the residuals within two weeks, as a season changes."""
    days = series.times // _DAY_S
    unique, index = np.unique(days, return_inverse=True)
    daily = np.array([np.median(residuals[index == number]) for number in range(unique.size)])
    smooth = np.array([np.median(daily[np.abs(unique - day) <= _LEVEL_DAYS]) for day in unique])
    found: Floats = smooth[index]
    return found


def _scale(values: Floats, expected: Floats, cells: Whole) -> Floats:
    """The usual spread: of the cell, drawn towards that of the whole series, which grows with the root of counts."""
    residuals = np.abs(values - expected)
    grows = bool(values.min() >= 0 and np.median(values) * 3 < values.max())
    size = np.sqrt(np.maximum(expected, 1.0)) if grows else np.ones(values.size)
    overall = MAD_TO_SIGMA * float(np.median(residuals / size))
    typical = overall * size
    found = np.empty(values.size)
    for cell in np.unique(cells):
        inside = cells == cell
        own, count = MAD_TO_SIGMA * float(np.median(residuals[inside])), int(inside.sum())
        found[inside] = np.sqrt((count * own**2 + _PRIOR * typical[inside] ** 2) / (count + _PRIOR))
    least = max(overall * _LEAST_SHARE, float(np.abs(values).max()) * 1e-6, 1e-9)
    return np.maximum(found, np.maximum(least, _LEAST_SHARE * typical))
