"""From ``Query`` to SQL, with every value a parameter.

Conditions are *complete*: they never lose an entity that satisfies the query. They are also *exact* where
``Selection.exact`` says so; else ``context.evaluate`` has to look at what they let through. Not exact are: id
patterns, regular expressions, times (texts are compared as instants), sub-attributes and paths into values, system
times of the entity, operands of 256 characters or more, and attributes of which some value is not indexed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from sympolis.context.core_context import NGSI_LD
from sympolis.context.query import AllOf, AnyOf, Comparison, Query, Term, TypeIs, ValueRange
from sympolis.stores.embedded.facts import FALSE, LONGEST_TEXT, NOT_INDEXED, TRUE

_NAMED = "(SELECT key FROM name WHERE iri = ?)"
_WITH_NAME = f"SELECT entity FROM fact WHERE name = {_NAMED}"  # noqa: S608 — constant text
_OWN_FACTS = f"SELECT 1 FROM fact INDEXED BY fact_entity WHERE entity = e.key AND name = {_NAMED}"  # noqa: S608
_OF_TYPE = f"(SELECT entity AS key, id FROM entity_type WHERE type = {_NAMED}) AS e"  # noqa: S608 — constant text
_OF_TYPE_BY_KEY = _OF_TYPE.replace("entity_type", "entity_type INDEXED BY type_entity")
"""The same, to be looked up by key: SQLite would not know that it has few keys to start from."""
Expression = AnyOf | AllOf | Term
_ENTITY_TIMES = {NGSI_LD + "createdAt", NGSI_LD + "modifiedAt", NGSI_LD + "expiresAt"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of SQL with its parameters: mostly a condition on ``e.key`` or ``e.id``."""

    sql: str
    parameters: tuple[Any, ...] = ()
    exact: bool = True


EVERYTHING = Condition("1", exact=False)


@dataclass(frozen=True, slots=True)
class Selection:
    """All conditions of a query on the rows ``e`` (key, id) of its source."""

    conditions: tuple[Condition, ...] = ()
    source: Condition = Condition("entity AS e")

    @property
    def exact(self) -> bool:
        return all(condition.exact for condition in self.conditions)

    @property
    def chosen(self) -> str:
        """``FROM … WHERE …``: the entities, which SQLite gives in the order of ids without sorting where it can."""
        where = " AND ".join(f"({condition.sql})" for condition in self.conditions) or "1"
        return f"FROM {self.source.sql} WHERE {where}"

    @property
    def parameters(self) -> list[Any]:
        return [value for part in (self.source, *self.conditions) for value in part.parameters]


def compile_query(
    query: Query,
    *,
    not_indexed: frozenset[str] = frozenset(),
    geo_keys: Sequence[int] | None = None,
    few: Expression | None = None,
) -> Selection:
    """The conditions for ``query``.

    Where ids, a geo-query or ``few`` leave little, SQLite starts from them and checks the rest entity by entity. Else
    it walks through the entities of the type, or all, in the order of their ids until the page is full.

    ``not_indexed``: names of attributes with values that ``fact`` lacks; ``geo_keys``: the keys of the entities that
    satisfy the geo-query, found beforehand; ``few``: a part of ``query.q`` that few entities satisfy.
    """
    found: list[Condition] = []
    if query.ids:
        found.append(Condition("e.id IN (SELECT value FROM json_each(?))", (_json(list(query.ids)),)))
    if geo_keys is not None:
        found.append(Condition("e.key IN (SELECT value FROM json_each(?))", (_json(geo_keys),)))
    if few is not None and not found:
        found.append(_expression(few, not_indexed, driving=True))
    walking = not found
    if query.q is not None:
        found += [
            _expression(part, not_indexed, driving=False) for part in parts_of(query.q) if part is not few
        ]
    if query.attributes:
        found.append(_having_any(query.attributes, driving=walking and query.types is None))
    if isinstance(query.types, TypeIs):
        source = _OF_TYPE if walking or query.ids else _OF_TYPE_BY_KEY
        return Selection(_with_pattern(found, query), Condition(source, (query.types.name,)))
    if query.types is not None:
        found.append(_types(query.types, driving=walking))
    return Selection(_with_pattern(found, query))


def _with_pattern(found: Sequence[Condition], query: Query) -> tuple[Condition, ...]:
    return tuple(found) if query.id_pattern is None else (*found, EVERYTHING)


def parts_of(expression: Expression) -> tuple[Expression, ...]:
    """The parts that all have to hold."""
    return expression.parts if isinstance(expression, AllOf) else (expression,)


def count_up_to(expression: Expression, not_indexed: frozenset[str]) -> Condition | None:
    """A statement counting the facts that fit, up to a limit given last; None where the facts cannot tell."""
    if isinstance(expression, AnyOf):
        return _any_count(expression, not_indexed)
    name = expression.path[0] if isinstance(expression, Term) else None
    if (
        not isinstance(expression, Term)
        or name in _ENTITY_TIMES
        or len(expression.path) > 1
        or expression.inside
    ):
        return None
    if expression.comparison is Comparison.EXISTS:
        return Condition(_WITH_NAME, (name,))
    if expression.comparison is Comparison.UNEQUAL or name in not_indexed:
        return None
    test = _test(expression.comparison, expression.operand)
    return None if test is None else Condition(f"{_WITH_NAME} AND {test[0]}", (name, *test[1]))


def _any_count(expression: AnyOf, not_indexed: frozenset[str]) -> Condition | None:
    parts = [count_up_to(part, not_indexed) for part in expression.parts]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return Condition(
        " UNION ALL ".join(part.sql for part in known),
        tuple(value for part in known for value in part.parameters),
    )


def names_in(expression: Any) -> Iterator[str]:
    """The attribute names that an expression of the query language is about."""
    if isinstance(expression, Term):
        yield expression.path[0]
    elif expression is not None:
        for part in expression.parts:
            yield from names_in(part)


def _having_any(names: Sequence[str], *, driving: bool) -> Condition:
    wanted = "name IN (SELECT key FROM name WHERE iri IN (SELECT value FROM json_each(?)))"
    if driving:
        sql = f"e.key IN (SELECT entity FROM fact WHERE {wanted})"  # noqa: S608 — constant text
    else:
        sql = f"EXISTS (SELECT 1 FROM fact INDEXED BY fact_entity WHERE entity = e.key AND {wanted})"  # noqa: S608
    return Condition(sql, (_json(list(names)),))


def _types(expression: Any, *, driving: bool) -> Condition:
    """``driving``: SQLite may start from this condition; else it is checked entity by entity, which is cheap."""
    if isinstance(expression, TypeIs):
        if driving:
            sql = f"e.key IN (SELECT entity FROM entity_type WHERE type = {_NAMED})"  # noqa: S608 — constant text
        else:
            sql = f"EXISTS (SELECT 1 FROM entity_type WHERE type = {_NAMED} AND id = e.id)"  # noqa: S608 — constant
        return Condition(sql, (expression.name,))
    return _joined(expression, [_types(part, driving=driving) for part in expression.parts])


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
    exists = _with(name, "", (), driving=driving)
    plain = len(term.path) == 1 and not term.inside
    if plain and term.comparison is Comparison.EXISTS:
        return exists
    test = _test(term.comparison, term.operand) if plain and name not in not_indexed else None
    if test is None:
        return Condition(exists.sql, exists.parameters, exact=False)
    fits = _with(name, *test, driving=driving)
    if term.comparison is Comparison.UNEQUAL:
        return Condition(f"({exists.sql} AND NOT {fits.sql})", (*exists.parameters, *fits.parameters))
    return fits


def _with(name: str, test: str, parameters: tuple[Any, ...], *, driving: bool) -> Condition:
    """Whether the entity has a fact of this name that passes the test: all those that do, or a look at its own."""
    more = f" AND {test}" if test else ""
    sql = f"e.key IN ({_WITH_NAME}{more})" if driving else f"EXISTS ({_OWN_FACTS}{more})"
    return Condition(sql, (name, *parameters))


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
