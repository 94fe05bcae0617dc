"""What SQL can ask about an attribute: its plain values, as bytes that compare like the values.

One row of ``fact`` per value that a term of the query language may be about. PostgreSQL has no column of mixed
type, so a value is encoded: a byte for its kind, then the value so that ``memcmp`` gives the order that
``context.evaluate`` means (numbers as numbers, whatever their type; texts by code point; kinds apart). One
index then serves every comparison.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

from sympolis.context.evaluate import opened, queried_value
from sympolis.domain.entity import Attribute

NOTHING_PLAIN: Final = b""
"""Stands for an attribute without a plain value (an object, a geometry): it exists."""
TRUTH: Final = b"\x01"
NUMBER: Final = b"\x02"
TEXT: Final = b"\x03"
AFTER_ALL: Final = b"\x04"
NOT_INDEXED: Final = b"\xff"
"""Stands for values that are too many or too large to index: ask ``evaluate``."""

LONGEST_TEXT: Final = 256
"""Texts are cut here: operands shorter than this still compare correctly."""
_MOST_VALUES: Final = 64
_QUICK: Final = frozenset((str, int, float, bool))
"""Nearly all values: there is nothing to open."""
_LARGEST: Final = 2**63
_EXACT: Final = 2.0**53
_TOP_BIT: Final = 1 << 63


def facts(instances: Iterable[Attribute]) -> set[bytes]:
    """The rows for the instances of one attribute; never empty."""
    found: set[bytes] = set()
    for instance in instances:
        if type(instance.value) in _QUICK:
            found.add(_plain(instance.value))
            continue
        for value in opened(queried_value(instance)):
            fact = as_fact(value)
            if fact is not None:
                found.add(fact)
            if len(found) > _MOST_VALUES:
                return {NOT_INDEXED}
    return found or {NOTHING_PLAIN}


def as_fact(value: object) -> bytes | None:
    """A plain value as a row has it; None for what is not plain."""
    return _plain(value) if isinstance(value, str | int | float) else None


def _plain(value: str | float) -> bytes:
    if isinstance(value, str):
        return TEXT + value[:LONGEST_TEXT].encode("utf-8", "surrogatepass")
    if isinstance(value, bool):
        return TRUTH + (b"\x01" if value else b"\x00")
    return NUMBER + _number(value) if -_LARGEST < value < _LARGEST else NOT_INDEXED


def _number(value: float) -> bytes:
    """Eight bytes in the order of the doubles; where doubles skip whole numbers, what is left over follows."""
    nearest = float(value)
    [bits] = struct.unpack(">Q", struct.pack(">d", nearest + 0.0))  # + 0.0: there is one zero
    bits = bits ^ (2 * _TOP_BIT - 1) if bits & _TOP_BIT else bits | _TOP_BIT
    if abs(nearest) < _EXACT:
        return struct.pack(">Q", bits)
    return struct.pack(">QQ", bits, int(value) - int(nearest) + _TOP_BIT)
