"""Members of an ensemble: stratified, paired, repeatable, and no more than needed."""

from __future__ import annotations

import numpy as np
import pytest

from sympolis.analysis import ensemble
from sympolis.analysis.ensemble import BLOCK, Design, Policy, design, enough, member, next_members, position
from sympolis.domain.scenario import Override, Window
from sympolis.plugins.simulator import Measure, MemberResult, Parameter

DEMAND = Parameter("demand", {}, default=1.0, low=0, high=2, plausible=(0.9, 1.1))
LANES = Parameter("lanes", {}, kind="integer", default=2, low=1, high=9, plausible=(1, 9))
FIXED = Parameter("noise", {}, default=0.5, low=0, high=1)
ELASTICITY = Parameter("elasticity", {}, low=-1, high=0, plausible=(-0.5, -0.2))
PRICE = Parameter("price", {}, default=5.0, low=0, high=20)
CHARGE = Measure("charge", {}, {}, (), (ELASTICITY, PRICE))


def plan(seed: int = 1, *overrides: Override, **given: float) -> Design:
    common = Design(
        seed=seed, window=Window(), mode="interactive", fixed={}, uncertain=(), overrides=overrides
    )
    return design((DEMAND, LANES, FIXED), (CHARGE,), given, common)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("block", [0, 1, 7])
def test_each_block_has_one_member_in_each_slice_of_each_range(seed: int, block: int) -> None:
    shares = [position(seed, "demand", block * BLOCK + place) for place in range(BLOCK)]
    assert sorted(int(share * BLOCK) for share in shares) == list(range(BLOCK))


def test_two_parameters_are_not_drawn_in_step() -> None:
    first, second = ([position(1, name, i) for i in range(400)] for name in ("demand", "elasticity"))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.15


def test_draws_fill_the_range_evenly() -> None:
    shares = np.array([position(3, "demand", i) for i in range(2000)])
    counts = np.histogram(shares, bins=10, range=(0, 1))[0]
    assert counts.min() > 160 and counts.max() < 240


def test_draws_are_the_same_on_every_machine() -> None:
    """Recorded once: another value here means that every kept result has lost its key."""
    assert [round(position(1, "demand", i), 6) for i in range(4)] == [0.902055, 0.394017, 0.579716, 0.155138]
    assert ensemble.member_seed(1, 0) == 498975825


def test_baseline_and_scenario_share_seed_and_parameters_member_by_member() -> None:
    base, charged = plan(1), plan(1, Override("charge"))
    for index in range(12):
        before, after = member(base, index), member(charged, index)
        assert (before.seed, before.parameters) == (after.seed, after.parameters)
    assert len({member(base, index).seed for index in range(64)}) == 64


def test_growing_an_ensemble_leaves_its_first_members_alone() -> None:
    assert [member(plan(), i) for i in range(4)] == [member(plan(), i) for i in range(12)][:4]


def test_an_open_parameter_is_drawn_once_per_member_for_all_overrides_of_a_measure() -> None:
    two = plan(1, Override("charge", {"area": "a"}), Override("charge", {"area": "b"}, {"price": 9.0}))
    first, second = member(two, 3).overrides
    assert first.parameters["elasticity"] == second.parameters["elasticity"]
    assert -0.5 <= first.parameters["elasticity"] <= -0.2
    assert (first.parameters["price"], second.parameters["price"]) == (5.0, 9.0)


def test_what_the_caller_fixes_is_not_sampled() -> None:
    fixed = plan(1, Override("charge", {}, {"elasticity": -0.3}), demand=1.05)
    assert {member(fixed, i).parameters["demand"] for i in range(8)} == {1.05}
    assert member(fixed, 0).overrides[0].parameters["elasticity"] == -0.3
    assert ensemble.uncertain_names(fixed) == {"lanes": (1, 9)}
    assert ensemble.uncertain_names(plan(1, Override("charge")))["charge.elasticity"] == (-0.5, -0.2)


def test_whole_numbers_stay_whole() -> None:
    drawn = {member(plan(), i).parameters["lanes"] for i in range(40)}
    assert drawn <= set(range(1, 10)) and all(isinstance(value, int) for value in drawn)


def results(*values: float) -> list[MemberResult]:
    return [MemberResult((), {}, {"nox": value}) for value in values]


def test_the_ensemble_grows_by_blocks_until_its_mean_is_known() -> None:
    policy = Policy(minimum=8, maximum=12, tolerance=0.05)
    steady, wild = [100.0, 101.0] * 4, [10.0, 200.0] * 4
    assert next_members(0, policy) == range(8)
    assert not enough(results(*steady[:7]), policy)
    assert enough(results(*steady), policy)
    assert not enough(results(*wild), policy)
    assert next_members(8, policy) == range(8, 12)
    assert enough(results(*wild, *wild[:4]), policy)


def test_a_fixed_number_of_members_need_not_be_whole_blocks() -> None:
    policy = Policy(minimum=3, maximum=3)
    assert next_members(0, policy) == range(3) and enough(results(1.0, 5.0, 9.0), policy)
