"""Entity maps as resources: made for a query, read, prolonged, deleted (GS CIM 009, clauses 5.14, 6.32, 6.34, 6.35)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sympolis.api.http import JSON, LD_JSON, Handler, Headers, Reply, Request, encode
from sympolis.api.negotiation import preferred
from sympolis.api.ngsi_ld import mapped, reading
from sympolis.api.ngsi_ld.answers import PLAIN_MEDIA, ROOT, tenant_headers, tenant_of
from sympolis.api.ngsi_ld.arranging import JOINING, ORDERING, read_ordering
from sympolis.api.ngsi_ld.linking import MERGE_PATCH, Inbox, context_headers, context_value, terms_of
from sympolis.api.ngsi_ld.posted import Posted
from sympolis.api.ngsi_ld.shared_entities import SharedEntities
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import OBJECT, TEXT, TIME, Schema, reference, structure
from sympolis.api.vocabulary import Vocabulary
from sympolis.context.entity_maps import EntityMap, EntityMaps
from sympolis.context.instants import format_instant, parse_instant
from sympolis.context.parsing import check_uri
from sympolis.context.terms import Terms

_TAG = "NGSI-LD entity maps"
_PATH_TEXTS = {"entityMapId": "The map's URI, percent-encoded."}
SCHEMAS: dict[str, Schema] = {
    "EntityMap": {
        **structure(
            {
                "id": TEXT,
                "type": {"const": "EntityMap"},
                "expiresAt": TIME,
                "entityMap": OBJECT,
                "linkedMaps": OBJECT,
            },
            required=("id", "type", "expiresAt", "entityMap", "linkedMaps"),
        ),
        "description": "Entities that a query selected, each with who holds it (clause 5.2.39).",
    }
}


class EntityMapResources:
    """Handlers of ``/entityMaps``, ``/entityMaps/{entityMapId}`` and ``/temporal/entityMaps``."""

    def __init__(self, parts: ApiParts, maps: EntityMaps, posted: Posted) -> None:
        self._maps = maps
        self._posted = posted
        self._vocabulary = Vocabulary(parts)
        self._inbox = Inbox(self._vocabulary)
        self._candidates = mapped.Candidates(parts, maps)
        self._shared = SharedEntities(parts)

    async def create(self, request: Request) -> Reply:
        """Create EntityMap for Query Entities, clause 5.14.4."""
        return await self._create(request, await terms_of(request, self._vocabulary))

    async def create_posted(self, request: Request) -> Reply:
        """Create EntityMap for Query Entities via POST, clause 5.14.4."""
        return await self._create(request, await self._posted.take(request))

    async def create_temporal(self, request: Request) -> Reply:
        """Create EntityMap for Query Temporal Evolution of Entities, clause 5.14.5."""
        return await self._create_temporal(request, await terms_of(request, self._vocabulary))

    async def create_temporal_posted(self, request: Request) -> Reply:
        """Create EntityMap for Query Temporal Evolution of Entities via POST, clause 5.14.5."""
        return await self._create_temporal(request, await self._posted.take(request))

    async def retrieve(self, request: Request) -> Reply:
        """Retrieve EntityMap, clause 5.14.1."""
        tenant, terms = tenant_of(request), await terms_of(request, self._vocabulary)
        found = await self._maps.require(_id(request), tenant=tenant)
        return _shown(request, found, terms, tenant_headers(tenant))

    async def update(self, request: Request) -> Reply:
        """Update EntityMap, clause 5.14.2: all but ``expiresAt`` is for output only."""
        tenant = tenant_of(request)
        found = await self._maps.require(_id(request), tenant=tenant)
        body, terms = await self._inbox.read(request)
        document, _ = await self._inbox.document(request, body, terms, "body")
        if "expiresAt" in document:
            until = parse_instant(document["expiresAt"], where="expiresAt")
            self._maps.prolong(found, until)
            await self._maps.keep(found, changed=True)
        return Reply(status=204, headers=tenant_headers(tenant))

    async def delete(self, request: Request) -> Reply:
        """Delete EntityMap, clause 5.14.3."""
        tenant = tenant_of(request)
        await self._maps.discard(_id(request), tenant=tenant)
        return Reply(status=204, headers=tenant_headers(tenant))

    async def _create(self, request: Request, terms: Terms) -> Reply:
        tenant, lifetime = tenant_of(request), mapped.lifetime(request)
        reading.read_shape(request)
        query = replace(reading.read_query(request, terms), ordering=read_ordering(request, terms))
        journey = self._shared.begin(request, tenant)
        sources: mapped.Sources
        if journey is None:
            sources = await self._candidates.of_query(query, tenant)
        else:
            sources = await self._shared.candidates(journey, request, terms, query)
        found = self._maps.create(sources, tenant=tenant, lifetime=lifetime)
        await self._maps.keep(found)
        return _created(request, found, terms, tenant)

    async def _create_temporal(self, request: Request, terms: Terms) -> Reply:
        tenant, lifetime = tenant_of(request), mapped.lifetime(request)
        sources = await self._candidates.of_history(request, terms, tenant)
        found = self._maps.create(sources, tenant=tenant, lifetime=lifetime)
        await self._maps.keep(found)
        return _created(request, found, terms, tenant)


def _created(request: Request, found: EntityMap, terms: Terms, tenant: str) -> Reply:
    headers = (*tenant_headers(tenant), *mapped.map_headers(found))
    return _shown(request, found, terms, headers, status=201)


def _shown(request: Request, found: EntityMap, terms: Terms, headers: Headers, *, status: int = 200) -> Reply:
    media = preferred(request.header(b"accept"), PLAIN_MEDIA)
    document = mapped.document_of(found, format_instant(found.expires_at))
    if media == LD_JSON:
        document["@context"] = context_value(terms)
    links = context_headers(terms, media)
    return Reply(status=status, body=encode(document), media=media, headers=(*headers, *links))


def _id(request: Request) -> str:
    return check_uri(request.arguments["entityMapId"], "entityMapId")


# --- routes

_MAP = {JSON: reference("EntityMap"), LD_JSON: reference("EntityMap")}
_CREATED = {201: Answer("The map; its address is in NGSILD-EntityMap.", _MAP)}
_BODY = Body(reference("Query"), (JSON, LD_JSON), {"type": "Query", "entities": [{"type": "RoadSegment"}]})
_QUERY = (
    *reading.SELECTION,
    *reading.SHAPE,
    reading.GEOMETRY_PROPERTY,
    *JOINING,
    *ORDERING,
    reading.SPLIT_ENTITIES,
    *reading.PAGING,
    *mapped.PARAMETERS,
)
_TEMPORAL = (
    *reading.SELECTION,
    *reading.SHAPE,
    *reading.TEMPORAL,
    *reading.PAGING,
    reading.ORDER_BY,
    reading.SPLIT_ENTITIES,
    *mapped.PARAMETERS,
)
_POSTED = (*reading.PAGING, reading.OPTIONS, reading.FORMAT, reading.LOCAL, *mapped.PARAMETERS)


def operations(parts: ApiParts, maps: EntityMaps, posted: Posted) -> tuple[Operation, ...]:
    """The routes of these handlers."""
    handlers = EntityMapResources(parts, maps, posted)
    return (*_creating(handlers), *_one(handlers))


def _creating(handlers: EntityMapResources) -> tuple[Operation, ...]:
    plain: dict[str, Any] = {"path": f"{ROOT}/entityMaps", "clause": "5.14.4"}
    temporal: dict[str, Any] = {"path": f"{ROOT}/temporal/entityMaps", "clause": "5.14.5"}
    posted = {"method": "POST", "parameters": _POSTED, "body": _BODY}

    def making(name: str, title: str, handle: Handler, **how: Any) -> Operation:
        return Operation(name=name, title=title, tag=_TAG, answers=_CREATED, handle=handle, **how)

    return (
        making(
            "createEntityMapQueryEntity",
            "Make an entity map for a query",
            handlers.create,
            **(plain | {"method": "GET", "parameters": _QUERY}),
        ),
        making(
            "createEntityMapQueryEntityByPost",
            "Make an entity map for a query in a document",
            handlers.create_posted,
            **(plain | posted),
        ),
        making(
            "createEntityMapQueryTemporal",
            "Make an entity map for a temporal query",
            handlers.create_temporal,
            **(temporal | {"method": "GET", "parameters": _TEMPORAL}),
        ),
        making(
            "createEntityMapQueryTemporalByPost",
            "Make an entity map for a temporal query in a document",
            handlers.create_temporal_posted,
            **(temporal | posted),
        ),
    )


def _one(handlers: EntityMapResources) -> tuple[Operation, ...]:
    one: dict[str, Any] = {
        "path": f"{ROOT}/entityMaps/{{entityMapId}}",
        "tag": _TAG,
        "path_texts": _PATH_TEXTS,
    }
    return (
        Operation(
            **one,
            method="GET",
            handle=handlers.retrieve,
            name="retrieveEntityMap",
            title="Retrieve an entity map",
            clause="5.14.1",
            answers={200: Answer("The map.", _MAP)},
        ),
        Operation(
            **one,
            method="PATCH",
            handle=handlers.update,
            name="updateEntityMap",
            title="Let an entity map live longer, or shorter",
            clause="5.14.2",
            body=Body(OBJECT, (JSON, LD_JSON, MERGE_PATCH), {"expiresAt": "2030-01-01T00:00:00Z"}),
            answers={204: Answer("Done.")},
        ),
        Operation(
            **one,
            method="DELETE",
            handle=handlers.delete,
            name="deleteEntityMap",
            title="Delete an entity map",
            clause="5.14.3",
            answers={204: Answer("Deleted.")},
        ),
    )
