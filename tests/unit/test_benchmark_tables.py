"""The tables of the performance page are made from records, and say what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    from benchmarks import tables

    return tables


def record(entities: int, get_id: float, **more: Any) -> dict[str, Any]:
    hot = {"cpu_ms": get_id, "per_s": 12_345.6, "yardstick_us": 34}
    phases = {"get_id": hot, "type_q": hot, "create": hot, "notify": {"p50_ms": 3.2, "lost": 0}}
    return {
        "store": "embedded",
        "entities": entities,
        "ready_s": 0.7,
        "rest_mb": 61.2,
        "date": "2026-11-22",
        "commit": "abc1234",
        "phases": phases,
        **more,
    }


def cells(table: str, title: str) -> list[str]:
    [line] = [line for line in table.splitlines() if line.startswith(f"| {title} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_what_misses_its_target_is_bold_and_growth_is_a_ratio(tables: Any) -> None:
    table = tables.of_broker([record(10_000, 0.05), record(1_000_000, 0.15)])
    assert cells(table, "get by id") == [
        "get by id", "0.06", "0.050", "0.025", "**0.150**", "**0.075**", "**3.00**", "0.31"
    ]  # fmt: skip
    assert cells(table, "notifications lost")[2:6] == ["0", "", "0", ""]
    assert cells(table, "PATCH attrs")[2:7] == ["—", "", "—", "", ""]
    assert cells(table, "ready after (s)")[1:6] == ["1", "0.700", "", "0.700", ""]
    assert len({line.count("|") for line in table.splitlines()}) == 1


def test_one_size_has_no_growth(tables: Any) -> None:
    table = tables.of_broker([record(10_000, 0.05)])
    assert cells(table, "get by id") == ["get by id", "0.06", "0.050", "0.025", "0.31"]
    assert len({line.count("|") for line in table.splitlines()}) == 1


def test_the_other_program_has_a_table_where_it_ran(tables: Any) -> None:
    assert tables.of_shared([record(10_000, 0.05)]) == ""
    table = tables.of_shared([record(10_000, 0.05, shared={"get_id": {"cpu_ms_per_req": 0.07}})])
    assert cells(table, "get by id") == ["get by id", "0.06", "**0.070**", "0.31"]


def test_the_page_shows_the_records_that_are_kept(tables: Any) -> None:
    from benchmarks import ngsild

    page = tables.PAGE.read_text(encoding="utf-8")
    if records := ngsild.records():
        assert tables.of_broker(records) in page, "python -m benchmarks table"
        assert tables.of_shared(records) in page, "python -m benchmarks table"
