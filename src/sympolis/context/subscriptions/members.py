"""Reading the members of documents that clients send: each of these gives the value or says what is wrong with it.

All raise ``BadRequestData`` that names the member (``where``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sympolis.domain.errors import BadRequestData

MOST: Final = 1000
"""Items in an array."""
LONGEST_S: Final = 10 * 366 * 86_400


def object_of(value: Any, where: str, known: frozenset[str]) -> Mapping[str, Any]:
    """An object with no members but the ``known`` ones."""
    if not isinstance(value, Mapping):
        raise BadRequestData("expected an object", where=where)
    if unknown := value.keys() - known:
        raise BadRequestData("unknown member", where=f"{where}.{min(unknown)}")
    return value


def listed(value: Any, where: str, *, empty: bool = False) -> list[Any]:
    """An array that is not too long, and not empty unless that is allowed."""
    if not isinstance(value, list) or not (value or empty) or len(value) > MOST:
        raise BadRequestData(f"expected an array of 1 to {MOST}", where=where)
    return value


def text_of(value: Any, where: str) -> str:
    """A text with something in it."""
    if not isinstance(value, str) or not value:
        raise BadRequestData("expected a text", where=where)
    return value


def texts_of(value: Any, where: str, *, array: bool = False) -> list[str]:
    """Texts in an array; unless an ``array`` is needed, one alone counts as such."""
    values = value if isinstance(value, list) or array else [value]
    return [text_of(one, where) for one in listed(values, where)]


def flag(document: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    """The truth value of a member, which may be missing."""
    value = document.get(name, default)
    if not isinstance(value, bool):
        raise BadRequestData("expected true or false", where=name)
    return value


def seconds(value: Any, where: str) -> float:
    """A duration in seconds, of up to ten years."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST_S:
        raise BadRequestData("expected a number that is not negative", where=where)
    return float(value)
