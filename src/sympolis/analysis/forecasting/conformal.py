"""Intervals from how wrong the same kind of forecast lately was: split conformal prediction on signed errors.

The errors are those of forecasts made without having seen the value, of the last weeks only. Each is divided by how
wrong forecasts for that hour of the day usually are at that series, since nights are easier than rush hours; the
quantiles of what remains, per series and part of the horizon, become the interval (Vovk et al. 2005, DOI
10.1007/b106715; normalised as in Papadopoulos et al. 2011, DOI 10.1613/jair.3198). The window moves with time, so that
an interval follows the season; the exact guarantee of exchangeable data is thereby given up and coverage is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sympolis.analysis.forecasting import features
from sympolis.analysis.forecasting.features import Table
from sympolis.analysis.forecasting.panel import Floats, Whole

_PRIOR: Final = 10.0
"""Weight, in errors, of the series' mean error against that of one hour of the day."""
_HOURS: Final = 24


def parts_of(ahead: NDArray[Any], day: int) -> Whole:
    """The part of the horizon: the first quarter of a day, the rest of it, each further day."""
    whole = ((ahead - 1) // day).astype(np.int64)
    return np.where((whole == 0) & (ahead * 4 > day) & (day > 1), 1, np.where(whole > 0, whole + 1, 0))


@dataclass(frozen=True, slots=True)
class Intervals:
    """Learnt from past errors; gives intervals around forecasts.

    ``usual[series, hour]``: the usual error; ``low``, ``high`` [series, part]: quantiles of errors in units of it.
    """

    usual: Floats
    low: Floats
    high: Floats
    day: int

    def around(self, rows: Table, said: Floats) -> tuple[Floats, Floats]:
        """Low and high ends."""
        part = np.minimum(parts_of(rows.known[:, features.HORIZON], self.day), self.low.shape[1] - 1)
        unit = self.usual[rows.series, rows.known[:, features.PHASE].astype(int)]
        return said + self.low[rows.series, part] * unit, said + self.high[rows.series, part] * unit


def learnt(rows: Table, said: Floats, *, series: int, day: int, horizon: int, level: float) -> Intervals:
    """From forecasts ``said`` whose ``rows.target`` is known (NaN rows are skipped)."""
    there = np.isfinite(said) & np.isfinite(rows.target)
    rows, error = rows.where(there), (rows.target - said)[there]
    hours = rows.known[:, features.PHASE].astype(int)
    usual = _usual(np.abs(error), rows.series, hours, series)
    unit = error / _unseen(np.abs(error), rows, hours, usual)
    days = rows.series * (rows.step.max(initial=0) + 1) + rows.step // day
    part = parts_of(rows.known[:, features.HORIZON], day)
    parts = int(parts_of(np.array([float(horizon)]), day)[0]) + 1
    low, high = np.zeros((series, parts)), np.zeros((series, parts))
    for number in range(series):
        for which in range(parts):
            chosen = _chosen(days, rows.series == number, part == which, level)
            low[number, which], high[number, which] = _ends(unit[chosen], level, np.unique(days[chosen]).size)
    return Intervals(usual, low, high, day)


def _usual(size: Floats, series: Whole, hours: NDArray[Any], count: int) -> Floats:
    """Mean error by series and hour, drawn towards the series' own, and that towards the mean of all."""
    overall = float(size.mean()) if size.size else 1.0
    per_series = _drawn(size, series, np.full(count, overall), count)
    found = np.empty((count, _HOURS))
    for hour in range(_HOURS):
        inside = hours == hour
        found[:, hour] = _drawn(size[inside], series[inside], per_series, count)
    return np.maximum(found, 1e-9)


def _unseen(size: Floats, rows: Table, hours: NDArray[Any], usual: Floats) -> Floats:
    """For each error the usual one as it would be without the value it is of: else errors look too usual."""
    count = np.bincount(rows.series * _HOURS + hours, minlength=usual.size)[rows.series * _HOURS + hours]
    _, same = np.unique(rows.series * (rows.step.max(initial=0) + 1) + rows.step, return_inverse=True)
    own_total, own_count = np.bincount(same, weights=size)[same], np.bincount(same)[same]
    everything = usual[rows.series, hours] * (count + _PRIOR)
    found: Floats = np.maximum((everything - own_total) / (count + _PRIOR - own_count), 1e-9)
    return found


def _drawn(size: Floats, series: Whole, prior: Floats, count: int) -> Floats:
    total = np.bincount(series, weights=size, minlength=count)
    number = np.bincount(series, minlength=count)
    drawn: Floats = (total + _PRIOR * prior) / (number + _PRIOR)
    return drawn


def _chosen(days: Whole, own: NDArray[np.bool_], part: NDArray[np.bool_], level: float) -> NDArray[np.bool_]:
    """The series' own errors where they are of enough days for both quantiles to be inside them, else those of all."""
    least = round(2.0 / (1.0 - level))
    for rows in (own & part, part):
        if np.unique(days[rows]).size >= least:
            return rows
    return np.ones(own.size, dtype=bool)


def _ends(unit: Floats, level: float, days: int) -> tuple[float, float]:
    """The two quantiles, each moved outwards as finite samples need (Vovk et al. 2005, section 4.2).

    The sample's size is its number of days (of each series), not of values: the errors of one day are alike.
    """
    if not unit.size:
        return 0.0, 0.0
    share = min(1.0, (1.0 + level) / 2 * (days + 1) / days)
    return float(np.quantile(unit, 1.0 - share)), float(np.quantile(unit, share))
