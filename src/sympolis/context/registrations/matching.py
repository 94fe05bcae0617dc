"""Which registrations a request concerns (clauses 5.10.2.4, 5.11.2.4, 5.12): pure, one registration at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sympolis.context import geometry, scopes
from sympolis.context.bounded_patterns import LONGEST
from sympolis.context.core_context import NGSI_LD
from sympolis.context.evaluate import q_holds, type_holds
from sympolis.context.query import (
    AllOf,
    AnyOf,
    GeoQuery,
    GeoRelation,
    LinkedTerm,
    Selector,
    Term,
    TimeProperty,
    TimeRange,
    TimeRelation,
)
from sympolis.context.registrations.registration import EntityInfo, Information, Interval, Registration
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.later import later

if TYPE_CHECKING:
    import shapely
else:
    shapely = later("shapely")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for: entities that at least one selector means, with at least one of the attributes.

    Empty fields do not restrict, but ``range``: without one only sources of the latest state are meant, unless
    ``any_time``. ``strict`` is how registrations are found for clients: what a geo-query is about must be registered;
    a request is rather forwarded to a source that does not say where its entities are.
    """

    selectors: tuple[Selector, ...] = ()
    attributes: frozenset[str] = frozenset()
    datasets: frozenset[str] = frozenset()
    geo: GeoQuery | None = None
    range: TimeRange | None = None
    csf: AnyOf | AllOf | Term | LinkedTerm | None = None
    scopes: AnyOf | AllOf | str | None = None
    any_time: bool = False
    strict: bool = False


def matches(registration: Registration, wanted: Wanted) -> bool:
    """Whether the source may have something of what is wanted."""
    return bool(_concerned(registration, wanted)) and all(test(registration, wanted) for test in _TESTS)


def matching_places(registration: Registration, wanted: Wanted) -> list[int]:
    """The places of the elements of ``information`` that are about what is wanted; empty where it does not match."""
    return _concerned(registration, wanted) if matches(registration, wanted) else []


@dataclass(frozen=True, slots=True)
class Cover:
    """What is registered of one entity: these attributes, or with ``whole`` all of them."""

    names: frozenset[str] = frozenset()
    whole: bool = False

    def share(self, attributes: frozenset[str]) -> frozenset[str]:
        """Those of the attributes that are registered."""
        return attributes if self.whole else attributes & self.names


def cover_of(registration: Registration, entity_id: str, types: Iterable[str] | None) -> Cover | None:
    """What is registered of an entity; None where it is not meant.

    ``types`` None: not known here, so that they exclude nothing.
    """
    named: set[str] = set()
    meant = False
    kinds = None if types is None else tuple(types)
    for one in registration.information:
        if one.entities and not any(_means(info, entity_id, kinds) for info in one.entities):
            continue
        if not one.names:
            return Cover(whole=True)
        meant = True
        named |= one.names
    return Cover(frozenset(named)) if meant else None


def _means(info: EntityInfo, entity_id: str, types: tuple[str, ...] | None) -> bool:
    if not has_id(info, entity_id):
        return False
    return not info.types or types is None or not set(info.types).isdisjoint(types)


def has_id(info: EntityInfo, entity_id: str) -> bool:
    """Whether an entity of this id can be meant."""
    if info.id is not None:
        return info.id == entity_id
    return info.id_pattern is None or compiled(info.id_pattern).search(entity_id[:LONGEST]) is not None


# --- information


def _concerned(registration: Registration, wanted: Wanted) -> list[int]:
    return [place for place, one in enumerate(registration.information) if _is_about(one, wanted)]


def _is_about(information: Information, wanted: Wanted) -> bool:
    if wanted.attributes and information.names and wanted.attributes.isdisjoint(information.names):
        return False
    if not wanted.selectors or not information.entities:
        return True
    return any(_selects(one, info) for one in wanted.selectors for info in information.entities)


def _selects(selector: Selector, info: EntityInfo) -> bool:
    if selector.types is not None and info.types and not type_holds(selector.types, info.types):
        return False
    if info.id is None and info.id_pattern is None:
        return True
    if selector.ids:
        return any(has_id(info, one) for one in selector.ids)
    if selector.id_pattern is None or info.id is None:
        return True  # whether two patterns have an id in common cannot be said: then they have
    return compiled(selector.id_pattern).search(info.id[:LONGEST]) is not None


# --- everything else


def _datasets(registration: Registration, wanted: Wanted) -> bool:
    given, asked = registration.datasets, wanted.datasets
    return not given or not asked or not given.isdisjoint(asked)


def _time(registration: Registration, wanted: Wanted) -> bool:
    if wanted.any_time:
        return True
    if wanted.range is None:
        return not registration.temporal
    observed = wanted.range.property is TimeProperty.OBSERVED_AT
    interval = registration.observation if observed else registration.management_interval
    return interval is not None and _overlaps(wanted.range, interval)


def may_have(registration: Registration, wanted: TimeRange | None, about: TimeProperty) -> bool:
    """Whether a source that offers temporal operations may have instances of this time.

    One that does not say for which time it has any may have them for all times.
    """
    observed = about is TimeProperty.OBSERVED_AT
    interval = registration.observation if observed else registration.management_interval
    return interval is None or wanted is None or _overlaps(wanted, interval)


def _overlaps(asked: TimeRange, interval: Interval) -> bool:
    if asked.relation is TimeRelation.BEFORE:
        return interval.start <= asked.at
    if asked.relation is TimeRelation.AFTER:
        return interval.end is None or interval.end >= asked.at
    assert asked.end is not None
    return interval.start <= asked.end and (interval.end is None or interval.end >= asked.at)


def _space(registration: Registration, wanted: Wanted) -> bool:
    if wanted.geo is None:
        return True
    shape = registration.spaces.get(wanted.geo.property)
    if shape is None:
        return not wanted.strict
    return may_hold(wanted.geo, shape)


def may_hold(query: GeoQuery, shape: Mapping[str, Any]) -> bool:
    """Whether a geometry satisfies a geo-query, or may contain one that does."""
    test = geometry.prepare(query)
    found = geometry.from_geojson([shape])
    if bool(test.select(found).any()):
        return True
    if query.relation is GeoRelation.DISJOINT:
        return not bool(shapely.covered_by(found, test.reference).any())
    if query.relation is GeoRelation.NEAR:
        return query.max_distance_m is None and bool(shapely.area(found).any())
    return bool(shapely.area(found).any()) and bool(shapely.intersects(found, test.reference).any())


def _filter(registration: Registration, wanted: Wanted) -> bool:
    return wanted.csf is None or q_holds(wanted.csf, as_entity(registration))


def _scopes(registration: Registration, wanted: Wanted) -> bool:
    if wanted.scopes is None:
        return True
    if not registration.scopes:
        return not wanted.strict
    return scopes.holds(wanted.scopes, registration.scopes)


_TESTS: tuple[Callable[[Registration, Wanted], bool], ...] = (_datasets, _time, _space, _filter, _scopes)


def as_entity(registration: Registration) -> Entity:
    """The source's properties as an entity has them, for filters (``csf``, clause 4.9)."""
    attributes = {
        name if ":" in name else NGSI_LD + name: (Attribute(AttributeKind.PROPERTY, _plain(value)),)
        for name, value in registration.document.items()
        if name not in ("id", "type", "information")
    }
    return Entity(registration.id, (), attributes)


def _plain(value: Any) -> Any:
    """A property's value, also where it came with ``type`` and ``value`` around it."""
    return value["value"] if isinstance(value, Mapping) and "value" in value else value


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """An id pattern, ready."""
    return re.compile(pattern)
