"""Bologna's heat-wave service on Leipzig's data: it runs, every stand-in is named, and what is missing is work."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from sympolis.app import try_service
from sympolis.city import package
from sympolis.city.owners import owners
from sympolis.orchestration.worklist import Asking, worklist

FOLDER = Path(__file__).parents[1]
HERE = package.load(FOLDER)
THERE = package.load(FOLDER.parent / "bologna")


@pytest.fixture(scope="module")
def check() -> Any:
    return asyncio.run(try_service(THERE, "heat-waves", HERE))


def test_the_other_citys_service_runs_on_stand_ins_that_are_named(check: Any) -> None:
    assert check["verdict"] == "runs with adaptations"
    named = {(one["need"], one["attribute"]) for one in check["adaptations"] if one["kind"] == "proxy"}
    assert named == {
        ("surface", "landSurfaceTemperature"),
        ("weather", "temperatureMax"),
        ("weather", "temperatureMin"),
        ("weather", "relativeHumidity"),
        ("weather", "solarExposure"),
    }


def test_the_check_names_what_the_model_takes_in_place_of_what_is_missing(check: Any) -> None:
    taken = {need["name"]: need["stand_ins"] for need in check["needs"]["heat"]}
    assert taken["surface"] == {"landSurfaceTemperature": ["landSurfaceTemperatureEstimate"]}
    assert taken["weather"]["temperatureMax"] == ["referenceTemperatureMax"]
    assert taken["roads"] == {}


def test_what_was_missing_is_a_list_of_work_with_names_and_days(check: Any) -> None:
    [plan] = [one for one in HERE.services if one.id == "heat-waves"]
    tasks = worklist([Asking("heat-waves", plan.title, check)], owners(HERE), HERE.facts.operator)
    assert not any(task["blocking"] for task in tasks)
    assert all(task["who"] and task["effort_days"][0] <= task["effort_days"][1] for task in tasks)
    assert "Coverage-landSurfaceTemperature-proxy" in {task["id"] for task in tasks}


def test_the_estimate_is_no_measurement_and_says_nothing_where_nothing_is_known() -> None:
    source = HERE.sources["surface-estimate"]
    text = (FOLDER / source.path).read_text(encoding="utf-8")
    assert '"variable":"landSurfaceTemperatureEstimate"' in text
    assert "not measured" in text
