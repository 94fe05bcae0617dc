"""Queries across relationships (clause 4.9): ``locatedAt{City:population>100000}``.

Such a term asks two things, so it is answered in two steps that any store can do: which entities are at the other end
and pass (a query of its own), and which entities have a relationship to one of them (a comparison like any other).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from sympolis.context.evaluate import opened, q_holds, values_along
from sympolis.context.query import AnyOf, Comparison, LinkedTerm, Query, Term, TypeIs
from sympolis.context.store import Page
from sympolis.domain.entity import Entity
from sympolis.domain.errors import TooComplexQuery

MOST_TARGETS: Final = 5_000
"""Entities at the other end that may pass."""

Fetch = Callable[[Query], Awaitable[Page]]


async def resolve(query: Query, fetch: Fetch) -> Query | None:
    """The query with terms of this kind answered; None where nothing can satisfy it. Raises ``TooComplexQuery``."""
    if not has_links(query.q):
        return query
    q = await resolved(query.q, fetch)
    return None if q is False else replace(query, q=None if q is True else q)


def has_links(expression: Any) -> bool:
    """Whether an expression of the query language leads across a relationship anywhere."""
    if expression is None or isinstance(expression, Term):
        return False
    return isinstance(expression, LinkedTerm) or any(map(has_links, expression.parts))


async def holds(expression: Any, entity: Entity, fetch: Fetch) -> bool:
    """Whether an expression of the query language holds for one entity and those it points to."""
    if not has_links(expression):
        return q_holds(expression, entity)
    if isinstance(expression, LinkedTerm):
        return await _target_holds(expression, entity, fetch)
    decided = isinstance(expression, AnyOf)
    for part in expression.parts:
        if await holds(part, entity, fetch) is decided:
            return decided
    return not decided


async def _target_holds(term: LinkedTerm, entity: Entity, fetch: Fetch) -> bool:
    found = [
        one for value in values_along(entity, term.path) for one in opened(value) if isinstance(one, str)
    ]
    ids = tuple(dict.fromkeys(found))[:MOST_TARGETS]
    if not ids:
        return False
    page = await fetch(Query(ids=ids, types=_types(term), limit=len(ids)))
    for target in page.entities:
        if await holds(term.inner, target, fetch):
            return True
    return False


def _types(term: LinkedTerm) -> AnyOf | TypeIs | None:
    types = tuple(map(TypeIs, term.types))
    return types[0] if len(types) == 1 else AnyOf(types) if types else None


async def resolved(expression: Any, fetch: Fetch) -> Any:
    """The expression without linked terms; True or False where that decides it."""
    if isinstance(expression, Term):
        return expression
    if isinstance(expression, LinkedTerm):
        return await _points_to(expression, fetch)
    decided = isinstance(expression, AnyOf)  # one True makes all of it True, or one False all of it False
    parts = []
    for part in expression.parts:
        found = await resolved(part, fetch)
        if found is decided:
            return decided
        if not isinstance(found, bool):
            parts.append(found)
    if not parts:
        return not decided
    return parts[0] if len(parts) == 1 else type(expression)(tuple(parts))


async def _points_to(term: LinkedTerm, fetch: Fetch) -> Any:
    inner = await resolved(term.inner, fetch)
    if inner is False:
        return False
    page = await fetch(Query(types=_types(term), q=None if inner is True else inner, limit=MOST_TARGETS + 1))
    if len(page.entities) > MOST_TARGETS:
        raise TooComplexQuery(
            f"more than {MOST_TARGETS} linked entities satisfy this",
            where="q",
            hint="narrow what stands in braces",
        )
    ids = tuple(entity.id for entity in page.entities)
    return Term(term.path, Comparison.EQUAL, ids if len(ids) > 1 else ids[0]) if ids else False
