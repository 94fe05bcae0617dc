"""The behavioural part reproduces the public civic-digital-twins Bologna example's figures from that example's inputs.

Input figures (facts, from examples/mobility_bologna of github.com/fbk-most/civic-digital-twins, Apache-2.0): inflow at
the full hours, trips starting by hour, fleet shares and NOx factors by Euro class. Between the hours the example's
five-minute inflow is the quadratic spline through these 24 figures, to 1e-8.
"""

import numpy as np
import pytest

from sympolis.plugins.simulators.mobility_policy import circulation
from sympolis.plugins.simulators.mobility_policy.behaviour import Charge, Habits, Response, respond

INFLOW = [
    2655, 1199, 493, 386, 551, 1193, 3522, 8994, 12604, 10674, 9468, 9439,
    9622, 8861, 8970, 9192, 10963, 13699, 13478, 11369, 8198, 4883, 3885, 3836,
]  # fmt: skip
STARTING = [
    4132.17, 1806.84, 974.21, 998.71, 2112.32, 5860.21, 15927.16, 26907.4, 26139.74, 22302.41, 22072.1, 22158.83,
    21237.35, 21129.68, 21782.38, 24825.22, 29143.63, 28235.26, 25576.54, 20852.08, 13232.52, 9114.04, 8588.31,
    7403.58,
]  # fmt: skip
SHARES = np.array([0.059, 0.012, 0.034, 0.054, 0.198, 0.176, 0.467])
NOX = np.array([0.2105844, 0.2174573, 0.2401452, 0.2472392, 0.1355551, 0.0995585, 0.0682460])
EUROS = 5.0 - 0.25 * np.arange(7)
CAPACITY = 2_200_368.2454
"""The example's constant "total traffic", which it reads as given."""
KM_PER_STEP = 2.5


def inflow() -> np.ndarray:
    return circulation.by_step(np.array(INFLOW, dtype=float), rates=True)


def starting() -> np.ndarray:
    return circulation.by_step(np.array(STARTING), rates=False)


def answered(p50_cost: float, *, published: bool = True) -> Response:
    charge = Charge(tuple(EUROS), 7.5, 19.5, 0.15)
    return respond(inflow(), SHARES, charge, Habits(p50_cost, 0.5, 0.25, 0.8, 0.5), published=published)


def ensemble(*, published: bool = True, size: int = 2000) -> list[Response]:
    """Evenly spaced over the uniform distribution that the example samples: its means without its scatter."""
    return [answered(p50, published=published) for p50 in 4 + 7 * (np.arange(size) + 0.5) / size]


def test_base_inflow_and_average_cost_are_the_published_ones() -> None:
    assert inflow().sum() == pytest.approx(168_139.01, abs=0.005)
    assert float(EUROS @ SHARES) == pytest.approx(3.8210, abs=5e-5)


def test_base_emissions_are_the_published_ones() -> None:
    traffic = circulation.iterate(inflow() + starting(), CAPACITY, 4.0, 50)
    assert KM_PER_STEP * (NOX @ SHARES) * traffic.sum() == pytest.approx(612_532.78, abs=0.1)


def test_the_published_iteration_stops_before_it_has_converged() -> None:
    day = inflow() + starting()
    stay = circulation.mean_stay(day.sum(), CAPACITY / 4.0, 4.0)
    converged = circulation.circulate(day, stay)
    assert circulation.iterate(day, CAPACITY, 4.0, 2000) == pytest.approx(converged, rel=1e-9)
    assert circulation.iterate(day, CAPACITY, 4.0, 50).sum() / converged.sum() == pytest.approx(
        0.983, abs=0.001
    )


def test_monte_carlo_means_are_the_published_ones_within_their_sampling_error() -> None:
    runs = ensemble()
    modified = np.array([run.entering.sum() for run in runs])
    paid = np.array([run.paying.sum() * (EUROS @ SHARES) for run in runs])
    draws = np.sqrt(2000)
    assert modified.mean() == pytest.approx(139_519, abs=2 * 6_930 / draws)
    assert modified.std() == pytest.approx(6_930, rel=0.03)
    assert paid.mean() == pytest.approx(287_691, abs=2 * paid.std() / draws)


def test_whoever_shifts_arrives_while_the_published_sampling_loses_some() -> None:
    lossy, kept = answered(7.5), answered(7.5, published=False)
    base = inflow().sum()
    lost = [run.other_mode + run.rerouted + run.given_up for run in (lossy, kept)]
    assert kept.entering.sum() + lost[1].sum() == pytest.approx(base, rel=1e-12)
    assert 0.05 < 1 - lossy.shifted.sum() / kept.shifted.sum() < 0.10


def test_revenue_by_class_is_less_than_the_published_product_of_means() -> None:
    """The dearer classes pay less often, so that paying vehicles × average charge is too much."""
    run = answered(7.5)
    assert run.revenue_of @ EUROS < run.paying.sum() * (EUROS @ SHARES)
