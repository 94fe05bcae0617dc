"""The modelled day: base traffic by zone and hour, and what measures make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.domain.scenario import Window
from sympolis.plugins.simulators.mobility_policy import circulation
from sympolis.plugins.simulators.mobility_policy.behaviour import Habits, Response, respond
from sympolis.plugins.simulators.mobility_policy.calibration import corrected
from sympolis.plugins.simulators.mobility_policy.policies import Policy
from sympolis.plugins.simulators.mobility_policy.zones import Model

Values = NDArray[np.float64]

STEPS_PER_HOUR = 12
OLDER = 4
"""Euro 0 to Euro 3: the classes that cities ban first."""
DETOUR_STEPS = 2.0
"""Assumption: who drives around spends ten minutes in the zones beside the area."""
OUT_OF_SIGHT = "the area covers all zones: what drives around it is outside the model and not counted"


def given_day(model: Model, given: Mapping[str, Any], by_hour: Sequence[float] | None) -> Day:
    """The day as it is, for one member's parameters and the calibration's factors."""
    inflow = circulation.by_step(corrected(model.cordon_inflow, by_hour), rates=True)
    starting = circulation.by_step(corrected(model.cordon_starting, by_hour), rates=False)
    stay = float(given["stay"]) / circulation.STEP_MIN
    km_per_step = float(given["speed"]) * circulation.STEP_MIN / 60
    return Day(model, inflow, starting, stay, km_per_step)


@dataclass(slots=True)
class Day:
    """Steps of five minutes; ``apply`` may be called for several policies on different zones."""

    model: Model
    inflow: Values
    """Into the cordon around all zones [veh per step]."""
    starting: Values
    """Inside it [veh per step]."""
    stay: float
    """Mean time under way today [steps]."""
    km_per_step: float
    warnings: list[str] = field(default_factory=list)
    _entering: Values = field(init=False)
    _trips: float = field(init=False)
    _present: Values = field(init=False)
    """(zones, steps): cars under way."""
    _old: Values = field(init=False)
    """(zones, steps): cars under way of the older classes."""
    _nox: Values = field(init=False)
    """(zones, steps): g per step."""
    _sums: dict[str, Values] = field(init=False)
    """By name: per step, over all policies so far."""

    def __post_init__(self) -> None:
        whole = circulation.circulate(self.inflow + self.starting, self.stay)
        table = np.array(self.model.vehicles)
        parts = np.divide(table, table.sum(axis=0), out=np.zeros_like(table), where=table.sum(axis=0) > 0)
        self._present = _steps(parts) * whole
        self._old = self._present * sum(self.model.shares[:OLDER])
        self._nox = self._present * self.km_per_step * self._mean_factor
        self._entering = self.inflow.copy()
        self._trips = float((self.inflow + self.starting).sum())
        names = (
            "paying",
            "revenue",
            "trips_shifted",
            "trips_other_mode",
            "trips_rerouted",
            "trips_given_up",
            "burden",
        )
        self._sums = {name: np.zeros(self.inflow.size) for name in names}

    @property
    def _mean_factor(self) -> float:
        return float(np.dot(self.model.nox_g_per_km, self.model.shares))

    def apply(self, policy: Policy, habits: Habits) -> None:
        """Carry one policy out."""
        model, chosen = self.model, policy.zones
        shares = np.array(model.shares)
        inflow = self.inflow * _steps(model.part_of_cordon(chosen))
        starting = self.starting * _steps(model.part_of_starting(chosen))
        response = respond(inflow, shares, policy.charge, habits)
        self._count(response, np.array(policy.charge.euros))
        change = response.entering.sum(axis=0) - inflow
        self._entering += change * _steps(model.part_from_outside(chosen))
        self._trips += float(change.sum() + response.rerouted.sum())
        self._redistribute(chosen, inflow, starting, response)
        self._detour(chosen, response.rerouted)

    def _count(self, response: Response, euros: Values) -> None:
        sums = self._sums
        paid = np.where(response.paying > 0, np.nan_to_num(euros, posinf=0.0)[:, None], 0.0) * response.paying
        sums["paying"] += response.paying.sum(axis=0)
        sums["revenue"] += paid.sum(axis=0)
        sums["trips_shifted"] += response.shifted
        sums["trips_other_mode"] += response.other_mode
        sums["trips_rerouted"] += response.rerouted
        sums["trips_given_up"] += response.given_up
        sums["burden"] += response.burden

    def _redistribute(
        self, chosen: tuple[int, ...], inflow: Values, starting: Values, response: Response
    ) -> None:
        """Scale cars and emissions in the chosen zones by what circulates after against before, class by class."""
        shares = np.array(self.model.shares)
        before = circulation.circulate(inflow + starting, self.stay)
        vehicles = float(response.entering.sum() + starting.sum())
        stay = circulation.mean_stay(vehicles, float((inflow + starting).sum()), self.stay)
        by_class = np.array(
            [
                circulation.circulate(entering + share * starting, stay)
                for entering, share in zip(response.entering, shares, strict=True)
            ]
        )
        rows = list(chosen)
        self._present[rows] *= _ratio(by_class.sum(axis=0), before)
        self._old[rows] *= _ratio(by_class[:OLDER].sum(axis=0), float(shares[:OLDER].sum()) * before)
        self._nox[rows] *= _ratio(np.array(self.model.nox_g_per_km) @ by_class, self._mean_factor * before)

    def _detour(self, chosen: tuple[int, ...], rerouted: Values) -> None:
        around = self.model.neighbours(chosen)
        if not around.any():
            self.warnings.append(OUT_OF_SIGHT)
            return
        cars = np.outer(around, circulation.circulate(rerouted, DETOUR_STEPS))
        self._present += cars
        self._old += cars * sum(self.model.shares[:OLDER])
        self._nox += cars * self.km_per_step * self._mean_factor

    def vehicles(self) -> Values:
        """(zones, 24): cars under way, mean of the hour."""
        return np.asarray(self._present.reshape(-1, 24, STEPS_PER_HOUR).mean(axis=2))

    def older(self) -> Values:
        """(zones, 24): cars under way up to Euro 3, mean of the hour."""
        return np.asarray(self._old.reshape(-1, 24, STEPS_PER_HOUR).mean(axis=2))

    def nox_g(self) -> Values:
        """(zones, 24): nitrogen oxides [g/h]."""
        return np.asarray(self._nox.reshape(-1, 24, STEPS_PER_HOUR).sum(axis=2))

    def figures(self, window: Window) -> dict[str, float]:
        """The indicators over the window; the mean time under way is the whole day's (Little's law)."""
        steps = slice(window.start_hour * STEPS_PER_HOUR, window.end_hour * STEPS_PER_HOUR)
        present = self._present.sum(axis=0)
        return {
            "entering": float(self._entering[steps].sum()),
            **{name: float(values[steps].sum()) for name, values in self._sums.items()},
            "nox": float(self._nox[:, steps].sum()) / 1000,
            "vehicle_km": float(present[steps].sum()) * self.km_per_step,
            "time_under_way": float(present.sum()) * circulation.STEP_MIN / self._trips,
        }


def _steps(hourly: Values) -> Values:
    """Hourly figures along the last axis, held for the twelve steps of each hour."""
    return np.repeat(hourly, STEPS_PER_HOUR, axis=-1)


def _ratio(above: Values, below: Values) -> Values:
    return np.divide(above, below, out=np.ones_like(above), where=below > 0)
