"""How near a model comes to reality, in the three figures that traffic engineers read.

``GEH`` compares an hourly simulated flow M with a count C [veh/h]: ``sqrt(2 (M - C)² / (M + C))``. Values below 5 in
at least 85 % of cases are the usual acceptance mark: UK Department for Transport, *TAG Unit M3.1 Highway Assignment
Modelling* (validation criteria), before it DMRB vol. 12 section 2 part 1. ``R²`` here is the coefficient of
determination of the simulated values as they stand (``1 - SS_res / SS_tot``, no line refitted), beside ``r2`` of the
best line (squared Pearson correlation), which forgives a wrong total; the ``ratio`` shows that total.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

GEH_MARK = 5.0
"""Below this, a flow counts as matched (TAG M3.1)."""


def geh(simulated: ArrayLike, observed: ArrayLike) -> NDArray[np.float64]:
    """GEH of hourly flows [veh/h], element by element; 0 where both are 0. Flows must not be negative."""
    model = np.asarray(simulated, dtype=np.float64)
    count = np.asarray(observed, dtype=np.float64)
    if np.any(model < 0) or np.any(count < 0):
        raise ValueError("GEH is defined for flows of 0 or more")
    total = model + count
    safe = np.where(total > 0, total, 1.0)
    return np.sqrt(2.0 * (model - count) ** 2 / safe)


def squared_correlation(simulated: ArrayLike, observed: ArrayLike) -> float:
    """Squared Pearson correlation; NaN where either side does not vary or there are fewer than two pairs."""
    model = np.asarray(simulated, dtype=np.float64)
    count = np.asarray(observed, dtype=np.float64)
    if model.size < 2 or np.ptp(model) == 0.0 or np.ptp(count) == 0.0:
        return math.nan
    return float(np.corrcoef(model, count)[0, 1] ** 2)


def determination(simulated: ArrayLike, observed: ArrayLike) -> float:
    """``1 - SS_res / SS_tot``: 1 is perfect, 0 no better than the observed mean, negative worse than it."""
    model = np.asarray(simulated, dtype=np.float64)
    count = np.asarray(observed, dtype=np.float64)
    spread = float(((count - count.mean()) ** 2).sum()) if count.size > 1 else 0.0
    return 1.0 - float(((count - model) ** 2).sum()) / spread if spread > 0.0 else math.nan


def figures(simulated: ArrayLike, observed: ArrayLike) -> Mapping[str, float]:
    """All figures of one split: ``r2``, ``determination``, ``geh_below_5`` (share), ``ratio``, ``n``."""
    model = np.asarray(simulated, dtype=np.float64)
    count = np.asarray(observed, dtype=np.float64)
    if model.shape != count.shape:
        raise ValueError(
            f"one simulated value per observed one is needed, got {model.shape} and {count.shape}"
        )
    total = float(count.sum())
    return {
        "r2": squared_correlation(model, count),
        "determination": determination(model, count),
        "geh_below_5": float(np.mean(geh(model, count) < GEH_MARK)) if count.size else math.nan,
        "ratio": float(model.sum()) / total if total > 0 else math.nan,
        "n": float(count.size),
    }


NONE, SLIGHT, DRIFTED = "none", "slight", "drifted"
SLIGHT_LOSS, CLEAR_LOSS = 0.05, 0.10
"""Of a share or of R² (absolute), of a ratio's distance from 1: what is worth a word, and what asks for a new fit."""
SLIGHT_GROWTH, CLEAR_GROWTH = 0.10, 0.25
"""The same of an error (relative). Assumptions: no standard gives such marks for models of a city."""
_SHARES = ("r2", "determination", "geh_below_5")
_ERRORS = ("mae", "rmse")


def losses(then: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """By how much each figure is worse than it was, as a share; negative: better. Other figures are left out.

    R² and shares count by their difference, a ratio by its distance from 1, errors by their growth.
    """
    found = {name: then[name] - now[name] for name in _SHARES if name in then and name in now}
    if "ratio" in then and "ratio" in now:
        found["ratio"] = abs(now["ratio"] - 1.0) - abs(then["ratio"] - 1.0)
    for name in _ERRORS:
        if then.get(name) and name in now:
            found[name] = now[name] / then[name] - 1.0
    return {name: loss for name, loss in found.items() if math.isfinite(loss)}


def drift_of(lost: Mapping[str, float]) -> str:
    """``none``, ``slight`` or ``drifted``: the worst of the figures decides."""
    marks = [_mark(name, loss) for name, loss in lost.items()]
    return (NONE, SLIGHT, DRIFTED)[max(marks, default=0)]


def _mark(name: str, loss: float) -> int:
    slight, clear = (SLIGHT_GROWTH, CLEAR_GROWTH) if name in _ERRORS else (SLIGHT_LOSS, CLEAR_LOSS)
    return 2 if loss > clear else 1 if loss > slight else 0
