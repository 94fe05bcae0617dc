"""Mappings carried out on single rows: values, kinds, units, series and the reasons where a row does not pass."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sympolis.acquisition.contradictions import mistakes
from sympolis.acquisition.mapping import EntityMapping
from sympolis.acquisition.source import Source
from sympolis.acquisition.translate import Place, Translated, Translator
from sympolis.domain import reading
from sympolis.domain.entity import Attribute, AttributeKind
from sympolis.plugins.connector import Record

NOW = datetime(2024, 6, 1, tzinfo=UTC)
PLACE = Place("bologna", "Europe/Rome", (11.22, 44.42, 11.44, 44.56))
BASE = "https://example.org/"


class Names:
    """Expands every term below one base, so that tests can name attributes."""

    def expand(self, term: str) -> str:
        return BASE + term


SOURCE = {
    "id": "s",
    "title": {"en": "S"},
    "connector": "csv",
    "mapping": "m",
    "path": "x",
    "url": "https://x.example",
    "licence": "CC0-1.0",
    "owner": "o",
    "attribution": "a",
}
MAPPING = {"id": "m", "version": "1", "entity_type": "Thing", "entity_id": "{id}"}


def made(kind: type[Any], document: dict[str, Any]) -> Any:
    findings: list[reading.Finding] = []
    found = reading.read(kind, document, "test", findings)
    assert not findings, findings
    return found


def translate(
    fields: dict[str, Any], *, geometry: Any = None, expect: dict[str, Any] | None = None, **mapping: Any
) -> Translated:
    """What one row means under a mapping, given by the parts of it that matter."""
    rules: EntityMapping = made(EntityMapping, {**MAPPING, **mapping})
    assert mistakes(rules) == []
    source: Source = made(Source, {**SOURCE, "expectations": expect or {}})
    return Translator(rules, source, PLACE, Names(), now=NOW).translate(
        Record(1, {"id": "1", **fields}, geometry)
    )


def attribute(rule: dict[str, Any], **fields: Any) -> Attribute | None:
    """The attribute ``a`` that one rule makes of a row."""
    found = translate(fields, attributes=[{"name": "a", **rule}])
    assert not found.reasons, found.reasons
    assert found.entity is not None
    return found.entity.attribute(BASE + "a")


@pytest.mark.parametrize(
    ("rule", "raw", "value"),
    [
        ({"field": "x"}, "007", "007"),
        ({"field": "x"}, {"deep": [1]}, {"deep": [1]}),
        ({"field": "x", "type": "number"}, "12", 12),
        ({"field": "x", "type": "number"}, "12.50", 12.5),
        ({"field": "x", "type": "number", "decimal": ","}, "12,5", 12.5),
        ({"field": "x", "type": "integer"}, "12.0", 12),
        ({"field": "x", "type": "text"}, 12, "12"),
        ({"field": "x", "type": "boolean"}, "Sì", True),
        ({"field": "x", "type": "json"}, '{"a": [1]}', {"a": [1]}),
        ({"field": "x", "type": "list"}, "a; b", ["a", "b"]),
        (
            {"field": "x", "type": "time"},
            "2024-05-01T10:00:00+02:00",
            {"@type": "DateTime", "@value": "2024-05-01T08:00:00Z"},
        ),
        ({"field": "x", "codes": {"A": "active"}}, "A", "active"),
        ({"field": "x", "unit": "KMH", "from_unit": "MTS", "decimals": 1}, "13.89", 50.0),
        ({"template": "Loop {x}"}, "7", "Loop 7"),
        ({"value": True}, None, True),
    ],
)
def test_values(rule: dict[str, Any], raw: Any, value: Any) -> None:
    found = attribute(rule, x=raw)
    assert found is not None
    assert found.value == value
    assert found.unit_code == rule.get("unit")


@pytest.mark.parametrize(
    ("rule", "raw", "value"),
    [
        ({"kind": "Relationship", "target": "RoadNode"}, "a 1", "urn:ngsi-ld:RoadNode:bologna:a%201"),
        ({"kind": "Relationship"}, "urn:x:1", "urn:x:1"),
        (
            {"kind": "ListRelationship", "target": "N"},
            ["1", "2"],
            ["urn:ngsi-ld:N:bologna:1", "urn:ngsi-ld:N:bologna:2"],
        ),
        ({"kind": "LanguageProperty", "language": "it"}, "via", {"it": "via"}),
        ({"kind": "VocabProperty"}, "traffic", BASE + "traffic"),
        ({"kind": "ListProperty"}, "1;2", ["1", "2"]),
        ({"kind": "JsonProperty"}, [{"index": 0}], [{"index": 0}]),
    ],
)
def test_kinds(rule: dict[str, Any], raw: Any, value: Any) -> None:
    found = attribute({"field": "x", **rule}, x=raw)
    assert found is not None
    assert (found.kind, found.value) == (AttributeKind(rule["kind"]), value)


def test_an_empty_field_makes_no_attribute() -> None:
    assert attribute({"field": "x", "unit": "KMH"}, x=None) is None


def test_every_value_names_its_source() -> None:
    found = attribute({"field": "x"}, x=1)
    assert found is not None
    [provided_by] = found.attributes[BASE + "providedBy"]
    assert (provided_by.kind, provided_by.value) == (
        AttributeKind.RELATIONSHIP,
        "urn:ngsi-ld:Source:bologna:s",
    )


def test_different_keys_never_share_an_id() -> None:
    ids = {translate({"id": key}).entity_id for key in ("a b", "a_b", "a%20b", "a#b")}
    assert len(ids) == 4
    assert all(" " not in one for one in ids)


SERIES = [{"attribute": "n", "columns": "h{i:02d}", "unit": "C62"}]
DAY = {"fields": ["date"], "format": "%d/%m/%Y"}


def test_wide_columns_become_a_series_on_the_wall_clock() -> None:
    fields = {"date": "01/02/2024", "h00": "10", "h01": None, "h23": "22"}
    found = translate(fields, mode="observations", time=DAY, series=SERIES)
    assert [(point.at, point.value, point.unit_code) for point in found.observations] == [
        (datetime(2024, 1, 31, 23, tzinfo=UTC), 10, "C62"),
        (datetime(2024, 2, 1, 22, tzinfo=UTC), 22, "C62"),
    ]
    assert found.entity is None


def test_after_a_clock_change_hour_17_is_still_17() -> None:
    found = translate({"date": "31/03/2024", "h17": "5"}, mode="observations", time=DAY, series=SERIES)
    assert found.observations[0].at == datetime(2024, 3, 31, 15, tzinfo=UTC)


def test_a_count_in_an_hour_that_never_was_is_questioned() -> None:
    found = translate({"date": "31/03/2024", "h02": "5"}, mode="observations", time=DAY, series=SERIES)
    assert [(reason.field, reason.rule) for reason in found.reasons] == [("h02", "time")]


def test_an_observed_attribute_joins_history_instead_of_state() -> None:
    rule = {"name": "pm10", "field": "x", "unit": "GQ", "observed": True, "dataset": "validated"}
    found = translate({"date": "01/05/2024", "x": "24"}, time=DAY, attributes=[rule])
    [point] = found.observations
    assert (point.value, point.unit_code, point.dataset_id) == (
        24,
        "GQ",
        "urn:ngsi-ld:Dataset:bologna:validated",
    )
    assert found.entity is not None
    assert not found.entity.attributes


@pytest.mark.parametrize(
    ("fields", "field", "rule", "expected"),
    [
        ({"id": None}, "id", "required", "a value"),
        ({"x": "abc"}, "x", "type", "number with decimal sign '.'"),
        ({"x": "NaN"}, "x", "type", "number"),
        ({"x": True}, "x", "type", "number"),
        ({"x": "-1"}, "x", "range", "0 to 500"),
        ({"x": "501"}, "x", "range", "0 to 500"),
        ({"x": None}, "x", "required", "a value"),
        ({"k": "Z"}, "k", "code", "A, B"),
        ({"date": None}, "date", "required", "such as 31/03/2024"),
        ({"date": "2024-01-01"}, "date", "time", "such as 31/03/2024"),
        ({"date": "01/01/2030"}, "date", "time", "not after 2024-06-01T00:00:00+00:00"),
        ({"date": "01/01/1999"}, "date", "time", "not before 2000-01-01T00:00:00+00:00"),
    ],
)
def test_a_bad_value_is_named_with_rule_and_expectation(
    fields: dict[str, Any], field: str, rule: str, expected: str
) -> None:
    found = translate(
        {"x": "5", "k": "A", "date": "01/05/2024", **fields},
        time=DAY,
        attributes=[
            {"name": "a", "field": "x", "unit": "GQ", "observed": True},
            {"name": "b", "field": "k"},
        ],
        expect={
            "earliest": datetime(2000, 1, 1, tzinfo=UTC),
            "attributes": {"a": {"low": 0.0, "high": 500.0, "required": True}, "b": {"codes": ["A", "B"]}},
        },
    )
    assert [(reason.field, reason.rule, reason.expected) for reason in found.reasons] == [
        (field, rule, expected)
    ]
    assert found.entity is None


def test_every_reason_of_a_row_is_given() -> None:
    found = translate(
        {"x": "abc", "y": "-1"},
        attributes=[{"name": "a", "field": "x", "unit": "C62"}, {"name": "b", "field": "y", "unit": "C62"}],
        expect={"attributes": {"b": {"low": 0.0}}},
    )
    assert [(reason.field, reason.rule) for reason in found.reasons] == [("x", "type"), ("y", "range")]


def test_a_stale_row_is_refused() -> None:
    found = translate({"date": "01/05/2024"}, time=DAY, expect={"max_row_age": "P7D"})
    assert [reason.rule for reason in found.reasons] == ["staleness"]


def test_a_rows_own_unit_is_converted_and_an_unknown_one_refused() -> None:
    rule = {
        "name": "a", "field": "x", "unit": "KMH", "unit_field": "u", "unit_names": {"m/s": "MTS", "km/h": "KMH"},
        "decimals": 1,
    }  # fmt: skip
    good = translate({"x": "10", "u": "m/s"}, attributes=[rule])
    assert good.entity is not None
    assert good.entity.value(BASE + "a") == 36.0
    bad = translate({"x": "10", "u": "mph"}, attributes=[rule])
    assert [(reason.rule, reason.expected) for reason in bad.reasons] == [("unit", "KMH, km/h, m/s")]


def test_a_rows_faults_are_its_reasons() -> None:
    rules, source = made(EntityMapping, MAPPING), made(Source, SOURCE)
    record = Record(3, {"id": "1"}, faults=("has 2 cells where the header has 3",))
    found = Translator(rules, source, PLACE, Names(), now=NOW).translate(record)
    assert [(reason.rule, reason.message) for reason in found.reasons] == [("row", record.faults[0])]
