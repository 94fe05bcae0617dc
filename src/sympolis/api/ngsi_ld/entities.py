"""Create, retrieve, delete and query entities: the hot routes (GS CIM 009, clauses 5.6.1, 5.6.6, 5.7.1, 5.7.2).

Not offered yet: merge, replace and attribute operations; linked entities (join), ordering, scopes and entity maps.
"""

from __future__ import annotations

from dataclasses import replace

from sympolis.api.http import Reply, Request
from sympolis.api.ngsi_ld.answers import Presenter, created_at, page_links, tenant_headers, tenant_of
from sympolis.api.ngsi_ld.linking import Inbox, terms_of
from sympolis.api.ngsi_ld.reading import LIMIT, TYPE, Shape, read_query, read_shape
from sympolis.api.parts import ApiParts
from sympolis.api.vocabulary import Vocabulary
from sympolis.context import typelanguage
from sympolis.context.codec import check_entity_id, parse_entity
from sympolis.context.query import AllOf, AnyOf, TypeIs
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.entity import Entity

TypeExpression = AnyOf | AllOf | TypeIs


class Entities:
    """Handlers of ``/entities`` and ``/entities/{entityId}``."""

    def __init__(self, parts: ApiParts) -> None:
        self._broker = parts.broker
        self._vocabulary = Vocabulary(parts)
        self._inbox = Inbox(self._vocabulary)

    async def create(self, request: Request) -> Reply:
        """Create Entity, clause 5.6.1."""
        tenant = tenant_of(request)
        body, terms = await self._inbox.read(request)
        document, own_terms = await self._inbox.document(request, body, terms, "body")
        entity = parse_entity(document, own_terms)
        await self._broker.create(entity, tenant=tenant, cause=f"request:{request.id}")
        return created_at(entity.id, tenant_headers(tenant))

    async def retrieve(self, request: Request) -> Reply:
        """Retrieve Entity, clause 5.7.1."""
        tenant = tenant_of(request)
        terms = await terms_of(request, self._vocabulary)
        shape = read_shape(request)
        presenter = Presenter(request, terms, shape)
        entity = await self._broker.retrieve(check_entity_id(request.arguments["entityId"]), tenant=tenant)
        if request.parameters:
            _check_selected(entity, request, terms, shape)
        return presenter.one(entity, tenant_headers(tenant))

    async def delete(self, request: Request) -> Reply:
        """Delete Entity, clause 5.6.6."""
        tenant = tenant_of(request)
        entity_id = check_entity_id(request.arguments["entityId"])
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
        shape = read_shape(request)
        presenter = Presenter(request, terms, shape)
        limit = LIMIT.of(request)
        query = read_query(request, terms)
        page = await self._broker.query(replace(query, limit=limit + 1) if limit else query, tenant=tenant)
        headers = [
            *tenant_headers(tenant),
            *page_links(request, presenter.media, more=len(page.entities) > limit),
        ]
        if query.count:
            headers.append((b"ngsild-results-count", b"%d" % (page.total or 0)))
        return presenter.many(page.entities[:limit], tuple(headers))


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
