"""Sun and wind in a year: hours that follow weather and plants; and the contract of every simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from sympolis.domain.errors import ModelFailed
from sympolis.domain.scenario import Override
from sympolis.plugins import sunlight
from sympolis.plugins.simulator import WHOLE_PERIOD, Inputs, Member
from sympolis.plugins.simulators.renewable_yield import RenewableYield
from sympolis.testing.simulators import SimulatorContract, silent


def weather() -> dict[str, Any]:
    times = np.datetime64("2015-01-01T00:00:00") + np.arange(sunlight.HOURS) * np.timedelta64(3600, "s")
    hour = np.arange(sunlight.HOURS) % 24
    sun = np.maximum(np.sin((hour - 5) / 24 * 2 * np.pi), 0)
    wind = 2.0 + 4.0 * np.random.default_rng(1).weibull(2.0, sunlight.HOURS)
    columns = {
        "temperature": np.full(sunlight.HOURS, 10.0),
        "windSpeed": wind,
        "directRadiation": 150 * sun,
        "diffuseRadiation": 150 * sun,
    }
    names = [f"{at}Z" for at in times]
    series = {name: {"times": names, "values": values.tolist()} for name, values in columns.items()}
    place = {"type": "Point", "coordinates": [12.37, 51.34]}
    return {"id": "urn:ngsi-ld:ReferenceWeather:t:1", "location": place, "altitude": 110.0, "series": series}


CARRIERS: list[dict[str, Any]] = [
    {"id": "urn:ngsi-ld:EnergyCarrier:t:pv", "installedCapacity": 100.0},
    {"id": "urn:ngsi-ld:EnergyCarrier:t:wind", "installedCapacity": 40.0},
    {"id": "urn:ngsi-ld:EnergyCarrier:t:gas"},
]


class TestRenewableYield(SimulatorContract):
    simulator = RenewableYield
    calibrated = False
    allowed: ClassVar[Override] = Override("add_capacity", {}, {"carrier": "wind", "megawatts": 40.0})
    refused: ClassVar[Override] = Override("add_capacity", {}, {"carrier": "wind", "megawatts": -41.0})

    def inputs(self) -> Inputs:
        return {"weather": [weather()], "carriers": CARRIERS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("yield") / "model"
    RenewableYield().prepare({"weather": [weather()], "carriers": CARRIERS}, made)
    return made


def run(folder: Path, *overrides: Override, **parameters: Any) -> Any:
    return RenewableYield().run(folder, Member(parameters, overrides, WHOLE_PERIOD, 1), silent).indicators


def test_production_is_capacity_times_hours(folder: Path) -> None:
    found = run(folder)
    assert found["pv_production"] == pytest.approx(100 * found["pv_hours"] / 1000)
    assert found["wind_production"] == pytest.approx(40 * found["wind_hours"] / 1000)
    assert 0 < found["pv_hours"] < sunlight.HOURS
    assert 0 < found["wind_hours"] < sunlight.HOURS


def test_more_capacity_gives_more_of_its_own_carrier_only(folder: Path) -> None:
    before, after = run(folder), run(folder, TestRenewableYield.allowed)
    assert after["wind_production"] == pytest.approx(2 * before["wind_production"])
    assert after["pv_production"] == before["pv_production"]


@pytest.mark.parametrize(
    ("parameters", "figure"),
    [
        ({"hub_height": 140.0}, "wind_hours"),
        ({"roughness": 0.3}, "wind_hours"),
        ({"wind_year": 1.06}, "wind_hours"),
        ({"south_share": 0.9}, "pv_hours"),
        ({"sun_year": 1.07}, "pv_hours"),
    ],
)
def test_what_should_give_more_gives_more(folder: Path, parameters: dict[str, float], figure: str) -> None:
    """A rougher ground slows the wind at 10 m, so that the same 10 m stand for more at the hub."""
    assert run(folder, **parameters)[figure] > run(folder)[figure]


def test_losses_are_lost(folder: Path) -> None:
    none, some = run(folder, pv_losses=0.0, wind_losses=0.0), run(folder, pv_losses=0.2, wind_losses=0.1)
    assert some["pv_hours"] == pytest.approx(0.8 * none["pv_hours"])
    assert some["wind_hours"] == pytest.approx(0.9 * none["wind_hours"])


def test_a_carrier_that_is_not_known_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFailed, match="wind"):
        RenewableYield().prepare({"weather": [weather()], "carriers": CARRIERS[:1]}, tmp_path / "m")
