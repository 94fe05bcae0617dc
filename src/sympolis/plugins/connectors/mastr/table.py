"""The register's web export: CSV with semicolons, as the website gives it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sympolis.domain import errors
from sympolis.plugins.connectors.mastr.settings import MastrSettings
from sympolis.plugins.connectors.mastr.wording import NAMES, Words

_FIRST = "EinheitMastrNummer"


def units(path: Path, settings: MastrSettings) -> Iterator[tuple[Words, tuple[str, ...]]]:
    """Each row, with what is wrong with it as a row. Raises ``SourceFailed``."""
    where = str(path)
    try:
        with path.open(encoding=settings.encoding, newline="") as stream:
            rows = csv.reader(stream, delimiter=";")
            header = _header(next(rows, []), where)
            for cells in rows:
                if cells:
                    yield _unit(header, cells)
    except OSError as cause:
        raise errors.SourceFailed(f"cannot be read: {cause.strerror}", where=where) from cause
    except UnicodeDecodeError as cause:
        hint = 'set settings.encoding = "cp1252"'
        raise errors.SourceFailed(f"is not {settings.encoding} text", where=where, hint=hint) from cause
    except csv.Error as cause:
        raise errors.SourceFailed(f"is not CSV: {cause}", where=where) from cause


def _header(names: list[str], where: str) -> list[str]:
    """The headings under their names; some have blanks around them."""
    found = [NAMES.get(name.strip(), name.strip()) for name in names]
    if _FIRST not in found:
        shown = ";".join(names)[:120]
        hint = "expected the web export with a column 'MaStR-Nr. der Einheit', or the bulk export's XML"
        raise errors.SourceFailed(
            f"is no export of the register; it begins with {shown!r}", where=where, hint=hint
        )
    return found


def _unit(header: list[str], cells: list[str]) -> tuple[Words, tuple[str, ...]]:
    named: dict[str, Any] = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if name}
    extra = cells[len(header) :]
    whole = len(cells) >= len(header) and not any(cell.strip() for cell in extra)
    faults = () if whole else (f"has {len(cells)} cells where the header has {len(header)}",)
    return Words(named, comma=True), faults
