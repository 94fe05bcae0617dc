"""Whether an entity satisfies a query: the meaning of ``Query`` in plain Python.

The memory store answers with it, the other stores where SQL cannot say it, subscriptions filter with it, and
the property tests hold SQL against it. Semantics of clause 4.9 where the text leaves room:

* every operator but ``EXISTS`` needs the target to be there; ``!=`` and ``!~=`` hold where none of its values is equal
  or matches;
* several instances (``datasetId``), lists and language maps: one fitting value is enough for the other operators;
* values of different kinds (number, text, truth) are never equal and have no order;
* times are compared as instants, texts by code point.
"""

from __future__ import annotations

import operator
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sympolis.context import geometry, scopes
from sympolis.context.bounded_patterns import LONGEST
from sympolis.context.core_context import NGSI_LD
from sympolis.context.instants import find_instant, format_instant
from sympolis.context.query import (
    AllOf,
    AnyOf,
    Comparison,
    GeoQuery,
    NoneOf,
    Query,
    Selector,
    Term,
    TypeIs,
    ValueRange,
)
from sympolis.domain.entity import Attribute, AttributeKind, Entity

_NEGATIVE = {Comparison.UNEQUAL, Comparison.NOT_MATCHES}
_ORDER: Mapping[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.GREATER: operator.gt,
    Comparison.GREATER_EQUAL: operator.ge,
    Comparison.LESS: operator.lt,
    Comparison.LESS_EQUAL: operator.le,
}


def matcher(query: Query) -> Callable[[Entity], bool]:
    """A test for the selecting part of ``query`` (not its page)."""
    tests: list[Callable[[Entity], bool]] = []
    if query.ids:
        ids = frozenset(query.ids)
        tests.append(lambda entity: entity.id in ids)
    if query.id_pattern is not None:
        pattern = _compiled(query.id_pattern)
        tests.append(lambda entity: pattern.search(entity.id[:LONGEST]) is not None)
    if query.types is not None:
        tests.append(lambda entity: type_holds(query.types, entity.types))
    if query.attributes:
        names = frozenset(query.attributes)
        tests.append(lambda entity: not names.isdisjoint(entity.attributes))
    if query.q is not None:
        tests.append(lambda entity: q_holds(query.q, entity))
    if query.scopes is not None:
        tests.append(lambda entity: scopes.holds(query.scopes, entity.scope))
    if query.selectors:
        tests.append(_selector_matcher(query.selectors))
    if query.geo is not None:
        tests.append(_geo_matcher(query.geo))

    def holds(entity: Entity) -> bool:
        return all(test(entity) for test in tests)

    return holds


def selects_by_state(query: Query) -> bool:
    """Whether the query asks for more than ids and types, so that only present entities can satisfy it."""
    parts = (query.q, query.geo, query.scopes)
    return bool(query.attributes) or any(part is not None for part in parts)


def only_here(query: Query) -> bool:
    """Whether a part of the selection that no store compiles to SQL needs ``matcher`` to look at each entity."""
    return query.scopes is not None or bool(query.selectors)


def subject_matcher(query: Query) -> Callable[[str, tuple[str, ...]], bool]:
    """The test of ids and types alone, for subjects of the history that may have no present state."""
    holds = matcher(replace(query, q=None, geo=None, attributes=(), scopes=None))
    return lambda entity_id, types: holds(Entity(entity_id, types))


def type_holds(expression: Any, types: Iterable[str]) -> bool:
    """Whether a type expression holds for these types."""
    if isinstance(expression, TypeIs):
        return expression.name in types
    if isinstance(expression, NoneOf):
        return not set(expression.names).intersection(types)
    parts = (type_holds(part, types) for part in expression.parts)
    return all(parts) if isinstance(expression, AllOf) else any(parts)


def q_holds(expression: Any, entity: Entity) -> bool:
    """Whether an expression of the query language holds for an entity."""
    if isinstance(expression, AllOf):
        return all(q_holds(part, entity) for part in expression.parts)
    if isinstance(expression, AnyOf):
        return any(q_holds(part, entity) for part in expression.parts)
    return _term_holds(expression, entity)


def _selector_matcher(selectors: Iterable[Selector]) -> Callable[[Entity], bool]:
    tests = [matcher(Query(ids=one.ids, id_pattern=one.id_pattern, types=one.types)) for one in selectors]
    return lambda entity: any(test(entity) for test in tests)


def _geo_matcher(query: GeoQuery) -> Callable[[Entity], bool]:
    test = geometry.prepare(query)

    def holds(entity: Entity) -> bool:
        found = [
            one.value
            for one in entity.attributes.get(query.property, ())
            if one.kind is AttributeKind.GEO_PROPERTY
        ]
        return bool(found) and bool(test.select(geometry.from_geojson(found)).any())

    return holds


# --- one term


def _term_holds(term: Term, entity: Entity) -> bool:
    values = list(_targets(term, entity))
    if not values or term.comparison is Comparison.EXISTS:
        return bool(values)
    holds = any(_value_holds(term, value) for value in values)
    return holds != (term.comparison in _NEGATIVE)


def _targets(term: Term, entity: Entity) -> Iterator[Any]:
    """The values that the term is about, lists and language maps opened."""
    for value in values_along(entity, term.path, term.inside):
        yield from opened(value)


def values_along(entity: Entity, path: tuple[str, ...], inside: tuple[str, ...] = ()) -> Iterator[Any]:
    """What an entity has at the end of a path (see ``Term``), once per instance that leads there, unopened."""
    for value in _along(path, entity):
        found = _inside(value, inside)
        if found is not _ABSENT:
            yield found


def _along(path: tuple[str, ...], entity: Entity) -> Iterator[Any]:
    name, *rest = path
    found = entity.attributes.get(name)
    if found is None:
        own = _entity_member(entity, name) if not rest else None
        if own is not None:
            yield own
        return
    for instance in found:
        yield from _along_attribute(rest, instance, entity.created_at)


def _along_attribute(path: list[str], attribute: Attribute, created: datetime | None) -> Iterator[Any]:
    if not path:
        yield queried_value(attribute)
        return
    name, *rest = path
    created = attribute.created_at or created
    if name in attribute.attributes:
        for instance in attribute.attributes[name]:
            yield from _along_attribute(rest, instance, created)
    elif not rest:
        member = _attribute_member(attribute, name, created)
        if member is not None:
            yield member


def queried_value(attribute: Attribute) -> Any:
    """The value that terms on this attribute are about; ``opened`` takes it apart."""
    if attribute.kind is AttributeKind.LANGUAGE_PROPERTY and isinstance(attribute.value, Mapping):
        return _Texts(attribute.value)
    return attribute.value


def _entity_member(entity: Entity, name: str) -> Any:
    if name == NGSI_LD + "createdAt":
        return entity.created_at
    if name == NGSI_LD + "modifiedAt":
        return entity.modified_at
    if name == NGSI_LD + "expiresAt":
        return entity.members.get("expiresAt")
    return None


def _attribute_member(attribute: Attribute, name: str, created: datetime | None) -> Any:
    members: dict[str, Any] = {
        "observedAt": attribute.observed_at,
        "unitCode": attribute.unit_code,
        "datasetId": attribute.dataset_id,
        "createdAt": created,
        "modifiedAt": attribute.modified_at or created,
        "expiresAt": attribute.members.get("expiresAt"),
        "hasObjectType": attribute.members.get("objectType"),
        "hasValueType": attribute.members.get("valueType"),
    }
    return members.get(name.removeprefix(NGSI_LD)) if name.startswith(NGSI_LD) else None


_ABSENT: Any = object()


class _Texts(dict[str, Any]):
    """A language map: any of its texts may satisfy a term."""


def _inside(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        if isinstance(value, list | tuple):
            value = [part[step] for part in value if isinstance(part, Mapping) and step in part]
            if not value:
                return _ABSENT
        elif isinstance(value, Mapping) and step in value:
            value = value[step]
        else:
            return _ABSENT
    return value


def opened(value: Any) -> Iterator[Any]:
    """``value`` and everything in it that a term may be about: the parts of a list, the text of a typed value."""
    if value is _ABSENT:
        return
    yield value
    if isinstance(value, list | tuple):
        for part in value:
            yield from opened(part)
    elif isinstance(value, Mapping) and "@value" in value:
        yield value["@value"]
    elif isinstance(value, _Texts):
        for text in value.values():
            yield from opened(text)


# --- one value


def _value_holds(term: Term, value: Any) -> bool:
    operand = term.operand
    if isinstance(operand, tuple):
        return any(_value_holds(replace(term, operand=part), value) for part in operand)
    if isinstance(operand, ValueRange):
        return _in_range(value, operand)
    if term.comparison in (Comparison.MATCHES, Comparison.NOT_MATCHES):
        return isinstance(value, str) and _compiled(operand).search(value[:LONGEST]) is not None
    if term.comparison in _ORDER:
        return _ordered(_ORDER[term.comparison], value, operand)
    return _ordered(operator.eq, value, operand)


def _in_range(value: Any, wanted: ValueRange) -> bool:
    return _ordered(operator.ge, value, wanted.low) and _ordered(operator.le, value, wanted.high)


def _ordered(compare: Callable[[Any, Any], bool], value: Any, operand: Any) -> bool:
    if isinstance(operand, datetime):
        instant = value if isinstance(value, datetime) else find_instant(value)
        return instant is not None and compare(instant, operand)
    if isinstance(value, datetime):
        value = format_instant(value)
    if isinstance(operand, bool) or isinstance(value, bool):
        return isinstance(operand, bool) and isinstance(value, bool) and compare(value, operand)
    if isinstance(operand, int | float):
        return isinstance(value, int | float) and compare(value, operand)
    return isinstance(value, str) and isinstance(operand, str) and compare(value, operand)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(pattern)
