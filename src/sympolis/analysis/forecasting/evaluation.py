"""Replays the past: forecasts from one origin after another with only what was known there, set against what came.

Rolling-origin evaluation (Tashman 2000, DOI 10.1016/S0169-2070(00)00065-0). The newest days are held out: models learn
anew every ``refit_days`` from everything before, and forecast up to the next time. Which model is taken is decided in
the ``calibration_days`` before the held-out days, so that the figures are not those of the luckiest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

from sympolis.analysis.forecasting import conformal, metrics, models
from sympolis.analysis.forecasting.features import BACK_DAYS, Table, table_of
from sympolis.analysis.forecasting.panel import Floats, Panel, Whole
from sympolis.analysis.forecasting.plan import ForecastPlan
from sympolis.domain import errors

Progress = Callable[[float, str], None]
Said = dict[str, Floats]
_INTERVALS_EVERY_DAYS: Final = 7
_LEAST_LEARNING_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Replay:
    """What was said about every row of ``table`` (NaN before the first replayed origin): low, middle, high."""

    table: Table
    model: str
    candidates: dict[str, float]
    """Model → its mean absolute error, in units of the series' mean, in the days that choose."""
    said: tuple[Floats, Floats, Floats]
    held_out: int
    """The first origin that is held out."""


def replay(plan: ForecastPlan, panel: Panel, progress: Progress) -> Replay:
    """Choose a model and forecast the held-out days with it. Raises ``ModelFailed`` where the series are too short."""
    first = BACK_DAYS * plan.day
    held_out = panel.steps - plan.held_out_days * plan.day
    choosing = held_out - plan.calibration_days * plan.day
    if choosing - first < _LEAST_LEARNING_DAYS * plan.day:
        days = BACK_DAYS + _LEAST_LEARNING_DAYS + plan.calibration_days + plan.held_out_days
        raise errors.ModelFailed(
            f"the series span {panel.steps // plan.day} days, {days} are needed to judge a forecast",
            where=f"forecasts/{plan.id}",
            hint="bring more history, or hold out fewer days",
        )
    table = table_of(plan, panel, origins(plan, first, panel.steps))
    said = _replayed(plan, panel, table, (choosing, held_out), progress)
    candidates = _errors(panel, table, said, (choosing, held_out))
    model = min(candidates, key=lambda name: candidates[name])
    ends = _intervals(plan, panel, table, said[model], held_out)
    return Replay(table, model, candidates, (ends[0], said[model], ends[1]), held_out)


def origins(plan: ForecastPlan, first: int, end: int) -> Whole:
    """Origins every ``stride`` steps, counted back from the end: the newest data are always used."""
    return np.arange(end - 1, first - 1, -plan.stride)[::-1]


def scales(panel: Panel, until: int) -> Floats:
    """The mean size of each series before a step: what errors are measured in while learning."""
    before = np.abs(panel.values[:, :until])
    total, count = np.nansum(before, axis=1), np.isfinite(before).sum(axis=1)
    return np.where((count > 0) & (total > 0), total / np.maximum(count, 1), 1.0)


def _replayed(
    plan: ForecastPlan, panel: Panel, table: Table, starts: tuple[int, int], progress: Progress
) -> Said:
    names = models.available(plan)
    said = {name: np.full(table.target.size, np.nan) for name in names}
    refit = plan.refit_days * plan.day
    edges = [starts[0], *range(starts[1], panel.steps, refit), panel.steps]
    usable = np.isfinite(table.anchor)
    for number, (begin, end) in enumerate(pairwise(edges)):
        progress(number / len(edges), "replay")
        seen = usable & np.isfinite(table.target) & (table.step < begin)
        asked = usable & (table.origin >= begin) & (table.origin < end)
        if not seen.any() or not asked.any():
            continue
        found = models.predictions(plan, names, table.where(seen), table.where(asked), scales(panel, begin))
        for name in names:
            said[name][asked] = found[name]
    return said


def _errors(panel: Panel, table: Table, said: Said, span: tuple[int, int]) -> dict[str, float]:
    scale = scales(panel, span[0])[table.series]
    inside = (table.origin >= span[0]) & (table.step < span[1]) & np.isfinite(table.target)
    found = {}
    for name, values in said.items():
        rows = inside & np.isfinite(values)
        found[name] = metrics.mae(values[rows] / scale[rows], table.target[rows] / scale[rows])
    if not all(np.isfinite(error) for error in found.values()):
        raise errors.ModelFailed(
            "the days that choose the model hold no observation", where="calibration_days"
        )
    return found


def _intervals(
    plan: ForecastPlan, panel: Panel, table: Table, said: Floats, held_out: int
) -> tuple[Floats, Floats]:
    """Ends of the interval, learnt anew each week from the errors that were known then."""
    low, high = np.full(said.size, np.nan), np.full(said.size, np.nan)
    every = _INTERVALS_EVERY_DAYS * plan.day
    for begin in range(held_out, panel.steps, every):
        asked = (table.origin >= begin) & (table.origin < begin + every) & np.isfinite(said)
        found = intervals_at(plan, panel, table, said, begin)
        low[asked], high[asked] = bounded(plan, found.around(table.where(asked), said[asked]))
    return low, high


def intervals_at(
    plan: ForecastPlan, panel: Panel, table: Table, said: Floats, origin: int
) -> conformal.Intervals:
    """What errors known at ``origin`` teach about the interval."""
    past = (table.step < origin) & (table.step >= origin - plan.calibration_days * plan.day)
    return conformal.learnt(
        table.where(past),
        said[past],
        series=len(panel.names),
        day=plan.day,
        horizon=plan.horizon,
        level=plan.level,
    )


def bounded(plan: ForecastPlan, ends: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """No end below what the series cannot go below."""
    if plan.least is None:
        return ends
    return np.maximum(ends[0], plan.least), np.maximum(ends[1], plan.least)


def figures_of(plan: ForecastPlan, found: Replay, rows: Any) -> metrics.Json:
    """The figures of some held-out rows; only where forecast, naive and value are all there."""
    table, (low, middle, high) = found.table, found.said
    rows = rows & (table.origin >= found.held_out) & np.isfinite(table.target) & np.isfinite(low)
    rows &= np.isfinite(table.naive).all(axis=1)
    said = (low[rows], middle[rows], high[rows])
    answer = metrics.figures(said, table.naive[rows], table.target[rows], plan.level)
    answer["naive_season"] = plan.seasons[answer["naive_season"]]
    return answer
