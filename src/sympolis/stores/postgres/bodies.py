"""Observed values as the columns of ``observation``: a number that SQL can aggregate, and what else the value needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from sympolis.domain.changes import Observation
from sympolis.domain.entity import Attribute, AttributeKind

REAL: Final = 0
WHOLE: Final = 1
WORD: Final = 2
JSON: Final = 3

KINDS: Final = (
    AttributeKind.PROPERTY,
    AttributeKind.RELATIONSHIP,
    AttributeKind.GEO_PROPERTY,
    AttributeKind.LANGUAGE_PROPERTY,
    AttributeKind.JSON_PROPERTY,
    AttributeKind.VOCAB_PROPERTY,
    AttributeKind.LIST_PROPERTY,
    AttributeKind.LIST_RELATIONSHIP,
)
"""By the number that stands for each in the database. Never to be put in another order."""
NUMBERS: Final = {kind: number for number, kind in enumerate(KINDS)}

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


class _More(msgspec.Struct, omit_defaults=True):
    """What few instances have."""

    attributes: Mapping[str, tuple[Attribute, ...]] = {}
    members: Mapping[str, Any] = {}
    instance_id: str | None = None


_NOTHING_MORE: Final[tuple[Mapping[str, tuple[Attribute, ...]], Mapping[str, Any], str | None]] = (
    {},
    {},
    None,
)
_decode_more = msgspec.json.Decoder(_More).decode


def encode_more(point: Observation) -> str | None:
    """Sub-attributes and further members of an instance, None where it has none."""
    if not (point.attributes or point.members or point.instance_id):
        return None
    return msgspec.json.encode(_More(point.attributes, point.members, point.instance_id)).decode()


def decode_more(
    more: str | None,
) -> tuple[Mapping[str, tuple[Attribute, ...]], Mapping[str, Any], str | None]:
    """The sub-attributes, members and instance id that ``encode_more`` wrote."""
    if more is None:
        return _NOTHING_MORE
    found = _decode_more(more)
    return found.attributes, found.members, found.instance_id
