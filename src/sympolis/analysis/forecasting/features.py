"""What is known at an origin about each step that is forecast from it: past values at the same hour, levels, calendar.

Everything here looks back from the origin only; a test replaces the future and finds nothing changed. Positions are
those of a ``Panel``; an origin is the first step that is forecast, so that values before it are known.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sympolis.analysis.forecasting.panel import Floats, Panel, Whole
from sympolis.analysis.forecasting.plan import ForecastPlan

BACK_DAYS: Final = 28
BACK_WEEKS: Final = 8
_KIND_FEW: Final = 4
_KIND_MANY: Final = 10
_RECENT_HOURS: Final = (1, 3, 6, 24, 72, 168)
_RECENT_DAYS: Final = (1, 2, 3, 7, 14, 28)
HORIZON, PHASE, SERIES = 0, 1, -1
"""Columns of ``Table.known`` that models read by name: steps ahead, hour of the day, number of the series."""


@dataclass(frozen=True, slots=True)
class Table:
    """One row for each (series, origin, step ahead).

    ``known`` float32 [row, feature]; ``target``: what came (NaN where it is not known); ``anchor``: what the plan's
    models start from; ``naive[row, season]``; ``origin``, ``series``, ``step`` positions.
    """

    known: NDArray[np.float32]
    target: Floats
    anchor: Floats
    naive: Floats
    origin: Whole
    series: Whole
    step: Whole

    def where(self, rows: NDArray[Any]) -> Table:
        """Only these rows."""
        return Table(*(getattr(self, name)[rows] for name in self.__slots__))


def table_of(plan: ForecastPlan, panel: Panel, origins: Whole) -> Table:
    """The rows of every series from these origins."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # means of nothing are NaN, as meant
        parts = [_of_series(plan, panel, number, origins) for number in range(len(panel.names))]
    return Table(*(np.concatenate([getattr(part, name) for part in parts]) for name in Table.__slots__))


def _of_series(plan: ForecastPlan, panel: Panel, number: int, origins: Whole) -> Table:
    values, calendar = panel.values[number], panel.calendar
    steps = origins[:, None] + np.arange(plan.horizon)[None, :]
    past = _same_hour(values, steps, origins, plan.day, BACK_DAYS)
    weeks = _same_hour(values, steps, origins, 7 * plan.day, BACK_WEEKS)
    kinds = _same_hour(calendar.kind.astype(float), steps, origins, plan.day, BACK_DAYS)
    alike = np.where(kinds == calendar.kind[steps], past, np.nan)
    kind_mean, week_mean = _newest(alike, _KIND_MANY), _newest(past, 7)
    anchor = kind_mean if plan.anchor == "kind" else week_mean
    columns: list[Floats] = [
        np.broadcast_to(np.arange(plan.horizon) + 1.0, steps.shape),
        calendar.hour[steps].astype(float),
        calendar.weekday[steps].astype(float),
        calendar.kind[steps].astype(float),
        np.sin(calendar.angle[steps]),
        np.cos(calendar.angle[steps]),
        *(past[0], past[1], past[2], past[0] - week_mean, np.nanstd(past[:7], axis=0)),
        *(_newest(past, 1), _newest(past, 3), week_mean, _newest(past, 14), _newest(past, 28)),
        *(weeks[0], _newest(weeks, 1), _newest(alike, _KIND_FEW), kind_mean),
    ]
    levels = _levels(plan, panel, number, origins)
    columns += [np.broadcast_to(level[:, None], steps.shape) for level in levels]
    columns.append(np.full(steps.shape, float(number)))
    naive = [_newest(_same_hour(values, steps, origins, season, BACK_DAYS), 1) for season in plan.seasons]
    inside = np.where(steps < panel.steps, steps, 0)
    target = np.where(steps < panel.steps, values[inside], np.nan)
    return Table(
        np.stack([column.ravel() for column in columns], axis=1).astype(np.float32),
        target.ravel(),
        np.where(np.isfinite(anchor), anchor, week_mean).ravel(),
        np.stack([one.ravel() for one in naive], axis=1),
        np.repeat(origins, plan.horizon),
        np.full(steps.size, number),
        steps.ravel(),
    )


def _same_hour(values: Floats, steps: Whole, origins: Whole, season: int, times: int) -> Floats:
    """Values one season before each step, two, …: [time, origin, step ahead]; only what lies before the origin."""
    ahead = steps - origins[:, None]
    first = (ahead // season + 1) * season
    found = np.full((times, *steps.shape), np.nan)
    for number in range(times):
        back = steps - first - number * season
        found[number] = np.where(back >= 0, values[np.maximum(back, 0)], np.nan)
    return found


def _newest(past: Floats, count: int) -> Floats:
    """The mean of the newest ``count`` values that are there."""
    there = np.cumsum(~np.isnan(past), axis=0)
    mean: Floats = np.nanmean(np.where(there <= count, past, np.nan), axis=0)
    return mean


def _levels(plan: ForecastPlan, panel: Panel, number: int, origins: Whole) -> list[Floats]:
    """What does not depend on the step ahead: recent means, how they differ from a day before, neighbours, weather."""
    values, day = panel.values[number], plan.day
    lengths = _RECENT_HOURS if day > 1 else _RECENT_DAYS
    recent = [_mean_before(values, origins, length) for length in lengths]
    change = [
        _mean_before(values, origins, length) - _mean_before(values, origins - day, length)
        for length in lengths[:3]
    ]
    others = np.delete(panel.values, number, axis=0)
    siblings = (
        np.nanmean(others, axis=0) if others.size else np.full(panel.steps, np.nan)
    )  # a lone series has none
    span = [values[max(0, origin - day) : origin] for origin in origins]
    extremes = [np.array([_or_nan(edge, part) for part in span]) for edge in (np.nanmax, np.nanmin)]
    return [
        *recent,
        *change,
        *extremes,
        _mean_before(siblings, origins, day),
        *_weather(panel, origins),
    ]


def _or_nan(edge: Any, part: Floats) -> float:
    return float(edge(part)) if np.isfinite(part).any() else np.nan


def _mean_before(values: Floats, origins: Whole, length: int) -> Floats:
    """The mean of the ``length`` steps before each origin; NaN where nothing was observed."""
    there = np.concatenate([[0], np.cumsum(~np.isnan(values))])
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
    end = np.clip(origins, 0, values.size)
    begin = np.clip(origins - length, 0, values.size)
    count = there[end] - there[begin]
    return np.where(count > 0, (total[end] - total[begin]) / np.maximum(count, 1), np.nan)


def _weather(panel: Panel, origins: Whole) -> list[Floats]:
    """Covariates of the last day that was over at the origin, and of the one before."""
    yesterday = panel.calendar.ordinal[origins] - 1 - panel.first_day
    found = []
    for row in panel.covariates:
        found += [row[np.clip(yesterday, 0, row.size - 1)], row[np.clip(yesterday - 1, 0, row.size - 1)]]
    return found
