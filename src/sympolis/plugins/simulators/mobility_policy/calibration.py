"""Corrects the shape of the demand's day by what loops counted, and says how well that holds for loops it has not seen.

The demand is older than the counts, and the loops close no cordon: totals cannot be compared, the day's shape can.
What is fitted is one factor per hour, from the mean shape of the loops; the day's total stays the demand's. Judged
are single loops: the share of its day that each counts in each hour, in per cent, five-fold, a loop being
predicted by the others.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sympolis.domain.errors import ModelFailed
from sympolis.plugins.simulator import Calibration, Progress
from sympolis.plugins.simulators.mobility_policy.zones import Model

Values = NDArray[np.float64]
Entity = Mapping[str, Any]

HOURS = 24
SATURDAY = 5
LEAST_VALUES = 10
LEAST_LOOPS = 5
FOLDS = 5
NOTE = (
    "demand (a simulated weekday from before the counts) and counts meet here: only the day's shape is fitted"
    " and judged, in per cent of each loop's day; totals, and how drivers answer a charge, were compared with"
    " nothing"
)


def calibrate(model: Model, counts: Sequence[Entity], seed: int, progress: Progress) -> Calibration:
    """Fit hourly factors to the loops' weekdays. Raises ``ModelFailed`` if too few loops report every hour."""
    started = time.process_time()
    progress(0.0, "reading loops")
    loops = _loops(counts, ZoneInfo(model.time_zone))
    if len(loops) < LEAST_LOOPS:
        message = f"{len(loops)} loops report every hour of a weekday; at least {LEAST_LOOPS} are needed"
        raise ModelFailed(message, where="ItemFlowObserved: intensity")
    names, table = list(loops), np.array(list(loops.values()))
    splits = _predictions(_percent(np.array(model.cordon_inflow)), table, seed)
    progress(1.0, "done")
    return Calibration(
        parameters={"by_hour": [round(float(value), 5) for value in _factors(model, table)]},
        figures={split: _figures(table, predicted) for split, predicted in splits.items()},
        points=tuple(
            (name, split, round(float(observed), 4), round(float(predicted[row][hour]), 4))
            for split, predicted in splits.items()
            for row, name in enumerate(names)
            for hour, observed in enumerate(table[row])
        ),
        notes=(NOTE, f"{len(loops)} loops, weekdays, medians of each hour"),
        cost_cpu_s=round(time.process_time() - started, 3),
    )


def corrected(hourly: Sequence[float], by_hour: Sequence[float] | None) -> Values:
    """The hours after calibration, their sum as before."""
    values = np.array(hourly, dtype=np.float64)
    if not by_hour:
        return values
    shaped = values * np.array(by_hour)
    return np.asarray(shaped * values.sum() / shaped.sum())


def _factors(model: Model, table: Values) -> Values:
    own = _percent(np.array(model.cordon_inflow))
    return np.asarray(np.divide(table.mean(axis=0), own, out=np.ones(HOURS), where=own > 0))


def _predictions(own: Values, table: Values, seed: int) -> dict[str, Values]:
    """(loops, 24) by split."""
    folds = np.random.default_rng(seed).permutation(len(table)) % FOLDS
    unseen = np.array([table[folds != fold].mean(axis=0) for fold in folds])
    return {
        "uncalibrated": np.tile(own, (len(table), 1)),
        "training": np.tile(table.mean(axis=0), (len(table), 1)),
        "held_out": unseen,
    }


def _figures(observed: Values, predicted: Values) -> dict[str, float]:
    r = float(np.corrcoef(observed.ravel(), predicted.ravel())[0, 1])
    mae = float(np.abs(observed - predicted).mean())
    return {"n": observed.size, "r2": round(r * r, 4), "mae": round(mae, 4)}


def _percent(values: Values) -> Values:
    return np.asarray(100 * values / values.sum())


def _loops(entities: Sequence[Entity], zone: ZoneInfo) -> dict[str, Values]:
    """Each loop's weekday in per cent by hour, of the loops that report all 24."""
    found: dict[str, Values] = {}
    for entity in sorted(entities, key=lambda e: str(e["id"])):
        hours = _weekdays(entity, zone)
        if all(len(hours[hour]) >= LEAST_VALUES for hour in range(HOURS)):
            day = np.array([median(hours[hour]) for hour in range(HOURS)])
            if day.sum() > 0:
                found[str(entity["id"])] = _percent(day)
    return found


def _weekdays(entity: Entity, zone: ZoneInfo) -> dict[int, list[float]]:
    series = (entity.get("series") or {}).get("intensity") or {}
    hours: dict[int, list[float]] = defaultdict(list)
    for text, value in zip(series.get("times", ()), series.get("values", ()), strict=True):
        at = datetime.fromisoformat(str(text).replace("Z", "+00:00")).astimezone(zone)
        if at.weekday() < SATURDAY and isinstance(value, int | float) and value >= 0:
            hours[at.hour].append(float(value))
    return hours
