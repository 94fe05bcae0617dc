"""What a driver reaches in five minutes: worked out by hand on a network of six streets."""

from __future__ import annotations

import math

import pytest
from tests.unit.test_sumo_traffic_logic import HOME, IN, MAIN, OUT, SIDE1, SQUARE, close, network, urn

from sympolis.domain.scenario import Override
from sympolis.plugins.simulators.sumo_traffic import measures, reach
from sympolis.plugins.simulators.sumo_traffic.network import Network

NOBODY = [math.nan] * 6
AROUND = {"segments": [urn("main"), urn("side1"), urn("side2")]}


def from_street(
    origin: int, *overrides: Override, speeds: list[float] = NOBODY, net: Network | None = None
) -> float:
    net = net or network()
    return reach.reach_km(net, measures.make_plan(net, overrides), [speeds])[0][origin]


def test_all_streets_that_follow_are_in_reach_where_traffic_flows() -> None:
    assert from_street(IN) == pytest.approx(0.7)  # all six
    assert from_street(OUT) == pytest.approx(0.1)  # the last one, itself
    assert from_street(HOME) == pytest.approx(0.3)  # home, main, out


def test_a_jam_takes_streets_out_of_reach() -> None:
    """100 m at 1 km/h take six minutes: main is out of reach, and so is nothing behind it, which the sides lead to."""
    jam = [*NOBODY]
    jam[MAIN] = 1.0
    assert from_street(IN, speeds=jam) == pytest.approx(0.6)
    assert from_street(HOME, speeds=jam) == pytest.approx(0.1)


def test_only_streets_driven_to_their_end_count() -> None:
    slow = [*NOBODY]
    slow[MAIN] = 100 / 301 * 3.6
    assert from_street(HOME, speeds=slow) == pytest.approx(0.1)
    slow[MAIN] = 100 / 299 * 3.6
    assert from_street(HOME, speeds=slow) == pytest.approx(0.2)


def test_a_street_where_nothing_moved_is_not_closed() -> None:
    assert from_street(IN, speeds=[0.0] * 6) == pytest.approx(0.1)


def test_a_closed_street_is_reached_and_not_driven_through() -> None:
    assert from_street(IN, close("main", "side1")) == pytest.approx(
        0.35
    )  # in, main and side1, nothing behind
    assert from_street(MAIN, close("main", "side1")) == pytest.approx(0.3)  # who is at home there drives out


def test_who_has_no_permit_does_not_enter_but_may_leave() -> None:
    permits = Override("restrict_entry", AROUND, {})
    assert from_street(IN, permits) == pytest.approx(0.1)
    assert from_street(SIDE1, permits) == pytest.approx(0.5)
    exempt = Override("restrict_entry", AROUND, {"exempt": ["car"]})
    assert from_street(IN, exempt) == pytest.approx(0.7)


def test_a_charge_closes_nothing() -> None:
    charge = Override("charge_entry", {"polygon": SQUARE}, {})
    by_class = Override("charge_by_class", {"polygon": SQUARE}, {})
    assert from_street(IN, charge, by_class) == pytest.approx(0.7)


def test_a_lower_limit_counts_where_nobody_drove() -> None:
    slow = Override("limit_speed", {"segments": [urn("main")]}, {"speed": 10.0, "compliance": 1.0})
    long = network(length_m=1000.0)
    assert from_street(HOME, net=long) == pytest.approx(1.2)
    assert from_street(HOME, slow, net=long) == pytest.approx(0.1)


def test_streets_closed_to_cars_have_no_figure_and_are_not_in_the_mean() -> None:
    net = network(allowed=frozenset({"bus"}))
    found = reach.reach_km(net, measures.make_plan(net, ()), [NOBODY, NOBODY])
    assert math.isnan(found[0][MAIN]) and not math.isnan(found[1][IN])
    by_street = {IN: 0.6, OUT: 0.1, SIDE1: 0.5, 4: 0.35, HOME: 0.1}
    metres = {number: net.segments[number].length_m for number in by_street}
    expected = sum(by_street[number] * metres[number] for number in by_street) / sum(metres.values())
    assert reach.mean_km(net, found) == pytest.approx(expected)


def test_the_mean_of_nothing_is_nothing() -> None:
    net = network()
    assert reach.mean_km(net, [NOBODY]) == 0.0
