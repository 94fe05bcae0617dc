"""What is said about the steps after the end of the series, and how it is written down."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sympolis.analysis.forecasting import evaluation, features, models
from sympolis.analysis.forecasting.conformal import Intervals
from sympolis.analysis.forecasting.panel import Floats, Panel
from sympolis.analysis.forecasting.plan import ForecastPlan

_DECIMALS: Final = 4
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ahead:
    """Low, middle and high end of every series' steps ahead: [series, step]; NaN where nothing can be said."""

    low: Floats
    middle: Floats
    high: Floats

    def values_of(self, number: int) -> Json:
        """Those of one series."""
        return {name: [short(one) for one in getattr(self, name)[number]] for name in self.__slots__}


def said_ahead(
    plan: ForecastPlan, panel: Panel, table: features.Table, model: str, intervals: Intervals
) -> Ahead:
    """Learn from every row that is known and forecast from the end of the series."""
    rows = features.table_of(plan, panel, np.array([panel.steps]))
    usable = np.isfinite(table.target) & np.isfinite(table.anchor)
    asked = np.isfinite(rows.anchor)
    middle = np.full(rows.target.size, np.nan)
    scale = evaluation.scales(panel, panel.steps)
    said = models.predictions(plan, (model,), table.where(usable), rows.where(asked), scale)
    middle[asked] = said[model]
    low, high = evaluation.bounded(plan, intervals.around(rows, middle))
    shape = (len(panel.names), plan.horizon)
    return Ahead(low.reshape(shape), middle.reshape(shape), high.reshape(shape))


def silence_of(panel: Panel, number: int) -> int:
    """Steps from a series' last value to the end."""
    return panel.steps - 1 - int(np.flatnonzero(np.isfinite(panel.values[number]))[-1])


def instant(panel: Panel, position: int) -> str:
    """When a step begins, ISO 8601 in UTC."""
    return panel.grid.instant(panel.start + position).isoformat().replace("+00:00", "Z")


def short(value: float) -> float | None:
    """Rounded for people and files; None where there is nothing."""
    return None if math.isnan(value) else round(float(value), _DECIMALS)


def rounded(figures: Mapping[str, Any]) -> Json:
    """The same for figures."""
    return {name: short(value) if isinstance(value, float) else value for name, value in figures.items()}
