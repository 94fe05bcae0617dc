"""Heat demand: figures computed by hand, levels that hold, and measures that act where they are said to."""

import importlib.util
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sympolis.domain.errors import ModelFailed, OverrideRefused
from sympolis.domain.scenario import Override
from sympolis.plugins.simulator import WHOLE_PERIOD, Inputs, Member, MemberResult, table_columns
from sympolis.plugins.simulators.heat_demand import HeatDemand
from sympolis.plugins.simulators.heat_demand import settings as declared
from sympolis.plugins.simulators.heat_demand import stock as stocks
from sympolis.plugins.simulators.heat_demand.demand import demand, floor, no_effect
from sympolis.plugins.simulators.heat_demand.typology import space_heat
from sympolis.testing.simulators import SimulatorContract, silent


def _hamlet() -> Any:
    path = Path(__file__).parent / "small_stock.py"
    spec = importlib.util.spec_from_file_location("heat_small_stock", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HAMLET = _hamlet()
AREA, BLOCK = HAMLET.AREA, HAMLET.BLOCK
FIGURES = {p.name: p.default for p in declared.PARAMETERS}


class TestHeatDemand(SimulatorContract):
    simulator = HeatDemand
    window = WHOLE_PERIOD
    allowed = Override(
        "refurbish",
        {"features": [f"{BLOCK}a"]},
        {"rate": 1.0, "years": 10.0, "further": 0.0, "other_uses": 0.0},
    )
    refused = Override(
        "refurbish",
        {"features": [f"{BLOCK}z"]},
        {"rate": 1.0, "years": 10.0, "further": 0.0, "other_uses": 0.0},
    )

    def inputs(self) -> Inputs:
        return HAMLET.inputs()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found: Path = HAMLET.prepared(HeatDemand(), tmp_path_factory.mktemp("hamlet"))
    return found


def run(folder: Path, *overrides: Override, **figures: Any) -> MemberResult:
    member = Member({**FIGURES, **figures}, overrides, WHOLE_PERIOD, seed=1)
    return HeatDemand().run(folder, member, silent)


def test_a_house_left_as_it_was_needs_more_and_a_new_one_the_same() -> None:
    heat = space_heat(np.array([0.0, 1.0]), surplus=0.5)
    assert heat[0, 1, 0] == pytest.approx(89.4 * 1.5)
    assert heat[1, 1, 0] == pytest.approx(89.4)
    assert heat[0, 1, 3] == heat[1, 1, 3] == pytest.approx(54.2)


def test_living_area_decides_how_much_of_unknown_use_is_dwellings(folder: Path) -> None:
    """1,125 / 0.75 = 1,500 m² gross; 1,000 are apartments, so half of the unknown 1,000 are dwellings."""
    stock = stocks.load(folder)
    found = floor(stock, FIGURES)
    assert found.living.tolist() == pytest.approx([750.0, 375.0, 0.0, 300.0, 300.0])
    assert found.other.tolist() == pytest.approx([0.0, 500 * 0.85, 500 * 0.85, 0.0, 0.0])
    assert found.unknown_homes == pytest.approx(0.5)


def test_demand_by_hand(folder: Path) -> None:
    """Apartments: 750 m² · (89.4 · (1 + 0.7 · 0.55) + 12.5) kWh; the factory: 425 m² · 60."""
    found = demand(stocks.load(folder), FIGURES, no_effect(stocks.load(folder)))
    assert found.homes[0] == pytest.approx(0.75 * (89.4 * 1.385 + 12.5))
    assert found.other[2] == pytest.approx(0.425 * 60)
    assert found.homes[3] == pytest.approx(0.3 * (54.2 + 12.5))  # built in 1995: nothing left to refurbish


def test_sheds_and_huts_are_not_heated_and_an_area_without_outlines_keeps_its_dwellings(folder: Path) -> None:
    stock = stocks.load(folder)
    assert stock.building.tolist() == [1, 2, 3, 6, 0]
    assert stock.blocks[stock.block[4]] == f"{BLOCK}c"
    assert run(folder, official_demand=0.4).warnings == ("no outlines in Two: only its dwellings are known",)


def test_calibrated_the_city_needs_what_is_official(folder: Path) -> None:
    found = run(folder, official_demand=0.4, official_error=0.0).indicators
    assert found["demand"] == pytest.approx(0.4)
    assert found["residual"] == pytest.approx(found["uncalibrated"] - 0.4)
    assert found["calibration_factor"] == pytest.approx(0.4 / found["uncalibrated"])
    assert sum(found[part] for part in ("homes", "commerce", "public", "industry", "other")) == pytest.approx(
        0.4
    )


def test_without_an_official_figure_the_model_stands_alone_and_says_so(folder: Path) -> None:
    found = run(folder)
    assert (found.indicators["calibration_factor"], found.indicators["residual"]) == (1.0, 0.0)
    assert any("no official figure" in said for said in found.warnings)
    told = {spec.name: spec.given for spec in HeatDemand.indicators}
    assert (told["residual"], told["calibration_factor"], told["demand"]) == ("official_demand",) * 2 + ("",)


def test_blocks_add_up_to_the_city(folder: Path) -> None:
    found = run(folder, official_demand=0.4)
    assert sum(found.fields["demand"][0]) / 1e3 == pytest.approx(found.indicators["demand"])
    assert found.fields["density"][0][0] == pytest.approx(found.fields["demand"][0][0])  # one hectare


def test_refurbishing_a_block_lowers_that_block_alone(folder: Path) -> None:
    today = run(folder, official_demand=0.4)
    override = Override(
        "refurbish",
        {"features": [f"{BLOCK}a"]},
        {"rate": 1.0, "years": 10.0, "further": 0.0, "other_uses": 0.0},
    )
    after = run(folder, override, official_demand=0.4)
    before, then = today.fields["demand"][0], after.fields["demand"][0]
    assert then[0] < before[0]
    assert then[1:] == pytest.approx(before[1:])
    assert after.indicators["calibration_factor"] == today.indicators["calibration_factor"]
    assert then[0] - before[0] == pytest.approx(
        -today.indicators["calibration_factor"] * 1.125 * 89.4 * 0.7 * 0.1
    )


def test_nobody_is_refurbished_twice(folder: Path) -> None:
    much = Override("refurbish", {}, {"rate": 10.0, "years": 50.0, "further": 0.0, "other_uses": 0.0})
    assert run(folder, much).indicators["homes"] == pytest.approx(
        run(folder, refurbished_share=1.0).indicators["homes"]
    )


def test_new_homes_and_milder_winters(folder: Path) -> None:
    homes = Override("build_homes", {}, {"living_area": 3000.0, "specific": 35.0})
    assert run(folder, homes).indicators["homes"] - run(folder).indicators["homes"] == pytest.approx(
        3.0 * 47.5 / 1e3
    )
    mild = Override("milder_winters", {}, {"fewer_degree_days": 10.0})
    assert run(folder, mild).fields["demand"][0][1] == pytest.approx(0.9 * run(folder).fields["demand"][0][1])


def test_a_measure_beside_the_blocks_is_refused(folder: Path) -> None:
    beside = Override(
        "refurbish",
        {"polygon": HAMLET.square(5.0)},
        {"rate": 1.0, "years": 1.0, "further": 0.0, "other_uses": 0.0},
    )
    assert HeatDemand().check(folder, [beside], WHOLE_PERIOD) == ["refurbish: no planning block lies there"]
    with pytest.raises(OverrideRefused):
        run(folder, beside)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.1, 10.0))
def test_demand_scales_with_area(folder: Path, times: float) -> None:
    """A stock twice as large in floor and living area needs twice as much."""
    stock = stocks.load(folder)
    larger = replace(stock, gross=stock.gross * times, living=stock.living * times)
    found, before = demand(larger, FIGURES, no_effect(larger)), demand(stock, FIGURES, no_effect(stock))
    assert found.total_gwh == pytest.approx(times * before.total_gwh)


@settings(max_examples=25, deadline=None)
@given(st.floats(200.0, 5000.0), st.floats(0.5, 0.95))
def test_living_area_is_always_met(folder: Path, living: float, ratio: float) -> None:
    stock = replace(stocks.load(folder), living=np.array([living, np.nan, np.nan]))
    found = floor(stock, {**FIGURES, "living_per_gross": ratio})
    assert stock.by_area(found.living)[0] == pytest.approx(living)
    assert (found.other >= 0).all()


def test_a_table_without_a_column_says_so() -> None:
    with pytest.raises(ModelFailed, match="no column 'storeys_above'"):
        table_columns(HAMLET.inputs()["buildings"][0]["table"], ["storeys_above"])


def test_single_buildings_add_up_to_their_blocks(folder: Path, tmp_path: Path) -> None:
    override = Override(
        "refurbish",
        {"features": [f"{BLOCK}a"]},
        {"rate": 1.0, "years": 10.0, "further": 0.0, "other_uses": 0.0},
    )
    target = tmp_path / "buildings.parquet"
    figures = {**FIGURES, "official_demand": 0.4}
    assert (
        HeatDemand().detail(folder, Member(figures, (override,), WHOLE_PERIOD, seed=1), target, silent) == 5
    )
    rows = pyarrow.parquet.read_table(target).to_pylist()
    blocks = run(folder, override, official_demand=0.4).fields["demand"][0]
    assert sum(row["heat_mwh"] for row in rows if row["block"] == f"{BLOCK}a") == pytest.approx(
        blocks[0], abs=2e-3
    )
    assert [row["age"] for row in rows] == [*["the area's mix"] * 3, "since 1991", "the area's mix"]
    assert [row["id"] for row in rows] == [1, 2, 3, 6, 0]
    assert math.isnan(rows[4]["longitude"])


def test_areas_are_found_by_the_end_of_their_id(folder: Path) -> None:
    assert stocks.load(folder).areas == (f"{AREA}1", f"{AREA}2", f"{AREA}3")


def test_a_city_that_publishes_neither_ages_nor_living_area_gets_the_usual_ratios(tmp_path: Path) -> None:
    bare = HAMLET.inputs()
    bare["areas"] = [{"id": area["id"], "name": area["name"]} for area in bare["areas"]]
    HeatDemand().prepare(bare, tmp_path / "bare")
    found = floor(stocks.load(tmp_path / "bare"), FIGURES)
    assert found.living.tolist() == pytest.approx([750.0, 0.0, 0.0, 300.0])
    assert found.unknown_homes == 0.0
    assert run(tmp_path / "bare").indicators["demand"] > 0


def test_the_parts_of_a_change_add_up_to_it(folder: Path) -> None:
    refurbish = Override("refurbish", {}, {"rate": 2.0, "years": 10.0, "further": 0.2, "other_uses": 0.3})
    winters = Override("milder_winters", {}, {"fewer_degree_days": 5.0})
    homes = Override("build_homes", {}, {"living_area": 1000.0, "specific": 35.0})
    before, after = run(folder), run(folder, refurbish, winters, homes)
    names = ("by_homes", "by_other_uses", "by_winters", "by_new_homes")
    parts = [after.indicators[name] for name in names]
    assert sum(parts) == pytest.approx(after.indicators["demand"] - before.indicators["demand"])
    assert parts[0] < 0 and parts[1] < 0 and parts[2] < 0 < parts[3]
    assert [before.indicators[name] for name in names] == [0.0] * 4


def test_the_rate_that_meets_an_aim_meets_it(folder: Path) -> None:
    def refurbished(rate: float) -> Override:
        return Override("refurbish", {}, {"rate": rate, "years": 10.0, "further": 0.0, "other_uses": 0.3})

    aim = run(folder, refurbished(3.0)).indicators["demand"]
    found = run(folder, refurbished(1.0), aimed_demand=aim).indicators["implied_rate"]
    assert found == pytest.approx(3.0, abs=0.01)
    assert run(folder, refurbished(1.0)).indicators["implied_rate"] == 1.0, "nothing is aimed at"
