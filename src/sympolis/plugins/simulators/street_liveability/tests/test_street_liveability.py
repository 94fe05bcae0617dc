"""The liveability model keeps the simulator contract; its scores and ways are those one can work out by hand."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from sympolis.domain import errors
from sympolis.domain.scenario import Override
from sympolis.plugins import cnossos
from sympolis.plugins.simulator import WHOLE_PERIOD, Member, MemberResult
from sympolis.plugins.simulators.street_liveability import (
    StreetLiveability,
    nearby,
    network,
    settings,
    themes,
    town,
)
from sympolis.testing.simulators import SimulatorContract, silent

DEGREE_M = town.METRES_PER_DEGREE
SOUTH = 44.5


def east(metres: float) -> float:
    return 11.3 + metres / (DEGREE_M * math.cos(math.radians(SOUTH)))


def north(metres: float) -> float:
    return SOUTH + metres / DEGREE_M


def at(x: float, y: float) -> list[float]:
    return [east(x), north(y)]


def urn(name: str) -> str:
    return f"urn:ngsi-ld:StreetSection:test:{name}"


def section(name: str, kind: str, *points: list[float], **more: Any) -> dict[str, Any]:
    line = {"type": "LineString", "coordinates": list(points)}
    return {"id": urn(name), "name": name, "roadClass": kind, "location": line} | more


def point(name: str, x: float, y: float, **more: Any) -> dict[str, Any]:
    return {"id": f"urn:{name}", "location": {"type": "Point", "coordinates": at(x, y)}} | more


def village(**changes: Any) -> dict[str, Any]:
    """Four streets: ``main`` (600 m) – ``side`` (400 m) – ``lane`` (200 m) in a row eastwards, ``far`` north of them.

    A garden at the eastern end of ``lane``, shops at the western end of ``main``; ``far`` leaves from the middle
    junction of ``main`` and ``side``.
    """
    found: dict[str, Any] = {
        "sections": [
            section("main", "primary", at(0, 0), at(600, 0), shadeShare=0.0),
            section("side", "residential", at(600, 0), at(1000, 0), shadeShare=0.25),
            section("lane", "pedestrian", at(1000, 0), at(1200, 0), shadeShare=1.0),
            section("far", "footway", at(600, 0), at(600, 2000)),
        ],
        "places": [point("g", 1200, 0, category="garden"), point("s", 0, 0, category="shops")],
        "car_parks": [],
        "green": [square("park", 1300, -50, 100), square("flowers", 600, 20, 10)],
        "counts": [],
        "air": [],
        "areas": [square("area", -500, -500, 4000, population=160_000)],
    }
    return found | changes


def square(name: str, x: float, y: float, side: float, **more: Any) -> dict[str, Any]:
    ring = [at(x, y), at(x + side, y), at(x + side, y + side), at(x, y + side), at(x, y)]
    shape = {"type": "Polygon", "coordinates": [ring]}
    return {"id": f"urn:{name}", "location": shape, "area": side * side / 1e4} | more


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    StreetLiveability().prepare(village(), tmp_path / "model")
    return tmp_path / "model"


def run(folder: Path, *overrides: Override, **parameters: float) -> MemberResult:
    return StreetLiveability().run(folder, Member(parameters, overrides, WHOLE_PERIOD, 1), silent)


def value(result: MemberResult, name: str, street: str) -> float:
    return float(result.fields[name][0][result.features.index(urn(street))])


def on(measure: str, *names: str, **parameters: Any) -> Override:
    return Override(measure, {"segments": [urn(name) for name in names]}, parameters)


class TestContract(SimulatorContract):
    simulator = StreetLiveability
    calibrated = False
    allowed = on("pedestrianise", "side")
    refused = on("pedestrianise", "nowhere")

    def inputs(self) -> dict[str, Any]:
        return village()


def test_ways_on_foot_are_those_on_the_map(folder: Path) -> None:
    """From the middle of ``side`` 200 m + 200 m to the garden, 200 m + 600 m to the shops, at 1.25 m/s."""
    found = run(folder, walking_speed=1.25)
    garden, shops = 400 / 75, 800 / 75
    access = (100 * (15 - garden) / 10 + 100 * (15 - shops) / 10) / 2
    assert value(found, "score_access", "side") == pytest.approx(access, abs=0.1)
    assert value(found, "kinds", "side") == 2
    assert value(found, "kinds", "far") == 0, "1,000 m to its end and more from there"
    assert value(run(folder, walking_speed=2.0), "kinds", "far") == 2, "1,600 m in 13.3 minutes"


def test_the_nearest_place_is_found_through_a_ring() -> None:
    """A square of four streets of 100, 50, 30 and 10 m; the place is at junction 0."""
    graph = network.Graph([0, 1, 2, 3], [1, 2, 3, 0], [100.0, 50.0, 30.0, 10.0])
    walks = graph.walks([(0, 5.0)])
    assert walks.metres.tolist() == [5.0, 95.0, 45.0, 15.0], "1 is reached the long way round"
    assert graph.from_middles(walks).tolist() == [55.0, 70.0, 30.0, 10.0]
    assert graph.load(walks, np.array([1.0, 2.0, 4.0, 8.0])).tolist() == [1.0, 2.0, 6.0, 14.0]


def test_a_place_out_of_reach_takes_nobody_anywhere() -> None:
    graph = network.Graph([0, 2], [1, 3], [100.0, 100.0])
    walks = graph.walks([(0, 0.0)])
    assert walks.metres[2] == math.inf
    assert graph.load(walks, np.array([1.0, 1.0])).tolist() == [1.0, 1.0]


def test_a_long_road_is_heard_as_a_line_and_a_piece_of_it_as_its_angle() -> None:
    road = shapely.LineString([(-1e6, 0), (1e6, 0)])
    assert nearby.weight(shapely.Point(0, 10), road) == pytest.approx(1 / 20, rel=1e-4)
    half = shapely.LineString([(0, 0), (10, 0)])
    assert nearby.weight(shapely.Point(0, 10), half) == pytest.approx(math.radians(45) / (2 * math.pi * 10))
    assert nearby.weight(shapely.Point(0, 1), road) == pytest.approx(1 / 10, rel=1e-4), (
        "never nearer than 5 m"
    )


def test_noise_beside_a_road_is_the_directives_source_under_its_angle(folder: Path) -> None:
    """20,000 cars a day, 5.6 % of them in an hour, at 37.5 km/h; 600 m of road seen from its middle, 5 m away."""
    found = run(folder, heavy_share=0.0, canyon=0.0)
    speed = np.array([37.5])
    power = cnossos.vehicle_power_db("1", speed, cnossos.Conditions())
    line = cnossos.a_weighted_db(cnossos.line_power_db(power, np.array([1120.0]), speed))[0]
    angle = 2 * math.atan(300 / 5)
    level = line + 10 * math.log10(angle / (2 * math.pi * 5))
    assert value(found, "noise", "main") == pytest.approx(level, abs=0.01)
    assert value(found, "score_noise", "main") == pytest.approx(100 * (73 - level) / 20, abs=0.1)
    assert value(found, "noise", "far") == themes.QUIETEST_DB


def test_scores_of_traffic_shade_and_green(folder: Path) -> None:
    found = run(folder, shade_goal=0.5)
    assert value(found, "score_traffic", "main") == pytest.approx((0 + 31.25) / 2), (
        "20,000 a day at 37.5 km/h"
    )
    assert value(found, "score_traffic", "side") == pytest.approx((100 + 50) / 2), "1,000 a day at 30 km/h"
    assert value(found, "score_traffic", "lane") == 100
    assert [value(found, "score_shade", name) for name in ("main", "side", "lane")] == [0, 50, 100]
    assert math.isnan(value(found, "score_shade", "far")), "nobody has looked"
    assert value(found, "score_green", "lane") == 100, "200 m to a park of a hectare"
    assert value(found, "score_green", "side") == pytest.approx(100 * (900 - 500) / 600, abs=0.1)
    assert value(found, "score_green", "main") == 0, "flowers are too small"


def test_the_total_is_the_weighted_mean_of_what_is_known(folder: Path) -> None:
    weights = {f"weight_{name}": 0.0 for name in settings.THEMES} | {"weight_shade": 1.0, "weight_green": 3.0}
    found = run(folder, **weights)
    green = value(found, "score_green", "side")
    assert value(found, "liveability", "side") == pytest.approx((50 + 3 * green) / 4)
    assert value(found, "liveability", "far") == value(found, "score_green", "far"), "its shade is not known"
    assert math.isnan(value(found, "score_air", "side")), "no station"
    assert any("no station" in one for one in found.warnings)


def test_air_is_levelled_on_the_station_at_the_kerb(tmp_path: Path) -> None:
    """At the kerb station itself the proxy gives what the station measured."""
    kerb = point("kerb", 300, 5, series={"no2": {"times": [], "values": [36.0] * 200}})
    park = point("park", 5000, 5000, series={"no2": {"times": [], "values": [16.0] * 200}})
    StreetLiveability().prepare(village(air=[kerb, park]), tmp_path)
    found = run(tmp_path)
    assert value(found, "score_air", "main") == pytest.approx(100 * (40 - 36) / 30, abs=0.1)
    assert value(found, "score_air", "lane") == pytest.approx(100 * (40 - 16) / 30, abs=0.1)


def test_counts_take_the_place_of_what_is_assumed(tmp_path: Path) -> None:
    """Two lanes of 100 and 150 an hour are 6,000 a day; the uncertain level touches only uncounted streets."""
    lanes = [
        point(name, 300, 4, series={"intensity": {"times": [], "values": [each] * 168}})
        for name, each in (("a", 100.0), ("b", 150.0))
    ]
    StreetLiveability().prepare(village(counts=lanes), tmp_path)
    found = run(tmp_path, traffic_level=1.5)
    assert value(found, "vehicles", "main") == pytest.approx(6000)
    assert value(found, "vehicles", "side") == pytest.approx(1500)
    assert "counted on 1 stretches and follows from that on 1 of 2" in found.warnings[0]


def test_room_to_walk_counts_the_walkers_that_pass(folder: Path) -> None:
    """10,000 people/km² in strips of 50 m: 300, 200 and 100 along main, side and lane, none along a footway.

    To the garden 300 walk on main, 500 on side, 600 on lane; to the shops 600, 300 and 100. Per metre of width 900/4,
    800/3 and 700/8; nine in ten streets have less than 225 + 0.7·(266.7 − 225).
    """
    found = town.load(folder)
    assert themes.people(found) == pytest.approx(np.array([0, 100, 300, 200]), rel=1e-3), (
        "far, lane, main, side"
    )
    most = 225 + 0.7 * (800 / 3 - 225)
    base = run(folder)
    assert value(base, "score_crowding", "main") == pytest.approx(100 * (1 - 225 / most), abs=0.1)
    assert value(base, "score_crowding", "lane") == pytest.approx(100 * (1 - 87.5 / most), abs=0.1)
    assert (value(base, "score_crowding", "side"), value(base, "score_crowding", "far")) == (0, 100)


def test_a_street_on_foot_is_better_and_its_neighbours_carry_the_traffic(folder: Path) -> None:
    """``side`` loses 950 of 1,000 a day over 400 m; 85 % of 380 veh·km drive on 600 m of ``main``: +538."""
    base, after = run(folder), run(folder, on("pedestrianise", "side"))
    assert value(after, "vehicles", "side") == pytest.approx(50)
    assert value(after, "vehicles", "main") - value(base, "vehicles", "main") == pytest.approx(
        0.85 * 0.95 * 1000 * 400 / 600, rel=1e-3
    )
    assert after.indicators["displaced"] == pytest.approx(0.85 * 0.95 * 400, rel=1e-3)
    assert value(after, "noise", "side") < value(base, "noise", "side")
    assert value(after, "noise", "main") > value(base, "noise", "main")
    assert value(after, "score_crowding", "side") > value(base, "score_crowding", "side"), "9 m instead of 3"
    assert after.indicators["for_people"] - base.indicators["for_people"] == pytest.approx(0.4, rel=1e-3)


def test_a_lower_limit_is_followed_in_part(folder: Path) -> None:
    """From 37.5 km/h half of the way to 30 is 33.75: (50 − 33.75)/40."""
    after = run(folder, on("limit_speed", "main", speed=30.0, compliance=0.5))
    assert value(after, "score_traffic", "main") == pytest.approx(100 * (50 - 33.75) / 40 / 2)


@pytest.mark.parametrize(
    ("measure", "gained"),
    [
        (on("plant_trees", "side", trees=24, crown=30.0), 0.75 * 24 * 30 / 3600),
        (on("shade", "side", square_metres=1000.0, cover=0.9), 0.75 * 900 / 3600),
    ],
)
def test_shade_falls_on_what_was_in_the_sun(folder: Path, measure: Override, gained: float) -> None:
    """``side`` is 400 m × 9 m, three quarters of it in the sun."""
    after = run(folder, measure, shade_goal=1.0)
    assert value(after, "score_shade", "side") == pytest.approx(100 * (0.25 + gained), abs=0.1)
    assert value(after, "score_shade", "main") == 0


def test_a_new_garden_is_nearer(folder: Path) -> None:
    """600 m to a garden on ``main`` itself (counted by way of its ends) where it was 900, 300 m to the shops."""
    after = run(folder, on("add_bench_or_service", "main", kind="garden"), walking_speed=1.25)
    assert value(after, "score_access", "main") == pytest.approx(
        (100 * (15 - 600 / 75) / 10 + 100) / 2, abs=0.1
    )


@pytest.mark.parametrize(
    ("override", "word"),
    [
        (on("pedestrianise", "lane"), "no cars"),
        (on("limit_speed", "side"), "not lower"),
        (on("limit_speed", "main", speed=2.0), "outside"),
        (on("limit_speed", "main", pace=3.0), "no parameter"),
        (on("plant_trees", "far"), "nobody has looked"),
        (on("plant_trees", "main", trees=math.nan), "number"),
        (on("add_bench_or_service", "main", kind="casino"), "not one of"),
        (on("add_bench_or_service", "main", kind="library"), "knows no place"),
        (on("pedestrianise"), "say where"),
        (on("fly", "main"), "unknown measure"),
        (Override("pedestrianise", {"area": "urn:x"}), "no polygon"),
        (
            Override("pedestrianise", {"polygon": {"type": "Polygon", "coordinates": [[[0, 0]]]}}),
            "cannot be read",
        ),
        (Override("pedestrianise", {"polygon": square("x", 9000, 9000, 10)["location"]}), "holds no street"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_reason(
    folder: Path, override: Override, word: str
) -> None:
    reasons = StreetLiveability().check(folder, [override], WHOLE_PERIOD)
    assert any(word in reason for reason in reasons), reasons
    with pytest.raises(errors.OverrideRefused):
        run(folder, override)


def test_a_drawn_area_holds_the_streets_whose_middle_lies_in_it(folder: Path) -> None:
    drawn = {"polygon": square("x", 700, -50, 200)["location"]}
    after = run(folder, Override("pedestrianise", drawn, {"residual": 0.0}))
    assert value(after, "vehicles", "side") == 0
    assert (
        value(run(folder, Override("add_bench_or_service", drawn, {"kind": "shops"})), "kinds", "side") == 2
    )


@pytest.mark.parametrize(
    ("sections", "word"),
    [([], "no stretch"), ([point("p", 0, 0)], "LineString")],
)
def test_entities_that_do_not_fit_are_named(tmp_path: Path, sections: list[Any], word: str) -> None:
    with pytest.raises(errors.ModelFailed, match=word):
        StreetLiveability().prepare(village(sections=sections), tmp_path)


def test_a_quarter_that_knows_nothing_but_its_streets_is_still_answered(tmp_path: Path) -> None:
    bare: dict[str, list[Any]] = {
        name: [] for name in ("places", "car_parks", "green", "counts", "air", "areas")
    }
    StreetLiveability().prepare(village(**bare), tmp_path)
    found = run(tmp_path)
    assert all(math.isfinite(one) for one in found.indicators.values())
    assert math.isnan(value(found, "score_access", "main"))
