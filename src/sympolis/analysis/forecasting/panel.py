"""Series on one grid of steps, hours or local days, with the calendar of the steps. Times become positions here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sympolis.analysis.forecasting.holidays import is_free
from sympolis.analysis.forecasting.plan import HOUR_S, ForecastPlan
from sympolis.domain import errors

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

_SATURDAY: Final = 5
MOST_STEPS: Final = 24 * 366 * 12
"""Twelve years of hours: longer series are cut at their old end."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Steps of an hour (counted from 1970, UTC) or of a local day (the day's ordinal)."""

    hourly: bool
    zone: ZoneInfo

    def position(self, at: datetime) -> int:
        """The step that holds an instant."""
        if self.hourly:
            return int(at.timestamp()) // HOUR_S
        return at.astimezone(self.zone).date().toordinal()

    def instant(self, step: int) -> datetime:
        """When a step begins."""
        if self.hourly:
            return datetime.fromtimestamp(step * HOUR_S, UTC)
        return datetime.combine(date.fromordinal(step), time(), self.zone).astimezone(UTC)

    def local(self, step: int) -> datetime:
        """The same by the city's clock."""
        return self.instant(step).astimezone(self.zone)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Of each step: the hour (0 for days), the weekday (Monday 0), its kind, the day's ordinal, the angle of the year.

    Kinds: 0 a working day, 1 a Saturday, 2 a Sunday or holiday.
    """

    hour: Whole
    weekday: Whole
    kind: Whole
    ordinal: Whole
    angle: Floats


@dataclass(frozen=True, slots=True)
class Panel:
    """``values[series, step]``, NaN where nothing was observed; ``covariates[one, day]`` from ``first_day`` on.

    The calendar reaches one horizon beyond the last step.
    """

    grid: Grid
    start: int
    names: tuple[str, ...]
    values: Floats
    calendar: Calendar
    covariates: Floats
    first_day: int

    @property
    def steps(self) -> int:
        """How many steps have been observed by at least one series; the next is the origin of a forecast."""
        return int(self.values.shape[1])


def panel_of(plan: ForecastPlan, zone: ZoneInfo, inputs: Mapping[str, Sequence[Mapping[str, Any]]]) -> Panel:
    """The panel of gathered entities: ``inputs["series"]``, and ``inputs["covariate0"]`` … in the plan's order.

    Raises ``ModelFailed`` where no series has a value.
    """
    grid = Grid(plan.resolution == "hour", zone)
    known = {one["id"]: _steps(grid, _points(one, plan.attribute)) for one in inputs["series"]}
    known = {name: steps for name, steps in sorted(known.items()) if steps}
    if not known:
        raise errors.ModelFailed(f"nothing has observed {plan.attribute} yet", where=f"forecasts/{plan.id}")
    end = max(max(steps) for steps in known.values()) + 1
    start = max(min(min(steps) for steps in known.values()), end - MOST_STEPS)
    values = np.array([_row(steps, start, end) for steps in known.values()])
    calendar = calendar_of(plan, grid, start, end + plan.horizon)
    first_day = int(calendar.ordinal[0]) - 1
    covariates = _covariates(plan, zone, inputs, (first_day, int(calendar.ordinal[-1]) + 1))
    return Panel(grid, start, tuple(known), values, calendar, covariates, first_day)


def calendar_of(plan: ForecastPlan, grid: Grid, start: int, end: int) -> Calendar:
    """The calendar of the steps [start, end)."""
    local = [grid.local(step) for step in range(start, end)]
    days = {at.date() for at in local}
    free = {day for day in days if is_free(plan, day)}
    kind = [2 if at.date() in free else int(at.weekday() == _SATURDAY) for at in local]
    angle = [2 * np.pi * (at.timetuple().tm_yday - 1) / 365.25 for at in local]
    return Calendar(
        np.array([at.hour for at in local]),
        np.array([at.weekday() for at in local]),
        np.array(kind),
        np.array([at.toordinal() for at in local]),
        np.array(angle),
    )


def _points(entity: Mapping[str, Any], attribute: str) -> Iterable[tuple[str, Any]]:
    series = entity.get("series", {}).get(attribute)
    return zip(series["times"], series["values"], strict=True) if series else ()


def _steps(grid: Grid, points: Iterable[tuple[str, Any]]) -> dict[int, float]:
    """Numbers by step; the mean where a step has several."""
    found: dict[int, list[float]] = {}
    for at, value in points:
        if type(value) in (int, float):
            found.setdefault(grid.position(datetime.fromisoformat(at)), []).append(float(value))
    return {step: sum(values) / len(values) for step, values in found.items()}


def _row(steps: Mapping[int, float], start: int, end: int) -> Floats:
    row = np.full(end - start, np.nan)
    for step, value in steps.items():
        if step >= start:
            row[step - start] = value
    return row


def _covariates(
    plan: ForecastPlan,
    zone: ZoneInfo,
    inputs: Mapping[str, Sequence[Mapping[str, Any]]],
    span: tuple[int, int],
) -> Floats:
    """Daily means over all entities that observe a covariate."""
    rows = np.full((len(plan.covariates), span[1] - span[0]), np.nan)
    daily = Grid(False, zone)
    for number, covariate in enumerate(plan.covariates):
        points = (
            point
            for entity in inputs.get(f"covariate{number}", ())
            for point in _points(entity, covariate.attribute)
        )
        for day, value in _steps(daily, points).items():
            if span[0] <= day < span[1]:
                rows[number, day - span[0]] = value
    return rows
