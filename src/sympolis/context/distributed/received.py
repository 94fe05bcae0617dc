"""What sources answer, as entities: anything that is not a valid answer is refused, whatever it looks like (6.3.17)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from sympolis.context.instants import find_instant
from sympolis.context.parsing import ENTITY_MEMBERS, parse_entity
from sympolis.context.terms import Contexts, Terms
from sympolis.domain.entity import Attribute, Entity
from sympolis.domain.errors import BadRequestData, ContextNotAvailable

MOST_ENTITIES = 1000
"""In one answer: what a source is asked for at most."""


async def read_entity(body: bytes, terms: Terms, contexts: Contexts) -> Entity:
    """The entity in an answer. Raises ``BadRequestData`` where there is none."""
    return await _entity(_decoded(body), terms, contexts)


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
