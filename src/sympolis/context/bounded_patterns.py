"""Tells the regular expressions of strangers that end soon from those that run away, which would stop this process.

Python's matcher goes back and tries again wherever a pattern leaves a choice. Choices inside a repetition multiply with
every round, choices in a row with each other; so the former are refused, and the latter counted.
"""

from __future__ import annotations

import math
import re._constants as opcodes  # type: ignore[import-not-found]
import re._parser as patterns  # type: ignore[import-not-found]
from typing import Any, Final

LONGEST: Final = 256
"""Patterns are given so many letters of a text: with the most repetitions, time grows with the fourth power of it."""
_MAX_REPEATS: Final = 3
_MAX_WAYS: Final = 65_536
_WAYS_OF_A_REPETITION: Final = 16
"""What a repetition counts for, among the choices; the matcher's time is bounded by their product."""
_ENOUGH: Final = 64
"""A choice that is repeated so often has more ways than are allowed."""
_OPERATION: Final[type] = type(opcodes.LITERAL)
_REPEATS: Final = (opcodes.MAX_REPEAT, opcodes.MIN_REPEAT, opcodes.POSSESSIVE_REPEAT)


def complaint(parsed: Any) -> str | None:
    """What is wrong with a parsed pattern, None for one that ends soon on a text of some hundred letters."""
    if _runs_away(parsed):
        return "a pattern must not repeat what repeats or leaves a choice, nor refer back"
    if _repeats(parsed) > _MAX_REPEATS:
        return f"a pattern may have {_MAX_REPEATS} repetitions"
    if _ways(parsed) * _WAYS_OF_A_REPETITION ** _repeats(parsed) > _MAX_WAYS:
        return "a pattern must not leave so many choices"
    return None


def _runs_away(node: Any) -> bool:
    """Whether it refers back, or repeats something that a text can fit in more than one way."""
    if not _is_compound(node):
        return node is opcodes.GROUPREF
    if _is_open_repeat(node) and (_repeats(node[1][2]) or _ways(node[1][2]) > 1):
        return True
    return any(map(_runs_away, _parts(node)))


def _repeats(node: Any) -> int:
    """How many repetitions of variable length there are; those that come several times count as often."""
    if not _is_compound(node):
        return 0
    times = node[1][1] if _is_repeat(node) and not _is_open_repeat(node) else 1
    return int(times) * sum(map(_repeats, _parts(node))) + _is_open_repeat(node)


def _ways(node: Any) -> int:
    """In how many ways its parts that may be left out, and its alternatives, can be combined."""
    if not _is_compound(node):
        return 1
    if _is_branch(node):
        found = [_ways(one) for one in node[1][1]]
        return max(found) if _told_apart(node[1][1]) else sum(found)
    ways = math.prod(map(_ways, _parts(node)))
    if not _is_repeat(node):
        return ways
    low, high, _ = node[1]
    return int(ways ** min(high, _ENOUGH)) if low == high else ways + (high == 1)


def _told_apart(alternatives: Any) -> bool:
    """Whether the next letter of a text says which of them it may be."""
    first = [one[0] if len(one) else None for one in alternatives]
    letters = {chr(one[1]).casefold() for one in first if one and one[0] is opcodes.LITERAL}
    return len(letters) == len(first)


def _is_compound(node: Any) -> bool:
    return isinstance(node, patterns.SubPattern | list | tuple)


def _parts(node: Any) -> Any:
    return (node[1][2],) if _is_repeat(node) else node


def _is_repeat(node: Any) -> bool:
    return _is_operation(node) and node[0] in _REPEATS


def _is_branch(node: Any) -> bool:
    return _is_operation(node) and node[0] is opcodes.BRANCH


def _is_operation(node: Any) -> bool:
    return len(node) == 2 and isinstance(node[0], _OPERATION)  # not the numbers of a range of letters


def _is_open_repeat(node: Any) -> bool:
    return _is_repeat(node) and node[1][0] != node[1][1] and node[1][1] > 1
