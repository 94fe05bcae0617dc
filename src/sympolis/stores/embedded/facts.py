"""What SQL can ask about an attribute: its plain values, in a column of the ``listing`` or as rows of ``fact``.

A fact is a value that a term of the query language may be about. In ``fact`` there is a row for each, so lists, several
instances and language maps need no special case: *some value fits* is *a row exists*. A column holds one fact; where
there are several it says so, and the evaluator has to look. The meaning is ``context.evaluate``'s, whose ``opened``
takes values apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sympolis.context.evaluate import opened, queried_value
from sympolis.domain.entity import Attribute

Fact = int | float | str | bytes

NOTHING_PLAIN: Final = b""
"""Stands for an attribute without a plain value (an object, a geometry): it exists."""
FALSE: Final = b"\x00"
TRUE: Final = b"\x01"
SEVERAL: Final = b"\xfe"
"""Stands in a column for more than one value: ask ``evaluate``. Nothing but this and the next is as large."""
NOT_INDEXED: Final = b"\xff"
"""Stands for values that are too many or too large to index: ask ``evaluate``."""

LONGEST_TEXT: Final = 256
"""Texts are cut here: operands shorter than this still compare correctly."""
_MOST_VALUES: Final = 64
_QUICK: Final = frozenset((str, int, float, bool))
"""Nearly all values: there is nothing to open."""
_LARGEST: Final = 2**63 - 1


def facts(instances: Iterable[Attribute]) -> set[Fact]:
    """The rows for the instances of one attribute; never empty."""
    found: set[Fact] = set()
    for instance in instances:
        if type(instance.value) in _QUICK:
            found.add(plain_fact(instance.value))
            continue
        for value in opened(queried_value(instance)):
            fact = as_fact(value)
            if fact is not None:
                found.add(fact)
            if len(found) > _MOST_VALUES:
                return {NOT_INDEXED}
    return found or {NOTHING_PLAIN}


def single_fact(instances: Sequence[Attribute]) -> Fact:
    """What a column holds for the instances of one attribute."""
    if len(instances) == 1:
        value = instances[0].value
        kind = type(value)
        if kind is float:
            return value  # type: ignore[no-any-return]
        if kind in _QUICK:
            return plain_fact(value)
    found = facts(instances)
    return found.pop() if len(found) == 1 else SEVERAL


def as_fact(value: Any) -> Fact | None:
    """A plain value as a row has it; None for what is not plain."""
    return plain_fact(value) if isinstance(value, str | int | float) else None


def plain_fact(value: str | float | bool) -> Fact:
    """A text, a number or a truth value as a row has it."""
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if isinstance(value, bool):
        return TRUE if value else FALSE
    if isinstance(value, int):
        return value if -_LARGEST <= value <= _LARGEST else NOT_INDEXED
    return value
