"""The mobility-policy model keeps the simulator contract and answers what a planner would check by hand."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sympolis.domain import errors
from sympolis.domain.scenario import Override, Window
from sympolis.plugins.simulator import WHOLE_PERIOD, Inputs, Member, MemberResult
from sympolis.plugins.simulators.mobility_policy import MobilityPolicy, zones
from sympolis.plugins.simulators.mobility_policy.behaviour import Charge, Habits, burden, respond
from sympolis.testing.simulators import SimulatorContract, silent

DAY = [100.0, 50, 20, 20, 40, 90, 300, 800, 1000, 900, 800, 800]
DAY += [800, 750, 760, 800, 900, 1100, 1000, 800, 500, 300, 250, 200]


def urn(number: int) -> str:
    return f"urn:ngsi-ld:TrafficZone:test:{number}"


def square(column: int, row: int) -> dict[str, Any]:
    west, south, side = 11.30 + column * 0.01, 44.48 + row * 0.01, 0.01
    ring = [
        [west, south],
        [west + side, south],
        [west + side, south + side],
        [west, south + side],
        [west, south],
    ]
    return {"type": "Polygon", "coordinates": [ring]}


def town(**changes: Any) -> dict[str, Any]:
    """Nine zones of one size in three rows, number 4 in the middle."""
    found = [
        {
            "id": urn(number),
            "location": square(number % 3, number // 3),
            "hourlyInflow": DAY,
            "hourlyInflowFromOutside": [value * 0.6 for value in DAY],
            "hourlyStarting": [value * 0.5 for value in DAY],
            "hourlyVehicles": DAY,
        }
        for number in range(9)
    ]
    cordon = {
        "id": "urn:c",
        "hourlyInflow": [value * 3 for value in DAY],
        "hourlyStarting": [value * 4.5 for value in DAY],
    }
    fleet = [
        {"id": "urn:f:2", "euroClass": 2, "fleetShare": 0.4, "noxPerKm": 0.6},
        {"id": "urn:f:6", "euroClass": 6, "fleetShare": 0.6, "noxPerKm": 0.1},
    ]
    return {"zones": found, "cordon": [cordon], "fleet": fleet} | changes


def loop(number: int, shift: int = 0) -> dict[str, Any]:
    """Twenty days of counts whose shape is ``DAY``, ``shift`` hours later, with a wobble of its own."""
    start = datetime(2024, 1, 8, tzinfo=UTC)
    hours = [start + timedelta(hours=n) for n in range(24 * 28)]
    values = [
        DAY[(at.hour - shift) % 24] * (1 + 0.1 * ((number * 7 + at.hour * 3) % 5 - 2) / 2) for at in hours
    ]
    series = {"intensity": {"times": [at.isoformat() for at in hours], "values": values}}
    return {"id": f"urn:loop:{number:02d}", "series": series}


def charge(*numbers: int, **parameters: float) -> Override:
    return Override("charge_by_class", {"features": [urn(n) for n in numbers]}, parameters)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    MobilityPolicy().prepare(town(), tmp_path / "model")
    return tmp_path / "model"


def run(
    folder: Path, *overrides: Override, window: Window = WHOLE_PERIOD, **parameters: float
) -> MemberResult:
    return MobilityPolicy().run(folder, Member(parameters, overrides, window, 1), silent)


class TestContract(SimulatorContract):
    simulator = MobilityPolicy
    allowed = charge(4)
    refused = charge(99)

    def inputs(self) -> Inputs:
        return town(counts=[loop(number) for number in range(12)])


def test_the_day_as_it_is_has_the_cordons_inflow_and_the_stay_that_was_given(folder: Path) -> None:
    found = run(folder).indicators
    assert found["entering"] == pytest.approx(3 * sum(DAY), rel=0.01)
    assert found["time_under_way"] == pytest.approx(20.0)
    assert found["revenue"] == found["paying"] == 0.0


def test_the_middle_zone_has_no_border_to_the_outside(folder: Path) -> None:
    model = zones.load(folder)
    assert model.open_share(4, set(range(9))) == pytest.approx(0.0, abs=0.02)
    assert model.open_share(0, set(range(9))) == pytest.approx(0.5, abs=0.03)
    assert model.open_share(4, {4}) == pytest.approx(1.0)
    assert model.neighbours([4])[[1, 3, 5, 7]].sum() > 0.9


def test_charging_all_zones_charges_the_whole_cordon(folder: Path) -> None:
    model = zones.load(folder)
    assert model.part_of_cordon(range(9)) == pytest.approx(np.ones(24))
    assert model.part_from_outside(range(9)) == pytest.approx(np.ones(24), abs=0.05)


def test_a_charge_earns_money_and_lowers_traffic_and_emissions_where_it_applies(folder: Path) -> None:
    base, charged = run(folder), run(folder, charge(4))
    change = np.array(charged.fields["nox"]).sum(axis=0) - np.array(base.fields["nox"]).sum(axis=0)
    assert change[4] < 0 and all(change[i] >= 0 for i in range(9) if i != 4)
    assert charged.indicators["revenue"] > 0 and charged.indicators["nox"] < base.indicators["nox"]


def test_drivers_around_the_area_are_found_in_the_zones_beside_it(folder: Path) -> None:
    without, around = (run(folder, charge(4), around_share=share) for share in (0.0, 0.3))
    more = np.array(around.fields["vehicles"]).sum(axis=0) - np.array(without.fields["vehicles"]).sum(axis=0)
    assert min(more[[1, 3, 5, 7]]) > 0 and more[4] == pytest.approx(0.0, abs=1e-9)


def test_a_price_for_old_cars_only_cleans_the_fleet_more_than_the_same_price_for_all(folder: Path) -> None:
    free = {f"euro_{euro}": 0.0 for euro in range(7)}
    old = run(folder, charge(4, **(free | {"euro_2": 5.0})))
    new = run(folder, charge(4, **(free | {"euro_6": 5.0})))
    per_car = [
        np.array(one.fields["nox"])[:, 4].sum() / np.array(one.fields["vehicles"])[:, 4].sum()
        for one in (old, new)
    ]
    assert per_car[0] < per_car[1]


def test_an_extended_zone_lets_permit_holders_in_and_nobody_else(folder: Path) -> None:
    where = {"features": [urn(4)]}
    closed = run(folder, Override("restrict_entry", where, {"permit_share": 0.0, "start": 0.0, "end": 24.0}))
    open_ = run(folder, Override("restrict_entry", where, {"permit_share": 1.0, "start": 0.0, "end": 24.0}))
    assert closed.indicators["revenue"] == 0.0
    assert open_.indicators["trips_given_up"] == pytest.approx(0.0, abs=1e-9)
    assert closed.indicators["trips_shifted"] == pytest.approx(0.0, abs=1e-9), "there is no other time"
    assert closed.indicators["trips_given_up"] > 100


def test_figures_are_those_of_the_hours_asked_for(folder: Path) -> None:
    night = run(folder, charge(4), window=Window(0, 6))
    assert night.indicators["paying"] == 0.0
    assert np.shape(night.fields["nox"]) == (6, 9)


@pytest.mark.parametrize(
    ("override", "word"),
    [
        (charge(4, euro_0=-1.0), "outside"),
        (charge(4, euro_9=1.0), "no parameter"),
        (charge(4, start=20.0), "before it starts"),
        (charge(4, euro_1=math.nan), "number"),
        (charge(), "say where"),
        (Override("close_street", {"features": [urn(4)]}), "unknown measure"),
        (Override("charge_by_class", {"area": "urn:x"}), "no polygon"),
        (
            Override("charge_by_class", {"polygon": {"type": "Polygon", "coordinates": [[[0, 0]]]}}),
            "cannot be read",
        ),
        (Override("charge_by_class", {"polygon": square(9, 9)}), "no zone"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_reason(
    folder: Path, override: Override, word: str
) -> None:
    reasons = MobilityPolicy().check(folder, [override], Window(0, 24))
    assert any(word in reason for reason in reasons), reasons
    with pytest.raises(errors.OverrideRefused):
        run(folder, override)


def test_two_charges_on_one_zone_are_refused(folder: Path) -> None:
    assert "same zone" in MobilityPolicy().check(folder, [charge(3, 4), charge(4, 5)], Window(0, 24))[0]


@pytest.mark.parametrize(
    ("need", "entities", "word"),
    [
        ("cordon", [], "no traffic cordon"),
        ("fleet", [{"id": "f", "euroClass": 6, "fleetShare": 0.5, "noxPerKm": 0.1}], "add up"),
        ("fleet", [{"id": "f", "euroClass": 9, "fleetShare": 1.0, "noxPerKm": 0.1}], "Euro class"),
        ("cordon", [{"id": "c", "hourlyInflow": [1.0], "hourlyStarting": DAY}], "24 figures"),
        ("zones", [{"id": "z", "location": {"type": "Point", "coordinates": [11, 44]}}], "Polygon"),
    ],
)
def test_entities_that_do_not_fit_are_named(
    tmp_path: Path, need: str, entities: list[Any], word: str
) -> None:
    with pytest.raises(errors.ModelFailed, match=word):
        MobilityPolicy().prepare(town(**{need: entities}), tmp_path)


prices = st.lists(st.floats(0, 100), min_size=2, max_size=2)


@given(prices, st.floats(0.5, 50), st.floats(0, 0.95), st.floats(0, 23), st.floats(0.5, 12))
def test_no_vehicle_is_lost_or_made(
    euros: list[float], p50: float, exempt: float, start: float, length: float
) -> None:
    inflow = np.repeat(np.array(DAY), 12) / 12
    charged = Charge(tuple(euros), start, min(24.0, start + length), exempt)
    found = respond(inflow, np.array([0.3, 0.7]), charged, Habits(p50, 0.5, 0.25, 0.8, 0.5, 0.45, 0.15))
    gone = found.other_mode + found.rerouted + found.given_up
    assert found.entering.sum() + gone.sum() == pytest.approx(inflow.sum(), rel=1e-9)
    assert (found.entering >= -1e-9).all() and (found.paying <= found.entering + 1e-9).all()


def test_what_a_charge_takes_is_at_least_what_is_paid_and_at_most_the_charge_for_all(folder: Path) -> None:
    found = run(folder, charge(4, **dict.fromkeys((f"euro_{euro}" for euro in range(7)), 3.0))).indicators
    most = 3.0 * found["paying"] / 0.5 ** (3.0 / 7.5)
    assert found["revenue"] < found["burden"] < most
    area = 7.5 / math.log(2) * (1 - 0.5 ** (3.0 / 7.5))
    assert found["burden"] / found["revenue"] == pytest.approx(area / (3.0 * 0.5 ** (3.0 / 7.5)), rel=1e-6)


def test_a_refused_entry_takes_its_whole_worth() -> None:
    assert burden(np.array([math.inf, 0.0]), 7.5) == pytest.approx([7.5 / math.log(2), 0.0])


def test_older_cars_leave_first_where_only_they_pay(folder: Path) -> None:
    free = {f"euro_{euro}": 0.0 for euro in range(7)}
    base, priced = run(folder), run(folder, charge(4, **(free | {"euro_2": 8.0})))

    def share(one: MemberResult) -> float:
        return float(np.array(one.fields["older"])[:, 4].sum() / np.array(one.fields["vehicles"])[:, 4].sum())

    assert share(base) == pytest.approx(0.4)
    assert share(priced) < 0.38


def test_calibration_takes_the_shape_of_the_day_from_loops_and_leaves_its_total(tmp_path: Path) -> None:
    model = MobilityPolicy()
    later = town(counts=[loop(number, shift=2) for number in range(12)])
    model.prepare(later, tmp_path)
    found = model.calibrate(tmp_path, later, WHOLE_PERIOD, 1, silent)
    assert found.figures["uncalibrated"]["r2"] < 0.7
    assert found.figures["held_out"]["r2"] > 0.95
    assert found.figures["held_out"]["mae"] < found.figures["uncalibrated"]["mae"]
    windows = (WHOLE_PERIOD, Window(8, 9), Window(10, 11))
    members = [Member({}, (), window, 1, calibration=found.parameters) for window in windows]
    day, eight, ten = (model.run(tmp_path, one, silent).indicators["entering"] for one in members)
    assert day == pytest.approx(3 * sum(DAY), rel=0.01)
    assert ten > 1.5 * eight, "the peak of 8 is now at 10"


def test_too_few_loops_are_no_ground_for_a_calibration(folder: Path) -> None:
    few = town(counts=[loop(number) for number in range(3)])
    with pytest.raises(errors.ModelFailed, match="3 loops"):
        MobilityPolicy().calibrate(folder, few, WHOLE_PERIOD, 1, silent)
