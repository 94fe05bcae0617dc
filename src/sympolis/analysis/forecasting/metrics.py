"""How good a forecast was: error against the seasonal-naive forecast, and whether its intervals held what they said."""

from __future__ import annotations

from typing import Any

import numpy as np

from sympolis.analysis.forecasting.panel import Floats

Json = dict[str, Any]


def mae(said: Floats, came: Floats) -> float:
    """Mean absolute error, in the unit of the series; NaN of nothing."""
    return float(np.mean(np.abs(said - came))) if came.size else float("nan")


def skill(error: float, reference: float) -> float:
    """``1 - error / reference``: 0 is no better than the reference, 1 perfect."""
    return 1.0 - error / reference if reference > 0 else float("nan")


def coverage(low: Floats, high: Floats, came: Floats) -> float:
    """The share of values inside their interval, ends included."""
    return float(np.mean((low <= came) & (came <= high))) if came.size else float("nan")


def pinball(said: Floats, came: Floats, share: float) -> float:
    """Quantile loss (Koenker & Bassett 1978, DOI 10.2307/1913643), in the unit of the series."""
    missed = came - said
    return float(np.mean(np.maximum(share * missed, (share - 1.0) * missed))) if came.size else float("nan")


def interval_score(low: Floats, high: Floats, came: Floats, level: float) -> float:
    """Width plus a fine for what lies outside (Gneiting & Raftery 2007, DOI 10.1198/016214506000001437, eq. 43)."""
    outside = np.maximum(low - came, 0.0) + np.maximum(came - high, 0.0)
    return float(np.mean(high - low + 2.0 / (1.0 - level) * outside)) if came.size else float("nan")


def figures(said: tuple[Floats, Floats, Floats], naive: Floats, came: Floats, level: float) -> Json:
    """All figures of one set of forecasts; ``said`` is low, middle, high; ``naive`` is [value, season]."""
    low, middle, high = said
    error = mae(middle, came)
    seasons = [mae(naive[:, season], came) for season in range(naive.shape[1])]
    best = int(np.argmin(seasons)) if came.size else 0
    lower, upper = (1.0 - level) / 2, (1.0 + level) / 2
    return {
        "n": int(came.size),
        "mae": error,
        "naive_mae": seasons[best],
        "naive_season": best,
        "skill": skill(error, seasons[best]),
        "coverage": coverage(low, high, came),
        "width": float(np.mean(high - low)) if came.size else float("nan"),
        "pinball": (pinball(low, came, lower) + pinball(middle, came, 0.5) + pinball(high, came, upper)) / 3,
        "interval_score": interval_score(low, high, came, level),
    }
