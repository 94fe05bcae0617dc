"""From ``Query`` to SQL, with every value a parameter.

How a page is found is decided here, not by the planner of the server, which cannot know how many values of *this*
attribute lie in a range and is wrong by orders of magnitude: entities that are given (by id or place) or that few facts
*drive* to are looked up one by one; else they are walked through in the order of their ids until the page is full.

Conditions are *complete*: they never lose an entity that satisfies the query. They are also *exact* where
``Selection.exact`` says so; else ``context.evaluate`` has to look at what they let through. Not exact are: id
patterns, regular expressions, times (texts are compared as instants), sub-attributes and paths into values,
system times of the entity, operands of 256 characters or more, and attributes of which some value is not indexed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sympolis.context.core_context import NGSI_LD
from sympolis.context.query import AllOf, AnyOf, Comparison, NoneOf, Query, Term, TypeIs, ValueRange
from sympolis.stores.postgres.facts import (
    AFTER_ALL,
    LONGEST_TEXT,
    NOT_INDEXED,
    NUMBER,
    TEXT,
    TRUTH,
    as_fact,
)

_ENTITY_TIMES: Final = {NGSI_LD + "createdAt", NGSI_LD + "modifiedAt", NGSI_LD + "expiresAt"}
_FEW: Final = 5_000
"""So many entities are looked up one by one before it pays to join whole tables."""
_FEW_FACTS: Final = 200
"""So many facts are followed without counting what else would cost."""
_WALK: Final = "entity_type AS e (tenant, type, id, key)"
"""The entities of a type in the order of their ids, as far as their listing tells."""
_KINDS: Final = (TRUTH, NUMBER, TEXT, AFTER_ALL)


class Parameters:
    """The values of a statement; ``$1`` is always the tenant."""

    def __init__(self, tenant: int) -> None:
        self.values: list[Any] = [tenant]

    def add(self, value: Any) -> str:
        """Keep a value; its placeholder."""
        self.values.append(value)
        return f"${len(self.values)}"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on ``e.key`` or ``e.id``."""

    sql: str
    exact: bool = True


EVERYTHING: Final = Condition("true", exact=False)


@dataclass(frozen=True, slots=True)
class Crowd:
    """A geo-query that more shapes may satisfy than are worth reading for one page.

    ``box``: west, south, east and north in degrees of all that can; None where that may be anywhere.
    """

    name: int
    box: tuple[float, float, float, float] | None


@dataclass(frozen=True, slots=True)
class Selection:
    """All conditions of a query, and the table in whose order they are looked at."""

    source: str
    conditions: tuple[Condition, ...]
    parameters: Parameters
    geo_is_open: bool = False
    """Whether the geo-query is still to be decided: only boxes were compared."""

    @property
    def exact(self) -> bool:
        return all(condition.exact for condition in self.conditions)

    @property
    def sql(self) -> str:
        """``FROM … WHERE …``, to be preceded by ``e.id`` or ``e.key``."""
        return f"{self.source}{''.join(f' AND ({condition.sql})' for condition in self.conditions)}"

    def rows(self, page: str = " ORDER BY e.id") -> str:
        """A statement for ids and bodies in the order of ids; ``page`` ends it, with the bounds of a page.

        A walk through a type's entities reads the bodies of those alone that it gives: by a look-up for each, because a
        plan that is to serve for any page would join all there are.
        """
        if not self.source.startswith(_WALK):
            return f"SELECT e.id, e.body FROM {self.sql}{page}"  # noqa: S608
        body = "(SELECT body FROM entity WHERE entity.key = p.key) AS body"
        return f"SELECT p.id, {body} FROM (SELECT e.id, e.key FROM {self.sql}{page}) p"  # noqa: S608


def compile_query(
    query: Query,
    tenant: int,
    keys: Mapping[str, int],
    *,
    not_indexed: frozenset[str] = frozenset(),
    geo_keys: Sequence[int] | None = None,
    crowd: Crowd | None = None,
    way: Way | None = None,
) -> Selection:
    """The conditions for ``query``.

    ``keys`` numbers the names that exist; ``not_indexed``: names of attributes with values that ``fact``
    lacks; ``geo_keys``: the keys of the entities that satisfy the geo-query, found beforehand, or ``crowd``, where
    there are too many; ``way``: how to find a page where nothing is given, None to leave it to the server, which is
    right where all have to be found.
    """
    given = _is_given(query, geo_keys)
    driver = way.driver if way is not None and not given else None
    few = given or driver is not None
    compiler = Compiler(Parameters(tenant), keys, not_indexed, one_by_one=few or way is not None)
    source = compiler.source(query, geo_keys if given else None, driver)
    found: list[Condition] = []
    if geo_keys is not None and (query.ids or not given):
        found.append(Condition(f"e.key = ANY({compiler.add(list(geo_keys))}::bigint[])"))
    if crowd is not None:
        found.append(compiler.in_crowd(crowd))
    if query.q is not None:
        found.append(compiler.expression(query.q))
    if query.attributes:
        found.append(compiler.having_any(query.attributes))
    if query.id_pattern is not None:
        found.append(EVERYTHING)
    if query.types is not None and (few or not isinstance(query.types, TypeIs)):
        found.append(compiler.types(query.types))
    return Selection(source, tuple(found), compiler.parameters, geo_is_open=crowd is not None)


@dataclass(frozen=True, slots=True)
class Way:
    """How to find a page: through the facts of an expression, or (None) through all entities in order."""

    driver: Any = None


def _is_given(query: Query, geo_keys: Sequence[int] | None) -> bool:
    return bool(query.ids) or (geo_keys is not None and len(geo_keys) <= _FEW)


def drivers(query: Query, geo_keys: Sequence[int] | None = None) -> list[Any]:
    """The parts of the query of which each lets through all that the query is about; none where it is given anyway."""
    if _is_given(query, geo_keys):
        return []
    parts = query.q.parts if isinstance(query.q, AllOf) else (query.q,)
    found = [part for part in parts if part is not None and _leads_somewhere(part)]
    having = [AnyOf(tuple(Term((name,)) for name in query.attributes))] if query.attributes else []
    return found + having


def _leads_somewhere(expression: Any) -> bool:
    """Whether there are facts without which the expression cannot hold."""
    if isinstance(expression, Term):
        return expression.path[0] not in _ENTITY_TIMES
    test = all if isinstance(expression, AnyOf) else any
    return test(map(_leads_somewhere, expression.parts))


def how_many(
    candidates: Sequence[Any],
    tenant: int,
    keys: Mapping[str, int],
    not_indexed: frozenset[str],
    page_end: int,
) -> tuple[str, list[Any]]:
    """A statement that counts the facts of each expression, up to where walking is cheaper, and gives that bound first.

    Walking to the end of a page passes ``page_end * all / fitting`` entities, driving ``fitting``: equal at the bound.
    """
    compiler = Compiler(Parameters(tenant), keys, not_indexed, one_by_one=True)
    bound = f"greatest({_FEW_FACTS}, sqrt(entities * {compiler.add(float(page_end))}::float8))::bigint"
    most = f"(SELECT {bound} FROM tenant WHERE key = $1)"  # noqa: S608
    counts = [
        f"(SELECT count(*) FROM ({compiler.driving(part)} LIMIT {most}) f)"  # noqa: S608
        for part in candidates
    ]
    return f"SELECT {', '.join([most, *counts])}", compiler.parameters.values


def names_in(query: Query) -> set[str]:
    """Every name that has to be numbered to compile ``query``."""
    found = {*query.attributes, *attributes_in(query.q), *_types_in(query.types)}
    return found if query.geo is None else {*found, query.geo.property}


def attributes_in(expression: Any) -> Iterator[str]:
    """The attribute names that an expression of the query language is about."""
    if isinstance(expression, Term):
        yield expression.path[0]
    elif expression is not None:
        for part in expression.parts:
            yield from attributes_in(part)


def _types_in(expression: Any) -> Iterator[str]:
    if isinstance(expression, TypeIs):
        yield expression.name
    elif isinstance(expression, NoneOf):
        yield from expression.names
    elif expression is not None:
        for part in expression.parts:
            yield from _types_in(part)


class Compiler:
    """``one_by_one``: conditions are looked up for each entity.

    Else it is for the planner to choose the condition to start from. ``OFFSET 0`` keeps it from choosing otherwise.
    """

    def __init__(
        self,
        parameters: Parameters,
        keys: Mapping[str, int],
        not_indexed: frozenset[str],
        *,
        one_by_one: bool,
    ) -> None:
        self.parameters = parameters
        self.add = parameters.add
        self._keys = keys
        self._not_indexed = not_indexed
        self._one_by_one = one_by_one

    def source(self, query: Query, geo_keys: Sequence[int] | None, driver: Any) -> str:
        """Where the entities come from: those that are given or driven to, or those of one type in order, or all."""
        if query.ids:
            ids = self.add(list(query.ids))
            given = f"SELECT * FROM entity WHERE tenant = $1 AND id = ANY({ids}::text[])"  # noqa: S608
            return f"({given} OFFSET 0) e WHERE true"
        if geo_keys is not None or driver is not None:
            found = f"{self.add(geo_keys)}::bigint[]" if driver is None else f"ARRAY({self.driving(driver)})"
            given = f"SELECT * FROM entity WHERE key = ANY({found})"  # noqa: S608
            return f"({given} OFFSET 0) e WHERE e.tenant = $1"
        if isinstance(query.types, TypeIs):
            return f"{_WALK} WHERE e.tenant = $1 AND e.type = {self.name(query.types.name)}"
        return "entity e WHERE e.tenant = $1"

    def types(self, expression: Any) -> Condition:
        if isinstance(expression, TypeIs):
            return Condition(self._among("entity_type", f"type = {self.name(expression.name)}"))
        if isinstance(expression, NoneOf):
            held = [self.types(TypeIs(name)).sql for name in expression.names if name in self._keys]
            return Condition(" AND ".join(f"NOT ({one})" for one in held) or "true")
        return _joined(expression, [self.types(part) for part in expression.parts])

    def having_any(self, names: Sequence[str]) -> Condition:
        numbers = self.add([self._keys[name] for name in names if name in self._keys])
        return Condition(self._among("fact", f"name = ANY({numbers}::int[])"))

    def in_crowd(self, crowd: Crowd) -> Condition:
        """Shapes whose box touches that of the geo-query, looked up for each entity: few have to be, many there are."""
        return Condition(self._found("shape", self.near(crowd)), exact=False)

    def near(self, crowd: Crowd) -> str:
        """Which shapes are of a geo-query's property and touch its box."""
        rows = f"name = {self.add(crowd.name)}::int"
        if crowd.box is None:
            return rows
        edges = ", ".join(f"{self.add(edge)}::float8" for edge in crowd.box)
        return f"{rows} AND geometry && ST_MakeEnvelope({edges}, 4326)"

    def conditions(self, query: Query) -> list[Condition]:
        """What ``q``, ``attrs`` and the types ask for."""
        found = [] if query.q is None else [self.expression(query.q)]
        if query.attributes:
            found.append(self.having_any(query.attributes))
        if query.types is not None:
            found.append(self.types(query.types))
        return found

    def expression(self, expression: Any) -> Condition:
        if isinstance(expression, Term):
            return self._term(expression)
        return _joined(expression, [self.expression(part) for part in expression.parts])

    def _among(self, table: str, rows: str) -> str:
        """Whether the entity at hand is among those of these rows."""
        if self._one_by_one:
            return self._found(table, rows)
        return f"e.key IN (SELECT entity FROM {table} WHERE tenant = $1 AND {rows})"  # noqa: S608

    def _found(self, table: str, rows: str) -> str:
        """The same by looking it up. It is of the tenant, and so are its rows: the index alone can answer."""
        fence = " OFFSET 0" if self._one_by_one else ""
        return f"EXISTS (SELECT 1 FROM {table} WHERE entity = e.key AND {rows}{fence})"  # noqa: S608

    def driving(self, expression: Any) -> str:
        """The entities of the facts without which the expression cannot hold."""
        if isinstance(expression, AnyOf):
            return " UNION ALL ".join(f"({self.driving(part)})" for part in expression.parts)
        if isinstance(expression, AllOf):
            return self.driving(next(filter(_leads_somewhere, expression.parts)))
        facts = f"SELECT entity FROM fact WHERE tenant = $1 AND {self._having(expression)}"  # noqa: S608
        test = None if expression.comparison is Comparison.UNEQUAL else self._decided(expression)
        return facts if test is None else f"{facts} AND {test}"

    def name(self, iri: str) -> str:
        """The number of a name; 0, which nothing has, where it is not known."""
        return f"{self.add(self._keys.get(iri, 0))}::int"

    def _term(self, term: Term) -> Condition:
        if term.path[0] in _ENTITY_TIMES:
            return EVERYTHING
        having = self._having(term)
        if _is_plain(term) and term.comparison is Comparison.EXISTS:
            return Condition(self._among("fact", having))
        test = self._decided(term)
        if test is None:
            return Condition(self._among("fact", having), exact=False)
        fitting = f"{having} AND {test}"
        if term.comparison is Comparison.UNEQUAL:
            return Condition(f"{self._among('fact', having)} AND NOT {self._found('fact', fitting)}")
        return Condition(self._among("fact", fitting))

    def _having(self, term: Term) -> str:
        """Which facts are of a term's attribute."""
        return f"name = {self.name(term.path[0])}"

    def _decided(self, term: Term) -> str | None:
        """The condition on ``fact.value``, None where SQL cannot decide it."""
        return self._test(term) if _is_plain(term) and term.path[0] not in self._not_indexed else None

    def _test(self, term: Term) -> str | None:
        """A condition on ``fact.value``, None where SQL cannot decide it."""
        if term.comparison in (Comparison.EQUAL, Comparison.UNEQUAL):
            return self._equal(term.operand)
        bound = _BOUNDS.get(term.comparison)
        fact = _operand(term.operand)
        return None if bound is None or fact is None else bound(self, fact)

    def _equal(self, operand: Any) -> str | None:
        if isinstance(operand, ValueRange):
            low, high = _operand(operand.low), _operand(operand.high)
            return None if low is None or high is None else self.between(low, high)
        facts = [_operand(one) for one in (operand if isinstance(operand, tuple) else (operand,))]
        return None if None in facts else f"value = ANY({self.add(facts)}::bytea[])"

    def between(self, low: bytes, high: bytes) -> str:
        if low[:1] != high[:1]:  # of different kinds: no value lies between
            return "false"
        return f"value >= {self.add(low)} AND value <= {self.add(high)}"

    def above(self, fact: bytes, sign: str) -> str:
        """Within the kind of ``fact``: the next kind begins where this one ends."""
        end = _KINDS[_KINDS.index(fact[:1]) + 1]
        return f"value {sign} {self.add(fact)} AND value < {self.add(end)}"

    def below(self, fact: bytes, sign: str) -> str:
        return f"value {sign} {self.add(fact)} AND value >= {self.add(fact[:1])}"


_BOUNDS: Mapping[Comparison, Callable[[Compiler, bytes], str]] = {
    Comparison.GREATER: lambda compiler, fact: compiler.above(fact, ">"),
    Comparison.GREATER_EQUAL: lambda compiler, fact: compiler.above(fact, ">="),
    Comparison.LESS: lambda compiler, fact: compiler.below(fact, "<"),
    Comparison.LESS_EQUAL: lambda compiler, fact: compiler.below(fact, "<="),
}


def _is_plain(term: Term) -> bool:
    return len(term.path) == 1 and not term.inside


def _joined(expression: AnyOf | AllOf, parts: Sequence[Condition]) -> Condition:
    sign = " AND " if isinstance(expression, AllOf) else " OR "
    sql = sign.join(f"({part.sql})" for part in parts)
    return Condition(f"({sql})", all(part.exact for part in parts))


def _operand(operand: Any) -> bytes | None:
    """An operand as ``fact.value`` would have it, None where they cannot be compared."""
    if isinstance(operand, datetime) or (isinstance(operand, str) and len(operand) >= LONGEST_TEXT):
        return None
    fact = as_fact(operand)
    return None if fact == NOT_INDEXED else fact
