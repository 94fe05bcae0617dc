"""Which entities' pasts satisfy a query: its values, places and scopes are looked for in the instances of the range.

A temporal query asks what *was* (clause 5.7.4.4), so the present state is no answer to it: an entity is selected where
the instances within the temporal range, taken together, satisfy the query, and it is then shown with all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Final, Protocol

from sympolis.context.effects import SCOPE
from sympolis.context.evaluate import matcher, selects_by_state
from sympolis.context.query import AllOf, AnyOf, HistoryQuery, Query
from sympolis.context.store import History, Series
from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import Attribute, Entity
from sympolis.domain.errors import TooComplexQuery

_MOST_ENTITIES: Final = 1_000_000
_MOST_INSTANCES: Final = 500_000
"""How much of the past one query may have looked through."""
_GONE: Final = TimeKind.DELETED


class Past(Protocol):
    """Where histories and states are read."""

    async def history(self, query: HistoryQuery, *, tenant: str = "") -> History:
        """See ``Store.history``."""
        ...

    async def find(self, entity_id: str, *, tenant: str = "") -> Entity | None:
        """The present state of an entity, if there is one."""
        ...


def asks_for_values(query: Query) -> bool:
    """Whether more than ids and types decides."""
    return selects_by_state(query)


async def history_of(past: Past, query: HistoryQuery, *, tenant: str = "") -> History:
    """The history that a query asks for, also where values, places or scopes of the past decide (clause 5.7.4.4)."""
    wanted = query.entities
    if not asks_for_values(wanted):
        return await past.history(query, tenant=tenant)
    ids = await selected(past, query, tenant=tenant)
    if not ids:
        return History((), 0 if wanted.count else None)
    found = Query(ids=ids, limit=wanted.limit, offset=wanted.offset, count=wanted.count)
    return await past.history(replace(query, entities=found), tenant=tenant)


async def subjects_of(past: Past, query: HistoryQuery, *, tenant: str = "") -> tuple[str, ...]:
    """The ids of all entities whose history a query would give, in order. Raises ``TooComplexQuery``."""
    if asks_for_values(query.entities):
        return await selected(past, query, tenant=tenant)
    everyone = replace(query.entities, limit=_MOST_ENTITIES, offset=0, count=False)
    newest = replace(query, entities=everyone, last_n=1, methods=(), max_instances=_MOST_INSTANCES)
    found = await past.history(newest, tenant=tenant)
    if not found.complete:
        raise TooComplexQuery("too many entities have a history in this range", where="type")
    return tuple(dict.fromkeys(one.entity_id for one in found.series))


async def selected(past: Past, query: HistoryQuery, *, tenant: str = "") -> tuple[str, ...]:
    """The ids of the entities whose instances within the range satisfy the query, in order.

    Raises ``TooComplexQuery`` where too many instances would have to be looked at.
    """
    wanted = query.entities
    subjects = replace(
        wanted, q=None, geo=None, scopes=None, attributes=(), limit=_MOST_ENTITIES, offset=0, count=False
    )
    names = () if wanted.scopes is not None and not _names(wanted) else tuple(_names(wanted))
    everything = HistoryQuery(
        subjects, query.range, names=names, max_instances=_MOST_INSTANCES, time=query.time
    )
    found = await past.history(everything, tenant=tenant)
    if not found.complete:
        raise TooComplexQuery(
            "too many instances lie in this range to look at the values of all", where="q", hint="narrow it"
        )
    holds = matcher(replace(wanted, selectors=(), types=None, ids=(), id_pattern=None))
    entities = (_assembled(group) for group in _by_entity(found.series))
    if wanted.scopes is None:
        return tuple(entity.id for entity in entities if holds(entity))
    scoped = [await _scoped(past, entity, tenant) for entity in entities]
    return tuple(entity.id for entity in scoped if holds(entity))


def _by_entity(series: Sequence[Series]) -> Iterator[list[Series]]:
    for _, group in groupby(series, key=lambda one: one.entity_id):
        yield list(group)


def _assembled(series: Sequence[Series]) -> Entity:
    """All instances of an entity as if they were instances of one present state."""
    attributes: dict[str, tuple[Attribute, ...]] = {}
    scope: list[str] = []
    for one in series:
        if one.name == SCOPE:
            scope += [path for point in one.observations for path in _paths(point.value)]
        else:
            instances = tuple(_instance(point) for point in one.observations if point.time is not _GONE)
            attributes[one.name] = (*attributes.get(one.name, ()), *instances)
    return Entity(series[0].entity_id, series[0].types, attributes, tuple(dict.fromkeys(scope)))


def _instance(point: Observation) -> Attribute:
    return Attribute(
        point.kind,
        point.value,
        point.at if point.time is TimeKind.OBSERVED else None,
        point.unit_code,
        point.dataset_id,
        point.attributes,
        point.members,
        point.created_at or point.at,
        point.modified_at,
    )


def _paths(value: Any) -> list[str]:
    return [path for path in (value if isinstance(value, list) else [value]) if isinstance(path, str)]


async def _scoped(past: Past, entity: Entity, tenant: str) -> Entity:
    """With its present scopes, where none are on record."""
    if entity.scope:
        return entity
    present = await past.find(entity.id, tenant=tenant)
    return entity if present is None else replace(entity, scope=present.scope)


def _names(query: Query) -> Iterable[str]:
    """The attributes that decide, each once."""
    found = dict.fromkeys(_first_steps(query.q))
    if query.geo is not None:
        found[query.geo.property] = None
    if found and query.scopes is not None:
        found[SCOPE] = None
    return found


def _first_steps(expression: Any) -> Iterator[str]:
    if isinstance(expression, AllOf | AnyOf):
        for part in expression.parts:
            yield from _first_steps(part)
    elif expression is not None:
        yield expression.path[0]
