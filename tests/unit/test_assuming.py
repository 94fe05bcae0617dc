"""What a scenario assumes: the parameters it fixes are not drawn, the others stay where they were."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sympolis.analysis import assuming, ensemble
from sympolis.analysis.assuming import ASSUME
from sympolis.analysis.scenario import read_overrides
from sympolis.domain.scenario import Override, Window
from sympolis.plugins.simulator import Parameter
from sympolis.testing.simulators import ToySimulator

UNCERTAIN = next(one for one in ToySimulator.parameters if one.plausible is not None)


def plan(*overrides: Override, given: dict[str, float] | None = None) -> ensemble.Design:
    common = ensemble.Design(
        seed=3, window=Window(8, 9), mode="interactive", fixed={}, uncertain=(), overrides=overrides
    )
    return ensemble.design(ToySimulator.parameters, ToySimulator.measures, given or {}, common)


def assume(value: float) -> Override:
    return Override(ASSUME, {}, {UNCERTAIN.name: value})


def test_what_is_assumed_is_fixed_and_the_rest_drawn_as_before() -> None:
    charge = Override("charge_entry", {}, {"charge_eur": 4.0})
    before, after = plan(charge), plan(assume(1.1), charge)
    assert after.overrides == (charge,)
    assert UNCERTAIN.name in ensemble.uncertain_names(before)
    assert UNCERTAIN.name not in ensemble.uncertain_names(after)
    for index in range(5):
        one, other = ensemble.member(before, index), ensemble.member(after, index)
        assert other.parameters == {**one.parameters, UNCERTAIN.name: 1.1}
        assert (other.seed, other.overrides) == (one.seed, one.overrides)


def test_an_assumption_weighs_more_than_the_citys_value_and_the_last_one_most() -> None:
    assert plan(given={UNCERTAIN.name: 0.9}).fixed[UNCERTAIN.name] == 0.9
    assert plan(assume(1.1), assume(1.2), given={UNCERTAIN.name: 0.9}).fixed[UNCERTAIN.name] == 1.2


def test_the_measure_has_the_models_parameters_with_their_bounds() -> None:
    [found] = [one for one in assuming.measures_of(ToySimulator) if one.name == ASSUME]
    assert found.targets == () and found.title.keys() == found.description.keys() == {"it", "de", "en"}
    assert found.parameters == tuple(ToySimulator.parameters)


def test_what_the_city_gave_is_the_default_and_not_drawn() -> None:
    *_, found = assuming.measures_of(ToySimulator, {UNCERTAIN.name: 0.9})
    assert replace(UNCERTAIN, default=0.9, plausible=None) in found.parameters


def test_only_parameters_that_may_stay_open_are_offered() -> None:
    class Bare(ToySimulator):
        parameters = (Parameter("needed", {"en": "Needed"}, unit="1"),)

    assert assuming.measures_of(Bare) == tuple(ToySimulator.measures)


@pytest.mark.parametrize(
    ("override", "where"),
    [
        ({"measure": ASSUME, "where": {}, "parameters": {UNCERTAIN.name: 1e9}}, UNCERTAIN.name),
        ({"measure": ASSUME, "where": {}, "parameters": {"weather": 1}}, "weather"),
        ({"measure": ASSUME, "where": {"area": "x"}, "parameters": {}}, "where"),
    ],
)
def test_assumptions_out_of_bounds_are_refused_at_their_place(
    override: dict[str, object], where: str
) -> None:
    allowed, [reason] = read_overrides([override], assuming.measures_of(ToySimulator))
    assert not allowed and where in reason.where
