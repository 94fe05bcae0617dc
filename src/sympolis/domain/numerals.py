"""Numbers as a language writes them, for people to read: ``−1.234,5`` in Italian and German, ``−1,234.5`` in English.

Only texts, pages and documents are written so. What a program reads (JSON, CSV, attributes of a page) keeps Python's
hyphen and point.
"""

from __future__ import annotations

from string import Formatter
from typing import Any, Final

MINUS: Final = "\u2212"
"""As wide as a plus, and no line breaks after it; a hyphen is neither."""
_COMMA: Final = frozenset(("it", "de"))


def as_written(number: str, language: str, *, groups: str | None = None) -> str:
    """What Python writes of a number, ``-1,234.5``, with the signs of a language; ``groups``: between thousands."""
    point, between = (",", ".") if language in _COMMA else (".", ",")
    return number.translate(
        {ord("-"): MINUS, ord("."): point, ord(","): between if groups is None else groups}
    )


class Writing(Formatter):
    """Formats as ``str.format`` does, but numbers as ``language`` writes them."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        """One place of the text."""
        text = str(super().format_field(value, format_spec))
        counts = isinstance(value, int | float) and not isinstance(value, bool)
        return as_written(text, self._language) if counts else text
