"""Entities that are here and elsewhere: created, read and deleted together (GS CIM 009, 5.6.1, 5.6.6, 5.7.1, 5.7.2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec

from sympolis.api.http import Headers, Reply, Request
from sympolis.api.ngsi_ld import reading
from sympolis.api.ngsi_ld.answers import created_at, page_links, tenant_headers
from sympolis.api.ngsi_ld.arranging import read_join
from sympolis.api.ngsi_ld.forwarding import (
    Change,
    Forwarding,
    Local,
    attributes_of,
    not_found,
    sender,
    warning_headers,
)
from sympolis.api.ngsi_ld.mapped import InUse, asked_for, map_in_use
from sympolis.api.ngsi_ld.presenting import Presenter
from sympolis.api.ngsi_ld.reading import DATASET_ID, LIMIT, TYPE, read_query, read_shape
from sympolis.api.parts import ApiParts
from sympolis.context import qlanguage, typelanguage
from sympolis.context.across import resolve
from sympolis.context.codec import parse_entity
from sympolis.context.distributed.merging import Version, merge, merge_all
from sympolis.context.distributed.reading import Asked, Gathered, Reader
from sympolis.context.distributed.wording import Journey
from sympolis.context.distributed.writing import entity_path
from sympolis.context.entity_maps import LOCAL, EntityMaps, take_page
from sympolis.context.evaluate import matcher, type_holds
from sympolis.context.linked import gather
from sympolis.context.projection import MEMBERS
from sympolis.context.query import Query
from sympolis.context.store import Page
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.entity import Entity

_MOST_HERE = 10_000
"""Entities of this broker that may take part where filters have to wait for what others say of them."""
_AT_ONCE = 500

Asking = Callable[[Query], Awaitable[Page]]


class SharedEntities:
    """What the handlers of ``/entities`` do where other brokers take part."""

    def __init__(self, parts: ApiParts) -> None:
        self._broker = parts.broker
        self._forwarding = Forwarding(parts)
        self._reader = None if parts.distribution is None else Reader(parts.distribution)
        self._maps = parts.entity_maps or EntityMaps()
        self.begin = self._forwarding.begin

    # --- changing

    async def create(
        self,
        journey: Journey,
        request: Request,
        entity: Entity,
        document: Mapping[str, Any],
        terms: Terms,
    ) -> Reply:
        """Create Entity, clause 5.6.1."""

        async def here(left: dict[str, Any]) -> Local:
            await self._broker.create(
                parse_entity(left, terms), tenant=journey.tenant, cause=f"request:{request.id}"
            )
            return Local()

        change = Change(
            operation="createEntity",
            entity_id=entity.id,
            terms=terms,
            here=here,
            send=sender("POST", "/entities", document, terms),
            document=document,
            attributes=attributes_of(document, terms),
            types=entity.types,
            done=created_at(entity.id, ()),
        )
        return await self._forwarding.change(journey, change)

    async def delete(self, journey: Journey, request: Request, entity_id: str, terms: Terms) -> Reply:
        """Delete Entity, clause 5.6.6."""
        held = await self._broker.store.get(entity_id, tenant=journey.tenant)
        text = TYPE.raw(request)
        wanted = _types(text, terms)

        async def here(_: dict[str, Any]) -> Local:
            if held is not None and wanted is not None and not type_holds(wanted, held.types):
                raise errors.NotFound(f"there is no entity {entity_id} of that type", where="type")
            await self._broker.delete(entity_id, tenant=journey.tenant, cause=f"request:{request.id}")
            return Local()

        change = Change(
            operation="deleteEntity",
            entity_id=entity_id,
            terms=terms,
            here=here,
            send=sender("DELETE", entity_path(entity_id), None, terms, type_expression=text),
            document={},
            attributes=frozenset(),
            types=None if held is None else held.types,
        )
        return await self._forwarding.change(journey, change)

    # --- reading

    async def retrieve(self, journey: Journey, request: Request, entity_id: str, terms: Terms) -> Reply:
        """Retrieve Entity, clause 5.7.1."""
        assert self._reader is not None
        shape = read_shape(request)
        presenter = Presenter(request, terms, shape)
        asked = self._asked(request, terms, Query(types=_types(TYPE.raw(request), terms)))
        gathered = await self._reader.entity(journey, entity_id, asked)
        try:
            entity = await self._merged(journey, entity_id, asked, gathered)
        except errors.NotFound as error:
            return not_found(error, request, gathered, journey)
        headers = (*tenant_headers(journey.tenant), *warning_headers(gathered, journey))
        linked = await self._linked(journey, request, terms, [entity], presenter)
        if not asked_for(request):
            return presenter.one(entity, headers, linked)
        use = await self._map_of_one(journey, request, entity_id, gathered)
        reply = presenter.one(entity, (*headers, *use.headers), linked)
        return msgspec.structs.replace(reply, status=use.status) if use.fresh else reply

    async def _map_of_one(
        self, journey: Journey, request: Request, entity_id: str, gathered: Gathered
    ) -> InUse:
        held = await self._broker.store.get(entity_id, tenant=journey.tenant)

        async def candidates() -> Mapping[str, Sequence[str]]:
            own = (LOCAL,) if held is not None else ()
            return {entity_id: (*own, *(one.origin for one in gathered.versions))}

        return await map_in_use(request, self._maps, journey.tenant, candidates)

    async def _merged(self, journey: Journey, entity_id: str, asked: Asked, gathered: Gathered) -> Entity:
        held = await self._broker.store.get(entity_id, tenant=journey.tenant)
        own = [] if held is None else [Version(held)]
        entity = merge([*own, *gathered.versions], self._now())
        if entity is None:
            raise errors.NotFound(f"there is no entity {entity_id}", where="id")
        if asked.query.types is not None and not type_holds(asked.query.types, entity.types):
            raise errors.NotFound(f"there is no entity {entity_id} of that type", where="type")
        names = asked.query.attributes
        if names and not any(name in entity.attributes for name in names):
            raise errors.NotFound("the entity has none of these attributes", where="attrs")
        return entity

    def all_here(self, journey: Journey, request: Request, terms: Terms) -> bool:
        """Whether no source can have anything of what is asked for, so that it may be ordered (clause 4.23)."""
        assert self._reader is not None
        asked = self._asked(request, terms, read_query(request, terms))
        return not self._reader.concerned(journey, asked)

    async def answer_query(self, journey: Journey, request: Request, terms: Terms) -> Reply:
        """Query Entities, clause 5.7.2."""
        presenter = Presenter(request, terms, read_shape(request))
        if "orderBy" in request.parameters:
            raise errors.BadRequestData(
                "what several sources have is not ordered", where="orderBy", hint="ask with local=true"
            )
        asked = self._asked(request, terms, read_query(request, terms))
        if asked_for(request):
            return await self._answer_mapped(journey, request, asked, presenter)
        page, gathered, more = await self._page_of(journey, asked)
        headers: Headers = (
            *tenant_headers(journey.tenant),
            *page_links(request, presenter.media, more=more),
            *warning_headers(gathered, journey),
        )
        if page.total is not None:
            headers = (*headers, (b"ngsild-results-count", b"%d" % page.total))
        linked = await self._linked(journey, request, terms, page.entities, presenter)
        return presenter.many(page.entities, headers, linked)

    async def locate(self, journey: Journey, asked: Asked) -> dict[str, tuple[str, ...]]:
        """Who holds the entities that a query is about: registrations, ``@none`` for this broker (clause 5.14.4)."""
        assert self._reader is not None
        gathered = await self._reader.entities(journey, asked)
        found: dict[str, list[str]] = {}
        more, start = True, 0
        while more:
            query = replace(asked.query, offset=start, limit=_AT_ONCE, count=False)
            page = await self._here(journey, replace(asked, query=query))
            for entity in page.entities[start if not asked.split else 0 :]:
                found.setdefault(entity.id, []).append(LOCAL)
            start += _AT_ONCE
            more = not asked.split and len(page.entities) > start
            self._maps.check_size(len(found))
        for one in gathered.versions:
            found.setdefault(one.entity.id, []).append(one.origin)
        self._maps.check_size(len(found))
        return {one: tuple(dict.fromkeys(found[one])) for one in sorted(found)}

    async def candidates(
        self, journey: Journey, request: Request, terms: Terms, query: Query
    ) -> dict[str, tuple[str, ...]]:
        """Like ``locate``, for a request that asks for nothing but the map."""
        return await self.locate(journey, self._asked(request, terms, query))

    def asker(self, journey: Journey, request: Request, terms: Terms, query: Query) -> Asking:
        """What gives pages of what everyone has, for a query that is asked as this request would ask it."""
        asked = self._asked(request, terms, query)

        async def ask(query: Query) -> Page:
            page, _, _ = await self._page_of(journey, replace(asked, query=query))
            return page

        return ask

    async def _answer_mapped(
        self, journey: Journey, request: Request, asked: Asked, presenter: Presenter
    ) -> Reply:
        """A page of an entity map's entities, as far as they fit the query still (clause 5.5.9.3)."""
        use = await map_in_use(request, self._maps, journey.tenant, partial(self.locate, journey, asked))
        gathered = Gathered()

        async def fetch(ids: Sequence[str]) -> dict[str, Entity]:
            query = asked.query
            wanted = tuple(one for one in ids if one in query.ids) if query.ids else tuple(ids)
            if not wanted:
                return {}
            only = frozenset(origin for one in wanted for origin in use.map.sources.get(one, ()))
            own = replace(query, ids=wanted, limit=len(wanted), offset=0, count=False)
            page, said, _ = await self._page_of(journey, replace(asked, query=own), only=only)
            gathered.add(said)
            return {entity.id: entity for entity in page.entities}

        entities, more = await take_page(use.map, asked.query.offset, LIMIT.of(request), fetch)
        await self._maps.keep(use.map)
        headers = [*tenant_headers(journey.tenant), *page_links(request, presenter.media, more=more)]
        headers += [*use.headers, *warning_headers(gathered, journey)]
        if asked.query.count:
            headers.append((b"ngsild-results-count", b"%d" % len(use.map.sources)))
        linked = await self._linked(journey, request, asked.terms, entities, presenter)
        reply = presenter.many(entities, tuple(headers), linked)
        return msgspec.structs.replace(reply, status=use.status) if use.fresh else reply

    async def _page_of(
        self, journey: Journey, asked: Asked, *, only: frozenset[str] | None = None
    ) -> tuple[Page, Gathered, bool]:
        """A page of what everyone has, what was the matter with sources, and whether there is more."""
        assert self._reader is not None
        query = asked.query
        gathered = await self._reader.entities(journey, asked, only=only)
        here = await self._here(journey, asked)
        own = [Version(entity) for entity in here.entities]
        merged = merge_all([*own, *gathered.versions], self._now())
        if asked.split:
            merged = [one for one in merged if matcher(query)(one)]
        end = query.offset + query.limit
        total = await self._total(journey, asked, here, gathered, len(merged)) if query.count else None
        return Page(tuple(merged[query.offset : end]), total), gathered, len(merged) > end

    async def _here(self, journey: Journey, asked: Asked) -> Page:
        """What this broker has for a page: as far as the page reaches; all, where filters wait."""
        fetch = partial(self._broker.query, tenant=journey.tenant)
        query = asked.query
        if asked.split:
            bare = replace(
                query, q=None, geo=None, scopes=None, attributes=(), offset=0, limit=_MOST_HERE + 1
            )
            page = await fetch(bare)
            if len(page.entities) > _MOST_HERE:
                raise errors.TooManyResults(
                    f"more than {_MOST_HERE} entities would have to be put together",
                    where="splitEntities",
                    hint="restrict type or id, or ask with splitEntities=false",
                )
            return page
        resolved = await resolve(query, fetch)
        if resolved is None:
            return Page((), 0)
        return await fetch(replace(resolved, offset=0, limit=query.offset + query.limit + 1))

    async def _total(
        self, journey: Journey, asked: Asked, here: Page, gathered: Gathered, merged: int
    ) -> int:
        """How many entities there are, each counted once."""
        if asked.split or here.total is None:
            return merged
        elsewhere = sorted({one.entity.id for one in gathered.versions})
        both = 0
        for start in range(0, len(elsewhere), _AT_ONCE):
            ids = tuple(elsewhere[start : start + _AT_ONCE])
            query = replace(asked.query, ids=ids, limit=len(ids), offset=0, count=False)
            resolved = await resolve(query, partial(self._broker.query, tenant=journey.tenant))
            if resolved is not None:
                both += len((await self._broker.query(resolved, tenant=journey.tenant)).entities)
        return here.total + len(elsewhere) - both

    async def _linked(
        self,
        journey: Journey,
        request: Request,
        terms: Terms,
        entities: Sequence[Entity],
        presenter: Presenter,
    ) -> Any:
        join = read_join(request)
        if join is None:
            return None

        async def fetch(query: Query) -> Page:
            page, _, _ = await self._page_of(journey, Asked(query=query, terms=terms))
            return page

        return await gather(entities, join, presenter.projection, fetch)

    def _asked(self, request: Request, terms: Terms, query: Query) -> Asked:
        shape = read_shape(request)
        attributes = tuple(terms.expand(name) for name in shape.attrs)
        picked = frozenset(terms.expand(name) for name in shape.pick if name not in MEMBERS)
        csf = request.parameters.get("csf")
        distribution = self._forwarding.distribution
        default = distribution is not None and distribution.split_entities
        return Asked(
            query=replace(query, attributes=query.attributes or attributes),
            terms=terms,
            written=dict(request.parameters),
            picked=picked if shape.pick else None,
            datasets=frozenset(DATASET_ID.of(request)),
            csf=None if csf is None else qlanguage.parse(csf, terms, parameter="csf"),
            split=reading.SPLIT_ENTITIES.of(request) if "splitEntities" in request.parameters else default,
            by_post=request.method == "POST",
        )

    def _now(self) -> Any:
        assert self._forwarding.distribution is not None
        return self._forwarding.distribution.registrations.now()


def _types(text: str | None, terms: Terms) -> Any:
    return None if text is None else typelanguage.parse(text, terms)
