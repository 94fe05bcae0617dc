"""The source model gives what the Commission's reference software published for its examples, and the Directive's
words.

The published values are those of CNOSSOS_DLL_CONSOLE (edition of 2015), as the NoiseModelling project (Université
Gustave Eiffel) reports them; α and β of the surfaces in the examples are table F-4 of that edition.
"""

import numpy as np
import pytest

from sympolis.plugins.cnossos import (
    BANDS_HZ,
    CATEGORIES,
    LIGHTS,
    ROUNDABOUT,
    SOURCES,
    THIN_LAYER_B,
    Conditions,
    Surface,
    a_weighted_db,
    line_power_db,
    total_db,
    vehicle_power_db,
)


def surface(light: tuple[float, ...], beta: float, heavy: tuple[float, ...], heavy_beta: float) -> Surface:
    return Surface({"1": light, "2": heavy, "3": heavy}, {"1": beta, "2": heavy_beta, "3": heavy_beta})


ONE_LAYER = surface(
    (0.5, 3.3, 2.4, 3.2, -1.3, -3.5, -2.6, 0.5), -6.5, (0.9, 1.4, 1.8, -0.4, -5.2, -4.6, -3.0, -1.4), 0.2
)
TWO_LAYERS = surface(
    (0.4, 2.4, 0.2, -3.1, -4.2, -6.3, -4.8, -2.0), -3.0, (0.4, 0.2, -0.7, -5.4, -6.3, -6.3, -4.7, -3.7), 4.7
)
TWO_FINE_LAYERS = surface(
    (-1.0, 1.7, -1.5, -5.3, -6.3, -8.5, -5.3, -2.4),
    -0.1,
    (1.0, 0.1, -1.8, -5.9, -6.1, -6.7, -4.8, -3.8),
    -0.8,
)
STUDDED = 0.5 * 4 / 12
SLOW = (40.0, 43.0, 45.0, 35.0, 32.0)
EVEN = (70.0,) * 5

PUBLISHED = [
    pytest.param(
        8000, (1000,) * 5, EVEN, 15.0, 10.0, ONE_LAYER, 0.0, LIGHTS, 77.6711, id="all at 70, uphill"
    ),
    pytest.param(
        1000, (582, 500, 400, 1000, 1100), SLOW, 5.0, -5.0, TWO_LAYERS, 0.0, LIGHTS, 79.6814, id="downhill"
    ),
    pytest.param(
        8000, (58, 50, 40, 100, 100), SLOW, -5.0, -7.0, TWO_FINE_LAYERS, 0.0, LIGHTS, 58.8222, id="frost"
    ),
    pytest.param(
        63, (58, 50, 40, 100, 100), SLOW, -5.0, -7.0, TWO_FINE_LAYERS, 0.5, LIGHTS, 82.785, id="near lights"
    ),
    pytest.param(
        4000, (1000,) * 5, EVEN, 15.0, 10.0, ONE_LAYER, 0.7, ROUNDABOUT, 85.4991, id="near a roundabout"
    ),
]


@pytest.mark.parametrize(
    ("band", "flows", "speeds", "temperature", "slope", "laid", "nearness", "junction", "expected"), PUBLISHED
)
def test_published_examples(  # noqa: PLR0913, PLR0917
    band: int,
    flows: tuple[float, ...],
    speeds: tuple[float, ...],
    temperature: float,
    slope: float,
    laid: Surface,
    nearness: float,
    junction: int,
    expected: float,
) -> None:
    conditions = Conditions(temperature, slope, laid, junction, nearness, STUDDED, 2015)
    lines = [
        line_power_db(vehicle_power_db(name, np.array([v]), conditions), np.array([q]), np.array([v]))[0]
        for name, q, v in zip(CATEGORIES, flows, speeds, strict=True)
    ]
    found = total_db(np.array(lines), axis=0)[BANDS_HZ.index(band)]
    assert found == pytest.approx(expected, abs=0.01)


def test_published_spectrum_of_a_thousand_cars_at_20() -> None:
    expected = [77.1136, 75.5712, 75.6919, 73.6689, 71.3471, 68.1195, 63.4796]
    conditions = Conditions(-5.0, -15.0, ONE_LAYER, LIGHTS, 0.0, 0.5 / 12, 2015)
    cars = vehicle_power_db("1", np.array([20.0]), conditions)
    found = line_power_db(cars, np.array([1000.0]), np.array([20.0]))[0]
    assert found[1:] == pytest.approx(expected, abs=0.01)


def test_the_amendment_of_2021_raised_every_coefficient_of_level_and_no_slope() -> None:
    old, new = SOURCES[2015], SOURCES[2021]
    assert all(min(np.subtract(new[c].propulsion_a, old[c].propulsion_a)) > 0 for c in CATEGORIES)
    assert all(new[c].propulsion_b == old[c].propulsion_b for c in CATEGORIES)
    assert new["1"].rolling_a == (83.1, 89.2, 87.7, 93.1, 100.1, 96.7, 86.8, 76.2)


def test_below_20_kmh_a_vehicle_is_as_loud_as_at_20() -> None:
    slow, limit = vehicle_power_db("1", np.array([5.0, 20.0]), Conditions())
    assert slow == pytest.approx(limit)


def test_twice_the_vehicles_are_three_decibels_and_none_are_silent() -> None:
    cars = vehicle_power_db("1", np.array([50.0]), Conditions())
    one, two = (line_power_db(cars, np.array([q]), np.array([50.0])) for q in (500.0, 1000.0))
    assert a_weighted_db(two)[0] - a_weighted_db(one)[0] == pytest.approx(3.01, abs=0.01)
    assert a_weighted_db(line_power_db(cars, np.array([0.0]), np.array([50.0])))[0] == -np.inf


def test_30_instead_of_50_and_a_quiet_surface_lower_the_level_of_cars() -> None:
    speeds = np.array([50.0, 30.0])
    plain = a_weighted_db(
        line_power_db(vehicle_power_db("1", speeds, Conditions()), np.array([500.0]), speeds)
    )
    quiet = a_weighted_db(
        line_power_db(
            vehicle_power_db("1", speeds, Conditions(surface=THIN_LAYER_B)), np.array([500.0]), speeds
        )
    )
    assert 2.0 < plain[0] - plain[1] < 4.5
    assert 2.0 < plain[0] - quiet[0] < 6.0
