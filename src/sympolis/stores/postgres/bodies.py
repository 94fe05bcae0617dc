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
    """An observed value as columns."""
    if isinstance(value, float):
        return value, REAL, None
    if isinstance(value, int) and not isinstance(value, bool):
        return _whole(value)
    if isinstance(value, str):
        return None, WORD, _without_nul(value)
    return None, JSON, msgspec.json.encode(value).decode()


def _without_nul(text: str) -> str:
    """PostgreSQL has no NUL in texts: it and its neighbour become two characters, which keeps the order of texts."""
    return (
        text.replace("\x01", "\x01\x02").replace("\x00", "\x01\x01")
        if min(text, default="a") < "\x02"
        else text
    )


def decode_word(word: str) -> str:
    """The text that an observed text was kept as."""
    return word.replace("\x01\x01", "\x00").replace("\x01\x02", "\x01") if "\x01" in word else word


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
    if word is None:
        assert number is not None
        return int(number)
    return decode_word(word) if form == WORD else msgspec.json.decode(word)
