"""From ``Query`` to SQL, with every value a parameter.

Conditions are *complete*: they never lose an entity that satisfies the query. They are also *exact* where
``Selection.exact`` says so; else ``context.evaluate`` has to look at what they let through. Not exact are: id
patterns, regular expressions, times (texts are compared as instants), sub-attributes and paths into values, system
times of the entity, operands of 256 characters or more, and attributes of which some value is not indexed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from sympolis.context.core_context import NGSI_LD
from sympolis.context.query import AllOf, AnyOf, Comparison, Query, Term, TypeIs, ValueRange
from sympolis.stores.embedded.facts import FALSE, LONGEST_TEXT, NOT_INDEXED, TRUE

_NAMED = "(SELECT key FROM name WHERE iri = ?)"
_WITH_NAME = f"SELECT entity FROM fact WHERE name = {_NAMED}"  # noqa: S608 — constant text
_ENTITY_TIMES = {NGSI_LD + "createdAt", NGSI_LD + "modifiedAt", NGSI_LD + "expiresAt"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on ``e.key`` or ``e.id``."""

    sql: str
    parameters: tuple[Any, ...] = ()
    exact: bool = True


EVERYTHING = Condition("1", exact=False)


@dataclass(frozen=True, slots=True)
class Selection:
    """All conditions of a query; ``keys`` are the entities that its geo-query found."""

    conditions: tuple[Condition, ...] = field(default=())

    @property
    def exact(self) -> bool:
        return all(condition.exact for condition in self.conditions)

    @property
    def where(self) -> str:
        return " AND ".join(f"({condition.sql})" for condition in self.conditions) or "1"

    @property
    def parameters(self) -> list[Any]:
        return [value for condition in self.conditions for value in condition.parameters]


def compile_query(
    query: Query, *, not_indexed: frozenset[str] = frozenset(), geo_keys: Sequence[int] | None = None
) -> Selection:
    """The conditions for ``query``.

    ``not_indexed``: names of attributes with values that ``fact`` lacks; ``geo_keys``: the keys of the entities
    that satisfy the geo-query, found beforehand.
    """
    found: list[Condition] = []
    if query.ids:
        found.append(Condition("e.id IN (SELECT value FROM json_each(?))", (_json(list(query.ids)),)))
    if geo_keys is not None:
        found.append(Condition("e.key IN (SELECT value FROM json_each(?))", (_json(geo_keys),)))
    if query.q is not None:
        found += _by_cost(query.q, not_indexed, driving=not found)
    if query.attributes:
        found.append(_having_any(query.attributes))
    if query.types is not None:
        found.append(_types(query.types, driving=not found))
    if query.id_pattern is not None:
        found.append(EVERYTHING)
    return Selection(tuple(found))


def names_in(expression: Any) -> Iterator[str]:
    """The attribute names that an expression of the query language is about."""
    if isinstance(expression, Term):
        yield expression.path[0]
    elif expression is not None:
        for part in expression.parts:
            yield from names_in(part)


def _having_any(names: Sequence[str]) -> Condition:
    wanted = "SELECT key FROM name WHERE iri IN (SELECT value FROM json_each(?))"
    return Condition(
        f"e.key IN (SELECT entity FROM fact WHERE name IN ({wanted}))",  # noqa: S608 — constant text
        (_json(list(names)),),
    )


def _types(expression: Any, *, driving: bool) -> Condition:
    """``driving``: SQLite may start from this condition; else it is checked entity by entity, which is cheap."""
    if isinstance(expression, TypeIs):
        if driving:
            sql = f"e.key IN (SELECT entity FROM entity_type WHERE type = {_NAMED})"  # noqa: S608 — constant text
        else:
            sql = f"EXISTS (SELECT 1 FROM entity_type WHERE type = {_NAMED} AND id = e.id)"  # noqa: S608 — constant
        return Condition(sql, (expression.name,))
    return _joined(expression, [_types(part, driving=driving) for part in expression.parts])


def _by_cost(expression: Any, not_indexed: frozenset[str], *, driving: bool) -> list[Condition]:
    """The parts that all have to hold, the most selective kind first: SQLite starts from it and checks the rest."""
    parts = expression.parts if isinstance(expression, AllOf) else (expression,)
    first, *rest = sorted(parts, key=_cost)
    found = [_expression(first, not_indexed, driving=driving)]
    return found + [_expression(part, not_indexed, driving=False) for part in rest]


def _cost(expression: Any) -> int:
    if not isinstance(expression, Term):
        return 2
    if expression.comparison is Comparison.EQUAL and not isinstance(expression.operand, ValueRange):
        return 0
    return 1 if expression.comparison in _BOUNDS else 3


def _expression(expression: Any, not_indexed: frozenset[str], *, driving: bool) -> Condition:
    if isinstance(expression, Term):
        return _term(expression, not_indexed, driving=driving)
    parts = [_expression(part, not_indexed, driving=driving) for part in expression.parts]
    return _joined(expression, parts)


def _joined(expression: AnyOf | AllOf, parts: Sequence[Condition]) -> Condition:
    sign = " AND " if isinstance(expression, AllOf) else " OR "
    return Condition(
        "(" + sign.join(part.sql for part in parts) + ")",
        tuple(value for part in parts for value in part.parameters),
        all(part.exact for part in parts),
    )


def _term(term: Term, not_indexed: frozenset[str], *, driving: bool) -> Condition:
    name = term.path[0]
    if name in _ENTITY_TIMES:
        return EVERYTHING
    key = "e.key" if driving else "+e.key"
    exists = Condition(f"{key} IN ({_WITH_NAME})", (name,))
    plain = len(term.path) == 1 and not term.inside
    if plain and term.comparison is Comparison.EXISTS:
        return exists
    test = _test(term.comparison, term.operand) if plain and name not in not_indexed else None
    if test is None:
        return Condition(exists.sql, exists.parameters, exact=False)
    sql, parameters = test
    if term.comparison is Comparison.UNEQUAL:
        fits = f"{key} IN ({_WITH_NAME} AND {sql})" if isinstance(term.operand, ValueRange) else _found(sql)
        return Condition(f"({exists.sql} AND NOT {fits})", (name, name, *parameters))
    by_row = not driving and _cost(term) == 0
    return Condition(_found(sql) if by_row else f"{key} IN ({_WITH_NAME} AND {sql})", (name, *parameters))


def _found(test: str) -> str:
    """Whether the entity at hand has a fitting fact: one look into the index where the value is given."""
    return f"EXISTS (SELECT 1 FROM fact WHERE name = {_NAMED} AND {test} AND entity = e.key)"  # noqa: S608 — constant


_Test = tuple[str, tuple[Any, ...]]


def _test(comparison: Comparison, operand: Any) -> _Test | None:
    """A condition on ``fact.value``, None where SQL cannot decide it."""
    if comparison in (Comparison.EQUAL, Comparison.UNEQUAL):
        return _equal(operand)
    if comparison in _BOUNDS:
        return _bounded(comparison, operand)
    return None


def _equal(operand: Any) -> _Test | None:
    if isinstance(operand, ValueRange):
        low, high = _parameter(operand.low), _parameter(operand.high)
        return None if low is None or high is None else ("value BETWEEN ? AND ?", (low, high))
    values = tuple(map(_parameter, operand if isinstance(operand, tuple) else (operand,)))
    if None in values:
        return None
    return f"value IN ({', '.join('?' * len(values))})", values


_BOUNDS = {
    Comparison.GREATER: "value > ? AND value < ?",
    Comparison.GREATER_EQUAL: "value >= ? AND value < ?",
    Comparison.LESS: "value < ? AND value >= ?",
    Comparison.LESS_EQUAL: "value <= ? AND value >= ?",
}
"""The second parameter keeps to the kind of the first: SQLite orders numbers, then texts, then blobs."""


def _bounded(comparison: Comparison, operand: Any) -> _Test | None:
    value = _parameter(operand)
    if value is None:
        return None
    upwards = comparison in (Comparison.GREATER, Comparison.GREATER_EQUAL)
    return _BOUNDS[comparison], (value, _top(value) if upwards else _bottom(value))


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
    """An operand as ``fact.value`` would have it, None where they cannot be compared."""
    if isinstance(operand, bool):
        return TRUE if operand else FALSE
    if isinstance(operand, str):
        return operand if len(operand) < LONGEST_TEXT else None
    if isinstance(operand, int):
        return operand if abs(operand) < 2**63 else None
    return operand if isinstance(operand, float) and not isinstance(operand, datetime) else None


def _json(values: Any) -> str:
    return msgspec.json.encode(values).decode()
