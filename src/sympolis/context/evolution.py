"""Evolutions that clients send: an entity's attributes as arrays of instances in time (clauses 4.5.6, 5.6.11–5.6.16).

An instance of the history is known by its attribute, its dataset and its time, so its ``instanceId`` is made from
these three: no store has to keep it, unless the instance's time was changed afterwards (``Observation.instance_id``).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sympolis.context.effects import SCOPE
from sympolis.context.instances import time_of
from sympolis.context.instants import parse_instant
from sympolis.context.parsing import ENTITY_MEMBERS, parse_attribute, parse_entity, parse_scope
from sympolis.context.query import TimeProperty, TimeRange, TimeRelation
from sympolis.context.terms import Terms
from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import Attribute
from sympolis.domain.errors import BadRequestData

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
"""The resolution of the history."""
_OFFSET: Final = 2**62
"""Keeps times before 1970 positive."""
INSTANCE_PREFIX: Final = "urn:ngsi-ld:Instance:"
_INSTANCE = re.compile(rf"{INSTANCE_PREFIX}[0-9a-f]{{12}}-(?P<place>[0-9a-f]{{16}})(?P<kind>[cd]?)")
_LETTERS: Final = {TimeKind.OBSERVED: "", TimeKind.RECORDED: "c", TimeKind.DELETED: "d"}
_PROPERTIES: Final = {
    "": TimeProperty.OBSERVED_AT,
    "c": TimeProperty.CREATED_AT,
    "d": TimeProperty.DELETED_AT,
}


@dataclass(frozen=True, slots=True)
class Evolution:
    """What a client said of an entity's past."""

    entity_id: str
    types: tuple[str, ...]
    observations: tuple[Observation, ...]


def parse_evolution(document: Any, terms: Terms, *, now: datetime) -> Evolution:
    """An EntityTemporal (clause 5.2.20). Instances without ``observedAt`` are recorded ``now``.

    Raises ``BadRequestData``.
    """
    if not isinstance(document, Mapping):
        raise BadRequestData("an entity must be a JSON object", where="body")
    named = ENTITY_MEMBERS - {"scope"}
    head = parse_entity({name: document[name] for name in named if name in document}, terms)
    return Evolution(head.id, head.types, parse_instances(document, terms, head.id, head.types, now=now))


def parse_instances(
    document: Mapping[str, Any], terms: Terms, entity_id: str, types: tuple[str, ...], *, now: datetime
) -> tuple[Observation, ...]:
    """The instances of every attribute in a fragment of an EntityTemporal. Raises ``BadRequestData``."""
    found = list(_scopes(document.get("scope"), entity_id, types, now))
    for name, raw in document.items():
        if name in ENTITY_MEMBERS:
            continue
        instances = raw if isinstance(raw, list) else [raw]
        if not instances:
            raise BadRequestData("an attribute needs at least one instance", where=name)
        for number, one in enumerate(instances):
            iri, (attribute, *_) = parse_attribute(name, one, terms, nulls=False)
            at = attribute.observed_at or now + number * MICROSECOND
            found.append(observation(entity_id, types, iri, attribute, at))
    return tuple(found)


def _scopes(given: Any, entity_id: str, types: tuple[str, ...], now: datetime) -> Iterator[Observation]:
    """The scopes of an entity: those it has now, or instances of them in time (clause 4.5.6)."""
    for one in _scope_instances(given):
        scopes = parse_scope(one.get("value"))
        observed = one.get("observedAt")
        at = now if observed is None else parse_instant(observed, where="scope.observedAt")
        if scopes:
            value = scopes[0] if len(scopes) == 1 else list(scopes)
            yield Observation(entity_id, types, SCOPE, at, value)


def _scope_instances(given: Any) -> list[dict[str, Any]]:
    if given is None:
        return []
    instances = [one for one in (given if isinstance(given, list) else [given]) if isinstance(one, dict)]
    return instances or [{"value": given}]


def observation(
    entity_id: str, types: tuple[str, ...], name: str, attribute: Attribute, at: datetime
) -> Observation:
    """An attribute instance as a point of the history; ``at`` is its ``observedAt`` or else when it was recorded."""
    return Observation(
        entity_id,
        types,
        name,
        at,
        attribute.value,
        attribute.unit_code,
        attribute.dataset_id,
        attribute.kind,
        TimeKind.RECORDED if attribute.observed_at is None else TimeKind.OBSERVED,
        attribute.attributes,
        attribute.members,
    )


def patched(point: Observation, attribute: Attribute, *, valued: bool, now: datetime) -> Observation:
    """The point with the members that a fragment has (5.6.14), under its old ``instanceId``.

    Raises ``BadRequestData`` for another kind.
    """
    if valued and attribute.kind is not point.kind:
        raise BadRequestData(f"this instance is a {point.kind}, not a {attribute.kind}", where="type")
    at = attribute.observed_at
    moved = at is not None and (at != point.at or point.time is not TimeKind.OBSERVED)
    return replace(
        point,
        created_at=time_of(point, TimeProperty.CREATED_AT),
        modified_at=now,
        instance_id=instance_id(point) if moved else point.instance_id,
        value=attribute.value if valued else point.value,
        unit_code=attribute.unit_code or point.unit_code,
        at=attribute.observed_at or point.at,
        time=point.time if attribute.observed_at is None else TimeKind.OBSERVED,
        attributes={**point.attributes, **attribute.attributes},
        members={**point.members, **attribute.members},
    )


# --- instance ids


def instance_id(point: Observation) -> str:
    """The ``instanceId`` of a point of the history."""
    if point.instance_id is not None:
        return point.instance_id
    place = (point.at - _EPOCH) // MICROSECOND + _OFFSET
    digest = series_digest(point.entity_id, point.name, point.dataset_id)
    return f"{INSTANCE_PREFIX}{digest}-{place:016x}{_LETTERS[point.time]}"


def observed_place(at: int) -> str:
    """How the ``instanceId`` of what was observed so many microseconds after 1970 ends, after its series' digest."""
    return "-" + hex(at + _OFFSET)[2:]  # 16 digits for every year that there is


def instance_range(text: str) -> TimeRange | None:
    """The time in which the instance that this id may mean is found; None where no instance has such an id."""
    found = _INSTANCE.fullmatch(text)
    if found is None:
        return None
    try:
        at = _EPOCH + (int(found["place"], 16) - _OFFSET) * MICROSECOND
        return TimeRange(TimeRelation.BETWEEN, at, at + MICROSECOND, _PROPERTIES[found["kind"]])
    except OverflowError:
        return None


def find_instance(points: Iterable[Observation], text: str) -> Observation | None:
    """The one of these points that has this ``instanceId``."""
    return next((point for point in points if instance_id(point) == text), None)


@lru_cache(maxsize=1024)
def series_digest(entity_id: str, name: str, dataset_id: str | None) -> str:
    """What stands for a series in the ``instanceId`` of its instances."""
    text = "\0".join((entity_id, name, dataset_id or ""))
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
