"""Reads delimited text, still the way most open-data portals publish tables.

Every cell is given as text, or None where it says nothing: what a column means, its type, decimal sign and unit, and
how wide hour columns become series, is the mapping's business.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from typing import Any, ClassVar

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Record
from sympolis.plugins.connectors.csv.settings import CsvSettings


class CsvConnector:
    """Rows of a CSV file; row numbers count data rows, the header is not one of them."""

    id: ClassVar[str] = "csv"
    settings_type: ClassVar[type] = CsvSettings

    def read(self, origin: Origin, settings: CsvSettings) -> Iterator[Record]:
        """Yield every row. Raises ``SourceFailed`` naming the line that cannot be read."""
        where = str(origin.path)
        if origin.path is None:
            raise errors.SourceFailed("the csv connector reads local files", where=str(origin.url))
        try:
            with origin.path.open(encoding=settings.encoding, newline="") as stream:
                yield from _records(stream, settings, where)
        except OSError as cause:
            raise errors.SourceFailed(f"cannot be read: {cause.strerror}", where=where) from cause
        except UnicodeDecodeError as cause:
            message = f"is not {settings.encoding} text (byte {cause.start} of a block)"
            raise errors.SourceFailed(
                message, where=where, hint="set settings.encoding, e.g. cp1252"
            ) from cause


def _records(stream: Any, settings: CsvSettings, where: str) -> Iterator[Record]:
    lines = islice(stream, settings.skip_lines, None)
    rows = csv.reader(lines, delimiter=settings.delimiter, quotechar=settings.quote)
    try:
        header = _header(next(rows, None), settings, where)
        missing = frozenset(settings.missing)
        numbered = enumerate((row for row in rows if row), start=1)
        for number, row in numbered:
            yield _record(number, header, row, missing, strip=settings.strip)
    except csv.Error as cause:
        raise errors.SourceFailed(f"line {rows.line_num} is not CSV: {cause}", where=where) from cause


def _header(names: list[str] | None, settings: CsvSettings, where: str) -> list[str]:
    if not names:
        raise errors.SourceFailed("has no header line", where=where, hint="check settings.skip_lines")
    header = [name.strip() if settings.strip else name for name in names]
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        hint = "rename one of them at the source, or check settings.delimiter"
        raise errors.SourceFailed(
            f"has two columns called {', '.join(map(repr, twice))}", where=where, hint=hint
        )
    return header


def _record(
    number: int, header: list[str], row: list[str], missing: frozenset[str], *, strip: bool
) -> Record:
    if strip:
        row = [cell.strip() for cell in row]
    fields: dict[str, str | None] = {
        name: None if cell in missing else cell for name, cell in zip(header, row, strict=False)
    }
    if len(row) == len(header):
        return Record(number, fields)
    return Record(number, fields, faults=(f"has {len(row)} cells where the header has {len(header)}",))
