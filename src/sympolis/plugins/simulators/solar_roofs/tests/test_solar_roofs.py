"""Roofs: which way they look, what fits, what they give; and the contract of every simulator."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import shapely

from sympolis.domain.errors import ModelFailed
from sympolis.domain.scenario import Override
from sympolis.plugins import sunlight
from sympolis.plugins.simulator import WHOLE_PERIOD, Inputs, Member
from sympolis.plugins.simulators.solar_roofs import SolarRoofs, roofs, yielding
from sympolis.testing.simulators import SimulatorContract, silent

HERE = (12.37, 51.34)
AREA, OTHER = "urn:ngsi-ld:StatisticalArea:t:01", "urn:ngsi-ld:StatisticalArea:t:02"
METRE = 1 / 111_195


def weather(hours: int = sunlight.HOURS) -> dict[str, Any]:
    """A year of a sun that only knows day and season, under a sky that is half clear."""
    begin = np.datetime64("2015-01-01T00:00:00")
    times = begin + np.arange(hours) * np.timedelta64(3600, "s")
    hour, day = np.arange(hours) % 24, np.arange(hours) // 24
    height = np.maximum(np.sin((hour - 5) / 24 * 2 * np.pi), 0) * (
        0.55 - 0.45 * np.cos(2 * np.pi * (day + 10) / 365)
    )
    columns = {
        "temperature": 9 - 10 * np.cos(2 * np.pi * day / 365),
        "windSpeed": np.full(hours, 4.0),
        "directRadiation": 520 * height,
        "diffuseRadiation": 320 * height,
    }
    names = [f"{at}Z" for at in times]
    series = {name: {"times": names, "values": values.tolist()} for name, values in columns.items()}
    return {
        "id": "urn:w",
        "location": {"type": "Point", "coordinates": list(HERE)},
        "altitude": 110.0,
        "series": series,
    }


def house(east_m: float, north_m: float, *, at: float = 0.0) -> shapely.Geometry:
    wide, high = east_m * METRE / np.cos(np.radians(HERE[1])), north_m * METRE
    return shapely.box(HERE[0] + at, HERE[1], HERE[0] + at + wide, HERE[1] + high)


ROWS: tuple[tuple[int, str, str, str | None, bool | None, shapely.Geometry], ...] = (
    (1, "01", "house", "pitched", None, house(20, 10)),  # ridge runs east-west: faces north and south
    (2, "01", "house", None, None, house(10, 20, at=0.01)),  # faces east and west
    (3, "02", "industry", None, None, house(50, 40, at=0.02)),
    (4, "02", "house", "pitched", True, house(20, 10, at=0.03)),
    (5, "02", "minor", None, None, house(3, 3, at=0.04)),
)


def table() -> bytes:
    columns = {
        "id": [row[0] for row in ROWS],
        "area": [row[1] for row in ROWS],
        "use": [row[2] for row in ROWS],
        "roof": pyarrow.array([row[3] for row in ROWS], pyarrow.string()),
        "listed": pyarrow.array([row[4] for row in ROWS], pyarrow.bool_()),
        "footprint_m2": [200.0, 200.0, 2000.0, 200.0, 9.0],
        "geometry": [shapely.to_wkb(row[5]) for row in ROWS],
    }
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), out)
    return out.getvalue()


def given(**more: Any) -> dict[str, Any]:
    return {one.name: one.default for one in SolarRoofs.parameters} | more


class TestSolarRoofs(SimulatorContract):
    simulator = SolarRoofs
    calibrated = False
    allowed: ClassVar[Override] = Override("use_share", {"area": AREA}, {"share": 0.5})
    refused: ClassVar[Override] = Override("use_share", {"area": "urn:unknown"}, {"share": 0.5})

    def inputs(self) -> Inputs:
        areas = [
            {"id": AREA, "code": "01", "location": {"type": "Point", "coordinates": list(HERE)}},
            {"id": OTHER, "location": {"type": "Point", "coordinates": list(HERE)}},
        ]
        return {"areas": areas, "weather": [weather()], "buildings": [{"id": "urn:b", "table": table()}]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("roofs") / "model"
    SolarRoofs().prepare(TestSolarRoofs().inputs(), made)
    return made


def test_a_roof_looks_at_right_angles_to_its_longer_side(folder: Path) -> None:
    found = roofs.load(folder)
    degrees = found.direction * 22.5 % 180
    assert degrees[:2].tolist() == [0.0, 90.0]
    assert found.flat.tolist() == [False, False, True, False, True]


def test_south_gives_more_than_east_and_north_is_left_out(folder: Path) -> None:
    found = roofs.load(folder)
    harvest = yielding.harvest(found, given())
    per_kw = harvest.yield_kwh[:3] / harvest.power_kw[:3]
    assert per_kw[0] > per_kw[1]
    assert harvest.power_kw[0] == pytest.approx(harvest.power_kw[1] / 2)


def test_listed_and_small_roofs_stay_empty_unless_asked_for(folder: Path) -> None:
    found = roofs.load(folder)
    assert (yielding.harvest(found, given()).power_kw > 0).tolist() == [True, True, True, False, False]
    both = yielding.harvest(found, given(with_listed=True, least_area=5.0))
    assert (both.power_kw > 0).all()


def test_a_flat_roof_carries_its_share(folder: Path) -> None:
    harvest = yielding.harvest(roofs.load(folder), given(usable_flat=0.5, module_power=0.2))
    assert harvest.power_kw[2] == pytest.approx(2000 * 0.5 * 0.2)


def test_using_half_the_roofs_of_an_area_halves_it_and_no_other(folder: Path) -> None:
    model = SolarRoofs()
    whole = model.run(folder, Member({}, (), WHOLE_PERIOD, 1), silent)
    half = model.run(folder, Member({}, (TestSolarRoofs.allowed,), WHOLE_PERIOD, 1), silent)
    assert half.fields["yield"][0] == pytest.approx(
        [whole.fields["yield"][0][0] / 2, whole.fields["yield"][0][1]]
    )


def test_the_table_lists_every_suitable_roof(folder: Path) -> None:
    listed = pyarrow.parquet.read_table(folder / SolarRoofs.tables["roofs"]).to_pylist()
    assert [row["id"] for row in listed] == [1, 2, 3]
    assert {row["area"] for row in listed} == {AREA, OTHER}
    whole = SolarRoofs().run(folder, Member({}, (), WHOLE_PERIOD, 1), silent)
    assert sum(row["yield"] for row in listed) / 1e6 == pytest.approx(whole.indicators["yield"], rel=1e-3)


def test_a_year_with_a_gap_is_refused() -> None:
    with pytest.raises(ModelFailed, match="8759 hours"):
        sunlight.year_of(weather(8759))


def test_a_kilowatt_in_central_europe_gives_what_it_gives() -> None:
    """A south roof gives more than a flat one, which gives more than a north wall; all less than a clear sky's."""
    south, flat, north = sunlight.specific_yields(sunlight.year_of(weather()), [(35, 180), (0, 180), (90, 0)])
    assert 2_000 > south > flat > north > 100
