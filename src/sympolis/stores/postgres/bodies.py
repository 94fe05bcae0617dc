"""Observed values as the columns of ``observation``: a number that SQL can aggregate, and what else the value needs."""

from __future__ import annotations

from typing import Any, Final

import msgspec

REAL: Final = 0
WHOLE: Final = 1
WORD: Final = 2
JSON: Final = 3

Columns = tuple[float | None, int, str | None]
"""``number``, ``form``, ``word``."""


def encode_value(value: Any) -> Columns:
    """An observed value as columns. JSON also for texts with NUL, which PostgreSQL cannot hold."""
    if isinstance(value, float):
        return value, REAL, None
    if isinstance(value, int) and not isinstance(value, bool):
        return _whole(value)
    if isinstance(value, str) and "\x00" not in value:
        return None, WORD, value
    return None, JSON, msgspec.json.encode(value).decode()


def _whole(value: int) -> Columns:
    try:
        number = float(value)
    except OverflowError:
        return None, JSON, str(value)
    return number, WHOLE, None if int(number) == value else str(value)


def decode_value(number: float | None, form: int, word: str | None) -> Any:
    """The value that ``encode_value`` wrote."""
    if form == REAL:
        return number
    if form == WORD:
        return word
    if form == WHOLE and word is None:
        assert number is not None
        return int(number)
    assert word is not None
    return msgspec.json.decode(word)
