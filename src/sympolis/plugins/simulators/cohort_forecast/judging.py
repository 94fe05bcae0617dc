"""How far the forecast may be believed: made anew at each past year, and held against what then came.

Rolling origin (Tashman 2000, DOI 10.1016/S0169-2070(00)00065-0): habits are chosen and errors learned on origins whose
targets lie before the first held-out one; the intervals made of those errors are then counted in the years after.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.domain.errors import ModelFailed
from sympolis.plugins.simulator import Calibration, Progress
from sympolis.plugins.simulators.cohort_forecast.cohorts import Habits, Record, forecast, present

Values = NDArray[np.float64]

SHOWN_STEP = 5
"""Years ahead of the points and figures that are shown."""
FIRST_AFTER = 5
"""Years that the ages need to forget their even start."""
MOST_STEPS = 10
SMALL = 300.0
"""Children below which chance alone moves an area's number: its errors are scaled with sqrt(1 + SMALL/children)."""
TRIED = tuple(
    Habits(years, own, fading)
    for years, own, fading in itertools.product((3, 5, 8), (0.25, 0.5, 0.75), (0.0, 0.5, 0.8, 0.95))
)
Z90 = 1.6449


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard deviation of log errors by years ahead (index 0: none): the city's as a whole, and an area's own."""

    city: Values
    area: Values

    def draw(self, steps: int, children: Values, rng: np.random.Generator) -> Values:
        """A factor for each area: what a forecast of ``steps`` years may be wrong by."""
        at = min(steps, len(self.city) - 1)
        whole = self.city[at] * rng.standard_normal()
        own = self.area[at] * scale(children) * rng.standard_normal(len(children))
        return np.asarray(np.exp(whole + own), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Trial:
    """One forecast of the past: from the end of ``origin``, ``steps`` years ahead."""

    origin: int
    steps: int
    said: Values
    came: Values
    before: Values
    """Children at the origin: what a forecast of no change says."""


def scale(children: Values) -> Values:
    """How much more an area's number is moved by chance than that of a large one."""
    return np.sqrt(1.0 + SMALL / np.maximum(children, 1.0))


def trials(record: Record, habits: Habits, origins: range, until: int) -> Iterator[Trial]:
    """Forecasts from each origin, with nothing known of what came after it, for the years up to ``until``."""
    for origin in origins:
        start = present(record.until(origin), habits)
        steps = min(MOST_STEPS, until - origin)
        for step, future in enumerate(forecast(start, steps, habits)[1:], 1):
            came = record.children[record.years.index(origin + step)]
            yield Trial(origin, step, future.ages.sum(axis=0), came, start.ages.sum(axis=0))


def spread(made: list[Trial]) -> Spread:
    """Errors by years ahead; where few trials look that far, they grow on with the square root of the years."""
    city, area = [0.0], [0.0]
    for step in range(1, MOST_STEPS + 1):
        these = [one for one in made if one.steps == step]
        if len(these) < 2:
            grow = (step / (step - 1)) ** 0.5 if step > 1 else 1.0
            city.append(city[-1] * grow)
            area.append(area[-1] * grow)
            continue
        whole = np.array([np.log(one.came.sum() / one.said.sum()) for one in these])
        own = [np.log(one.came / one.said) - w for one, w in zip(these, whole, strict=True)]
        scaled = np.concatenate([o / scale(one.before) for o, one in zip(own, these, strict=True)])
        city.append(float(np.sqrt(np.mean(whole**2))))
        area.append(float(np.quantile(np.abs(scaled), 0.9)) / Z90)
    return Spread(np.maximum.accumulate(city), np.maximum.accumulate(area))


def calibrate(record: Record, progress: Progress) -> Calibration:
    """Choose habits, learn the errors, judge both on years not seen; then learn from all years for service."""
    began = time.process_time()
    first, last = record.years[0] + FIRST_AFTER, record.years[-1]
    middle = (first + last) // 2
    if middle - first < 2 or last - middle < SHOWN_STEP:
        raise ModelFailed(
            f"{len(record.years)} years are too few to judge a forecast on",
            where="StatisticalArea",
            hint="fifteen years of people and ages are enough",
        )
    chosen = Habits()
    best = float("inf")
    for number, habits in enumerate(TRIED):
        progress(number / len(TRIED), "trying ways to carry the past on")
        missed = _missed(list(trials(record, habits, range(first, middle), middle)))
        if missed < best:
            chosen, best = habits, missed
    learned = list(trials(record, chosen, range(first, middle), middle))
    unseen = list(trials(record, chosen, range(middle, last), last))
    return Calibration(
        parameters=_parameters(chosen, spread([*learned, *unseen])),
        figures=_figures(learned, unseen, spread(learned)),
        points=tuple(_points(record, unseen)),
        notes=tuple(_notes(unseen, spread(learned), middle, last)),
        cost_cpu_s=round(time.process_time() - began, 2),
    )


def read(parameters: Mapping[str, Any]) -> tuple[Habits, Spread]:
    """What ``calibrate`` found, else plain habits and errors that grow from 3 % a year (city) and 5 % (area)."""
    if not parameters:
        grown = np.sqrt(np.arange(MOST_STEPS + 1))
        return Habits(), Spread(0.03 * grown, 0.05 * grown)
    habits = Habits(int(parameters["years"]), float(parameters["own"]), float(parameters["fading"]))
    return habits, Spread(np.array(parameters["city"]), np.array(parameters["area"]))


def _parameters(habits: Habits, found: Spread) -> dict[str, Any]:
    rounded = {"city": found.city, "area": found.area}
    return {
        "years": habits.years,
        "own": habits.own,
        "fading": habits.fading,
        **{name: [round(float(value), 5) for value in values] for name, values in rounded.items()},
    }


def _missed(made: list[Trial]) -> float:
    """Mean over trials of the share of children put in the wrong place or number."""
    return float(np.mean([np.abs(one.came - one.said).sum() / one.came.sum() for one in made]))


def _covered(one: Trial, found: Spread) -> Values:
    """Which areas' numbers lay in their 90 % interval."""
    at = min(one.steps, MOST_STEPS)
    half = Z90 * np.hypot(found.city[at], found.area[at] * scale(one.before))
    return np.asarray(np.abs(np.log(one.came / one.said)) <= half, dtype=np.float64)


def _figures(learned: list[Trial], unseen: list[Trial], found: Spread) -> dict[str, dict[str, float]]:
    shown = [one for one in unseen if one.steps == SHOWN_STEP]
    plain = [Trial(one.origin, one.steps, one.before, one.came, one.before) for one in shown]
    held = _of(shown) | {
        "coverage": float(np.mean([_covered(one, found).mean() for one in shown])),
        "skill": 1.0 - _missed(shown) / _missed(plain),
    }
    training = _of([one for one in learned if one.steps == SHOWN_STEP] or learned)
    return {"training": training, "held_out": held, "uncalibrated": _of(plain)}


def _of(made: list[Trial]) -> dict[str, float]:
    said, came = (np.concatenate([getattr(one, name) for one in made]) for name in ("said", "came"))
    left = ((came - said) ** 2).sum()
    return {
        "n": float(len(came)),
        "mae": float(np.abs(came - said).mean()),
        "rmse": float(np.sqrt(((came - said) ** 2).mean())),
        "r2": float(1.0 - left / ((came - came.mean()) ** 2).sum()),
        "ratio": float(said.sum() / came.sum()),
        "mape": _missed(made),
    }


def _points(record: Record, unseen: list[Trial]) -> Iterator[tuple[str, str, float, float]]:
    for one in unseen:
        if one.steps == SHOWN_STEP:
            for name, came, said in zip(record.ids, one.came, one.said, strict=True):
                yield name, "held_out", float(came), round(float(said), 1)


def _notes(unseen: list[Trial], found: Spread, middle: int, last: int) -> Iterator[str]:
    yield f"figures and points: forecasts {SHOWN_STEP} years ahead, made at the end of {middle} to {last - SHOWN_STEP}"
    for step in (1, 3, SHOWN_STEP, 7, MOST_STEPS):
        these = [one for one in unseen if one.steps == step]
        if these:
            plain = [Trial(one.origin, step, one.before, one.came, one.before) for one in these]
            city = np.mean([abs(one.said.sum() / one.came.sum() - 1.0) for one in these])
            share = np.mean([_covered(one, found).mean() for one in these])
            years = "1 year" if step == 1 else f"{step} years"
            yield (
                f"{years} ahead ({len(these)} origins): {_missed(these):.1%} of children wrong, no change "
                f"{_missed(plain):.1%}; city {city:.1%}; 90 % intervals held {share:.0%}"
            )
