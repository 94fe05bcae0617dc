"""How well outlines and their heights tell living area: fitted on some areas, judged on the others.

Runs level every area to its published living area, so this fit does not enter them. What it shows is how far floor
area from outlines can be trusted where nothing is published, such as between the blocks of one area.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from sympolis.domain import errors
from sympolis.plugins.simulator import Calibration
from sympolis.plugins.simulators.heat_demand.stock import HOMES, UNKNOWN, Stock

Values = NDArray[np.float64]

HELD_OUT = 0.3
"""Share of the areas that the fit does not see."""
LEAST_AREAS = 2
USUAL_RATIO = 0.75
"""Living per gross floor area, as long as nothing is fitted."""


def calibrate(stock: Stock, seed: int) -> Calibration:
    """Living area of an area ≈ a · gross area of dwellings + b · gross area of unknown use, a and b not negative."""
    began = time.process_time()
    surveyed = stock.by_area((stock.building > 0).astype(float)) > 0
    areas = np.flatnonzero(np.isfinite(stock.living) & (stock.living > 0) & surveyed)
    if len(areas) < LEAST_AREAS:
        text = f"{len(areas)} areas have both outlines and a living area"
        raise errors.ModelFailed(text, where="needs: areas", hint=f"{LEAST_AREAS} are needed")
    homes = stock.by_area(stock.gross * np.isin(stock.use, HOMES))[areas]
    unknown = stock.by_area(stock.gross * (stock.use == UNKNOWN))[areas]
    observed = stock.living[areas]
    drawn = np.random.default_rng(seed).permutation(len(areas))
    held = np.zeros(len(areas), dtype=bool)
    held[drawn[: max(1, round(HELD_OUT * len(areas)))]] = True
    a, b = _fitted(homes[~held], unknown[~held], observed[~held])
    simulated = a * homes + b * unknown
    splits = ["held_out" if out else "training" for out in held]
    return Calibration(
        parameters={"living_per_gross_of_homes": a, "living_per_gross_of_unknown": b},
        figures={
            "uncalibrated": _figures(observed[held], USUAL_RATIO * homes[held]),
            "training": _figures(observed[~held], simulated[~held]),
            "held_out": _figures(observed[held], simulated[held]),
        },
        points=tuple(
            (stock.areas[area], split, float(seen), float(told))
            for area, split, seen, told in zip(areas, splits, observed, simulated, strict=True)
        ),
        notes=("living area in m² by area; the fit does not enter the runs, which meet every published figure",),
        cost_cpu_s=round(time.process_time() - began, 3),
    )  # fmt: skip


def _fitted(homes: Values, unknown: Values, observed: Values) -> tuple[float, float]:
    """Least squares with coefficients that are not negative: where one would be, the other is fitted alone."""
    found = np.linalg.lstsq(np.column_stack([homes, unknown]), observed, rcond=None)[0]
    if (found >= 0).all():
        return float(found[0]), float(found[1])
    if found[1] < 0:
        return float((homes * observed).sum() / max((homes**2).sum(), 1e-9)), 0.0
    return 0.0, float((unknown * observed).sum() / max((unknown**2).sum(), 1e-9))


def _figures(observed: Values, simulated: Values) -> dict[str, float]:
    error = simulated - observed
    spread = float(((observed - observed.mean()) ** 2).sum())
    return {
        "n": float(len(observed)),
        "r2": 1.0 - float((error**2).sum()) / spread if spread else 0.0,
        "ratio": float(simulated.sum() / observed.sum()),
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
    }
