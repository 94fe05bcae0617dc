"""The Excel connector keeps the contract and passes no error cell on as a value."""

import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin, Record
from sympolis.plugins.connectors.excel import ExcelConnector
from sympolis.plugins.connectors.excel.settings import ExcelSettings
from sympolis.testing.connectors import ConnectorContract

FIXTURES = Path(__file__).parent / "fixtures"


def _book(folder: Path, *rows: list[Any], sheet: str = "Data") -> Origin:
    workbook = openpyxl.Workbook()
    page = workbook.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(row)
    path = folder / "book.xlsx"
    workbook.save(path)
    workbook.close()
    return Origin(path)


def _read(origin: Origin, **settings: Any) -> list[Record]:
    return list(ExcelConnector().read(origin, ExcelSettings(**settings)))


class TestContract(ConnectorContract):
    @pytest.fixture
    def connector(self) -> Connector:
        return ExcelConnector()

    @pytest.fixture
    def sound(self) -> Origin:
        return Origin(FIXTURES / "counts.xlsx")

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        path = tmp_path / "broken.xlsx"
        path.write_bytes(_book(tmp_path, ["id"], [1]).path.read_bytes()[:400])  # type: ignore[union-attr]
        return Origin(path)


def test_cells_keep_their_types_and_dates_are_iso(tmp_path: Path) -> None:
    origin = _book(
        tmp_path,
        ["n", "t", "ok", "day", "at"],
        [1.5, " x ", True, date(2026, 1, 2), datetime(2026, 1, 2, 3)],  # noqa: DTZ001 - workbooks know no zones
    )
    [record] = _read(origin)
    assert record.fields["n"] == 1.5 and record.fields["t"] == "x" and record.fields["ok"] is True
    assert record.fields["day"].startswith("2026-01-02") and record.fields["at"] == "2026-01-02T03:00:00"


def test_header_may_stand_lower_and_empty_rows_are_left_out(tmp_path: Path) -> None:
    origin = _book(tmp_path, ["A title"], [], ["id", "v"], [1, 2], [None, None], [3, "n/a"])
    records = _read(origin, header_row=3)
    assert [(record.number, record.fields) for record in records] == [
        (1, {"id": 1, "v": 2}),
        (2, {"id": 3, "v": None}),
    ]


def test_error_cells_and_stray_values_are_faults(tmp_path: Path) -> None:
    origin = _book(tmp_path, ["id", "v"], [1, "#DIV/0!"], [2, 5, "stray"], [3, 6])
    faults = [record.faults for record in _read(origin)]
    assert faults[0] == ("v: #DIV/0!",) and "stray" in faults[1][0] and faults[2] == ()


def test_a_wrong_sheet_is_told_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceFailed, match="it has Data"):
        _read(_book(tmp_path, ["id"], [1]), sheet="Daten")


@pytest.mark.parametrize("header", [[None, None], ["a", "a"]])
def test_a_header_that_names_nothing_or_twice_is_refused(tmp_path: Path, header: list[Any]) -> None:
    with pytest.raises(errors.SourceFailed):
        _read(_book(tmp_path, header, [1, 2]))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 5_000_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(errors.SourceFailed, match="5 MB unpacked"):
        _read(Origin(path), max_unpacked_mb=4)


def test_too_many_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceFailed, match="more than 2"):
        _read(_book(tmp_path, ["id"], [1], [2], [3]), max_rows=2)
