"""The heat model keeps the contract, pins published numbers, and moves the way that physics says."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sympolis.domain.errors import ModelFailed, OverrideRefused
from sympolis.domain.scenario import Override
from sympolis.plugins.simulator import WHOLE_PERIOD, Inputs, Member, MemberResult
from sympolis.plugins.simulators.heat_exposure import HeatExposure, cells, measures, radiation, surface, waves
from sympolis.plugins.simulators.heat_exposure.utci import saturation_hpa, utci
from sympolis.testing.simulators import SimulatorContract, silent


def _town() -> Any:
    path = Path(__file__).parent / "small_town.py"
    spec = importlib.util.spec_from_file_location("heat_small_town", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOWN = _town()
AREA = "urn:ngsi-ld:StatisticalArea:town:{}"


class TestHeatExposure(SimulatorContract):
    simulator = HeatExposure
    window = WHOLE_PERIOD
    allowed = Override("plant_trees", {"features": [AREA.format(4)]}, {"trees": 200})
    refused = Override("plant_trees", {"features": [AREA.format(99)]}, {"trees": 200})

    def inputs(self) -> Inputs:
        return TOWN.inputs()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("heat")
    HeatExposure().prepare(TOWN.inputs(), folder)
    return folder


def run(folder: Path, *overrides: Override, **parameters: Any) -> MemberResult:
    given = {p.name: p.default for p in HeatExposure.parameters} | parameters
    return HeatExposure().run(folder, Member(given, overrides, WHOLE_PERIOD, seed=3), silent)


def test_utci_of_the_reference_case() -> None:
    """25 °C in air and radiation, 1 m/s, 50 %: 24.6 (Bröde et al. 2012; ISO and COST 730 calculators)."""
    assert round(float(utci(25.0, 25.0, 1.0, saturation_hpa(25.0) * 0.5)), 1) == 24.6


@pytest.mark.parametrize(
    ("air", "radiant", "wind", "humidity", "expected"),
    [(30, 70, 2, 40, 39.0), (35, 35, 1, 50, 36.5), (20, 20, 0.5, 50, 19.8), (0, 0, 5, 70, -14.2)],
)
def test_utci_agrees_with_other_implementations(
    air: float, radiant: float, wind: float, humidity: float, expected: float
) -> None:
    felt = utci(air, radiant, wind, saturation_hpa(air) * humidity / 100)
    assert float(felt) == pytest.approx(expected, abs=0.051)


def test_utci_has_no_value_where_it_was_not_fitted() -> None:
    assert math.isnan(float(utci(60.0, 60.0, 1.0, 10.0)))
    assert math.isnan(float(utci(20.0, 120.0, 1.0, 10.0)))
    assert float(utci(20.0, 20.0, 0.0, 10.0)) == float(utci(20.0, 20.0, 0.5, 10.0))


def test_the_sun_at_midsummer_noon_and_its_projected_area() -> None:
    assert float(radiation.sun_height_deg(44.5, 172, 12.0)) == pytest.approx(90 - 44.5 + 23.45, abs=0.01)
    assert float(radiation.projected_area(0.0)) == pytest.approx(0.308)
    assert float(radiation.projected_area(90.0)) == pytest.approx(0.308 * 0.2598, abs=1e-4)


def test_shade_takes_twenty_to_forty_kelvin_off_the_radiant_temperature_at_noon() -> None:
    sun = radiation.clear_sky(np.array([66.0]))
    air = np.array([35.0])
    in_sun, in_shade = (
        float(radiation.mean_radiant_c(sun, air_c=air, ground_c=np.array([ground]), vapour_hpa=18.0,
                                       sky_view=0.6, transmitted=through)[0])
        for ground, through in ((50.0, 1.0), (35.0, 0.0))
    )  # fmt: skip
    assert 20 < in_sun - in_shade < 40
    assert in_shade > 30


def test_heat_waves_need_three_days_in_a_row_and_a_trend_says_when_it_is_not_clear() -> None:
    hot = {date(2020, 7, 1), date(2020, 7, 2), date(2020, 7, 3), date(2020, 7, 10), date(2020, 7, 11)}
    highest = {
        date(2020, m, d): 36.0 if date(2020, m, d) in hot else 30.0
        for m, days in ((6, 30), (7, 31), (8, 31))
        for d in range(1, days + 1)
    }
    found = waves.heat_waves(highest, {day: t - 13 for day, t in highest.items()})
    assert found is not None
    assert found.threshold_c == 30.0
    years = list(range(2001, 2021))
    rising = waves.linear_trend(years, [0.5 * n for n in range(20)])
    assert rising is not None and rising.clear and rising.per_decade == pytest.approx(5.0)
    level = waves.linear_trend(years, [5.0, 1.0] * 10)
    assert level is not None and not level.clear


def test_a_gap_in_the_record_ends_a_wave() -> None:
    days = [date(2020, 7, 1), date(2020, 7, 2), date(2020, 7, 4), date(2020, 7, 5)]
    assert waves._days_in_waves(dict.fromkeys(days, 36.0), 35.0) == []
    assert len(waves._days_in_waves(dict.fromkeys([*days, date(2020, 7, 3)], 36.0), 35.0)) == 5


def test_the_surface_model_finds_what_was_put_in_and_its_interval_covers(town: Path) -> None:
    judged = HeatExposure().calibrate(town, TOWN.inputs(), WHOLE_PERIOD, 1, silent)
    assert judged.figures["held_out"]["r2"] > 0.75
    assert 0.85 <= judged.figures["held_out"]["coverage_90"] <= 0.95
    assert judged.figures["uncalibrated"]["r2"] == pytest.approx(0.0, abs=1e-9)
    assert any("no clear change" in note for note in judged.notes)


def test_curves_go_only_the_way_they_may() -> None:
    random = np.random.default_rng(1)
    values, block = random.uniform(0, 10, 4000), random.integers(0, 20, 4000)
    model = surface.fit({"x": values}, {"x": -1}, 3.0 * values, block, seed=1)
    assert [round(y, 6) for _, y in model.curves()["x"]] == [0.0] * 5
    free = surface.fit({"x": values}, {}, 3.0 * values, block, seed=1)
    assert free.curves()["x"][-1][1] == pytest.approx(30.0, abs=0.3)


def test_surroundings_are_means_of_what_is_known() -> None:
    values = np.array([[1.0, 2.0, np.nan], [3.0, 4.0, 5.0]])
    assert cells.surroundings(values, 3)[0, 0] == pytest.approx((1 + 2 + 3 + 4) / 4)
    assert cells.surroundings(values, 3)[0, 2] == pytest.approx((2 + 4 + 5) / 3)


def test_grids_of_another_cell_size_are_brought_over() -> None:
    fine = {"crs": "EPSG:25832", "shape": [2, 2], "affine": [1.0, 0, 0.0, 0, -1.0, 2.0], "unit": "1",
            "values": np.array([[1, 2], [3, 4]], dtype="<f4").tobytes()}  # fmt: skip
    frame = cells.Frame("EPSG:25832", (4, 4), (0.5, 0.0, 0.0, 0.0, -0.5, 2.0))
    assert cells.sample(fine, frame).tolist() == [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    with pytest.raises(ModelFailed, match="cannot be laid over"):
        cells.sample(fine, cells.Frame("EPSG:32633", (4, 4), frame.affine))


MEASURES: Mapping[str, Mapping[str, float]] = {
    "plant_trees": {"trees": 500},
    "shade_sails": {"square_metres": 20000},
    "cool_roofs": {"roof_share": 0.5},
    "install_misting": {"points": 200},
    "open_shelters": {"shelters": 3},
    "shift_hours": {"share": 0.3},
}


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_relieves_costs_and_spares_other_areas(town: Path, measure: str) -> None:
    base = run(town)
    after = run(town, Override(measure, {"features": [AREA.format(4)]}, MEASURES[measure]))
    assert after.indicators["relief"] > 0
    assert after.indicators["yearly_cost"] > 0
    assert after.indicators["relief_per_1000_eur"] > 0
    assert after.fields["heat_hours"][0][0] == pytest.approx(base.fields["heat_hours"][0][0], rel=1e-3)


def test_a_drawn_place_counts_by_the_cells_inside(town: Path) -> None:
    where = {"polygon": TOWN.inputs()["areas"][4]["location"]}
    drawn = run(town, Override("plant_trees", where, {"trees": 500}))
    named = run(town, Override("plant_trees", {"features": [AREA.format(4)]}, {"trees": 500}))
    assert drawn.indicators["relief"] == pytest.approx(named.indicators["relief"], rel=1e-6)


def test_a_hotter_day_is_worse_and_streets_have_temperatures_but_no_people(town: Path) -> None:
    now, later = run(town), run(town, hotter_by=3.0)
    assert later.indicators["severe_hours"] > now.indicators["severe_hours"]
    street = now.features.index("urn:ngsi-ld:Road:town:1")
    assert math.isfinite(now.fields["utci"][0][street])
    assert math.isnan(now.fields["heat_hours"][0][street])


def test_more_trees_than_fit_are_refused(town: Path) -> None:
    override = Override("plant_trees", {"features": [AREA.format(4)]}, {"trees": 90_000})
    with pytest.raises(OverrideRefused, match="do not fit"):
        run(town, override)


def test_a_record_without_a_whole_summer_is_no_ground_for_a_hot_day(tmp_path: Path) -> None:
    inputs = TOWN.inputs()
    inputs["weather"][0]["series"]["temperatureMax"] = {"times": ["2024-07-01T00:00:00Z"], "values": [36.0]}
    with pytest.raises(ModelFailed, match="no complete summer"):
        HeatExposure().prepare(inputs, tmp_path / "town")


def test_a_euro_invested_is_paid_back_over_its_life() -> None:
    """3 % over 40 years: 0.04326 a year (annuity tables)."""
    assert measures.annuity(0.03, 40) == pytest.approx(0.04326, abs=5e-6)
    assert measures.annuity(0.0, 10) == 0.1
