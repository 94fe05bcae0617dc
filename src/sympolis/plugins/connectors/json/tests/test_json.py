"""The JSON connector keeps the contract and finds the rows wherever they are."""

import json
from pathlib import Path
from typing import Any

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin, Record
from sympolis.plugins.connectors.json import JsonConnector
from sympolis.plugins.connectors.json.settings import JsonSettings
from sympolis.testing.connectors import ConnectorContract

FIXTURES = Path(__file__).parent / "fixtures"


def _file(folder: Path, content: str) -> Origin:
    path = folder / "file.json"
    path.write_text(content, encoding="utf-8")
    return Origin(path)


def _read(folder: Path, document: Any, **settings: Any) -> list[Record]:
    return list(JsonConnector().read(_file(folder, json.dumps(document)), JsonSettings(**settings)))


class TestContract(ConnectorContract):
    @pytest.fixture
    def connector(self) -> Connector:
        return JsonConnector()

    @pytest.fixture
    def sound(self) -> Origin:
        return Origin(FIXTURES / "rows.json")

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        return _file(tmp_path, '[{"id": 1}, {"id"')


class TestLines(TestContract):
    settings = {"lines": True}  # noqa: RUF012 - the contract's own form

    @pytest.fixture
    def sound(self) -> Origin:
        return Origin(FIXTURES / "rows.ndjson")


def test_rows_are_found_by_a_pointer(tmp_path: Path) -> None:
    document = {"result": {"a/b": [{"x": 1}]}}
    assert [record.fields for record in _read(tmp_path, document, rows="/result/a~1b")] == [{"x": 1}]
    with pytest.raises(errors.SourceFailed, match="nothing at 'records'"):
        _read(tmp_path, document, rows="/result/records")
    with pytest.raises(errors.SourceFailed, match="expected a list"):
        _read(tmp_path, document)


def test_nested_members_get_dotted_names(tmp_path: Path) -> None:
    row = {"address": {"street": "Via Saffi", "geo": {"lat": 44.5}}, "tags": ["a"], "none": {}}
    assert _read(tmp_path, [row])[0].fields == {
        "address.street": "Via Saffi",
        "address.geo.lat": 44.5,
        "tags": ["a"],
        "none": {},
    }
    assert _read(tmp_path, [row], flatten=False)[0].fields == row


def test_a_field_may_hold_the_geometry(tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [11.3, 44.5]}
    [record] = _read(tmp_path, [{"id": 1, "shape": point}], geometry="shape")
    assert record.geometry == point and record.fields == {"id": 1}
    [odd] = _read(tmp_path, [{"shape": "here"}], geometry="shape")
    assert odd.faults


def test_what_is_no_object_is_kept_with_its_fault(tmp_path: Path) -> None:
    assert [bool(record.faults) for record in _read(tmp_path, [{"id": 1}, 7, None])] == [False, True, True]


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceFailed, match="line 2"):
        list(JsonConnector().read(_file(tmp_path, '{"a": 1}\n{'), JsonSettings(lines=True)))


def test_a_document_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceFailed, match="at most 1"):
        list(JsonConnector().read(_file(tmp_path, " " * 1_100_000), JsonSettings(max_size_mb=1)))
