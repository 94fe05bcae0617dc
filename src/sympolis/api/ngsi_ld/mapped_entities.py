"""Entities that are queried, retrieved or purged by way of an entity map (GS CIM 009, clauses 5.5.9.3, 5.6.21, 5.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import msgspec

from sympolis.api.http import Headers, Reply, Request
from sympolis.api.ngsi_ld import mapped
from sympolis.api.ngsi_ld.answers import page_links, tenant_headers
from sympolis.api.ngsi_ld.arranging import read_join, read_ordering
from sympolis.api.ngsi_ld.presenting import Presenter
from sympolis.api.ngsi_ld.reading import LIMIT, read_query
from sympolis.api.parts import ApiParts
from sympolis.context.entity_maps import EntityMaps, take_page
from sympolis.context.linked import gather
from sympolis.context.query import Query
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.entity import Entity


class MappedEntities:
    """Answers by map, for the handlers of ``/entities``."""

    def __init__(self, parts: ApiParts) -> None:
        self._broker = parts.broker
        self._maps = parts.entity_maps or EntityMaps()
        self._candidates = mapped.Candidates(parts, self._maps)

    async def answer_query(self, request: Request, terms: Terms, presenter: Presenter, tenant: str) -> Reply:
        """A page of the map's entities, as far as they fit the query still; 201 where the map is new."""
        query, join = self._query(request, terms), read_join(request)
        use = await self._use(request, query, tenant)
        fetch = partial(self._fetch, query, tenant)
        found, more = await take_page(use.map, query.offset, LIMIT.of(request), fetch)
        await self._maps.keep(use.map)
        headers = [*tenant_headers(tenant), *page_links(request, presenter.media, more=more), *use.headers]
        if query.count:
            headers.append((b"ngsild-results-count", b"%d" % len(use.map.sources)))
        linked = None
        if join is not None:
            ask = partial(self._broker.query, tenant=tenant)
            linked = await gather(found, join, presenter.projection, ask)
        reply = presenter.many(found, tuple(headers), linked)
        return msgspec.structs.replace(reply, status=use.status) if use.fresh else reply

    async def use_for(self, request: Request, entity_id: str, tenant: str) -> mapped.InUse:
        """The map by which one entity is retrieved (clause 5.7.1). Raises ``NotFound`` where it does not have it."""

        async def candidates() -> mapped.Sources:
            found = await self._broker.find(entity_id, tenant=tenant)
            return mapped.local_sources([] if found is None else [entity_id])

        use = await mapped.map_in_use(request, self._maps, tenant, candidates)
        if not use.fresh and entity_id not in use.map.sources:
            raise errors.NotFound(f"the entity map does not have {entity_id}", where="NGSILD-EntityMap")
        return use

    async def narrowed(self, request: Request, query: Query, tenant: str) -> tuple[Query | None, Headers]:
        """The query within the map that the request names; None where that leaves nothing (clause 5.6.21)."""
        use = await self._use(request, query, tenant)
        ids = tuple(one for one in use.map.ids if not query.ids or one in query.ids)
        return (replace(query, ids=ids) if ids else None), use.headers

    async def _use(self, request: Request, query: Query, tenant: str) -> mapped.InUse:
        candidates = partial(self._candidates.of_query, query, tenant)
        return await mapped.map_in_use(request, self._maps, tenant, candidates)

    def _query(self, request: Request, terms: Terms) -> Query:
        return replace(read_query(request, terms), ordering=read_ordering(request, terms))

    async def _fetch(self, query: Query, tenant: str, ids: Sequence[str]) -> dict[str, Entity]:
        """Those of these entities that fit the query now."""
        wanted = tuple(one for one in ids if one in query.ids) if query.ids else tuple(ids)
        if not wanted:
            return {}
        asked = replace(query, ids=wanted, limit=len(wanted), offset=0, count=False, ordering=None)
        page = await self._broker.query(asked, tenant=tenant)
        return {entity.id: entity for entity in page.entities}
