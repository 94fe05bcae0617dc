"""Networks small enough to solve on paper, and what must hold for any: never over capacity, more places never worse."""

from dataclasses import replace
from pathlib import Path
from statistics import NormalDist
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from sympolis.domain.scenario import Override
from sympolis.plugins.simulator import Linked
from sympolis.plugins.simulators.facility_network import FacilityNetwork, location, modes, travel, worth
from sympolis.plugins.simulators.facility_network.allocation import WITHOUT_PLACE_MIN, allocate
from sympolis.testing.simulators import SimulatorContract, silent

PACE = travel.Pace(travel.TRANSIT, 4.0, 1.25, 20.0, 5.0, 30.0, 4.0)


def numbers(*values: float) -> Any:
    return np.array(values, dtype=np.float64)


# --- ways -------------------------------------------------------------------------------------------------------------


def test_minutes_follow_from_metres_and_speed() -> None:
    walk = travel.Pace("walk", 4.0, 1.25, 20.0, 5.0, 30.0, 4.0)
    car = travel.Pace("car", 4.0, 1.25, 20.0, 5.0, 30.0, 4.0)
    metres = np.array([[1600.0]])
    assert travel.minutes(metres, numbers(0), numbers(0), walk)[0, 0] == pytest.approx(30.0)
    assert travel.minutes(metres, numbers(0), numbers(0), car)[0, 0] == pytest.approx(8.0)


def test_riding_takes_over_where_it_is_quicker_and_needs_stops() -> None:
    metres = np.array([[160.0, 8000.0]])
    found = travel.minutes(metres, numbers(160), numbers(160, 160), PACE)
    assert found[0] == pytest.approx([3.0, 3.0 + 3.0 + 5.0 + 30.0])
    nowhere = travel.minutes(metres, numbers(np.inf), numbers(np.inf, np.inf), PACE)
    assert nowhere[0] == pytest.approx([3.0, 150.0])


# --- who goes where ---------------------------------------------------------------------------------------------------


def test_the_known_best_assignment_is_found() -> None:
    """Both want site 0; sending the one that loses least by it to site 1 costs 3 + 5, the other way round 1 + 20."""
    found = allocate(numbers(10, 10), numbers(10, 20), np.array([[1.0, 5.0], [3.0, 20.0]]), 30.0)
    pairs = sorted(zip(found.point.tolist(), found.site.tolist(), found.placed.tolist(), strict=True))
    assert pairs == [(0, 1, pytest.approx(10.0)), (1, 0, pytest.approx(10.0))]
    assert found.without.sum() == pytest.approx(0.0)


def test_fewest_without_a_place_come_before_short_ways() -> None:
    """Point 1 reaches site 0 only; point 0 gives way although it has nine times as far to go."""
    found = allocate(numbers(5, 5), numbers(5, 5), np.array([[1.0, 9.0], [2.0, 31.0]]), 30.0)
    assert found.without.sum() == pytest.approx(0.0)
    assert found.taken(2) == pytest.approx([5.0, 5.0])


def test_what_is_missing_is_said_where_it_is_missing() -> None:
    found = allocate(numbers(8, 4), numbers(6, 10), np.array([[1.0, 99.0], [99.0, 1.0]]), 30.0)
    assert found.without == pytest.approx([2.0, 0.0])
    assert found.price[0] == pytest.approx(WITHOUT_PLACE_MIN - 1.0)
    assert found.price[1] == pytest.approx(0.0)


def everything_at_once(children: Any, places: Any, minutes: Any, limit: float) -> float:
    """The same problem with all pairs, written down the long way."""
    n, m = minutes.shape
    cost = np.where(minutes <= limit, minutes, 1e7).ravel()
    rows = np.zeros((n, n * m + n))
    for point in range(n):
        rows[point, point * m : (point + 1) * m] = 1.0
        rows[point, n * m + point] = 1.0
    caps = np.zeros((m, n * m + n))
    for site in range(m):
        caps[site, site : n * m : m] = 1.0
    found = linprog(
        np.concatenate([cost, np.full(n, WITHOUT_PLACE_MIN)]), caps, places, rows, children, bounds=(0, None)
    )
    assert found.fun is not None
    return float(found.fun)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), points=st.integers(1, 12), sites=st.integers(1, 40))
def test_it_is_the_optimum_within_capacity_and_limit(seed: int, points: int, sites: int) -> None:
    rng = np.random.default_rng(seed)
    children, places = rng.uniform(0, 30, points), rng.uniform(0, 20, sites)
    minutes = rng.uniform(1, 45, (points, sites))
    found = allocate(children, places, minutes, 30.0)
    assert np.all(found.taken(sites) <= places + 1e-6)
    assert np.all(minutes[found.point, found.site] <= 30.0)
    np.testing.assert_allclose(
        found.by_point(np.ones(len(found.placed))) + found.without, children, atol=1e-5
    )
    value = float((found.placed * minutes[found.point, found.site]).sum())
    value += WITHOUT_PLACE_MIN * float(found.without.sum())
    assert value == pytest.approx(everything_at_once(children, places, minutes, 30.0), rel=1e-6, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), more=st.floats(0, 50), at=st.integers(0, 7))
def test_more_places_never_lower_coverage(seed: int, more: float, at: int) -> None:
    rng = np.random.default_rng(seed)
    children, places, minutes = rng.uniform(0, 30, 10), rng.uniform(0, 25, 8), rng.uniform(1, 45, (10, 8))
    before = allocate(children, places, minutes, 30.0).without.sum()
    places[at] += more
    assert allocate(children, places, minutes, 30.0).without.sum() <= before + 1e-6


# --- where to build ---------------------------------------------------------------------------------------------------


def question(count: int, places_each: float = 10.0) -> location.Question:
    """Four groups of ten on a line at 0, 10, 20, 30 minutes; a site for ten at the first; candidates at the others."""
    at = numbers(0, 10, 20, 30)
    return location.Question(
        numbers(10, 10, 10, 10),
        numbers(10),
        np.abs(at[:, None] - at[None, :1]),
        np.abs(at[:, None] - at[None, 1:]),
        count,
        places_each,
        12.0,
    )


def test_one_large_site_goes_into_the_middle() -> None:
    found = location.choose(question(1, 30.0))
    assert found == location.Choice((1,), True), "of 10, 20 and 30 minutes only 20 reaches all three"


def test_two_small_sites_leave_nobody_out_who_can_be_served() -> None:
    chosen = location.choose(question(2)).chosen
    assert len(chosen) == 2
    assert location.choose(question(3)).chosen == (0, 1, 2)


def test_gathering_keeps_children_and_minutes() -> None:
    rng = np.random.default_rng(1)
    points = rng.uniform(0, 9000, (600, 2))
    ways = travel.straight_m(points, points[:5]) / 100
    asked = location.Question(rng.uniform(1, 9, 600), np.full(5, 100.0), ways, ways, 2, 50.0, 30.0)
    found = location.gathered(points, asked)
    assert len(found.children) <= 100
    assert found.children.sum() == pytest.approx(asked.children.sum())
    assert float(found.children @ found.to_sites[:, 0]) == pytest.approx(float(asked.children @ ways[:, 0]))


# --- what it is worth to know -----------------------------------------------------------------------------------------


def test_the_expected_cost_is_the_newsvendors() -> None:
    missing, idle, sigma = 12_000.0, 5_000.0, 40.0
    rng = np.random.default_rng(3)
    lacking = rng.normal(0.0, sigma, 400_000)
    best = sigma * NormalDist().inv_cdf(missing / (missing + idle))
    cost = np.where(lacking > best, missing * (lacking - best), idle * (best - lacking)).mean()
    assert worth.expected_cost(missing, idle) * sigma == pytest.approx(cost, rel=0.01)


# --- the whole model --------------------------------------------------------------------------------------------------


def area(number: int) -> dict[str, Any]:
    west = 12.3 + 0.02 * number
    ring = [[west, 51.30], [west + 0.02, 51.30], [west + 0.02, 51.31], [west, 51.31], [west, 51.30]]
    about = {"name": f"Area {number}", "code": f"{number:02d}", "populationUnder15": 600 + 100 * number}
    return {
        "id": f"urn:ngsi-ld:StatisticalArea:t:{number:02d}",
        "location": {"type": "Polygon", "coordinates": [ring]},
        "childPoverty": 10 * number,
        **about,
    }


def point(kind: str, number: int, **about: Any) -> dict[str, Any]:
    place = {"type": "Point", "coordinates": [12.305 + 0.01 * number, 51.305]}
    return {"id": f"urn:ngsi-ld:{kind}:t:{number}", "name": f"{kind} {number}", "location": place, **about}


class TestFacilityNetwork(SimulatorContract):
    simulator = FacilityNetwork
    calibrated = False
    allowed = Override(
        "open_site",
        {"features": ["urn:ngsi-ld:StatisticalArea:t:02"]},
        {"places": 120, "invest_eur": 45_000.0, "running_eur": 9_000.0},
    )
    refused = Override("merge_sites", {"features": ["urn:ngsi-ld:CareFacility:t:0"]}, {"kept_share": 1.0})
    sites: ClassVar[list[dict[str, Any]]] = [
        point("CareFacility", 0, capacity=200),
        point("CareFacility", 2),
        point("CareFacility", 3, capacity=80),
    ]

    def inputs(self) -> Any:
        squares = [
            point("PopulationSquare", number, areaCode=f"{number // 2:02d}", residentShare=0.5)
            for number in range(6)
        ]
        stops = [point("PublicTransportStop", number) for number in (0, 3, 5)]
        return {"areas": [area(n) for n in range(3)], "sites": self.sites, "squares": squares, "stops": stops}

    def _run(self, folder: Path, *overrides: Override, **given: Any) -> Any:
        model, prepared = self.prepared(folder)
        member = self.member(*overrides)
        return model.run(prepared, _with(member, **given), silent)

    def test_a_forecast_that_feeds_it_says_who_asks(self, tmp_path: Path) -> None:
        model, folder = self.prepared(tmp_path)
        ids = tuple(one["id"] for one in self.inputs()["areas"])
        fed = Linked(ids, {"young": [[10.0] * 3], "older": [[20.0] * 3]})
        member = _with(self.member(), linked={"demand": fed})
        assert model.run(folder, member, silent).indicators["asking"] == pytest.approx(90.0)

    def test_places_of_a_site_without_a_figure_are_drawn_and_known_ones_kept(self, tmp_path: Path) -> None:
        run = self._run(tmp_path)
        first, drawn, last = (run.fields["site_places"][0][index] for index in (3, 4, 5))
        assert (first, last) == (200.0, 80.0)
        assert 10.0 <= drawn <= 400.0 and drawn != 95.0
        assert run.fields["worth"][0][1] > 0.0 and run.fields["worth"][0][2] == 0.0

    def test_merging_keeps_places_and_saves_a_house(self, tmp_path: Path) -> None:
        ids = [self.sites[0]["id"], self.sites[2]["id"]]
        given = {"kept_share": 1.0, "saved_eur": 1e5, "running_eur": 9e3}
        merged = Override("merge_sites", {"features": ids}, given)
        base, run = self._run(tmp_path / "a"), self._run(tmp_path / "b", merged)
        assert run.indicators["places"] == pytest.approx(base.indicators["places"])
        assert run.indicators["yearly_cost"] == pytest.approx(-1e5)
        assert run.fields["site_places"][0][3] == 280.0 and run.fields["site_places"][0][5] == 0.0

    def test_more_places_help_and_cost(self, tmp_path: Path) -> None:
        given = {"places": 300, "invest_eur": 45_000.0, "running_eur": 9_000.0}
        more = Override("change_places", {"features": [self.sites[2]["id"]]}, given)
        base, run = self._run(tmp_path / "a"), self._run(tmp_path / "b", more)
        assert run.indicators["without"] < base.indicators["without"]
        assert run.indicators["yearly_cost"] == pytest.approx(300 * 9_000 + 300 * 45_000 * 0.04326, rel=1e-3)

    def test_the_limit_decides_who_counts_as_covered(self, tmp_path: Path) -> None:
        far, near = self._run(tmp_path / "a"), self._run(tmp_path / "b", mode="walk", limit_min=5.0)
        assert near.indicators["covered"] < far.indicators["covered"]

    def test_each_way_of_getting_there_has_its_own_coverage(self, tmp_path: Path) -> None:
        """Whichever mode is asked about, all three are told, and the one asked about is the coverage itself."""
        asked = {
            mode: self._run(tmp_path / mode, mode=mode, limit_min=8.0).indicators for mode in travel.MODES
        }
        told = {mode: [one[name] for name in modes.FIGURES.values()] for mode, one in asked.items()}
        assert all(one == pytest.approx(told["walk"]) for one in told.values())
        assert [one["covered"] for one in asked.values()] == pytest.approx(told["walk"])
        assert told["walk"][0] < told["walk"][2]

    def test_a_place_in_another_country_is_refused(self, tmp_path: Path) -> None:
        model, folder = self.prepared(tmp_path)
        ring = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
        where = {"polygon": {"type": "Polygon", "coordinates": [ring]}}
        [reason] = model.check(folder, [Override("open_site", where, {"places": 50})], self._window())
        assert "more than 10 km" in reason


def _with(member: Any, *, linked: Any = None, **given: Any) -> Any:
    return replace(member, parameters=dict(member.parameters) | given, linked=linked or member.linked)
