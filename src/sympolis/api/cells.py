"""Text in cells of CSV files: spreadsheets take some texts for formulas, and run what others wrote into the data."""

from __future__ import annotations

import re
from typing import Any, Final

_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def harmless(value: Any) -> Any:
    """``value`` for a cell; a text that a spreadsheet would compute gets an apostrophe in front (OWASP, CSV injection).

    Texts that are plain numbers stay as they are.
    """
    if isinstance(value, str) and value.startswith(_STARTS) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
