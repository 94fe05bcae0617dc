"""What sources answer, as entities: anything that is not a valid answer is refused, whatever it looks like (6.3.17)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from sympolis.context.evolution import Evolution, parse_evolution, parse_instances
from sympolis.context.instants import find_instant
from sympolis.context.parsing import ENTITY_MEMBERS, parse_entity
from sympolis.context.terms import Contexts, Terms
from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import NULL, Attribute, Entity
from sympolis.domain.errors import BadRequestData, ContextNotAvailable

_NO_TIME = datetime(1, 1, 1, tzinfo=UTC)
MOST_ENTITIES = 1000
"""In one answer: what a source is asked for at most."""


async def read_entity(body: bytes, terms: Terms, contexts: Contexts) -> Entity:
    """The entity in an answer. Raises ``BadRequestData`` where there is none."""
    return await _entity(_decoded(body), terms, contexts)


async def read_evolution(body: bytes, terms: Terms, contexts: Contexts) -> Evolution:
    """The evolution of an entity in an answer. Raises ``BadRequestData`` where there is none."""
    return await _evolution(_decoded(body), terms, contexts)


async def read_evolutions(body: bytes, terms: Terms, contexts: Contexts) -> list[Evolution]:
    """The evolutions in an answer. Raises ``BadRequestData`` where it is not a list of them."""
    documents = _decoded(body)
    if not isinstance(documents, list) or len(documents) > MOST_ENTITIES:
        raise BadRequestData(f"expected a list of at most {MOST_ENTITIES} entities", where="answer")
    return [await _evolution(one, terms, contexts) for one in documents]


async def read_entities(body: bytes, terms: Terms, contexts: Contexts) -> list[Entity]:
    """The entities in an answer. Raises ``BadRequestData`` where it is not a list of entities."""
    documents = _decoded(body)
    if not isinstance(documents, list) or len(documents) > MOST_ENTITIES:
        raise BadRequestData(f"expected a list of at most {MOST_ENTITIES} entities", where="answer")
    return [await _entity(one, terms, contexts) for one in documents]


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BadRequestData("this is not JSON", where="answer") from problem


async def _entity(document: Any, terms: Terms, contexts: Contexts) -> Entity:
    if not isinstance(document, Mapping):
        raise BadRequestData("expected an entity", where="answer")
    if "@context" in document:
        terms = await _own_terms(document["@context"], contexts)
        document = {name: value for name, value in document.items() if name != "@context"}
    try:
        entity = parse_entity(document, terms)
    except RecursionError as problem:
        raise BadRequestData("this nests too deeply", where="answer") from problem
    return _with_times(entity, document, terms)


async def _own_terms(context: Any, contexts: Contexts) -> Terms:
    try:
        return await contexts.resolve(context)
    except ContextNotAvailable as problem:
        raise BadRequestData("its @context cannot be had", where="answer") from problem


async def _evolution(document: Any, terms: Terms, contexts: Contexts) -> Evolution:
    if not isinstance(document, Mapping):
        raise BadRequestData("expected an entity", where="answer")
    if "@context" in document:
        terms = await _own_terms(document["@context"], contexts)
    named = ENTITY_MEMBERS | {"scope"}
    head = {name: document[name] for name in ("id", "type", "scope") if name in document}
    try:
        told = parse_evolution(head, terms, now=_NO_TIME)
        points = [point for point in told.observations if point.at != _NO_TIME]
        for name in document.keys() - named:
            points += _points(told, name, document[name], terms)
    except RecursionError as problem:
        raise BadRequestData("this nests too deeply", where="answer") from problem
    return replace(told, observations=tuple(points))


def _points(told: Evolution, name: str, raw: Any, terms: Terms) -> Iterator[Observation]:
    """The instances of an attribute, each at the time that it says; without any time an instance is no history."""
    for one in raw if isinstance(raw, list) else [raw]:
        if not isinstance(one, Mapping):
            raise BadRequestData("expected instances in normalized representation", where=name)
        point = _end(told, name, one, terms) or _point(told, name, one, terms)
        if point.at != _NO_TIME:
            given = one.get("instanceId")
            yield replace(point, instance_id=given if isinstance(given, str) else None)


def _point(told: Evolution, name: str, instance: Mapping[str, Any], terms: Terms) -> Observation:
    created, modified = find_instant(instance.get("createdAt")), find_instant(instance.get("modifiedAt"))
    now = created or modified or _NO_TIME
    [point] = parse_instances({name: instance}, terms, told.entity_id, told.types, now=now)
    return replace(point, created_at=created, modified_at=modified)


def _end(told: Evolution, name: str, instance: Mapping[str, Any], terms: Terms) -> Observation | None:
    """Where the instance is the end of the attribute, that; its value is no value (clause 4.5.6)."""
    deleted, dataset = find_instant(instance.get("deletedAt")), instance.get("datasetId")
    if deleted is None:
        return None
    return Observation(
        told.entity_id,
        told.types,
        terms.expand(name),
        deleted,
        NULL,
        dataset_id=dataset if isinstance(dataset, str) and dataset != "@none" else None,
        time=TimeKind.DELETED,
    )


# --- system times, which clients may not give but sources do


def _with_times(entity: Entity, document: Mapping[str, Any], terms: Terms) -> Entity:
    attributes = dict(entity.attributes)
    for name, raw in document.items():
        iri = None if name in ENTITY_MEMBERS else terms.find(name)
        if iri in attributes:
            times = dict(_times_by_dataset(raw))
            attributes[iri] = tuple(_timed(one, times) for one in attributes[iri])
    return replace(
        entity,
        attributes=attributes,
        created_at=find_instant(document.get("createdAt")),
        modified_at=find_instant(document.get("modifiedAt")),
    )


def _times_by_dataset(raw: Any) -> Iterator[tuple[str | None, tuple[datetime | None, datetime | None]]]:
    for one in raw if isinstance(raw, list) else [raw]:
        if isinstance(one, Mapping):
            dataset = one.get("datasetId")
            found = find_instant(one.get("createdAt")), find_instant(one.get("modifiedAt"))
            yield (dataset if isinstance(dataset, str) and dataset != "@none" else None), found


def _timed(
    attribute: Attribute, times: Mapping[str | None, tuple[datetime | None, datetime | None]]
) -> Attribute:
    created, modified = times.get(attribute.dataset_id, (None, None))
    return replace(attribute, created_at=created, modified_at=modified)
