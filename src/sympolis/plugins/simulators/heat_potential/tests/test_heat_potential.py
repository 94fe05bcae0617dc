"""Heat potential: figures computed by hand, and assumptions that scale what they should."""

import math
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sympolis.domain.errors import ModelFailed
from sympolis.domain.scenario import Override
from sympolis.plugins.simulator import WHOLE_PERIOD, Inputs, Member, MemberResult
from sympolis.plugins.simulators.heat_potential import HeatPotential
from sympolis.plugins.simulators.heat_potential import settings as declared
from sympolis.testing.simulators import SimulatorContract, silent

FIGURES = {p.name: p.default for p in declared.PARAMETERS}
BLOCK = "urn:ngsi-ld:BuildingBlock:village:"


def _block(name: str, west: float) -> dict[str, Any]:
    ring = [[west, 50.0], [west + 0.001, 50.0], [west + 0.001, 50.001], [west, 50.001], [west, 50.0]]
    return {
        "id": f"{BLOCK}{name}",
        "location": {"type": "Polygon", "coordinates": [ring]},
        "landArea": 10_000.0,
    }


def village() -> dict[str, Any]:
    """A house of 1,000 m² and a shed of 200 m² in block a, nothing known of block b, 1,000 people, a mild grey year."""
    shapes = [shapely.box(x, 50.0002, x + 0.0001, 50.0003) for x in (0.0002, 0.0006)]
    columns = {
        "use": ["house", "minor"],
        "footprint_m2": pyarrow.array([1000.0, 200.0], pyarrow.float32()),
        "geometry": pyarrow.array(shapely.to_wkb(shapes), pyarrow.binary()),
    }
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.table(columns), sink)
    hours = [f"2015-01-01T{n % 24:02d}:00:00Z" for n in range(8760)]
    series = {"temperature": [20.0] * 4380 + [5.0] * 4380, "directRadiation": [50.0] * 8760,
              "diffuseRadiation": [70.0] * 8760}  # fmt: skip
    return {
        "buildings": [{"id": "t", "table": bytes(sink.getvalue())}],
        "blocks": [_block("a", 0.0), _block("b", 0.001)],
        "weather": [{"id": "w", "series": {n: {"times": hours, "values": v} for n, v in series.items()}}],
        "areas": [{"id": "one", "population": 1000}, {"id": "two"}],
    }


class TestHeatPotential(SimulatorContract):
    simulator = HeatPotential
    window = WHOLE_PERIOD
    calibrated = False
    allowed = Override("no_probes", {"features": [f"{BLOCK}a"]}, {"share": 50.0})
    refused = Override("no_probes", {"features": [f"{BLOCK}z"]}, {"share": 50.0})

    def inputs(self) -> Inputs:
        return village()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("village")
    HeatPotential().prepare(village(), found)
    return found


def run(folder: Path, *overrides: Override, **figures: Any) -> MemberResult:
    return HeatPotential().run(
        folder, Member({**FIGURES, **figures}, overrides, WHOLE_PERIOD, seed=1), silent
    )


def test_ground_by_hand(folder: Path) -> None:
    """8,800 m² open · 0.25 · 60 kWh."""
    found = run(folder).fields["ground_heat"][0]
    assert found[0] == pytest.approx(8_800 * 0.25 * 60 / 1e3)
    assert math.isnan(found[1])


def test_roofs_by_hand(folder: Path) -> None:
    """120 W/m² all year are 1,051.2 kWh/m²; the shed is no roof for collectors."""
    found = run(folder)
    assert found.indicators["radiation"] == pytest.approx(1051.2)
    assert found.fields["solar_heat"][0][0] == pytest.approx(1000 * 0.25 * 1.0512 * 0.35)


def test_sewage_by_hand(folder: Path) -> None:
    """1,000 people · 160 l · 365 d = 58,400 m³; half of it cooled by 3 K."""
    assert run(folder).indicators["sewage_heat"] == pytest.approx(58_400 * 0.5 * 3 * 1.163e-3 / 1e3)


def test_the_cold_half_of_the_year_is_heated(folder: Path) -> None:
    found = run(folder).indicators
    assert (found["heating_hours"], found["heating_temperature"]) == (4380, 5.0)


def test_what_is_not_known_is_not_counted_and_said(folder: Path) -> None:
    found = run(folder)
    assert found.indicators["ground_heat"] * 1e3 == pytest.approx(found.fields["ground_heat"][0][0])
    assert found.warnings == ("1 blocks have no outlines: their ground and roofs are not counted",)


def test_forbidden_ground_gives_nothing(folder: Path) -> None:
    assert run(folder, Override("no_probes", {}, {"share": 100.0})).indicators["ground_heat"] == 0.0


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 1.0), st.floats(1.0, 3.0))
def test_potential_scales_with_its_assumptions(folder: Path, share: float, times: float) -> None:
    one, more = run(folder, open_share=share), run(folder, open_share=share, ground_yield=60.0 * times)
    assert more.indicators["ground_heat"] == pytest.approx(times * one.indicators["ground_heat"])


def test_half_a_year_is_refused(tmp_path: Path) -> None:
    short = village()
    short["weather"][0]["series"]["temperature"]["values"] = [1.0] * 100
    with pytest.raises(ModelFailed, match="8,760 hours"):
        HeatPotential().prepare(short, tmp_path)
