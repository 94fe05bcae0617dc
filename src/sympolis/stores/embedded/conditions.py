"""Comparisons of the query language as SQL on plain values, which are kept as ``facts`` has them.

A condition never loses an entity that satisfies the query. Where it cannot tell, the row says so in ``doubt``, an SQL
expression: ``context.evaluate`` then looks at the entity itself. Doubtful are id patterns, regular expressions, times
(texts are compared as instants), sub-attributes and paths into values, system times of the entity, operands of 256
characters or more, attributes that nobody has asked for before, and rows with several values.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from sympolis.context.query import Comparison, ValueRange
from sympolis.stores.embedded.facts import FALSE, LONGEST_TEXT, NOT_INDEXED, TRUE

CERTAIN: Final = "0"
DOUBTFUL: Final = "1"


class Condition(msgspec.Struct, frozen=True):
    """A piece of SQL with its parameters; ``doubt`` is SQL without parameters."""

    sql: str
    parameters: tuple[Any, ...] = ()
    doubt: str = CERTAIN


ANYTHING: Final = Condition("1", doubt=DOUBTFUL)
EVERYTHING: Final = Condition("1")
NOTHING: Final = Condition("0")


def both(conditions: Sequence[Condition]) -> Condition:
    """All of these hold."""
    return _joined(" AND ", conditions) if conditions else EVERYTHING


def either(conditions: Sequence[Condition]) -> Condition:
    """At least one of these holds."""
    return _joined(" OR ", conditions)


def _joined(sign: str, conditions: Sequence[Condition]) -> Condition:
    if len(conditions) == 1:
        return conditions[0]
    return Condition(
        "(" + sign.join([f"({one.sql})" for one in conditions]) + ")",
        tuple([value for one in conditions for value in one.parameters]),
        doubts([one.doubt for one in conditions]),
    )


def doubts(found: Sequence[str]) -> str:
    """Where any of these doubts is."""
    several = sorted({doubt for doubt in found if doubt != CERTAIN})
    if DOUBTFUL in several:
        return DOUBTFUL
    return " OR ".join(several) or CERTAIN


# --- one comparison


def compared(place: str, comparison: Comparison, operand: Any) -> Condition | None:
    """The condition on the value at ``place``, None where SQL cannot decide it."""
    if comparison in (Comparison.EQUAL, Comparison.UNEQUAL):
        return _equal(place, operand)
    if comparison in _SIGNS:
        return _bounded(place, comparison, operand)
    return None


def _equal(place: str, operand: Any) -> Condition | None:
    if isinstance(operand, ValueRange):
        low, high = _parameter(operand.low), _parameter(operand.high)
        return None if low is None or high is None else Condition(f"{place} BETWEEN ? AND ?", (low, high))
    values = tuple(map(_parameter, operand if isinstance(operand, tuple) else (operand,)))
    if None in values:
        return None
    if len(values) == 1:
        return Condition(f"{place} = ?", values)
    return Condition(f"{place} IN ({', '.join('?' * len(values))})", values)


_SIGNS: Final = {
    Comparison.GREATER: (">", "<"),
    Comparison.GREATER_EQUAL: (">=", "<"),
    Comparison.LESS: ("<", ">="),
    Comparison.LESS_EQUAL: ("<=", ">="),
}
"""The second sign keeps to the kind of the operand: SQLite orders numbers, then texts, then blobs."""


def _bounded(place: str, comparison: Comparison, operand: Any) -> Condition | None:
    value = _parameter(operand)
    if value is None:
        return None
    sign, other = _SIGNS[comparison]
    end = _top(value) if other == "<" else _bottom(value)
    return Condition(f"{place} {sign} ? AND {place} {other} ?", (value, end))


def _top(value: Any) -> Any:
    """Above all values of this kind."""
    if isinstance(value, bytes):
        return NOT_INDEXED
    return b"" if isinstance(value, str) else ""


def _bottom(value: Any) -> Any:
    """Not above any value of this kind."""
    if isinstance(value, bytes):
        return FALSE
    return "" if isinstance(value, str) else float("-inf")


def _parameter(operand: Any) -> Any:
    """An operand as a fact would have it, None where they cannot be compared."""
    if isinstance(operand, bool):
        return TRUE if operand else FALSE
    if isinstance(operand, str):
        return operand if len(operand) < LONGEST_TEXT else None
    if isinstance(operand, int):
        return operand if abs(operand) < 2**63 else None
    return operand if isinstance(operand, float) and not isinstance(operand, datetime) else None
