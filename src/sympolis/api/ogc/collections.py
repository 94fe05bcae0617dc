"""Which collections there are: the types of entities that have a location, each under its short name.

All is known from the store's profiles (``context.profiles``), a few dozen rows however many entities there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sympolis.api.parts import ApiParts
from sympolis.api.vocabulary import city_terms
from sympolis.context import gated
from sympolis.context.codec import LOCATION
from sympolis.context.profiles import Profile, types_in
from sympolis.domain import errors
from sympolis.domain.entity import AttributeKind

_MOST_MARKS = 64
WORLD = (-180.0, -90.0, 180.0, 90.0)


@dataclass(frozen=True, slots=True)
class Collection:
    """Entities of one type with a location.

    ``id`` is the type's short name, ``count`` their number; ``attributes`` are the kinds of what they have, by name.
    ``whole``: every entity of the type has a location.
    """

    id: str
    type_iri: str
    count: int
    bbox: tuple[float, float, float, float] = WORLD
    attributes: Mapping[str, frozenset[AttributeKind]] = field(default_factory=dict)
    whole: bool = False


class Collections:
    """Finds collections; remembers them until the change log has moved on."""

    def __init__(self, parts: ApiParts) -> None:
        self._broker = parts.broker
        self._terms = city_terms(parts)
        self._bbox = WORLD if parts.city is None else parts.city.facts.bbox
        self._known: dict[object, tuple[int, dict[str, Collection]]] = {}
        """By what those who ask may see."""

    async def all(self) -> list[Collection]:
        """Every collection, by id."""
        return sorted((await self._present()).values(), key=lambda one: one.id)

    async def get(self, collection_id: str) -> Collection:
        """One collection. Raises ``NotFound``."""
        type_iri = self._type(collection_id)
        gated.ask_for(type_iri)
        found = (await self._present()).get(type_iri)
        if found is None:
            raise _missing(collection_id)
        return found

    def name(self, collection_id: str) -> str:
        """The id of a collection that may be called by its type's IRI. Raises ``NotFound``."""
        return self._terms.compact(self._type(collection_id))

    def _type(self, collection_id: str) -> str:
        try:
            return self._terms.expand(collection_id)
        except errors.BadRequestData:
            raise _missing(collection_id) from None

    async def _present(self) -> dict[str, Collection]:
        position, mark = (await self._broker.status()).position, gated.mark()
        known = self._known.get(mark)
        if known is None or known[0] != position:
            profiles = await self._broker.profiles()
            known = position, {one.type_iri: one for one in self._located(profiles)}
            if len(self._known) >= _MOST_MARKS:
                self._known.clear()
            self._known[mark] = known
        return known[1]

    def _located(self, profiles: Sequence[Profile]) -> Iterator[Collection]:
        located = types_in([one for one in profiles if LOCATION in one.attributes])
        everything = types_in(profiles)
        for type_iri, use in located.items():
            name, whole = self._terms.compact(type_iri), use.count == everything[type_iri].count
            yield Collection(name, type_iri, use.count, self._bbox, use.attributes, whole)


def _missing(collection_id: str) -> errors.NotFound:
    return errors.NotFound(
        f"there is no collection {collection_id}", where="collectionId", hint="see /ogc/collections"
    )
