"""Cohorts on paper: where births, ageing and moving are known, the forecast is what arithmetic says."""

import math
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from sympolis.domain.errors import ModelFailed
from sympolis.domain.scenario import Override
from sympolis.plugins.simulators.cohort_forecast import CohortForecast, cohorts, judging
from sympolis.plugins.simulators.cohort_forecast.cohorts import Habits, Record
from sympolis.testing.simulators import SimulatorContract

YEARS = tuple(range(2000, 2024))


def still(children: float = 1500.0, adults: float = 6000.0) -> Record:
    """Two equal areas in which as many are born as grow up, and nobody moves."""
    shape = (len(YEARS), 2)
    births = dict.fromkeys(YEARS, 2 * children / 15)
    people = np.full(shape, children + adults + 500.0)
    return Record(("a", "b"), YEARS, np.full(shape, children), np.full(shape, adults), people, births)


def test_a_still_population_stays_as_it_is() -> None:
    start = cohorts.present(still(), Habits())
    future = cohorts.forecast(start, 7, Habits())[-1]
    np.testing.assert_allclose(future.ages, 100.0, rtol=1e-9)


def test_a_year_without_births_is_seen_growing_up() -> None:
    record = still()
    start = cohorts.present(record, Habits())
    gap = cohorts.forecast(start, 3, Habits(), births_factor=0.0)[-1]
    np.testing.assert_allclose(gap.ages[:3], 0.0, atol=1e-9)
    np.testing.assert_allclose(gap.ages[3:], 100.0, rtol=1e-9)


def test_fewer_births_in_the_past_are_fewer_older_children_now() -> None:
    record = still()
    births = {year: number * (0.5 if year >= 2020 else 1.0) for year, number in record.births.items()}
    children = record.children.copy()
    for year in (2020, 2021, 2022, 2023):
        children[YEARS.index(year)] -= 50 * (year - 2019)
    changed = Record(record.ids, YEARS, children, record.adults, record.people, births)
    ages = cohorts.present(changed, Habits()).ages
    np.testing.assert_allclose(ages[:4], 50.0, rtol=0.01)
    np.testing.assert_allclose(ages[4:], 100.0, rtol=0.01)


def test_who_moves_in_is_there_and_grows_older() -> None:
    moving = np.zeros((15, 2))
    moving[0, 1] = 30.0
    start = cohorts.present(still(), Habits())
    future = cohorts.forecast(start, 3, Habits(), newcomers=moving)[-1]
    assert future.ages[:3, 1].sum() == pytest.approx(330.0)
    assert future.ages[:, 0].sum() == pytest.approx(1500.0)


def test_steady_moving_in_is_carried_on() -> None:
    record = still()
    growth = 1.02 ** np.arange(len(YEARS))[:, None]
    births = {
        year: number * float(growth[step, 0]) for step, (year, number) in enumerate(record.births.items())
    }
    grown = Record(record.ids, YEARS, record.children * growth, record.adults * growth, record.people, births)
    habits = Habits(5, 0.5, 1.0)
    future = cohorts.forecast(cohorts.present(grown, habits), 5, habits)[-1]
    assert future.ages.sum() == pytest.approx(3000 * 1.02 ** (len(YEARS) + 4), rel=0.01)


def test_births_between_known_years_lie_on_a_line() -> None:
    record = still()
    known = {2010: 120.0, 2014: 240.0}
    sparse = Record(record.ids, YEARS, record.children, record.adults, record.people, known)
    rates = cohorts.birth_rates(sparse) * 12_000
    assert rates[YEARS.index(2012)] == pytest.approx(180.0)
    assert (rates[0], rates[-1]) == pytest.approx((120.0, 240.0))


def test_nothing_after_the_origin_is_known_to_a_forecast_of_the_past() -> None:
    past = still().until(2010)
    assert past.years[-1] == 2010 and max(past.births) == 2010 and len(past.children) == 11


def test_errors_grow_with_the_years_and_are_drawn_alike_for_one_seed() -> None:
    _, spread = judging.read({})
    assert spread.city[0] == 0.0 and np.all(np.diff(spread.city) > 0)
    children = np.array([50.0, 5000.0])
    draws = np.array([spread.draw(5, children, np.random.default_rng(seed)) for seed in range(400)])
    assert np.log(draws[:, 0]).std() > np.log(draws[:, 1]).std()
    again = spread.draw(5, children, np.random.default_rng(7))
    np.testing.assert_array_equal(again, draws[7])


def test_too_few_years_cannot_be_judged() -> None:
    with pytest.raises(ModelFailed, match="too few"):
        judging.calibrate(still().until(2008), lambda _share, _text: None)


def series(values: list[float]) -> dict[str, Any]:
    return {"times": [f"{year}-12-31T00:00:00Z" for year in YEARS], "values": values}


def area(number: int, growth: float) -> dict[str, Any]:
    west = 12.3 + 0.01 * number
    ring = [[west, 51.3], [west + 0.01, 51.3], [west + 0.01, 51.31], [west, 51.31], [west, 51.3]]
    factors = [growth**step * (1.0 + 0.02 * math.sin(step * (number + 1))) for step in range(len(YEARS))]
    return {
        "id": f"urn:ngsi-ld:StatisticalArea:t:{number}",
        "name": f"Area {number}",
        "location": {"type": "Polygon", "coordinates": [ring]},
        "population": 8000 * factors[-1],
        "series": {
            "population": series([8000 * factor for factor in factors]),
            "populationUnder15": series([1100 * factor for factor in factors]),
            "populationOver65": series([1500 * factor for factor in factors]),
        },
    }


class TestCohortForecast(SimulatorContract):
    simulator = CohortForecast
    allowed = Override(
        "build_homes",
        {"features": ["urn:ngsi-ld:StatisticalArea:t:1"]},
        {"dwellings": 500, "people_each": 2.0, "children_share": 0.2, "built_share": 1.0},
    )
    refused = Override("build_homes", {"features": ["urn:unknown"]}, {"dwellings": 500})
    areas: ClassVar[list[dict[str, Any]]] = [area(number, 1.0 + 0.004 * number) for number in range(4)]

    def inputs(self) -> Any:
        births = {
            "id": "urn:ngsi-ld:VitalStatistics:t:city",
            "series": {"births": series([320.0] * len(YEARS))},
        }
        return {"areas": self.areas, "record": self.areas, "births": [births]}

    def test_homes_add_children_in_their_area_only(self, tmp_path: Path) -> None:
        model, folder = self.prepared(tmp_path / "model")
        base = model.run(folder, self.member(), lambda _s, _t: None)
        built = model.run(folder, self.member(self.allowed), lambda _s, _t: None)
        change = np.array(built.fields["children"][0]) - np.array(base.fields["children"][0])
        assert 100 < change[1] < 260
        np.testing.assert_allclose(np.delete(change, 1), 0.0, atol=1e-9)

    def test_fewer_births_are_fewer_small_children(self, tmp_path: Path) -> None:
        model, folder = self.prepared(tmp_path / "model")
        fewer = Override("change_births", {}, {"percent": -20.0})
        base = model.run(folder, self.member(), lambda _s, _t: None).indicators
        less = model.run(folder, self.member(fewer), lambda _s, _t: None).indicators
        assert less["born"] == pytest.approx(0.8 * base["born"])
        assert less["asking_older"] > 0.85 * base["asking_older"]
