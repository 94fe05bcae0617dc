"""Heat supply: costs computed by hand, the cheaper way wins, limits hold, and networks do not jump."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sympolis.domain.errors import ModelFailed
from sympolis.domain.scenario import Override
from sympolis.plugins.simulator import WHOLE_PERIOD, Inputs, Linked, Member, MemberResult
from sympolis.plugins.simulators.heat_supply import HeatSupply, costs, plan, zoning
from sympolis.plugins.simulators.heat_supply import settings as declared
from sympolis.testing.simulators import SimulatorContract, silent

FIGURES = {p.name: p.default for p in declared.PARAMETERS}
BLOCK = "urn:ngsi-ld:BuildingBlock:town:"
COUNT = 8
SIDE = 0.002


def block(number: int) -> dict[str, Any]:
    """A row of squares from west to east, some 140 m by 220 m."""
    west = number * SIDE
    ring = [[west, 50.0], [west + SIDE, 50.0], [west + SIDE, 50.002], [west, 50.002], [west, 50.0]]
    place = {"type": "Polygon", "coordinates": [ring]}
    return {"id": f"{BLOCK}{number}", "name": str(number), "location": place, "landArea": 40_000.0}


def linked(demand: tuple[float, ...] = (), ground: float = 0.0) -> dict[str, Linked]:
    """Dense in the west, sparse in the east, unless told otherwise."""
    heat = demand or tuple(8000.0 / 2**n for n in range(COUNT))
    features = tuple(f"{BLOCK}{n}" for n in range(COUNT))
    fields = {
        "demand": [list(heat)],
        "buildings": [[20.0] * COUNT],
        "floor_area": [[value * 8 for value in heat]],
    }
    return {"heat": Linked(features, fields), "ground": Linked(features, {"ground_heat": [[ground] * COUNT]})}


def inputs() -> Inputs:
    return {"blocks": [block(n) for n in range(COUNT)]}


class TestHeatSupply(SimulatorContract):
    simulator = HeatSupply
    window = WHOLE_PERIOD
    calibrated = False
    allowed = Override("network_zone", {"features": [f"{BLOCK}3"]})
    refused = Override("network_zone", {"features": [f"{BLOCK}99"]})

    def inputs(self) -> Inputs:
        return inputs()

    def linked(self) -> Mapping[str, Linked]:
        return linked()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("supply")
    HeatSupply().prepare(inputs(), folder)
    return folder


def run(
    town: Path, *overrides: Override, fed: Mapping[str, Linked] | None = None, **figures: Any
) -> MemberResult:
    member = Member({**FIGURES, **figures}, overrides, WHOLE_PERIOD, seed=1, linked=fed or linked())
    return HeatSupply().run(town, member, silent)


def on(result: MemberResult) -> list[int]:
    return [n for n, share in enumerate(result.fields["network"][0]) if share == 100]


def test_an_annuity_by_hand() -> None:
    """4 % over 20 years: 0.0735818 of the investment a year (VDI 2067); without interest a twentieth."""
    assert costs.annuity(4.0, 20) == pytest.approx(0.0735818, abs=1e-7)
    assert costs.annuity(0.0, 20) == 0.05


def test_effective_width_of_persson() -> None:
    assert costs.effective_width(np.array([0.0, 0.2, 0.4, 1.5])).tolist() == pytest.approx(
        [5.0, 32.5, 60.0, 60.0]
    )


def test_costs_by_hand() -> None:
    """1,900 MWh in 50 buildings: a peak of 1,000 kW, 20 each, so that the stated cost per kilowatt holds."""
    site = costs.Site(*(np.array([x]) for x in (1900.0, 50.0, 20_000.0, 40_000.0, 0.0, 0.0)))
    found = costs.ways(site, FIGURES)
    metre = 1500 * (costs.annuity(4, 40) + 0.01)
    length = 40_000 / 60
    station = 180_000 * (costs.annuity(4, 25) + 0.02)
    assert found.length[0] == pytest.approx(length)
    assert found.network[0] == pytest.approx(length * metre + station + (1900 + length * 0.18) * 85)
    assert found.air[0] == pytest.approx(1.6e6 * (costs.annuity(4, 20) + 0.02) + 1900 / 2.9 * 220)
    assert found.biomass[0] == pytest.approx(0.9e6 * (costs.annuity(4, 20) + 0.03) + 1900 / 0.85 * 75)


def test_a_block_whose_trench_lies_pays_none() -> None:
    site = costs.Site(*(np.array([x]) for x in (1900.0, 50.0, 20_000.0, 40_000.0, 0.0, 0.0)))
    laid = costs.ways(replace(site, built=np.ones(1)), FIGURES).network[0]
    paid = costs.ways(replace(site, subsidy=np.ones(1)), FIGURES).network[0]
    assert laid == pytest.approx(paid)
    assert laid < costs.ways(site, FIGURES).network[0]


def test_the_network_takes_what_is_dense(town: Path) -> None:
    found = run(town, biomass_limit=0.0)
    count = len(on(found))
    assert 0 < count < COUNT
    assert on(found) == list(range(count))
    cheaper = np.array(found.fields["network_cost"][0]) < np.array(found.fields["decentral_cost"][0])
    assert cheaper[:count].all()


@settings(max_examples=20, deadline=None)
@given(st.floats(30.0, 250.0), st.floats(60.0, 500.0))
def test_the_cheaper_way_wins_where_nothing_binds(town: Path, heat: float, power: float) -> None:
    """Every block on the network today may leave its neighbours out of account: each has its cheapest way."""
    found = run(
        town, network_price=heat, electricity_price=power, biomass_limit=0.0, network_today=0.0, reach=3000.0
    )
    network, air = (np.array(found.fields[name][0]) for name in ("network", "air_pump"))
    assert (network + air) == pytest.approx(100.0)
    cost = np.array(found.fields["network_cost"][0]), np.array(found.fields["decentral_cost"][0])
    clear = np.abs(cost[0] - cost[1]) > 0.02 * cost[1]
    assert ((network == 100) == (cost[0] < cost[1]))[clear].all() or not network.any()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.0, 9000.0), min_size=COUNT, max_size=COUNT), st.floats(0.0, 3.0))
def test_every_block_is_supplied_and_limits_hold(town: Path, demand: list[float], wood: float) -> None:
    found = run(town, fed=linked(tuple(demand), ground=500.0), biomass_limit=wood, network_limit=10.0)
    shares = np.array([found.fields[n][0] for n in ("network", "ground_pump", "air_pump", "biomass")])
    judged = np.isfinite(shares).all(axis=0)
    assert judged.tolist() == [one >= 1e-3 for one in demand]
    assert shares[:, judged].sum(axis=0) == pytest.approx(100.0, abs=1e-4)
    assert found.indicators["biomass"] <= wood + 1e-6
    assert found.indicators["network_heat"] <= 10.0 + 1e-6
    ground = np.nan_to_num(shares[1]) / 100 * np.array(demand) * (1 - 1 / FIGURES["cop_ground"])
    assert (ground <= 500.0 + 1e-3).all()


def test_a_network_does_not_jump(town: Path) -> None:
    """A dense block beyond a gap wider than the reach stays without."""
    demand = (8000.0, 0.0, 0.0, 0.0, 0.0, 8000.0, 0.0, 0.0)
    near = run(town, fed=linked(demand), reach=200.0, biomass_limit=0.0)
    assert on(near) == [0]
    far = run(town, fed=linked(demand), reach=3000.0, biomass_limit=0.0)
    assert on(far) == [0, 5]


def test_zones_that_are_decided_hold(town: Path) -> None:
    forced = Override("network_zone", {"features": [f"{BLOCK}7"]})
    kept_out = Override("decentral_zone", {"features": [f"{BLOCK}0"]})
    found = on(run(town, forced, kept_out))
    assert 7 in found and 0 not in found


def test_more_network_heat_can_be_asked_for_and_costs_more(town: Path) -> None:
    cheap = run(town, network_price=110.0)
    asked = Override("network_at_least", {}, {"heat": 15.0})
    more = run(town, asked, network_price=110.0)
    assert more.indicators["network_heat"] >= 15.0
    assert more.indicators["cost"] >= cheap.indicators["cost"]
    with pytest.raises(ModelFailed, match="no supply meets all limits"):
        run(town, Override("network_at_least", {}, {"heat": 100.0}))


def test_subsidised_pipes_reach_farther(town: Path) -> None:
    alone = run(town, network_price=100.0)
    helped = run(town, Override("subsidise_pipes", {}, {"share": 100.0}), network_price=100.0)
    assert len(on(helped)) >= len(on(alone))


def test_it_does_not_run_alone(town: Path) -> None:
    member = Member(FIGURES, (), WHOLE_PERIOD, seed=1)
    with pytest.raises(ModelFailed, match="another model's results"):
        HeatSupply().run(town, member, silent)


def test_todays_network_is_taken_to_be_what_is_dense_and_lies_together() -> None:
    demand = np.array([30e3, 30e3, 50e3, 1e3, 10e3])
    first, second = np.array([0, 2]), np.array([1, 3])
    found = zoning.today(demand, np.ones(5), first, second, network_mwh=100e3)
    assert found.tolist() == [True, True, True, False, False]  # the last is too small to be a network
    assert not zoning.today(demand, np.ones(5), first, second, network_mwh=0.0).any()


def test_steps_to_the_network() -> None:
    on_network = np.array([True, False, False, False])
    assert zoning.steps_from(on_network, np.array([0, 1]), np.array([1, 2])).tolist() == [0, 1, 2, -1]


def test_the_single_assumption_that_meets_somebody_elses_figure_meets_it() -> None:
    """400 GWh of heat pumped at 4, 500 fed at 0.2, 1,000 of today less 50 that heats, 100 for transport."""
    given = {"electricity_today": 1000.0, "heating_today": 50.0, "transport": 100.0, "other_growth": 10.0}
    found = plan._whole_city(100.0, 100.0, 400.0, 500.0, {**given, "aimed_electricity": 1360.0})
    assert found["city_electricity"] == 1260.0
    assert found["implied_other"] == pytest.approx(110.0)
    assert found["implied_cop"] == pytest.approx(2.0), "200 GWh of electricity for 400 of heat"
    assert found["implied_network_electricity"] == pytest.approx(0.4)


def test_what_physics_does_not_allow_stays_at_its_bound() -> None:
    given = {"electricity_today": 1000.0, "heating_today": 0.0, "transport": 0.0, "other_growth": 0.0}
    found = plan._whole_city(100.0, 100.0, 400.0, 500.0, {**given, "aimed_electricity": 1000.0})
    assert (found["implied_cop"], found["implied_network_electricity"]) == (plan.MOST_COP, 0.0)
