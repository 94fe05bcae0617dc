"""Two models know the charge by emission class, for zones and for streets: they must mean the same by it.

Plugins do not import each other, so nothing but this test keeps them together.
"""

import numpy as np
import pytest

from sympolis.plugins.simulator import Measure
from sympolis.plugins.simulators.mobility_policy import settings as zones
from sympolis.plugins.simulators.mobility_policy.behaviour import Charge, Habits, respond
from sympolis.plugins.simulators.sumo_traffic import settings as streets
from sympolis.plugins.simulators.sumo_traffic.cordons import Hours

HABITS = {parameter.name: parameter.default for parameter in zones.HABIT_PARAMETERS}


def defaults(measure: Measure) -> dict[str, object]:
    return {parameter.name: (parameter.unit, parameter.default) for parameter in measure.parameters}


def test_prices_hours_and_habits_are_the_same() -> None:
    by_street = defaults(streets.CHARGE_BY_CLASS)
    by_zone = defaults(zones.CHARGE) | {one.name: (one.unit, one.default) for one in zones.HABIT_PARAMETERS}
    shared = by_street.keys() & by_zone.keys()
    assert {
        "euro_0",
        "euro_6",
        "start",
        "end",
        "exempt_share",
        "p50_cost",
        "p50_anticipating",
        "p50_postponement",
    } <= shared
    assert {name: by_street[name] for name in shared} == {name: by_zone[name] for name in shared}


def test_the_uncertain_charge_has_the_same_range() -> None:
    by_street = {one.name: one.plausible for one in streets.CHARGE_BY_CLASS.parameters}
    assert by_street["p50_cost"] == zones.P50_COST.plausible


@pytest.mark.parametrize("hour", [7.75, 8.5, 18.5])
def test_as_many_drivers_shift(hour: float) -> None:
    """Cars enter in one step of five minutes; of those who do not pay, a thousand are asked one by one."""
    inflow = np.zeros(288)
    inflow[round(hour * 12)] = 100.0
    found = respond(inflow, np.array([1.0]), Charge((7.5,), 7.5, 19.5, 0.0), Habits(**HABITS))
    names = ("p50_anticipating", "p50_anticipation", "p50_postponing", "p50_postponement")
    hours = Hours(7.5, 19.5, *(HABITS[name] for name in names))
    times = [hours.other_time(hour * 3600, (k + 0.5) / 1000) for k in range(1000)]
    assert found.shifted.sum() / 50 == pytest.approx(sum(one is not None for one in times) / 1000, abs=0.002)
    early = found.entering[0][: round(7.5 * 12)].sum() / 50
    assert early == pytest.approx(
        sum(one is not None and one < 7.5 * 3600 for one in times) / 1000, abs=0.002
    )
