"""The selecting part of a ``Query`` as conditions on rows with columns for what was asked for; values are parameters.

Such rows are those of a type's ``listing`` (``l``) and of its points (``p``).

See ``conditions`` for what SQL can tell and what it leaves to ``context.evaluate``, and ``search`` for where a search
starts from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sympolis.context.core_context import NGSI_LD
from sympolis.context.evaluate import only_here
from sympolis.context.query import AllOf, AnyOf, Comparison, NoneOf, Query, Term, TypeIs
from sympolis.stores.embedded.catalog import Asked, Catalog, Kept, Wish
from sympolis.stores.embedded.conditions import (
    ANYTHING,
    DOUBTFUL,
    EVERYTHING,
    NOTHING,
    Condition,
    both,
    compared,
    either,
)
from sympolis.stores.embedded.facts import NOT_INDEXED

Expression = AnyOf | AllOf | Term
_ENTITY_TIMES: Final = {NGSI_LD + "createdAt", NGSI_LD + "modifiedAt", NGSI_LD + "expiresAt"}
_HAS_TYPE: Final = "EXISTS (SELECT 1 FROM listing AS other WHERE other.type = ? AND other.id = {id})"


class TypeCompiler:
    """Conditions on the rows of one type: ``l``, or ``p`` where they stand beside points.

    ``wishes`` are columns that would have spared looking at entities, or at the listing.
    """

    def __init__(self, type_key: int, catalog: Catalog, *, beside: bool = False) -> None:
        self._type = type_key
        needs = catalog.needs
        self._kept = Kept.BESIDE if beside else Kept.COLUMN
        self._columns = (needs.beside if beside else needs.columns).get(type_key, {})
        self._row = "p" if beside else "l"
        self.wishes: list[Wish] = []

    def selection(self, query: Query) -> Condition:
        """What ``q``, ``attrs`` and the rest of a query ask for, apart from types and places."""
        found = [self._expression(part) for part in parts_of(query.q)]
        if query.attributes:
            found.append(self._having_any(query.attributes))
        if query.id_pattern is not None or only_here(query):
            found.append(ANYTHING)
        return both(found)

    def _having_any(self, names: Sequence[str]) -> Condition:
        return either([self._exists(name) for name in dict.fromkeys(names)])

    def _expression(self, expression: Any) -> Condition:
        if isinstance(expression, Term):
            return self._term(expression)
        parts = [self._expression(part) for part in expression.parts]
        return both(parts) if isinstance(expression, AllOf) else either(parts)

    def _term(self, term: Term) -> Condition:
        name = term.path[0]
        if name in _ENTITY_TIMES:
            return ANYTHING
        exists = self._exists(name)
        plain = is_plain(term)
        if exists is ANYTHING or (plain and term.comparison is Comparison.EXISTS):
            return exists  # which says itself where it is in doubt
        column = self._columns[name]
        place = f"{self._row}.v{column.slot}"
        test = compared(place, term.comparison, term.operand) if plain else None
        if test is None:
            return Condition(exists.sql, doubt=DOUBTFUL)
        unsure = f"{place} >= x'fe'" + ("" if column.ready else f" OR {_unfilled(column)}")
        if term.comparison is Comparison.UNEQUAL:
            return Condition(f"{exists.sql} AND (NOT ({test.sql}) OR {unsure})", test.parameters, unsure)
        return Condition(f"({test.sql}) OR {unsure}", test.parameters, unsure)

    def _exists(self, name: str) -> Condition:
        column = self._columns.get(name)
        if column is None or (self._kept is Kept.BESIDE and not column.ready):
            self.wishes.append((self._type, name, self._kept))
            return ANYTHING
        there = f"{self._row}.v{column.slot} IS NOT NULL"
        if column.ready:
            return Condition(there)
        unsure = _unfilled(column)
        return Condition(f"({there} OR {unsure})", doubt=unsure)


def _unfilled(column: Asked) -> str:
    """Whether a row of the listing lies beyond what is filled in; null, hence no, once all is."""
    return f"l.id > (SELECT upto FROM asked WHERE key = {column.key})"  # noqa: S608 — a number of ours


def is_plain(term: Term) -> bool:
    """Whether a term is about the value of an attribute itself."""
    return len(term.path) == 1 and not term.inside


def needs_looking(query: Query) -> bool:
    """Whether a query asks for more than ids, types and places."""
    parts = (query.q, query.id_pattern)
    return bool(query.attributes) or any(part is not None for part in parts) or only_here(query)


def parts_of(expression: Any) -> tuple[Any, ...]:
    """The parts that all have to hold."""
    if expression is None:
        return ()
    return expression.parts if isinstance(expression, AllOf) else (expression,)


# --- types


def types_in(expression: Any) -> Iterator[str]:
    """The names in a type expression: who satisfies it has at least one of these, if there are any."""
    if isinstance(expression, TypeIs):
        yield expression.name
    elif not isinstance(expression, NoneOf):
        for part in expression.parts:
            yield from types_in(part)


def of_types(expression: Any, catalog: Catalog, *, own: int | None, id_place: str) -> Condition:
    """Whether the entity whose id is at ``id_place`` satisfies a type expression; ``own``: a type that it has."""
    if expression is None:
        return EVERYTHING
    if isinstance(expression, TypeIs):
        key = catalog.names.get(expression.name)
        if key is None:
            return NOTHING
        return EVERYTHING if key == own else Condition(_HAS_TYPE.format(id=id_place), (key,))
    if isinstance(expression, NoneOf):
        keys = {catalog.names[name] for name in expression.names if name in catalog.names}
        if own in keys:
            return NOTHING
        return both([Condition(f"NOT {_HAS_TYPE.format(id=id_place)}", (key,)) for key in sorted(keys)])
    parts = [of_types(part, catalog, own=own, id_place=id_place) for part in expression.parts]
    return both(parts) if isinstance(expression, AllOf) else either(parts)


# --- values that have an index of their own


class Indexes:
    """What the facts of one type can tell: which entities may satisfy a part of ``q``, without looking at the rest."""

    def __init__(self, type_key: int, catalog: Catalog) -> None:
        self._type = type_key
        self._asked = catalog.needs.indexes.get(type_key, {})

    def ids_of(self, expression: Any) -> Condition | None:
        """A statement for the ids of those that may satisfy an expression; None where no index tells."""
        if isinstance(expression, AnyOf):
            found = [self.ids_of(part) for part in expression.parts]
            known = [one for one in found if one is not None]
            if len(known) < len(found):
                return None
            parameters = tuple([value for one in known for value in one.parameters])
            return Condition(" UNION ALL ".join([one.sql for one in known]), parameters)
        return self._ids_of_term(expression) if isinstance(expression, Term) else None

    def _ids_of_term(self, term: Term) -> Condition | None:
        asked = self._index(term)
        test = None if asked is None else compared("value", term.comparison, term.operand)
        if asked is None or test is None:
            return None
        rows = f"SELECT id FROM fact WHERE asked = {asked.key} AND "  # noqa: S608 — a number of ours
        return Condition(f"{rows}{test.sql} UNION ALL {rows}value = x'{NOT_INDEXED.hex()}'", test.parameters)

    def _index(self, term: Term) -> Asked | None:
        asked = self._asked.get(term.path[0])
        useful = asked is not None and asked.ready and countable(term)
        return asked if useful else None

    def wishes(self, query: Query) -> Iterator[Wish]:
        """The indexes that would have helped with ``q``."""
        for part in parts_of(query.q):
            for term in part.parts if isinstance(part, AnyOf) else (part,):
                if isinstance(term, Term) and countable(term):
                    yield self._type, term.path[0], Kept.INDEX


def countable(term: Term) -> bool:
    """Whether an index could tell which entities satisfy a term."""
    chosen = term.comparison not in (Comparison.EXISTS, Comparison.UNEQUAL)
    known = is_plain(term) and term.path[0] not in _ENTITY_TIMES
    return chosen and known and compared("value", term.comparison, term.operand) is not None
