"""Writes an Excel workbook: a sheet that says what it is, and one sheet per layer, ready to be filtered and summed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from sympolis.domain import errors

_LONGEST_NAME: Final = 31
_FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\]")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def harmless(value: Any) -> Any:
    """A text that a spreadsheet would compute gets an apostrophe in front (OWASP, CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def write(content: Mapping[str, Any], target: Path) -> None:
    """The workbook. Raises ``NotImplementedHere`` without openpyxl."""
    if find_spec("openpyxl") is None:
        raise errors.NotImplementedHere(
            "this twin writes no workbooks", where="format", hint="install sympolis[excel], or take csv"
        )
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    about = book.create_sheet(_name(content["words"]["about"], set()))
    for line in content["about"]:
        about.append([harmless(cell) for cell in line])
    taken = {about.title}
    for layer in content["layers"]:
        sheet = book.create_sheet(_name(layer["title"], taken))
        taken.add(sheet.title)
        sheet.freeze_panes = "A2"
        sheet.append([column["title"] for column in layer["columns"]])
        for row in layer["rows"]:
            sheet.append([harmless(cell) for cell in row])
    book.save(target)


def _name(title: str, taken: set[str]) -> str:
    """A sheet's name: without the signs Excel refuses, no longer than it allows, none twice."""
    plain = _FORBIDDEN.sub(" ", title).strip("'")[:_LONGEST_NAME] or "-"
    number = 2
    name = plain
    while name in taken:
        end = f" {number}"
        name, number = plain[: _LONGEST_NAME - len(end)] + end, number + 1
    return name
