"""Heat network check: layouts by hand, and pandapipes against Darcy and Weisbach."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sympolis.domain.errors import ModelFailed
from sympolis.domain.scenario import Override
from sympolis.plugins.simulator import WHOLE_PERIOD, Inputs, Linked, Member, MemberResult
from sympolis.plugins.simulators.heat_network import HeatNetwork, settings, trees
from sympolis.plugins.simulators.heat_network.hydraulics import solve
from sympolis.testing.simulators import SimulatorContract, silent

pytest.importorskip("pandapipes")

FIGURES = {p.name: p.default for p in settings.PARAMETERS}
BLOCK = "urn:ngsi-ld:BuildingBlock:row:"
COUNT = 5
SIDE = 0.002


def block(number: int) -> dict[str, Any]:
    west = number * SIDE
    ring = [[west, 50.0], [west + SIDE, 50.0], [west + SIDE, 50.002], [west, 50.002], [west, 50.0]]
    return {"id": f"{BLOCK}{number}", "location": {"type": "Polygon", "coordinates": [ring]}}


def supply(demand: list[float]) -> dict[str, Linked]:
    ids = tuple(f"{BLOCK}{n}" for n in range(COUNT))
    return {"supply": Linked(ids, {"network_demand": [demand]})}


class TestHeatNetwork(SimulatorContract):
    simulator = HeatNetwork
    window = WHOLE_PERIOD
    calibrated = False
    allowed = Override("lower_supply", {"features": [f"{BLOCK}0"]}, {"kelvin": 10.0})
    refused = Override("lower_supply", {"features": [f"{BLOCK}9"]}, {"kelvin": 10.0})

    def inputs(self) -> Inputs:
        return {"blocks": [block(n) for n in range(COUNT)]}

    def linked(self) -> Mapping[str, Linked]:
        return supply([5000.0] * COUNT)


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("row")
    HeatNetwork().prepare({"blocks": [block(n) for n in range(COUNT)]}, folder)
    return folder


def run(row: Path, *overrides: Override, demand: list[float] | None = None, **figures: Any) -> MemberResult:
    linked = supply(demand or [5000.0] * COUNT)
    member = Member({**FIGURES, **figures}, overrides, WHOLE_PERIOD, seed=1, linked=linked)
    return HeatNetwork().run(row, member, silent)


def test_a_row_of_blocks_is_a_tree_from_its_middle() -> None:
    places = np.array([[100.0 * n, 0.0] for n in range(COUNT)])
    [tree], small = trees.lay(places, np.full(COUNT, 1000.0), FIGURES)
    assert (tree.root, small) == (2, 0)
    assert tree.parent.tolist() == [1, 2, -1, 2, 3]
    assert tree.length.tolist() == pytest.approx([130.0, 130.0, 0.0, 130.0, 130.0])
    own = 1000e6 / 1900 * 0.7 / (4190 * 35)
    assert tree.own.tolist() == pytest.approx([own] * COUNT)
    assert tree.flow.tolist() == pytest.approx([own, 2 * own, 5 * own, 2 * own, own])


def test_pipes_are_the_smallest_that_are_wide_enough() -> None:
    places = np.array([[100.0 * n, 0.0] for n in range(COUNT)])
    [tree], _ = trees.lay(places, np.full(COUNT, 20_000.0), FIGURES)
    speed = tree.flow / (trees.DENSITY * np.pi / 4 * tree.inner**2)
    assert (speed <= FIGURES["velocity"] + 1e-9).all()
    smaller = trees.INNER_M[np.maximum(np.searchsorted(trees.INNER_M, tree.inner) - 1, 0)]
    assert (tree.flow / (trees.DENSITY * np.pi / 4 * smaller**2) > FIGURES["velocity"]).all()


def test_more_heat_than_a_plant_gives_gets_a_second_one() -> None:
    places = np.array([[100.0 * n, 0.0] for n in range(10)])
    found, _ = trees.lay(places, np.full(10, 40_000.0), FIGURES)
    assert len(found) == 2
    assert sorted(int(b) for tree in found for b in tree.blocks) == list(range(10))


def test_pressure_falls_as_darcy_and_weisbach_say() -> None:
    """One pipe of 1,300 m to a block: f·L/d·ρv²/2 there and back, with Nikuradse's f as pandapipes takes it."""
    tree = trees.Tree(
        blocks=np.arange(2), root=0, parent=np.array([-1, 0]), length=np.array([0.0, 1300.0]),
        inner=np.array([0.2101, 0.2101]), flow=np.array([40.0, 30.0]), own=np.array([10.0, 30.0]),
    )  # fmt: skip
    found = solve(tree, FIGURES, 90.0)
    speed = 30.0 / (968.0 * math.pi / 4 * 0.2101**2)
    friction = (2 * math.log10(0.2101 / 0.0001) + 1.14) ** -2
    drop = 2 * friction * 1300 / 0.2101 * 968 * speed**2 / 2 / 1e5
    assert found.velocity[1] == pytest.approx(speed, rel=0.02)
    assert FIGURES["lift"] - found.difference[1] == pytest.approx(drop, rel=0.1)
    assert found.temperature[0] == pytest.approx(90.0)
    assert 80 < found.temperature[1] < 90


def test_farther_blocks_have_less_pressure_and_colder_water(row: Path) -> None:
    found = run(row)
    difference, temperature = found.fields["difference"][0], found.fields["temperature"][0]
    assert difference[2] == pytest.approx(FIGURES["lift"])
    assert difference[0] < difference[1] < difference[2]
    assert temperature[0] < temperature[1] < temperature[2]


def test_a_cooler_supply_loses_less(row: Path) -> None:
    cooler = run(row, Override("lower_supply", {}, {"kelvin": 20.0}))
    assert cooler.indicators["losses"] < run(row).indicators["losses"]
    assert cooler.indicators["coldest"] < run(row).indicators["coldest"]


def test_narrow_pipes_leave_blocks_without_pressure(row: Path) -> None:
    narrow = run(row, demand=[60_000.0] * COUNT, velocity=4.0, lift=1.0)
    assert narrow.indicators["too_little"] > 0
    assert any("does NOT hold" in warning for warning in narrow.warnings)
    wide = run(row, demand=[60_000.0] * COUNT, velocity=0.8)
    assert wide.indicators["too_little"] == 0
    assert not any("does NOT hold" in warning for warning in wide.warnings)


def test_small_groups_are_counted_not_checked(row: Path) -> None:
    found = run(row, demand=[5000.0, 5000.0, 5000.0, 0.0, 5000.0], reach=200.0)
    assert found.indicators["unchecked"] == 1
    assert math.isnan(found.fields["difference"][0][3])
    with pytest.raises(ModelFailed, match="large enough"):
        run(row, demand=[5000.0, 0.0, 0.0, 0.0, 0.0])


def test_it_does_not_run_alone(row: Path) -> None:
    with pytest.raises(ModelFailed, match="another model's results"):
        HeatNetwork().run(row, Member(FIGURES, (), WHOLE_PERIOD, seed=1), silent)
