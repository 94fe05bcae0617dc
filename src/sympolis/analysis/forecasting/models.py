"""What learns from the past: linear regressions per hour of the day, gradient-boosted trees, and the mean of both.

All learn how far a value lies from its anchor (the mean of the last like it), in units of the series' mean, pooled over
all series. *Linear*: ridge regression (Hoerl & Kennard 1970, DOI 10.1080/00401706.1970.10488634), one for each hour of
the day and day ahead. *Boosting*: LightGBM (Ke et al. 2017, https://papers.nips.cc/paper/6907) on the absolute error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

import numpy as np

from sympolis.analysis.forecasting import features
from sympolis.analysis.forecasting.features import Table
from sympolis.analysis.forecasting.panel import Floats, Whole
from sympolis.analysis.forecasting.plan import BLEND, BOOSTING, LINEAR, ForecastPlan

RIDGE: Final = 30.0
"""Penalty on standardised coefficients, in rows."""
_FURTHEST: Final = 6.0
"""Standardised inputs beyond this are cut: a straight line must not run away with them."""
_LEAST_ROWS: Final = 60
TREES: Final = 250
BOOSTING_PARAMETERS: Final[Mapping[str, Any]] = {
    "objective": "regression_l1",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 40,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "feature_fraction": 0.7,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}


class Model(Protocol):
    """Learns from rows and predicts rows: in both cases the distance from the anchor in units of the scale."""

    def fit(self, rows: Table, target: Floats) -> None:
        """Learn from scratch."""
        ...

    def predict(self, rows: Table) -> Floats:
        """What it expects."""
        ...


class Linear:
    """One ridge regression for each (hour of the day, day ahead)."""

    def __init__(self, day: int) -> None:
        self._day = day
        self._series = 0
        self._mean: Floats = np.zeros(0)
        self._spread: Floats = np.zeros(0)
        self._weights: dict[int, Floats] = {}

    def fit(self, rows: Table, target: Floats) -> None:
        """Learn the weights; a group with too few rows stays at its anchor."""
        known = rows.known[:, :-1].astype(np.float64)
        with np.errstate(all="ignore"):
            there = np.isfinite(known)
            count = np.maximum(there.sum(axis=0), 1)
            self._mean = np.where(there, known, 0.0).sum(axis=0) / count
            spread: Floats = np.sqrt(np.where(there, (known - self._mean) ** 2, 0.0).sum(axis=0) / count)
        self._spread = np.where(spread > 0, spread, 1.0)
        self._series = int(rows.series.max()) + 1
        groups, inputs = self._groups(rows), self._inputs(rows)
        self._weights = {
            int(group): _ridge(inputs[groups == group], target[groups == group])
            for group in np.unique(groups)
            if (groups == group).sum() >= _LEAST_ROWS
        }

    def predict(self, rows: Table) -> Floats:
        """What the lines say."""
        groups, inputs = self._groups(rows), self._inputs(rows)
        found = np.zeros(groups.size)
        for group, weights in self._weights.items():
            inside = groups == group
            found[inside] = inputs[inside] @ weights
        return found

    def _groups(self, rows: Table) -> Whole:
        ahead = (rows.known[:, features.HORIZON].astype(np.int64) - 1) // self._day
        return rows.known[:, features.PHASE].astype(np.int64) * 1000 + ahead

    def _inputs(self, rows: Table) -> Floats:
        """Standardised, 0 (the mean) where unknown, with a constant in front and one more for each series behind."""
        known = rows.known[:, :-1].astype(np.float64)
        plain = np.nan_to_num((known - self._mean) / self._spread)
        own = (rows.series[:, None] == np.arange(self._series)[None, :]).astype(np.float64)
        cut = np.clip(plain, -_FURTHEST, _FURTHEST)
        return np.column_stack([np.ones(len(plain)), cut, own]).astype(np.float64)


def _ridge(inputs: Floats, target: Floats) -> Floats:
    penalty = RIDGE * np.eye(inputs.shape[1])
    penalty[0, 0] = 1e-6
    solved = np.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ target).astype(np.float64)
    return solved


class Boosting:
    """Gradient-boosted trees on the absolute error. Needs LightGBM."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._booster: Any = None

    def fit(self, rows: Table, target: Floats) -> None:
        """Grow the trees."""
        import lightgbm

        data = lightgbm.Dataset(rows.known, target, categorical_feature=[rows.known.shape[1] - 1])
        self._booster = lightgbm.train({**BOOSTING_PARAMETERS, "seed": self._seed}, data, TREES)

    def predict(self, rows: Table) -> Floats:
        """What the trees say."""
        found: Floats = np.asarray(self._booster.predict(rows.known, num_threads=1))
        return found


def available(plan: ForecastPlan) -> tuple[str, ...]:
    """The models of a plan that can be tried here: without LightGBM only the linear one. For workers: it imports it."""
    try:
        import lightgbm  # noqa: F401 - whether it is there and finds its library (libgomp) is the question
    except (ImportError, OSError):
        return (LINEAR,)
    return plan.models


def predictions(
    plan: ForecastPlan, names: tuple[str, ...], seen: Table, asked: Table, scale: Floats
) -> dict[str, Floats]:
    """What each of the models says about ``asked`` after learning from ``seen``; in the unit of the series."""
    target = (seen.target - seen.anchor) / scale[seen.series]
    found: dict[str, Floats] = {}
    for name, model in ((LINEAR, Linear(plan.day)), (BOOSTING, Boosting(plan.seed))):
        if name in names or BLEND in names:
            fitted: Model = model
            fitted.fit(seen, target)
            found[name] = _in_unit(plan, fitted.predict(asked), asked, scale)
    if BLEND in names:
        found[BLEND] = (found[LINEAR] + found[BOOSTING]) / 2
    return {name: found[name] for name in names}


def _in_unit(plan: ForecastPlan, found: Floats, asked: Table, scale: Floats) -> Floats:
    said = asked.anchor + found * scale[asked.series]
    return said if plan.least is None else np.maximum(said, plan.least)
