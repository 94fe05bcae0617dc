"""Whether learning together was worth it: errors on days that no model had seen, origin by origin, against two others.

For each city the common model stands beside its own model of the same form and history, and beside saying that
tomorrow is as today. The interval comes of drawing origins anew (percentile bootstrap, Efron 1979): where it holds
nothing, there is no clear change, and that is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

LEVEL: Final = 0.9
_DRAWS: Final = 4000
_SEED: Final = 20_250_101


def judged(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean errors in the target's unit, and how much smaller [%] the common one is than each other, with intervals."""
    import numpy as np

    figures = {name: np.array([row[name] for row in rows]) for name in ("mae", "mae_local", "mae_naive")}
    drawn = np.random.default_rng(_SEED).integers(0, len(rows), (_DRAWS, len(rows)))
    found: dict[str, Any] = {name: round(float(one.mean()), 4) for name, one in figures.items()}
    for name, other in (("against_local", "mae_local"), ("against_naive", "mae_naive")):
        means = 1.0 - figures["mae"][drawn].mean(axis=1) / np.maximum(
            figures[other][drawn].mean(axis=1), 1e-12
        )
        low, high = np.quantile(means, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
        value = 1.0 - figures["mae"].mean() / max(float(figures[other].mean()), 1e-12)
        found[name] = {
            "percent": round(100 * float(value), 1),
            "low": round(100 * float(low), 1),
            "high": round(100 * float(high), 1),
            "verdict": verdict(float(low), float(high)),
        }
    return {**found, "origins": len(rows), "days": int(sum(row["n"] for row in rows))}


def verdict(low: float, high: float) -> str:
    """``better``, ``worse`` or ``no clear change``."""
    if low > 0:
        return "better"
    return "worse" if high < 0 else "no clear change"
