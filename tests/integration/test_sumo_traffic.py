"""The traffic model end to end on a small grid of streets: real netconvert, real SUMO."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sympolis.domain import errors
from sympolis.domain.scenario import Override, Window
from sympolis.plugins.simulator import Inputs, Member, MemberResult
from sympolis.plugins.simulators.sumo_traffic import SumoTraffic, binaries, prepared
from sympolis.plugins.simulators.sumo_traffic.network import NETWORK_FILE
from sympolis.testing.simulators import SimulatorContract, silent

pytestmark = pytest.mark.traffic

SIZE = 4
STEP = 0.0025
"""Degrees between junctions: about 200 m east, 280 m north, at 44.5° N."""
LON, LAT = 11.30, 44.48
HOUR = Window(8, 9)
TRUE_FACTORS = (1.6, 0.7, 1.2, 0.5, 1.4, 1.0)
"""What the synthetic loops have really counted, against the demand as it came."""


def urn(kind: str, local: str) -> str:
    return f"urn:ngsi-ld:{kind}:grid:{local}"


def node(local: str, x: float, y: float, **more: Any) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [LON + x * STEP, LAT + y * STEP]}
    return {"id": urn("RoadNode", local), "type": "RoadNode", "location": point, **more}


def road(start: dict[str, Any], end: dict[str, Any], **more: Any) -> dict[str, Any]:
    a, b = (n["id"].rsplit(":", 1)[1] for n in (start, end))
    line = {
        "type": "LineString",
        "coordinates": [start["location"]["coordinates"], end["location"]["coordinates"]],
    }
    given = {"totalLaneNumber": 1, "maximumAllowedSpeed": 50, "startNode": start["id"], "endNode": end["id"]}
    return {"id": urn("RoadSegment", f"{a}-{b}"), "name": f"{a} to {b}", "location": line, **given, **more}


def nodes() -> dict[str, dict[str, Any]]:
    """A grid n00 … n33 with a signal in the middle, and for each row an entrance w and an exit e."""
    grid = {f"n{x}{y}": node(f"n{x}{y}", x, y) for x in range(SIZE) for y in range(SIZE)}
    grid["n11"]["junctionType"] = "traffic_light"
    edge = {
        f"{side}{y}": node(f"{side}{y}", x, y) for y in range(SIZE) for side, x in (("w", -1), ("e", SIZE))
    }
    return grid | edge


def roads(at: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for x in range(SIZE):
        for y in range(SIZE):
            for dx, dy in ((1, 0), (0, 1)):
                a, b = f"n{x}{y}", f"n{x + dx}{y + dy}"
                if b in at:
                    found += [road(at[a], at[b]), road(at[b], at[a])]
    for y in range(SIZE):
        found += [road(at[f"w{y}"], at[f"n0{y}"]), road(at[f"n{SIZE - 1}{y}"], at[f"e{y}"])]
    return found


def straight(y: int) -> list[str]:
    stops = [f"w{y}", *(f"n{x}{y}" for x in range(SIZE)), f"e{y}"]
    return [f"{a}-{b}" for a, b in pairwise(stops)]


def climbing(y: int) -> list[str]:
    stops = [f"w{y}", f"n0{y}", f"n1{y}", f"n1{y + 1}", f"n2{y + 1}", f"n3{y + 1}", f"e{y + 1}"]
    return [f"{a}-{b}" for a, b in pairwise(stops)]


ROUTES = (straight(0), straight(1), straight(2), straight(3), climbing(0), climbing(2))
DEPARTURES = (120, 180, 90, 200, 60, 80)


def demand() -> list[dict[str, Any]]:
    common = {"startTime": "08:00", "timeZone": "Europe/Rome", "intervalMinutes": 60}
    found = [
        {
            "id": urn("TravelDemand", f"d{k}"),
            "vehicleClass": "car",
            "route": route,
            "departures": [number],
            **common,
        }
        for k, (route, number) in enumerate(zip(ROUTES, DEPARTURES, strict=True))
    ]
    route = [urn("RoadSegment", part) for part in straight(1)]
    stop = {"segment": "n01-n11", "lane": 0, "end": 80.0, "length": 20.0, "duration": 20.0}
    bus = {
        "id": urn("TravelDemand", "bus"),
        "vehicleClass": "bus",
        "route": route,
        "departures": [6],
        "stops": [stop],
    }
    return [*found, bus | common]


def counts() -> list[dict[str, Any]]:
    """Loops on every row's first, middle and last street, with the flows of ``TRUE_FACTORS``."""
    places = [
        f"{a}-{b}"
        for y in range(SIZE)
        for a, b in ((f"w{y}", f"n0{y}"), (f"n1{y}", f"n2{y}"), (f"n3{y}", f"e{y}"))
    ]
    days = [day for k in range(25) if (day := date(2024, 1, 8) + timedelta(days=k)).weekday() < 5]
    return [_loop(place, days) for place in places]


def _loop(place: str, days: list[date]) -> dict[str, Any]:
    buses = 6 if place in ROUTES[1] else 0
    flow = buses + sum(
        n * f for route, n, f in zip(ROUTES, DEPARTURES, TRUE_FACTORS, strict=True) if place in route
    )
    hours = [(day, hour) for day in days for hour in range(24)]
    times = [datetime(d.year, d.month, d.day, h, tzinfo=UTC) - timedelta(hours=1) for d, h in hours]
    values = [round(flow * (1.0 if hour == 8 else 0.5 if hour > 5 else 0.1)) for _, hour in hours]
    series = {"intensity": {"times": [t.isoformat() for t in times], "values": values}}
    return {
        "id": urn("ItemFlowObserved", place),
        "refRoadSegment": urn("RoadSegment", place),
        "series": series,
    }


def grid() -> Inputs:
    at = nodes()
    return {
        "roads": roads(at),
        "nodes": list(at.values()),
        "signals": [],
        "demand": demand(),
        "counts": counts(),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prepared grid."""
    path = tmp_path_factory.mktemp("grid")
    SumoTraffic().prepare(grid(), path)
    return path


def run(
    folder: Path, *overrides: Override, mode: str = "interactive", seed: int = 3, **more: Any
) -> MemberResult:
    member = Member({}, overrides, more.pop("window", HOUR), seed, mode=mode, **more)
    return SumoTraffic().run(folder, member, silent)


def field(result: MemberResult, name: str, street: str) -> float:
    return result.fields[name][0][result.features.index(urn("RoadSegment", street))]


class TestContract(SimulatorContract):
    """The platform's own suite for simulators."""

    simulator = SumoTraffic
    allowed = Override("close_street", {"segments": [urn("RoadSegment", "n11-n21")]})
    refused = Override("close_street", {"segments": [urn("RoadSegment", "elsewhere")]})

    def inputs(self) -> Inputs:
        return grid()


def test_the_network_is_where_the_entities_are(folder: Path) -> None:
    model = prepared.load(folder)
    assert len(model.network.segments) == 56
    first = model.network.segments[model.network.index["n00-n10"]]
    assert first.line == ((LON, LAT), (LON + STEP, LAT))
    east_m = (
        math.radians(STEP)
        * 6_378_137
        * math.cos(math.radians(LAT))
        / math.sqrt(1 - 0.00669438 * math.sin(math.radians(LAT)) ** 2)
    )
    whole = folder / NETWORK_FILE
    assert 'function="internal"' in whole.read_text()
    assert first.length_m < east_m < first.length_m + 25  # netconvert takes the junctions off


def test_a_junction_called_a_traffic_light_gets_a_programme_without_one_being_given(folder: Path) -> None:
    model = prepared.load(folder)
    assert model.network.segments[model.network.index["n01-n11"]].signalled
    assert not model.network.segments[model.network.index["n02-n12"]].signalled


def test_simulated_flows_are_the_demand(folder: Path) -> None:
    result = run(folder)
    assert field(result, "flow", "n13-n23") == pytest.approx(280, abs=8)
    assert field(result, "flow", "n03-n02") == 0
    assert math.isnan(field(result, "speed", "n03-n02"))
    assert 10 < field(result, "speed", "n13-n23") <= 55
    assert field(result, "co2", "n13-n23") > 0
    assert result.indicators["vehicle_km"] > 500


def test_closing_a_street_moves_its_through_traffic_elsewhere(folder: Path) -> None:
    closed = Override("close_street", {"segments": [urn("RoadSegment", "n11-n21")]}, {"evaporation": 0.0})
    before, after = run(folder), run(folder, closed)
    assert field(before, "flow", "n11-n21") > 200
    assert field(after, "flow", "n11-n21") <= 7  # the buses
    assert after.indicators["trips_rerouted"] > 200
    assert after.indicators["trips_not_made"] == 0
    assert field(after, "flow", "n31-e1") == pytest.approx(field(before, "flow", "n31-e1"), abs=12)


def test_a_lower_limit_slows_and_costs_time(folder: Path) -> None:
    box = [[LON - 1, LAT - 1], [LON + 1, LAT - 1], [LON + 1, LAT + 1], [LON - 1, LAT + 1], [LON - 1, LAT - 1]]
    area = {"area": "urn:x", "polygon": {"type": "Polygon", "coordinates": [box]}}
    before = run(folder)
    after = run(folder, Override("limit_speed", area, {"speed": 20, "compliance": 1.0}))
    assert after.indicators["mean_speed"] < before.indicators["mean_speed"] - 5
    assert after.indicators["total_delay"] > before.indicators["total_delay"]


def test_a_charge_thins_traffic_into_the_area(folder: Path) -> None:
    west, east = LON + 0.5 * STEP, LON + 9 * STEP
    box = [[west, LAT - 1], [east, LAT - 1], [east, LAT + 1], [west, LAT + 1], [west, LAT - 1]]
    where = {"polygon": {"type": "Polygon", "coordinates": [box]}}
    given = {"charge": 10.0, "trip_cost": 5.0, "elasticity": -0.8, "exempt_share": 0.0}
    result = run(folder, Override("charge_entry", where, given))
    expected = sum(DEPARTURES) * (1 - 3**-0.8)
    assert result.indicators["trips_not_made"] == pytest.approx(
        expected * 1.1, rel=0.15
    )  # with the warm-up's trips


def test_the_thorough_mode_agrees_with_the_quick_one_on_flows(folder: Path) -> None:
    quick, thorough = run(folder), run(folder, mode="job")
    a, b = (np.array(r.fields["flow"][0]) for r in (quick, thorough))
    assert np.corrcoef(a, b)[0, 1] > 0.98
    assert thorough.fields["flow"] == run(folder, mode="job").fields["flow"]


def test_several_hours_have_a_row_each_and_follow_the_loops_profile(folder: Path) -> None:
    result = run(folder, window=Window(8, 10))
    first, second = (np.sum(hour) for hour in result.fields["flow"])
    assert len(result.fields["flow"]) == 2
    assert second / first == pytest.approx(0.5, abs=0.06)


def test_calibration_finds_the_true_demand(folder: Path) -> None:
    result = SumoTraffic().calibrate(folder, grid(), HOUR, 1, silent)
    found = [result.parameters["by_stream"][urn("TravelDemand", f"d{k}")] for k in range(len(ROUTES))]
    assert found == pytest.approx(TRUE_FACTORS, abs=0.25)
    assert result.figures["training"]["geh_below_5"] > result.figures["uncalibrated"]["geh_below_5"]
    assert result.figures["training"]["r2"] > 0.95
    assert len(result.points) == result.figures["held_out"]["n"] == 12
    calibrated = run(folder, calibration=result.parameters)
    assert field(calibrated, "flow", "n13-n23") == pytest.approx(200 * 0.5 + 80, abs=15)


def test_too_few_loops_are_no_calibration(folder: Path) -> None:
    with pytest.raises(errors.ModelFailed, match="6 are needed"):
        SumoTraffic().calibrate(folder, {"counts": counts()[:3]}, HOUR, 1, silent)


def test_progress_is_told_and_cancelling_ends_the_program(folder: Path) -> None:
    told: list[float] = []

    def cancel_in_the_engine(share: float, _text: str) -> None:
        told.append(share)
        if len(told) > 1:
            raise errors.Cancelled("enough")

    member = Member({}, (), Window(0, 24), 1, mode="job")
    with pytest.raises(errors.Cancelled):
        SumoTraffic().run(folder, member, cancel_in_the_engine)
    assert len(told) == 2 and all(0 <= share <= 1 for share in told)


def test_an_override_that_slipped_through_is_refused_by_the_run(folder: Path) -> None:
    with pytest.raises(errors.OverrideRefused, match="nowhere"):
        run(folder, Override("close_street", {"segments": ["nowhere"]}))


def broken_inputs() -> Iterator[tuple[str, Inputs]]:
    given = grid()
    dangling = [{**given["roads"][0], "endNode": urn("RoadNode", "lost")}, *given["roads"][1:]]
    yield "endNode", {**given, "roads": dangling}
    yield "LineString", {**given, "roads": [{**given["roads"][0], "location": None}]}
    yield "route", {**given, "demand": [{**given["demand"][0], "route": ["lost"]}]}
    yield "vehicleClass", {**given, "demand": [{**given["demand"][0], "vehicleClass": "sled"}]}
    yield "TravelDemand", {**given, "demand": []}
    yield "RoadSegment", {**given, "roads": []}


@pytest.mark.parametrize(("word", "inputs"), list(broken_inputs()))
def test_entities_that_cannot_be_simulated_are_named(tmp_path: Path, word: str, inputs: Inputs) -> None:
    with pytest.raises(errors.ModelFailed, match=word):
        SumoTraffic().prepare(inputs, tmp_path)


def test_what_the_program_says_comes_with_the_error(tmp_path: Path) -> None:
    with pytest.raises(errors.ModelFailed, match=r"lost\.net\.xml"):
        binaries.run_binary("sumo", ["--net-file=lost.net.xml"], tmp_path)


def test_preparing_twice_gives_the_same_files(folder: Path, tmp_path: Path) -> None:
    shuffled = {name: list(reversed(entities)) for name, entities in grid().items()}
    SumoTraffic().prepare(json.loads(json.dumps(shuffled)), tmp_path)
    assert (tmp_path / "model.json").read_bytes() == (folder / "model.json").read_bytes()


def drawn(folder: Path, mode: str, **parameters: float) -> MemberResult:
    return SumoTraffic().run(folder, Member(parameters, (), HOUR, 3, mode=mode), silent)


def test_the_form_of_the_queues_changes_quick_answers_and_no_thorough_one(folder: Path) -> None:
    light, heavy = (
        {"tls_flow_penalty": 0.0, "tls_penalty": 0.0},
        {"tls_flow_penalty": 2.0, "tls_penalty": 2.0},
    )
    free, tight = (drawn(folder, "interactive", **form).indicators for form in (light, heavy))
    assert tight["total_delay"] > 1.2 * free["total_delay"]
    assert drawn(folder, "job", **light).indicators == drawn(folder, "job", **heavy).indicators


def test_quick_answers_about_a_measure_say_that_they_are_quick(folder: Path) -> None:
    closed = Override("close_street", {"segments": [urn("RoadSegment", "n11-n21")]})
    assert any("vehicle by vehicle" in text for text in run(folder, closed).warnings)
    assert not any("vehicle by vehicle" in text for text in run(folder, closed, mode="job").warnings)
    assert not any("vehicle by vehicle" in text for text in run(folder).warnings)
