"""Heat waves in the daily record: how many, whether they grow more frequent, and what such a day is like.

A heat wave is three or more days in a row whose highest temperature reaches the threshold: the 90th percentile of the
summer days (June–August) of the reference years. A day missing from the record ends a wave. Only summers with enough
days count. Trend: least squares on the yearly figures with Student's t; an interval holding zero means no clear change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

REFERENCE = (2001, 2020)
"""Years whose summer days give the threshold."""
PERCENTILE = 90.0
LEAST_RUN = 3
LEAST_DAYS = 80
"""Of 92 summer days, so many must be known for a summer to count."""
SUMMER = (6, 7, 8)
RECENT_YEARS = 10
T_90 = {5: 2.015, 10: 1.812, 15: 1.753, 20: 1.725, 25: 1.708, 30: 1.697, 60: 1.671}
"""Student's t, two-sided 90 %, by degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Change per decade with its 90 % interval, over ``years`` summers."""

    per_decade: float
    low: float
    high: float
    years: int

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Waves:
    """Threshold [°C], heat-wave days by summer, their trend, and the middle day among the recent ones."""

    threshold_c: float
    days: Mapping[int, int]
    trend: Trend | None
    recent_days_a_year: float
    day_max_c: float
    day_min_c: float
    dates: tuple[date, ...]


def heat_waves(highest: Mapping[date, float], lowest: Mapping[date, float]) -> Waves | None:
    """Heat waves in daily maxima and minima [°C]; None where no summer is complete enough or none had a heat wave."""
    summers = _complete(highest)
    reference = [t for d, t in highest.items() if d.month in SUMMER and d.year in _within(summers, REFERENCE)]
    if not reference:
        return None
    threshold = float(np.percentile(reference, PERCENTILE))
    found = _days_in_waves(highest, threshold)
    counted = {year: sum(d.year == year and d.month in SUMMER for d in found) for year in summers}
    recent = [year for year in summers if year > summers[-1] - RECENT_YEARS]
    typical = [d for d in found if d.year in recent and d in lowest] or [d for d in found if d in lowest]
    if not typical:
        return None
    return Waves(
        threshold_c=round(threshold, 2),
        days=counted,
        trend=linear_trend(list(counted), list(counted.values())),
        recent_days_a_year=float(np.mean([counted[year] for year in recent])),
        day_max_c=float(np.median([highest[d] for d in typical])),
        day_min_c=float(np.median([lowest[d] for d in typical])),
        dates=tuple(typical),
    )


def _complete(highest: Mapping[date, float]) -> list[int]:
    years = sorted({d.year for d in highest})
    return [y for y in years if sum(d.year == y and d.month in SUMMER for d in highest) >= LEAST_DAYS]


def _within(years: Sequence[int], bounds: tuple[int, int]) -> list[int]:
    inside = [year for year in years if bounds[0] <= year <= bounds[1]]
    return inside or list(years)


def _days_in_waves(highest: Mapping[date, float], threshold: float) -> list[date]:
    hot = sorted(d for d, t in highest.items() if t >= threshold)
    found: list[date] = []
    run: list[date] = []
    for day in hot:
        if run and day - run[-1] != timedelta(days=1):
            found += run if len(run) >= LEAST_RUN else []
            run = []
        run.append(day)
    return found + (run if len(run) >= LEAST_RUN else [])


def linear_trend(years: Sequence[int], values: Sequence[float]) -> Trend | None:
    """Least-squares change per decade; None for fewer than seven years."""
    if len(years) < 7:
        return None
    x, y = np.asarray(years, dtype=float), np.asarray(values, dtype=float)
    centred = x - x.mean()
    slope = float((centred * (y - y.mean())).sum() / (centred**2).sum())
    residual = y - y.mean() - slope * centred
    error = float(np.sqrt((residual**2).sum() / (len(x) - 2) / (centred**2).sum()))
    t = float(np.interp(len(x) - 2, list(T_90), list(T_90.values())))
    return Trend(slope * 10, (slope - t * error) * 10, (slope + t * error) * 10, len(years))


def by_day(entity: Mapping[str, Any], attribute: str) -> dict[date, float]:
    """The observations of one attribute of an entity with history, by day.

    A day's figure is stamped with its first midnight, local or UTC: the date twelve hours later is that day's.
    """
    series = entity.get("series", {}).get(attribute, {"times": (), "values": ()})
    pairs = zip(series["times"], series["values"], strict=True)
    return {_day(str(at)): float(value) for at, value in pairs if value is not None}


def _day(at: str) -> date:
    return (datetime.fromisoformat(at) + timedelta(hours=12)).date()
