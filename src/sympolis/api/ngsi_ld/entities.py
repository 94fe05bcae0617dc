"""Create, retrieve, delete and query entities: the hot routes (GS CIM 009, clauses 5.6.1, 5.6.6, 5.7.1, 5.7.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import msgspec

from sympolis.api.http import JSON, Headers, Reply, Request
from sympolis.api.negotiation import preferred
from sympolis.api.ngsi_ld.answers import created_at, page_links, tenant_headers, tenant_of
from sympolis.api.ngsi_ld.arranging import read_join, read_ordering
from sympolis.api.ngsi_ld.linking import Inbox, context_headers, terms_of
from sympolis.api.ngsi_ld.mapped import asked_for
from sympolis.api.ngsi_ld.mapped_entities import MappedEntities
from sympolis.api.ngsi_ld.presenting import ENTITY_MEDIA, Presenter
from sympolis.api.ngsi_ld.reading import COUNT, ENTITIES, LIMIT, TYPE, Shape, read_query, read_shape
from sympolis.api.ngsi_ld.shared_entities import SharedEntities
from sympolis.api.parts import ApiParts
from sympolis.api.vocabulary import Vocabulary
from sympolis.context import typelanguage
from sympolis.context.across import resolve
from sympolis.context.codec import Form, check_entity_id, parse_entity
from sympolis.context.documents import DocumentForm, Documents
from sympolis.context.linked import Join, Linked, gather
from sympolis.context.projection import MEMBERS
from sympolis.context.query import AllOf, AnyOf, Query, TypeIs
from sympolis.context.terms import Terms
from sympolis.context.usual import usual_document, usual_entity
from sympolis.domain import errors
from sympolis.domain.entity import Entity

TypeExpression = AnyOf | AllOf | TypeIs

_SHOWN_WHOLE = frozenset({"options", "format", "local"})
_QUICK_QUERY = _SHOWN_WHOLE | {
    "id",
    "idPattern",
    "type",
    "q",
    "georel",
    "geometry",
    "coordinates",
    "geoproperty",
    ENTITIES,
    "scopeQ",
    "orderBy",
    "orderFrom",
    "orderGeometry",
    "collation",
    "expandValues",
    "jsonKeys",
    "csf",
    "splitEntities",
    "limit",
    "offset",
    "count",
}
"""With these parameters alone, entities are shown whole: a store that has their documents at hand may give those."""
_QUICK_FORMS = {Form.NORMALIZED: DocumentForm.NORMALIZED, Form.KEY_VALUES: DocumentForm.KEY_VALUES}


class Entities:
    """Handlers of ``/entities`` and ``/entities/{entityId}``."""

    def __init__(self, parts: ApiParts) -> None:
        self._broker = parts.broker
        self._vocabulary = Vocabulary(parts)
        self._inbox = Inbox(self._vocabulary)
        self._mapped = MappedEntities(parts)
        self._shared = SharedEntities(parts)
        store = parts.broker.store
        self._documents = store if isinstance(store, Documents) else None

    async def create(self, request: Request) -> Reply:
        """Create Entity, clause 5.6.1."""
        tenant = tenant_of(request)
        journey = self._shared.begin(request, tenant)
        entity = None if journey is not None else await self._usual(request)
        if entity is None:
            body, terms = await self._inbox.read(request)
            document, own_terms = await self._inbox.document(request, body, terms, "body")
            entity = parse_entity(document, own_terms)
            if journey is not None:
                return await self._shared.create(journey, request, entity, document, own_terms)
        await self._broker.create(entity, tenant=tenant, cause=f"request:{request.id}")
        return created_at(entity.id, tenant_headers(tenant))

    async def _usual(self, request: Request) -> Entity | None:
        """The entity of a usual body; None where it has to be parsed."""
        document, terms = await self._inbox.usual(request, usual_document)
        return None if document is None or terms is None else usual_entity(document, terms)

    async def retrieve(self, request: Request) -> Reply:
        """Retrieve Entity, clause 5.7.1."""
        tenant = tenant_of(request)
        terms = await terms_of(request, self._vocabulary)
        entity_id = check_entity_id(request.arguments["entityId"])
        if (journey := self._shared.begin(request, tenant)) is not None:
            return await self._shared.retrieve(journey, request, entity_id, terms)
        form = _quick_form(request, _SHOWN_WHOLE)
        if form is not None and self._documents is not None:
            document = await self._documents.document(entity_id, terms, form, tenant=tenant)
            if document is not None:
                return _ready_reply(document, terms, tenant_headers(tenant))
        shape, join = read_shape(request), read_join(request)
        presenter = Presenter(request, terms, shape)
        entity = await self._broker.retrieve(entity_id, tenant=tenant)
        if request.parameters:
            _check_selected(entity, request, terms, shape)
        linked = await self._linked([entity], join, presenter, tenant)
        if asked_for(request):
            use = await self._mapped.use_for(request, entity_id, tenant)
            reply = presenter.one(entity, (*tenant_headers(tenant), *use.headers), linked)
            return msgspec.structs.replace(reply, status=use.status) if use.fresh else reply
        return presenter.one(entity, tenant_headers(tenant), linked)

    async def delete(self, request: Request) -> Reply:
        """Delete Entity, clause 5.6.6."""
        tenant = tenant_of(request)
        entity_id = check_entity_id(request.arguments["entityId"])
        if (journey := self._shared.begin(request, tenant)) is not None:
            terms = await terms_of(request, self._vocabulary)
            return await self._shared.delete(journey, request, entity_id, terms)
        if TYPE.raw(request) is not None:
            terms = await terms_of(request, self._vocabulary)
            _check_type(await self._broker.retrieve(entity_id, tenant=tenant), request, terms)
        await self._broker.delete(entity_id, tenant=tenant, cause=f"request:{request.id}")
        return Reply(status=204, headers=tenant_headers(tenant))

    async def query(self, request: Request) -> Reply:
        """Query Entities, clause 5.7.2."""
        return await self.answer_query(request, await terms_of(request, self._vocabulary))

    async def answer_query(self, request: Request, terms: Terms) -> Reply:
        """The page that the request's parameters select; shared with the query by POST."""
        tenant = tenant_of(request)
        journey = self._shared.begin(request, tenant)
        if journey is not None and not (
            "orderBy" in request.parameters and self._shared.all_here(journey, request, terms)
        ):
            return await self._shared.answer_query(journey, request, terms)
        if asked_for(request):
            presenter = Presenter(request, terms, read_shape(request))
            return await self._mapped.answer_query(request, terms, presenter, tenant)
        form = _quick_form(request, _QUICK_QUERY)
        if form is not None and self._documents is not None:
            return await self._whole(self._documents, request, terms, form, tenant)
        return await self._shaped(request, terms, tenant)

    async def _whole(
        self, documents: Documents, request: Request, terms: Terms, form: DocumentForm, tenant: str
    ) -> Reply:
        """A page of entities as the store has them ready."""
        limit = LIMIT.of(request)
        asked = await self._asked(request, terms, tenant)
        if asked is None:
            total = 0 if COUNT.of(request) else None
            return _ready_reply(b"[]", terms, _page_headers(request, JSON, tenant, False, total))
        found = await documents.documents(asked, terms, form, tenant=tenant)
        headers = _page_headers(request, JSON, tenant, len(found.documents) > limit, found.total)
        return _ready_reply(b"[" + b",".join(found.documents[:limit]) + b"]", terms, headers)

    async def _shaped(self, request: Request, terms: Terms, tenant: str) -> Reply:
        """A page of entities in the shape asked for."""
        limit, join = LIMIT.of(request), read_join(request)
        presenter = Presenter(request, terms, read_shape(request))
        asked = await self._asked(request, terms, tenant)
        if asked is None:  # no entity can satisfy it
            total = 0 if COUNT.of(request) else None
            return presenter.many((), _page_headers(request, presenter.media, tenant, False, total))
        page = await self._broker.query(asked, tenant=tenant)
        headers = _page_headers(request, presenter.media, tenant, len(page.entities) > limit, page.total)
        entities = page.entities[:limit]
        return presenter.many(entities, headers, await self._linked(entities, join, presenter, tenant))

    async def _asked(self, request: Request, terms: Terms, tenant: str) -> Query | None:
        """The query for one entity more than the page holds; None where nothing can satisfy it."""
        query = request.parameters.once(("asked", terms), lambda: _one_more(request, terms))
        return await resolve(query, partial(self._broker.query, tenant=tenant))

    async def _linked(
        self, entities: Sequence[Entity], join: Join | None, presenter: Presenter, tenant: str
    ) -> Linked | None:
        if join is None:
            return None
        return await gather(entities, join, presenter.projection, partial(self._broker.query, tenant=tenant))


def _one_more(request: Request, terms: Terms) -> Query:
    limit = LIMIT.of(request)
    query = read_query(request, terms, limit=limit and limit + 1, ordering=read_ordering(request, terms))
    picked = read_shape(request).pick
    if query.attributes or not picked or not MEMBERS.isdisjoint(picked):
        return query
    # Entities of which nothing would be shown are not selected, so that pages are full (clause 4.21).
    return replace(query, attributes=tuple(map(terms.expand, picked)))


def _quick_form(request: Request, known: frozenset[str]) -> DocumentForm | None:
    """The form in which a store may give its documents as they are; None where entities have to be shaped."""
    media = preferred(request.header(b"accept"), ENTITY_MEDIA)
    if media != JSON or b"prefer" in request.headers:
        return None
    return request.parameters.once(known, lambda: _form_of_whole(request, known))


def _form_of_whole(request: Request, known: frozenset[str]) -> DocumentForm | None:
    shape = read_shape(request)
    quick = known.issuperset(request.parameters) and not shape.sys_attrs
    return _QUICK_FORMS.get(shape.form) if quick else None


def _ready_reply(body: bytes, terms: Terms, headers: Headers) -> Reply:
    return Reply(body=body, headers=(*headers, *context_headers(terms, JSON)))


def _page_headers(request: Request, media: str, tenant: str, more: bool, total: int | None) -> Headers:
    headers = (*tenant_headers(tenant), *page_links(request, media, more=more))
    return headers if total is None else (*headers, (b"ngsild-results-count", b"%d" % total))


def _check_selected(entity: Entity, request: Request, terms: Terms, shape: Shape) -> None:
    _check_type(entity, request, terms)
    if shape.attrs and not any(terms.expand(name) in entity.attributes for name in shape.attrs):
        raise errors.NotFound("the entity has none of these attributes", where="attrs")


def _check_type(entity: Entity, request: Request, terms: Terms) -> None:
    text = TYPE.raw(request)
    wanted = None if text is None else typelanguage.parse(text, terms)
    if wanted is not None and not has_type(entity.types, wanted):
        raise errors.NotFound(f"there is no entity {entity.id} of that type", where="type")


def has_type(types: tuple[str, ...], expression: TypeExpression) -> bool:
    """Whether an entity of these types satisfies the type expression (clause 4.17)."""
    if isinstance(expression, TypeIs):
        return expression.name in types
    parts = [has_type(types, part) for part in expression.parts]
    return any(parts) if isinstance(expression, AnyOf) else all(parts)
