"""Reads a sheet of an Excel workbook (.xlsx), still how most departments hand over their tables.

Cells are given as what they show a program: numbers, texts, truth values, dates as ISO 8601. A formula gives the value
that was last calculated. A cell with an Excel error is a fault of its row, never a silent gap.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, ClassVar

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Record, Remark
from sympolis.plugins.connectors.excel.settings import ExcelSettings

_MARK = "FFFFC9A8"
"""The fill of a marked cell (ARGB): a light orange that leaves dark text readable."""
_MOST_CELLS = 5_000_000
"""Marking needs the whole sheet in memory: one far cell would make millions of empty ones."""
_ERRORS = frozenset(("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!"))


class ExcelConnector:
    """Rows below the header of a sheet; numbers count data rows, empty rows are left out."""

    id: ClassVar[str] = "excel"
    settings_type: ClassVar[type] = ExcelSettings

    def read(self, origin: Origin, settings: ExcelSettings) -> Iterator[Record]:
        """Yield every row that has a value. Raises ``SourceFailed`` where the file is not a workbook of this form."""
        if origin.path is None:
            raise errors.SourceFailed("the excel connector reads local files", where=str(origin.url))
        where = str(origin.path)
        _check_size(origin.path, settings, where)
        workbook = _open(origin.path, where)
        try:
            yield from _records(_sheet(workbook, settings, where), settings, where)
        finally:
            workbook.close()

    def annotate(
        self, origin: Origin, settings: ExcelSettings, remarks: Mapping[int, tuple[Remark, ...]], to: Path
    ) -> None:
        """Write a copy with the cells concerned coloured and commented. Raises ``SourceFailed``."""
        if origin.path is None:
            raise errors.SourceFailed("the excel connector reads local files", where=str(origin.url))
        where = str(origin.path)
        _check_size(origin.path, settings, where)
        workbook = _open(origin.path, where, writable=True)
        try:
            _mark(_sheet(workbook, settings, where), settings, remarks, where)
            workbook.save(to)
        finally:
            workbook.close()


def _mark(sheet: Any, settings: ExcelSettings, remarks: Mapping[int, tuple[Remark, ...]], where: str) -> None:
    """Colour and comment; remarks on a row as a whole stand in its first cell."""
    from openpyxl.styles import PatternFill

    if sheet.max_row * sheet.max_column > _MOST_CELLS:
        raise errors.SourceFailed(
            "has too many cells to be marked", where=where, hint="cut off what is empty"
        )
    fill = PatternFill("solid", fgColor=_MARK)
    header = _header(tuple(cell.value for cell in sheet[settings.header_row]), settings, where)
    columns = {name: index for index, name in enumerate(header, start=1)}
    for number, row in _numbered(sheet, settings):
        for column, texts in _by_column(remarks.get(number, ()), columns).items():
            cell = sheet.cell(row, column)
            cell.fill = fill
            cell.comment = _comment("\n".join(texts))


def _numbered(sheet: Any, settings: ExcelSettings) -> Iterator[tuple[int, int]]:
    """Row number of a record and row of the sheet, as ``_records`` counts them."""
    number = 0
    rows = sheet.iter_rows(min_row=settings.header_row + 1, values_only=True)
    for row, cells in enumerate(rows, start=settings.header_row + 1):
        if any(_value(cell, settings) is not None for cell in cells):
            number += 1
            yield number, row


def _by_column(remarks: tuple[Remark, ...], columns: Mapping[str, int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for remark in remarks:
        found.setdefault(columns.get(remark.field, 1), []).append(remark.text)
    return found


def _comment(text: str) -> Any:
    from openpyxl.comments import Comment

    return Comment(text, "Sympolis", height=120, width=320)


def _check_size(path: Path, settings: ExcelSettings, where: str) -> None:
    """Refuse what is too large, packed or unpacked, before any of it is unpacked."""
    try:
        size_mb = path.stat().st_size / 1e6
        with zipfile.ZipFile(path) as archive:
            unpacked_mb = sum(entry.file_size for entry in archive.infolist()) / 1e6
    except OSError as cause:
        raise errors.SourceFailed(f"cannot be read: {cause.strerror}", where=where) from cause
    except zipfile.BadZipFile as cause:
        hint = "save it as .xlsx; .xls and .csv are read by other means"
        raise errors.SourceFailed("is not an Excel workbook (.xlsx)", where=where, hint=hint) from cause
    if size_mb > settings.max_size_mb or unpacked_mb > settings.max_unpacked_mb:
        message = f"is {size_mb:.0f} MB large and {unpacked_mb:.0f} MB unpacked; too much to read"
        raise errors.SourceFailed(message, where=where, hint="raise settings.max_size_mb or max_unpacked_mb")


def _open(path: Path, where: str, *, writable: bool = False) -> Any:
    try:
        import openpyxl
    except ImportError as cause:
        hint = "pip install 'sympolis[excel]'"
        raise errors.SourceFailed("openpyxl is not installed", where=where, hint=hint) from cause
    try:
        return openpyxl.load_workbook(path, read_only=not writable, data_only=not writable)
    except Exception as cause:  # its parsers raise whatever they meet in a damaged file
        raise errors.SourceFailed(f"is not a readable workbook: {cause}", where=where) from cause


def _sheet(workbook: Any, settings: ExcelSettings, where: str) -> Any:
    if not settings.sheet:
        return workbook.worksheets[0]
    if settings.sheet not in workbook.sheetnames:
        message = f"has no sheet {settings.sheet!r}; it has {', '.join(workbook.sheetnames)}"
        raise errors.SourceFailed(message, where=where, hint="set settings.sheet")
    return workbook[settings.sheet]


def _records(sheet: Any, settings: ExcelSettings, where: str) -> Iterator[Record]:
    sheet.reset_dimensions()  # a file may claim 17 billion cells, all of which would be made up as empty ones
    rows = sheet.iter_rows(min_row=settings.header_row, values_only=True)
    header = _header(next(rows, ()), settings, where)
    number = 0
    for cells in rows:
        values = [_value(cell, settings) for cell in cells]
        if all(value is None for value in values):
            continue
        number += 1
        if number > settings.max_rows:
            raise errors.SourceFailed(f"has more than {settings.max_rows} rows", where=where)
        yield _record(number, header, values)


def _header(cells: tuple[Any, ...], settings: ExcelSettings, where: str) -> list[str]:
    names = ["" if cell is None else str(cell).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not any(names):
        message = f"has no column names in row {settings.header_row}"
        raise errors.SourceFailed(message, where=where, hint="set settings.header_row")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        message = f"has two columns called {', '.join(map(repr, twice))}"
        raise errors.SourceFailed(message, where=where, hint="rename one of them in the workbook")
    return names


def _record(number: int, header: list[str], values: list[Any]) -> Record:
    fields = {name: value for name, value in zip(header, values, strict=False) if name}
    fields.update(dict.fromkeys(header[len(values) :]))
    faults = [f"{name}: {value}" for name, value in fields.items() if value in _ERRORS]
    stray = [value for value in values[len(header) :] if value is not None]
    if stray:
        faults.append(f"has a value beyond the last column: {stray[0]!r}")
    return Record(number, fields, faults=tuple(faults))


def _value(cell: Any, settings: ExcelSettings) -> Any:
    if isinstance(cell, str):
        text = cell.strip()
        return None if text.lower() in settings.missing else text
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return cell
