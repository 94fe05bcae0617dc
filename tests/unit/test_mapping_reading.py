"""What mappings can say about texts, codes, places and the master data, carried out on single rows."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sympolis.acquisition import codelists
from sympolis.acquisition.contradictions import mistakes
from sympolis.acquisition.mapping import EntityMapping
from sympolis.acquisition.source import Source
from sympolis.acquisition.translate import Place, Translated, Translator
from sympolis.city import check, package
from sympolis.domain import reading
from sympolis.plugins.connector import Record
from sympolis.testing.small_city import write_package

NOW = datetime(2024, 6, 1, tzinfo=UTC)
PLACE = Place("bologna", "Europe/Rome", (11.22, 44.42, 11.44, 44.56))
SOURCE = {
    "id": "s", "title": {"en": "S"}, "connector": "csv", "mapping": "m", "path": "x", "url": "https://x.example",
    "licence": "CC0-1.0", "owner": "o", "attribution": "a",
}  # fmt: skip
MAPPING = {"id": "m", "version": "1", "entity_type": "Thing", "entity_id": "{id}"}


class Names:
    def expand(self, term: str) -> str:
        return term


class Streets:
    """Master data of three streets; two share a name."""

    known: ClassVar = {"via saffi": ("12",), "12": ("12",), "via roma": ("7", "8")}

    def __init__(self) -> None:
        self.noted: list[tuple[str, str, str]] = []

    def find(self, kind: str, words: str, at: datetime | None) -> tuple[str, ...]:
        return self.known.get(words.casefold(), ())

    def closest(self, kind: str, words: str) -> str:
        return "Via Saffi (12)"

    def note(self, kind: str, words: str, source: str) -> None:
        self.noted.append((kind, words, source))

    def version(self, kinds: Iterable[str]) -> str:
        return "1"


def made(kind: type[Any], document: dict[str, Any]) -> Any:
    findings: list[reading.Finding] = []
    found = reading.read(kind, document, "test", findings)
    assert not findings, findings
    return found


def translate(
    fields: dict[str, Any], *, geometry: Any = None, streets: Any = None, **mapping: Any
) -> Translated:
    rules: EntityMapping = made(EntityMapping, {**MAPPING, **mapping})
    assert mistakes(rules) == []
    source: Source = made(Source, SOURCE)
    translator = Translator(rules, source, PLACE, Names(), now=NOW, identities=streets)
    return translator.translate(Record(1, {"id": "1", **fields}, geometry))


def value(rule: dict[str, Any], raw: Any) -> Any:
    found = translate({"x": raw}, attributes=[{"name": "a", "field": "x", **rule}])
    if found.reasons:
        return found.reasons[0].rule
    assert found.entity is not None
    attribute = found.entity.attribute("a")
    return None if attribute is None else attribute.value


@pytest.mark.parametrize(
    ("rule", "raw", "expected"),
    [
        ({"type": "number", "decimal": ",", "thousands": "."}, "1.234.567,5", 1234567.5),
        ({"type": "number", "thousands": ","}, "-12,000", -12000),
        ({"type": "number", "thousands": " "}, "12\u00a0000", 12000),
        ({"type": "number", "decimal": ",", "thousands": "."}, "1.23", "type"),
        ({"type": "number", "decimal": ",", "thousands": "."}, "1.2345,0", "type"),
        ({"type": "integer", "thousands": ","}, "1", 1),
        ({"separator": "/", "part": 0}, "A13 / north", "A13"),
        ({"separator": "/", "part": -1}, "A13 / north", "north"),
        ({"separator": "/", "part": 2}, "A13 / north", "type"),
        ({"separator": "x", "part": 1, "type": "number", "unit": "MTR", "from_unit": "CMT"}, "20x150", 1.5),
        ({"type": "number", "unit": "CEL", "from_unit": "degF"}, "50", 10.0),
        ({"type": "date", "format": "%d.%m.%Y"}, "03.04.2024", {"@type": "Date", "@value": "2024-04-03"}),
        ({"type": "time", "format": "%d/%m/%Y %H:%M"}, "01/07/2024 12:00",
         {"@type": "DateTime", "@value": "2024-07-01T10:00:00Z"}),
        ({"type": "time"}, "2024-07-01T12:00:00+05:00", {"@type": "DateTime", "@value": "2024-07-01T07:00:00Z"}),
        ({"type": "time", "format": "%d/%m/%Y %H:%M"}, "31/03/2024 02:30", "type"),
    ],
)  # fmt: skip
def test_how_texts_are_read(rule: dict[str, Any], raw: str, expected: Any) -> None:
    got = value(rule, raw)
    assert got == (pytest.approx(expected) if isinstance(expected, float) else expected)


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        ({"decimal": ",", "thousands": ","}, "is the decimal sign"),
        ({"codes": {"a": "b"}, "code_list": "classes"}, "keep one"),
        ({"type": "time", "format": "%H:%M"}, "which day"),
        ({"type": "time", "format": "%d/%m/%Q"}, "does not read"),
        ({"type": "number", "format": "%d/%m/%Y"}, "is for times"),
        ({"unit": "KMH", "from_unit": "degF"}, "does not convert"),
        ({"unit": "KMH", "unit_field": "u", "unit_names": {"gradi": "degC"}}, "does not convert"),
    ],
)
def test_contradictions_are_found_before_anything_runs(rule: dict[str, Any], part: str) -> None:
    rules = made(EntityMapping, {**MAPPING, "attributes": [{"name": "a", "field": "x", **rule}]})
    assert any(part in " ".join(found) for found in mistakes(rules))


SQUARE = [[11.30, 44.50], [11.32, 44.50], [11.32, 44.52], [11.30, 44.52], [11.30, 44.50]]


def place(coordinates: Any, *repair: str, kind: str = "Polygon") -> Any:
    """The coordinates that a place ends with, or the rule that refuses it."""
    geometry = {"type": kind, "coordinates": coordinates}
    rules: EntityMapping = made(EntityMapping, {**MAPPING, "geometry": {"repair": list(repair)}})
    translator = Translator(rules, made(Source, SOURCE), PLACE, Names(), now=NOW)
    found = translator.translate(Record(1, {"id": "1"}, geometry))
    if found.reasons:
        return found.reasons[0].rule
    assert found.entity is not None
    attribute = found.entity.attribute("location")
    assert attribute is not None
    return attribute.value["coordinates"]


def test_an_open_ring_is_refused_unless_it_may_be_closed() -> None:
    assert place([SQUARE[:-1]]) == "geometry"
    assert place([SQUARE[:-1]], "closed") == [SQUARE]


def test_a_ring_that_crosses_itself_becomes_its_area() -> None:
    bow = [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]
    assert place([bow]) == "geometry"
    assert len(place([bow], "valid")) == 2
    assert place([SQUARE], "valid") == [SQUARE]


def test_rings_are_turned_counter_clockwise() -> None:
    hole = [[11.305, 44.505], [11.31, 44.505], [11.31, 44.51], [11.305, 44.505]]
    assert place([SQUARE[::-1], hole], "orientation") == [SQUARE, hole[::-1]]


def test_swapped_axes_are_set_right_only_where_the_city_tells() -> None:
    assert place([44.5, 11.3], kind="Point") == "geometry"
    assert place([44.5, 11.3], "axes", kind="Point") == [11.3, 44.5]
    assert place([11.3, 44.5], "axes", kind="Point") == [11.3, 44.5]
    assert place([2.0, 1.0], "axes", kind="Point") == "geometry"


JOIN = [{"field": "via", "kind": "streets", "as": "street"}]


def test_a_joined_name_is_an_id_for_everything_that_follows() -> None:
    street = {"name": "refStreet", "field": "street", "kind": "Relationship", "target": "Street"}
    found = translate(
        {"via": " Via Saffi "}, streets=Streets(), joins=JOIN, attributes=[street], entity_id="{street}-{id}"
    )
    assert found.reasons == []
    assert found.entity_id == "urn:ngsi-ld:Thing:bologna:12-1"
    assert found.entity is not None
    assert found.entity.attribute("refStreet").value == "urn:ngsi-ld:Street:bologna:12"  # type: ignore[union-attr]


def test_an_unknown_name_waits_and_is_noted() -> None:
    streets = Streets()
    found = translate({"via": "Via Safi"}, streets=streets, joins=JOIN, entity_id="{street}")
    assert [(one.field, one.rule) for one in found.reasons] == [("via", "reference")]
    assert "Via Safi" in found.reasons[0].message and "Via Saffi (12)" in found.reasons[0].message
    assert streets.noted == [("streets", "Via Safi", "s")]


def test_a_name_of_two_things_is_nobodys_guess() -> None:
    streets = Streets()
    found = translate({"via": "Via Roma"}, streets=streets, joins=JOIN)
    assert "may be 7 or 8" in found.reasons[0].message
    assert streets.noted == []


def test_an_optional_join_leaves_the_field_empty() -> None:
    found = translate({"via": "Via Safi"}, streets=Streets(), joins=[{**JOIN[0], "optional": True}])
    assert found.reasons == []


def test_code_lists_of_the_package(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "smallville")
    mapping = folder / "mappings/streets.toml"
    text = mapping.read_text().replace('value = "residential"', 'field = "name"\ncode_list = "classes"')
    mapping.write_text(text)
    assert any("no code list 'classes'" in str(one) for one in check.check(folder))
    (folder / "code-lists").mkdir()
    (folder / "code-lists/classes.csv").write_text("code,value\n1,residential\n2,primary\n")
    rule = package.load(folder).mappings["streets"].attributes[-1]
    assert dict(rule.codes) == {"1": "residential", "2": "primary"}
    (folder / "code-lists/classes.csv").write_text("code,value\n1,residential\n1,primary\n")
    assert any("has two values" in str(one) for one in check.check(folder))


def test_a_code_list_names_the_code_it_does_not_know() -> None:
    rules: EntityMapping = made(
        EntityMapping, {**MAPPING, "attributes": [{"name": "a", "field": "x", "code_list": "c"}]}
    )
    rules = codelists.resolved(rules, {"c": codelists.from_csv("c", "code,value\n1,one\n")})
    found = Translator(rules, made(Source, SOURCE), PLACE, Names(), now=NOW).translate(
        Record(1, {"id": "1", "x": "9"})
    )
    assert found.reasons[0].rule == "code" and "'9'" in found.reasons[0].message
