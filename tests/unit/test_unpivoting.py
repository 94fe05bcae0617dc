"""Wide tables become long before anything looks at their rows."""

from __future__ import annotations

from typing import Any

import pytest

from sympolis.acquisition.mapping import EntityMapping, UnpivotRule, column_fields
from sympolis.acquisition.unpivoting import unpivoted
from sympolis.domain import reading
from sympolis.plugins.connector import Record


def rows(rule: UnpivotRule, *fields: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(one.fields) for one in unpivoted([Record(n, row) for n, row in enumerate(fields, 1)], rule)]


def test_a_column_for_each_year_becomes_a_row_for_each() -> None:
    rule = UnpivotRule(columns="residents_{}", kind="year", key="year", value="residents")
    assert rows(rule, {"area": "A", "residents_2023": "10", "residents_2024": "", "residents_all": "9"}) == [
        {"area": "A", "residents_all": "9", "year": "2023-01-01", "residents": "10"}
    ]


@pytest.mark.parametrize(("first", "last", "shown"), [(0, 23, "00:00"), (1, 24, "00:00")])
def test_hours_are_written_as_a_clock_shows_them(first: int, last: int, shown: str) -> None:
    rule = UnpivotRule(columns="h{}", kind="hour", key="hour", value="count")
    found = rows(rule, {"day": "2024-01-01", **{f"h{hour}": hour for hour in range(first, last + 1)}})
    assert found[0]["hour"] == shown and found[-1]["hour"] == "23:00" and len(found) == 24


def test_categories_keep_their_names_and_regular_expressions_mean_nothing() -> None:
    rule = UnpivotRule(columns="pop (.*) {}", key="sex", value="people")
    assert rows(rule, {"pop (.*) m": 1, "pop (.*) f": 2, "pop x m": 3}) == [
        {"pop x m": 3, "sex": "m", "people": 1},
        {"pop x m": 3, "sex": "f", "people": 2},
    ]


def test_rows_keep_their_number_faults_and_place() -> None:
    rule = UnpivotRule(columns="y{}", kind="year")
    place = {"type": "Point", "coordinates": [11, 44]}
    records = [
        Record(7, {"y2020": 1, "y2021": 2}, place),
        Record(8, {"y2020": 1}, None, ("too few columns",)),
    ]
    found = list(unpivoted(records, rule))
    assert [(one.number, one.geometry, one.faults) for one in found] == [
        (7, place, ()),
        (7, place, ()),
        (8, None, ("too few columns",)),
    ]


@pytest.mark.parametrize("columns", ["year", "{}{}", "{i}_{}"])
def test_a_name_needs_one_place_for_what_differs(columns: str) -> None:
    findings: list[reading.Finding] = []
    assert reading.read(UnpivotRule, {"columns": columns}, "unpivot", findings) is None
    assert "with {} once" in findings[0].message


def test_the_made_fields_are_no_columns_of_the_source() -> None:
    mapping = EntityMapping(
        id="m", version="1", entity_type="T", entity_id="{area}-{year}",
        unpivot=UnpivotRule(columns="y{}", kind="year", key="year"),
    )  # fmt: skip
    assert column_fields(mapping) == ["area"]
