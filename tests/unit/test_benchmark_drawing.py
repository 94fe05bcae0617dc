"""The map's benchmark repeats a city without losing a street, and its table judges by the calm figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def drawing(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    from benchmarks import drawing

    return drawing


def street(name: str, line: list[list[float]]) -> dict[str, Any]:
    return {"type": "Feature", "id": name, "geometry": {"type": "LineString", "coordinates": line}}


def test_copies_lie_apart_and_have_values_at_every_hour(drawing: Any) -> None:
    streets = [street("a", [[11.0, 44.0], [11.1, 44.0]]), street("b", [[11.0, 44.0], [11.0, 44.1]])]
    features = drawing.repeated_features({"type": "FeatureCollection", "features": streets}, 20)["features"]
    values = {"unit": "veh/h", "mean": [[100, None]], "low": [[90, None]], "high": [[110, None]]}
    found = drawing.repeated_results(
        {"features": ["a", "b"], "hours": [8], "fields": {"flow": values, "noise": values}}, 20
    )
    assert {one["id"] for one in features} == set(found["features"]) and len(features) == 40
    assert len({str(one["geometry"]["coordinates"]) for one in features}) == 40
    mean = found["fields"]["flow"]["mean"]
    assert found["hours"] == list(range(24)) and [len(row) for row in mean] == [40] * 24
    assert len({row[0] for row in mean}) == 24, "hours that look the same cost nothing"
    assert all(row[1::2] == [None] * 20 for row in mean)


def test_what_misses_its_budget_where_it_is_calm_is_bold(drawing: Any) -> None:
    step = {"things": 50_196, "steps": 24, "cpu_ms": 60.0, "slowest_ms": 90.0, "longest_task_ms": 0}
    phases = {
        "kept": {**step, "budget_ms": 50.0, "yardstick_us": 34},
        "missed": {**step, "budget_ms": 50.0, "yardstick_us": 17},
        "opening": {**step, "yardstick_us": 17},
    }
    table = drawing.table(
        {"phases": phases, "load": 1.0, "cores": 2, "date": "2026-11-23", "commit": "abc1234"}
    )
    lines = {line.split("|")[1].strip(): line for line in table.splitlines() if line.startswith("| ")}
    assert "| 60.0 | 30.0 | 50.0 |" in lines["kept"]
    assert "**60.0**" in lines["missed"]
    assert "**" not in lines["opening"]
