"""Queries that go by an entity map: whether one is asked for, which, and what the answer says of it.

Clauses 5.7.1–5.7.4 with 5.5.9.3 and 5.14: with ``entityMap=true`` the map of an answer is named in the header
``NGSILD-EntityMap``; a request that names one in the same header is answered from it, or makes it anew (201).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sympolis.api.http import Headers, Request
from sympolis.api.ngsi_ld import reading
from sympolis.api.parameters import BooleanParameter, Parameter
from sympolis.api.parts import ApiParts
from sympolis.context.entity_maps import LOCAL, EntityMap, EntityMaps
from sympolis.context.past import subjects_of
from sympolis.context.periods import Duration, parse_duration
from sympolis.context.query import Query
from sympolis.context.terms import Terms

_AT_ONCE: Final = 1000
ROOT = "/ngsi-ld/v1/entityMaps"
HEADER = b"ngsild-entitymap"
ENTITY_MAP = BooleanParameter(name="entityMap", text="Tell the entity map that the answer goes by.")
LIFETIME = Parameter(
    name="entityMapLifetime",
    text="How long the map should live: an ISO 8601 duration, e.g. `PT10M`.",
    max_length=64,
)
PARAMETERS = (ENTITY_MAP, LIFETIME)

Sources = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class InUse:
    """The map that a request goes by. ``fresh``: it was made for this request."""

    map: EntityMap
    fresh: bool

    @property
    def status(self) -> int:
        """Of a successful answer."""
        return 201 if self.fresh else 200

    @property
    def headers(self) -> Headers:
        """The map's address."""
        return map_headers(self.map)


def map_headers(found: EntityMap) -> Headers:
    """The header that names a map."""
    return ((HEADER, f"{ROOT}/{found.id}".encode()),)


def asked_for(request: Request) -> bool:
    """Whether a request wants to go by a map."""
    return request.header(HEADER) is not None or ENTITY_MAP.of(request)


def lifetime(request: Request) -> Duration | None:
    """How long a new map should live. Raises ``BadRequestData``."""
    text = LIFETIME.raw(request)
    return None if text is None else parse_duration(text, where=LIFETIME.name)


async def map_in_use(
    request: Request, maps: EntityMaps, tenant: str, candidates: Callable[[], Awaitable[Sources]]
) -> InUse:
    """The map that the request names, or, where that one is gone or none is named, a new one of the candidates."""
    wanted = lifetime(request)
    named = request.header(HEADER)
    known = None if named is None else await maps.look_up(named, tenant=tenant)
    if known is not None:
        return InUse(known, fresh=False)
    made = maps.create(await candidates(), tenant=tenant, lifetime=wanted)
    await maps.keep(made)
    return InUse(made, fresh=True)


def local_sources(ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Entities that this broker holds itself."""
    return dict.fromkeys(ids, (LOCAL,))


class Candidates:
    """Which entities a query is about, and who holds them: what goes into its map (clauses 5.14.4, 5.14.5)."""

    def __init__(self, parts: ApiParts, maps: EntityMaps) -> None:
        self._broker = parts.broker
        self._maps = maps
        self._page_size = parts.settings.temporal_page_size

    async def of_query(self, query: Query, tenant: str) -> Sources:
        """The entities that a query selects, all pages of them. Raises ``TooManyResults``."""
        found: list[str] = []
        more = True
        while more:
            asked = replace(query, limit=_AT_ONCE, offset=len(found), count=False)
            page = await self._broker.query(asked, tenant=tenant)
            found += [entity.id for entity in page.entities]
            self._maps.check_size(len(found))
            more = len(page.entities) == _AT_ONCE
        return local_sources(found)

    async def of_history(self, request: Request, terms: Terms, tenant: str) -> Sources:
        """The entities that a temporal query selects. Raises ``TooComplexQuery`` or ``TooManyResults``."""
        shape = reading.read_temporal_shape(request)
        entities = reading.read_query(request, terms)
        query = reading.read_history(request, terms, entities, shape, self._page_size, required=True)
        found = list(await subjects_of(self._broker, query, tenant=tenant))
        if reading.read_id_order(request):
            found.reverse()
        return local_sources(found)


def document_of(found: EntityMap, expires_at: str) -> dict[str, Any]:
    """The map as clients read it (clause 5.2.39)."""
    return {
        "id": found.id,
        "type": "EntityMap",
        "expiresAt": expires_at,
        "entityMap": {one: list(held) for one, held in found.sources.items()},
        "linkedMaps": dict(found.linked),
    }
