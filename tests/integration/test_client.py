"""The Python client against a twin behind a real socket; the howto's code runs as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sympolis.client import Twin
from sympolis.domain import errors
from sympolis.testing.served import served
from sympolis.testing.small_city import STREETS
from sympolis.testing.small_twin import small_twin

pytest.importorskip("geopandas")
HOWTO = Path(__file__).parents[2] / "docs" / "howto" / "notebook.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with small_twin(tmp_path_factory.mktemp("client")) as twin, served(twin) as found:
        yield found


def test_the_howto_runs(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = BLOCK.findall(HOWTO.read_text(encoding="utf-8"))
    assert len(blocks) > 4
    code = "\n".join(blocks).replace("http://127.0.0.1:8400", address)
    exec(compile(code, str(HOWTO), "exec"), {})
    told = capsys.readouterr().out
    assert "metres of streets" in told and "created" in told


def test_frames_carry_units_and_lineage(address: str) -> None:
    twin = Twin(address)
    assert twin.datasets().loc["streets", "entity_type"] == "RoadSegment"
    streets = twin.dataset("streets")
    places, table = streets.geoframe(), streets.frame()
    assert len(places) == len(table) == STREETS and places.crs.to_epsg() is None
    assert sorted(places.index) == sorted(table.index) and "location" not in places.columns
    assert (
        places.attrs["lineage"]["owner"] == "Town of Smallville" and places.attrs["units"]["length"] == "MTR"
    )
    some = streets.geoframe(filter=f"name = '{places.iloc[0]['name']}'")
    assert list(some["name"]) == [places.iloc[0]["name"]]


def test_histories_raw_and_by_the_hour(address: str) -> None:
    loops = Twin(address).dataset("loops")
    start, end = datetime(2024, 3, 4, tzinfo=UTC), datetime(2024, 3, 6, tzinfo=UTC)
    raw = loops.history("intensity", start, end)
    assert str(raw["time"].dtype).endswith("UTC]") and raw["time"].between(start, end, inclusive="left").all()
    daily = loops.history("intensity", start, end, every="P1D", method="max")
    for (entity, day), group in raw.groupby(["entity", raw["time"].dt.floor("D")]):
        of_day = daily[(daily["entity"] == entity) & (daily["time"] == day)]
        assert of_day["intensity"].tolist() == [group["intensity"].max()]
    assert raw.attrs["lineage"]["licence"] == "CC0-1.0"


def test_a_long_history_comes_in_pieces(tmp_path: Path) -> None:
    from sympolis.api.parts import ApiSettings

    settings = ApiSettings(temporal_page_size=200)
    with small_twin(tmp_path, settings=settings) as twin, served(twin) as cut:
        pieces = Twin(cut).dataset("loops").history("intensity")
    with small_twin(tmp_path / "whole") as twin, served(twin) as whole:
        at_once = Twin(whole).dataset("loops").history("intensity")
    keys = ["entity", "time"]
    assert len(at_once) > 200
    assert pieces.sort_values(keys).values.tolist() == at_once.sort_values(keys).values.tolist()


def test_errors_are_those_of_the_twin(address: str) -> None:
    twin = Twin(address)
    with pytest.raises(errors.NotFound):
        twin.dataset("nothing")
    with pytest.raises(errors.InvalidRequest, match="zone"):
        twin.dataset("loops").history("intensity", datetime(2024, 1, 1))  # noqa: DTZ001
    with pytest.raises(errors.SourceFailed, match="does not answer"):
        Twin("http://127.0.0.1:9", timeout_s=2).datasets()
    with pytest.raises(errors.Forbidden):
        twin.connection.get("http://elsewhere.example/x")


def test_the_twin_and_its_entities(address: str) -> None:
    twin = Twin(address)
    two = list(twin.entities("RoadSegment", limit=2))
    assert [one["type"] for one in two] == ["RoadSegment", "RoadSegment"]
    assert twin.entity(two[0]["id"])["length"]["unitCode"] == "MTR"
    changed = next(twin.subscribe("RoadSegment", after=0))
    assert changed["type"] == "RoadSegment"
