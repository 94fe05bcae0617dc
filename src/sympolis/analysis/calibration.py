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
