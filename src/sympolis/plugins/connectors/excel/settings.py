"""What a source file may say under ``[settings]`` for an Excel workbook."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class ExcelSettings:
    """Which sheet, where its header is, and the limits of the file."""

    sheet: str = ""
    """Name of the sheet; empty: the first one."""
    header_row: int = option(1, minimum=1, maximum=1000)
    """The row with the columns' names, as Excel counts."""
    missing: tuple[str, ...] = ("", "-", "n/a")
    """Cell texts that mean "no value"."""
    max_size_mb: int = option(50, minimum=1, maximum=1000, unit="MB")
    """A larger file is refused."""
    max_unpacked_mb: int = option(500, minimum=1, maximum=10_000, unit="MB")
    """A workbook is a ZIP archive; one that unpacks to more than this is refused before it is unpacked."""
    max_rows: int = option(1_000_000, minimum=1, maximum=1_048_576)
