"""Finding a page of features where the store can decide a filter, and where it cannot.

Features are passed on as the bytes that a store keeps ready, where it does and nothing has to be looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from sympolis.api.http import encode
from sympolis.api.ogc.items import Wanted
from sympolis.api.ogc.predicates import selects
from sympolis.api.ogc.reference_systems import ReferenceSystem
from sympolis.context.broker import Broker
from sympolis.context.codec import Form, render_feature
from sympolis.context.documents import DocumentForm, Documents
from sympolis.context.query import Query
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.entity import Entity

_AT_ONCE: Final = 1_000
_MOST: Final = 50_000
"""So many features a request may look at that no index can rule out."""


@dataclass(frozen=True, slots=True)
class FeaturePage:
    """The features of a page as JSON; how many there are on all pages, where that is known; whether more follow."""

    features: tuple[bytes, ...]
    matched: int | None
    more: bool


async def find_features(broker: Broker, wanted: Wanted, terms: Terms) -> FeaturePage:
    """The page wanted. Raises ``TooComplexQuery`` where too many features would have to be looked at."""
    if wanted.rest is not None:
        return await _looked_through(broker, wanted, terms)
    query = wanted.query
    asked = query if query.count else replace(query, limit=query.limit + 1)
    features, total = await _features(broker, asked, wanted.system, terms)
    if not query.count and len(features) <= query.limit:
        total = query.offset + len(features) if features or not query.offset else None
    last = query.offset + query.limit
    more = len(features) > query.limit if total is None else last < total
    return FeaturePage(tuple(features[: query.limit]), total, more)


@dataclass(frozen=True, slots=True)
class FoundFeature:
    """A feature as JSON, and the short names of its types."""

    document: bytes
    types: Sequence[str]


class _Properties(msgspec.Struct):
    type: str | list[str]


class _Placed(msgspec.Struct):
    properties: _Properties
    geometry: msgspec.Raw


_decode_placed = msgspec.json.Decoder(_Placed).decode


async def find_feature(
    broker: Broker, entity_id: str, system: ReferenceSystem, terms: Terms
) -> FoundFeature | None:
    """The feature of this entity; None where there is no such entity or it has no location."""
    if system.code is None and isinstance(broker.store, Documents):
        document = await broker.store.document(entity_id, terms, DocumentForm.FEATURE)
    else:
        entity = await broker.find(entity_id)
        document = None if entity is None else encode(moved(_feature(entity, terms), system))
    placed = None if document is None else _decode_placed(document)
    if document is None or placed is None or placed.geometry == b"null":
        return None
    kinds = placed.properties.type
    return FoundFeature(document, (kinds,) if isinstance(kinds, str) else kinds)


async def _features(
    broker: Broker, query: Query, system: ReferenceSystem, terms: Terms
) -> tuple[tuple[bytes, ...], int | None]:
    if system.code is None and isinstance(broker.store, Documents):
        found = await broker.store.documents(query, terms, DocumentForm.FEATURE)
        return found.documents, found.total
    page = await broker.query(query)
    return tuple([encode(moved(_feature(one, terms), system)) for one in page.entities]), page.total


def moved(feature: dict[str, Any], system: ReferenceSystem) -> Mapping[str, Any]:
    """The feature with its geometry in the system asked for."""
    if system.code is None or feature.get("geometry") is None:
        return feature
    return {**feature, "geometry": system.from_crs84(feature["geometry"])}


async def _looked_through(broker: Broker, wanted: Wanted, terms: Terms) -> FeaturePage:
    query, first = wanted.query, wanted.query.offset
    found: list[Mapping[str, Any]] = []
    matched, seen = 0, 0
    while True:
        page = await broker.query(replace(query, limit=_AT_ONCE, offset=seen, count=False))
        for feature in _selected(wanted, page.entities, terms):
            matched += 1
            if first < matched <= first + query.limit:
                found.append(moved(feature, wanted.system))
        seen += len(page.entities)
        if len(page.entities) < _AT_ONCE:
            return FeaturePage(tuple(map(encode, found)), matched, first + query.limit < matched)
        if seen >= _MOST:
            message = f"no index rules out enough: more than {_MOST} features would have to be looked at"
            raise errors.TooComplexQuery(
                message, where="filter", hint="add a bbox or a comparison with a value"
            )


def _selected(wanted: Wanted, entities: Iterable[Entity], terms: Terms) -> list[dict[str, Any]]:
    features = [_feature(entity, terms) for entity in entities]
    return [feature for feature in features if selects(wanted.rest, feature)]


def _feature(entity: Entity, terms: Terms) -> dict[str, Any]:
    return render_feature(entity, terms, form=Form.KEY_VALUES)
