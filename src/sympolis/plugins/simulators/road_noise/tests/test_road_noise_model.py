"""The noise model keeps the simulator contract; its levels are those that one can work out by hand."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sympolis.domain import errors
from sympolis.domain.scenario import Override, Window
from sympolis.plugins import cnossos
from sympolis.plugins.simulator import Linked, Member, MemberResult
from sympolis.plugins.simulators.road_noise import RoadNoise, health, levels, settings, streets
from sympolis.testing.simulators import SimulatorContract, silent

MORNING = Window(8, 9)
GIVEN = {parameter.name: parameter.default for parameter in settings.PARAMETERS}


def urn(name: str) -> str:
    return f"urn:ngsi-ld:RoadSegment:test:{name}"


def road(
    name: str, *points: list[float], limit: float = 50.0, ends: tuple[str, str] = ("x", "y")
) -> dict[str, Any]:
    return {
        "id": urn(name),
        "location": {"type": "LineString", "coordinates": list(points)},
        "maximumAllowedSpeed": limit,
        "startNode": f"urn:ngsi-ld:RoadNode:test:{ends[0]}",
        "endNode": f"urn:ngsi-ld:RoadNode:test:{ends[1]}",
    }


def stream(number: int, vehicles: float, *route: str, kind: str = "car") -> dict[str, Any]:
    return {
        "id": f"urn:d:{number}",
        "vehicleClass": kind,
        "route": [urn(name) for name in route],
        "departures": [vehicles / 2, vehicles / 2],
        "intervalMinutes": 30,
        "startTime": "08:00",
        "timeZone": "UTC",
    }


def quarter(**changes: Any) -> dict[str, Any]:
    """``there`` and ``back`` are one street, ``side`` leaves it at a right angle, ``quiet`` carries nothing."""
    square = [[11.29, 44.48], [11.33, 44.48], [11.33, 44.52], [11.29, 44.52], [11.29, 44.48]]
    found = {
        "roads": [
            road("there", [11.300, 44.500], [11.306, 44.500]),
            road("back", [11.306, 44.5001], [11.300, 44.5001]),
            road("side", [11.303, 44.500], [11.303, 44.504], limit=30.0),
            road("quiet", [11.310, 44.500], [11.310, 44.504]),
        ],
        "nodes": [],
        "demand": [
            stream(1, 600, "there"),
            stream(2, 600, "back"),
            stream(3, 60, "side"),
            stream(4, 20, "there", kind="bus"),
        ],
        "counts": [],
        "areas": [
            {"id": "urn:a", "location": {"type": "Polygon", "coordinates": [square]}, "population": 70_000}
        ],
    }
    return found | changes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    RoadNoise().prepare(quarter(), tmp_path / "model")
    return tmp_path / "model"


def run(
    folder: Path, *overrides: Override, linked: Linked | None = None, **parameters: float
) -> MemberResult:
    member = Member(parameters, overrides, MORNING, 1, linked={"traffic": linked} if linked else {})
    return RoadNoise().run(folder, member, silent)


def level(result: MemberResult, name: str) -> float:
    return float(result.fields["level"][0][result.features.index(urn(name))])


def on(measure: str, *names: str, **parameters: float) -> Override:
    return Override(measure, {"segments": [urn(name) for name in names]}, parameters)


class TestContract(SimulatorContract):
    simulator = RoadNoise
    calibrated = False
    allowed = on("limit_speed", "there")
    refused = on("limit_speed", "nowhere")

    def inputs(self) -> dict[str, Any]:
        return quarter()


def test_the_level_at_the_facade_is_that_of_a_line_source(folder: Path) -> None:
    """60 cars an hour at 30 km/h, ten metres away, without reflections: by the Directive's formulas, step by step."""
    car = cnossos.vehicle_power_db("1", np.array([30.0]), cnossos.Conditions(temperature_c=15.0))
    power = cnossos.a_weighted_db(cnossos.line_power_db(car, np.array([60.0]), np.array([30.0])))[0]
    found = run(folder, canyon=0.0, facade_distance=10.0)
    assert level(found, "side") == pytest.approx(power - 10 * math.log10(2 * 10), abs=0.01)


def test_both_directions_of_a_street_sound_together_and_a_side_street_does_not(folder: Path) -> None:
    together = streets.load(folder).together
    assert [len(group) for group in together] == [2, 1, 1, 2], "back, quiet, side, there"
    one_way = quarter(demand=[stream(1, 600, "there")])
    RoadNoise().prepare(one_way, folder / "half")
    half, whole = run(folder / "half"), run(folder)
    assert level(half, "there") == pytest.approx(level(half, "back"))
    assert level(whole, "there") - level(half, "there") > 3.0


def test_a_street_without_traffic_has_no_level_and_nobody_there_is_counted(folder: Path) -> None:
    assert math.isnan(level(run(folder), "quiet"))


def test_people_of_a_street_drawn_as_two_lines_are_counted_once(folder: Path) -> None:
    found = streets.load(folder)
    living = levels.people(found, GIVEN)
    strip_km2 = 2 * (10 + 15) / 1000 * found.length_m[3] / 1000
    assert living[0] + living[3] == pytest.approx(found.per_km2[3] * strip_km2, rel=0.01)


def test_lden_weighs_evening_and_night(folder: Path) -> None:
    """The same level all day gives Lden = L + 10·lg((12 + 4·10^0.5 + 8·10)/24) = L + 6.4 dB."""
    found = run(folder)
    assert found.warnings == (
        "no loop counts every hour: the demand's own hour was taken for the whole day, so evenings and nights"
        " are too loud",
    )
    model = streets.load(folder)
    traffic = levels.Traffic(
        {"1": np.full((1, 4), 100.0)}, np.full((1, 4), 50.0), np.zeros(4, dtype=bool), (8,)
    )
    noise = levels.noise(model, traffic, GIVEN)
    assert noise.lden - noise.facade[0] == pytest.approx(np.full(4, 6.396), abs=0.01)


def test_periods_follow_the_country() -> None:
    italian = levels.periods(GIVEN | {"day_start": 6, "evening_start": 20, "night_start": 22})
    assert (italian.count("day"), italian.count("evening"), italian.count("night")) == (14, 2, 8)
    assert levels.periods(GIVEN)[23] == levels.periods(GIVEN)[6] == "night"


@pytest.mark.parametrize(("lden", "percent"), [(50.0, 8.62), (60.0, 15.08), (70.0, 28.37)])
def test_share_highly_annoyed_is_the_directives(lden: float, percent: float) -> None:
    assert levels.highly_annoyed(np.array([lden]))[0] * 100 == pytest.approx(percent, abs=0.01)


def test_the_chain_ends_with_healthy_years_and_what_they_are_worth(folder: Path) -> None:
    """50 people highly annoyed · 0.02 = one healthy year a year, at 40,000 EUR."""
    assert health.burden(50.0, GIVEN) == pytest.approx({"life_years": 1.0, "health_cost": 40_000.0})
    found = run(folder).indicators
    assert found["life_years"] == pytest.approx(0.02 * found["highly_annoyed"])
    quieter = run(folder, on("quiet_surface", "there", "back")).indicators
    assert quieter["health_cost"] < found["health_cost"]


@pytest.mark.parametrize(
    "measure",
    [
        on("limit_speed", "there", "back"),
        on("change_traffic", "there", "back"),
        on("quiet_surface", "there", "back"),
    ],
)
def test_each_measure_makes_its_streets_quieter_and_no_other(folder: Path, measure: Override) -> None:
    base, after = run(folder), run(folder, measure)
    assert level(after, "there") < level(base, "there") - 0.3
    assert level(after, "side") == level(base, "side")
    assert after.indicators["highly_annoyed"] < base.indicators["highly_annoyed"]


def test_another_models_traffic_takes_the_place_of_the_demands(folder: Path) -> None:
    ids = (urn("there"), urn("back"), urn("quiet"))
    same = Linked(ids, {"flow": [[620.0, 600.0, 0.0]], "speed": [[37.5, 37.5, math.nan]]})
    more = Linked(ids, {"flow": [[1240.0, 1200.0, 100.0]], "speed": [[37.5, 37.5, 37.5]]})
    assert level(run(folder, linked=same), "there") == pytest.approx(level(run(folder), "there"), abs=0.01)
    doubled = run(folder, linked=more)
    assert level(doubled, "there") - level(run(folder), "there") == pytest.approx(3.01, abs=0.01)
    assert math.isfinite(level(doubled, "quiet"))


def test_a_limit_is_the_traffic_models_business_where_it_gives_the_speeds(folder: Path) -> None:
    fed = Linked((urn("there"),), {"flow": [[600.0]], "speed": [[40.0]]})
    base, limited = run(folder, linked=fed), run(folder, on("limit_speed", "there"), linked=fed)
    assert level(limited, "there") == level(base, "there")
    assert "must be set there" in limited.warnings[-1]


def test_loops_give_the_day_its_shape_and_its_level(tmp_path: Path) -> None:
    start = datetime(2024, 1, 8, tzinfo=UTC)
    hours = [start + timedelta(hours=n) for n in range(24 * 21)]
    values = [300.0 if at.hour == 8 else 60.0 for at in hours]
    series = {"intensity": {"times": [at.isoformat() for at in hours], "values": values}}
    loop = {"id": "urn:l", "refRoadSegment": urn("back"), "series": series}
    RoadNoise().prepare(quarter(counts=[loop]), tmp_path)
    found = streets.load(tmp_path)
    assert (found.profile[8], found.profile[3]) == pytest.approx((0.5, 0.1))
    assert "0.50 times" in found.notes[0]


def test_near_signals_a_street_is_louder(folder: Path) -> None:
    there = road("there", [11.300, 44.500], [11.306, 44.500], ends=("x", "lights"))
    signal = {"id": "urn:ngsi-ld:RoadNode:test:lights", "refTrafficSignal": "urn:t"}
    RoadNoise().prepare(quarter(roads=[there, *quarter()["roads"][1:]], nodes=[signal]), folder / "lit")
    nearness = streets.load(folder / "lit").nearness
    assert nearness[3] == pytest.approx(50 / streets.load(folder).length_m[3], rel=0.01)
    assert run(folder / "lit").indicators["lden_mean"] != run(folder).indicators["lden_mean"]


@pytest.mark.parametrize(
    ("override", "word"),
    [
        (on("limit_speed", "side"), "not lower"),
        (on("limit_speed", "there", speed=200.0), "outside"),
        (on("limit_speed", "there", pace=3.0), "no parameter"),
        (on("change_traffic", "there", change=math.nan), "number"),
        (on("quiet_surface", "there", depth=1.0), "it has none"),
        (on("quiet_surface"), "say where"),
        (on("fly", "there"), "unknown measure"),
        (Override("quiet_surface", {"area": "urn:x"}), "no polygon"),
        (
            Override("quiet_surface", {"polygon": {"type": "Polygon", "coordinates": [[[0, 0]]]}}),
            "cannot be read",
        ),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_reason(
    folder: Path, override: Override, word: str
) -> None:
    reasons = RoadNoise().check(folder, [override], MORNING)
    assert any(word in reason for reason in reasons), reasons
    with pytest.raises(errors.OverrideRefused):
        run(folder, override)


@pytest.mark.parametrize(
    ("need", "entities", "word"),
    [
        ("roads", [], "no road"),
        ("roads", [{"id": "r", "location": {"type": "Point", "coordinates": [11, 44]}}], "LineString"),
        ("demand", [stream(1, 10, "there", kind="ufo")], "unknown class"),
    ],
)
def test_entities_that_do_not_fit_are_named(
    tmp_path: Path, need: str, entities: list[Any], word: str
) -> None:
    with pytest.raises(errors.ModelFailed, match=word):
        RoadNoise().prepare(quarter(**{need: entities}), tmp_path)


def test_a_member_with_no_window_in_the_day_is_refused(folder: Path) -> None:
    member = replace(Member({}, (), MORNING, 1), window=Window(9, 9))
    with pytest.raises(errors.OverrideRefused):
        RoadNoise().run(folder, member, silent)
