"""Which collections there are: the entity types of which at least one entity has a location."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.api.parts import ApiParts
from sympolis.api.type_index import TypeIndex
from sympolis.api.vocabulary import city_terms
from sympolis.context.codec import LOCATION
from sympolis.context.query import Query, TypeIs
from sympolis.domain import errors

WORLD = (-180.0, -90.0, 180.0, 90.0)


@dataclass(frozen=True, slots=True)
class Collection:
    """Entities of one type with a location. ``id`` is the type's short name, ``count`` their number."""

    id: str
    type_iri: str
    count: int
    bbox: tuple[float, float, float, float] = WORLD


class Collections:
    """Finds collections; remembers their sizes until the change log has moved on."""

    def __init__(self, parts: ApiParts) -> None:
        self._broker = parts.broker
        self._terms = city_terms(parts)
        self._bbox = WORLD if parts.city is None else parts.city.facts.bbox
        self._index = TypeIndex(parts.broker)
        self._known: dict[str, tuple[int, Collection | None]] = {}

    async def all(self) -> list[Collection]:
        """Every collection, by id."""
        found = [await self._collection(type_iri) for type_iri in await self._index.types()]
        return sorted((one for one in found if one is not None), key=lambda one: one.id)

    async def get(self, collection_id: str) -> Collection:
        """One collection. Raises ``NotFound``."""
        try:
            type_iri = self._terms.expand(collection_id)
        except errors.BadRequestData:
            raise _missing(collection_id) from None
        found = await self._collection(type_iri)
        if found is None:
            raise _missing(collection_id)
        return found

    async def _collection(self, type_iri: str) -> Collection | None:
        newest = await self._index.newest(type_iri)
        if newest == 0:
            return None
        known = self._known.get(type_iri)
        if known is None or known[0] != newest:
            known = self._known[type_iri] = (newest, await self._look(type_iri))
        return known[1]

    async def _look(self, type_iri: str) -> Collection | None:
        located = Query(types=TypeIs(type_iri), attributes=(LOCATION,), limit=0, count=True)
        count = (await self._broker.query(located)).total or 0
        return Collection(self._terms.compact(type_iri), type_iri, count, self._bbox) if count else None


def _missing(collection_id: str) -> errors.NotFound:
    return errors.NotFound(
        f"there is no collection {collection_id}", where="collectionId", hint="see /ogc/collections"
    )
