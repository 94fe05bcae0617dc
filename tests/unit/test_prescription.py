"""Allocations: the best is found, limits hold, and the front trades cost, gain and fairness."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from sympolis.analysis.prescription.problem import Limits, Option
from sympolis.analysis.prescription.solve import allocate, best, pareto
from sympolis.domain import errors


def options(count: int = 8, seed: int = 3) -> list[Option]:
    random = np.random.default_rng(seed)
    return [
        Option(
            lever=0, place=f"p{n}", measure="plant", amount=float(amount), gain=float(random.uniform(1, 9) * amount),
            costs={"money": 10.0 * amount}, worst_off=n % 3 == 0,
        )
        for n in range(count) for amount in (1, 2)
    ]  # fmt: skip


def brute(table: list[Option], budget: float, share: float = 0.0) -> float:
    """The most gain over every set of options, one a place at most."""
    most = 0.0
    for size in range(len(table) + 1):
        for chosen in combinations(table, size):
            gain = sum(o.gain for o in chosen)
            fair = sum(o.gain for o in chosen if o.worst_off)
            cost = sum(o.costs["money"] for o in chosen)
            if len({o.place for o in chosen}) == size and cost <= budget and fair >= share * gain - 1e-9:
                most = max(most, gain)
    return most


@pytest.mark.parametrize(("budget", "share"), [(30.0, 0.0), (50.0, 0.0), (50.0, 0.6)])
def test_the_best_choice_is_the_one_that_trying_everything_finds(budget: float, share: float) -> None:
    table = options(5)
    found = best(table, Limits(budget={"money": budget}, least_share=share))
    assert found is not None
    assert found.gain == pytest.approx(brute(table, budget, share), rel=1e-3)
    assert found.costs["money"] <= budget
    assert found.worst_off_share >= share - 1e-9


def test_one_amount_a_place_and_limits_on_places_and_totals() -> None:
    table = options()
    found = best(table, Limits(budget={"money": 1e6}, totals={"plant": 7.0}, most_places=4))
    assert found is not None
    chosen = [table[n] for n in found.options]
    assert len({o.place for o in chosen}) == len(chosen) <= 4
    assert sum(o.amount for o in chosen) <= 7.0


def test_a_weight_moves_the_choice_towards_those_worst_off() -> None:
    table = options(12, seed=5)
    plain = best(table, Limits(budget={"money": 60.0}))
    weighted = best(table, Limits(budget={"money": 60.0}, weight=3.0))
    assert plain is not None and weighted is not None
    assert weighted.worst_off_share > plain.worst_off_share
    assert weighted.gain <= plain.gain


def test_no_point_of_the_front_is_beaten_by_another() -> None:
    front = pareto(options(10, seed=9), Limits(budget={"money": 120.0}))
    assert len(front) >= 4
    merits = [(-p.choice.costs["money"], p.choice.gain, p.choice.worst_off_share) for p in front]
    for one in merits:
        assert not any(all(b >= a for a, b in zip(one, two, strict=True)) and two != one for two in merits)


def test_what_cannot_be_kept_is_said() -> None:
    table = [{"lever": 0, "place": "a", "measure": "m", "amount": 1.0, "gain": 1.0, "costs": {"money": 5.0}}]
    with pytest.raises(errors.ModelFailed, match="no choice"):
        allocate([{**table[0], "gain": -1.0}], {"budget": {"money": 1.0}, "least_share": 0.5}, False)


def test_a_measure_that_does_not_help_is_not_chosen() -> None:
    table = [Option(lever=0, place="a", measure="m", amount=1.0, gain=-2.0, costs={"money": 1.0})]
    found = best(table, Limits(budget={"money": 10.0}))
    assert found is not None and found.options == ()
