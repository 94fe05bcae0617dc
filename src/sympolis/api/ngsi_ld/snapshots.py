"""Snapshots as resources: made, cloned, read, changed, deleted, purged (GS CIM 009, clauses 5.16, 6.36-6.38)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from sympolis.api.http import JSON, LD_JSON, Headers, Parameters, Reply, Request, encode
from sympolis.api.negotiation import preferred
from sympolis.api.ngsi_ld import reading
from sympolis.api.ngsi_ld.answers import PLAIN_MEDIA, ROOT, batch_result, owner_of, tenant_headers
from sympolis.api.ngsi_ld.linking import MERGE_PATCH, Inbox, context_headers, context_value, terms_of
from sympolis.api.ngsi_ld.posted import query_parameters
from sympolis.api.ngsi_ld.presenting import only_datasets
from sympolis.api.ngsi_ld.shared_entities import SharedEntities
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import INTEGER, OBJECT, TEXT, TIME, Schema, reference, several, structure
from sympolis.api.vocabulary import Vocabulary
from sympolis.context import qlanguage
from sympolis.context.core_context import NGSI_LD
from sympolis.context.evaluate import q_holds
from sympolis.context.parsing import check_uri
from sympolis.context.query import AllOf, AnyOf, HistoryQuery, Term
from sympolis.context.snapshots.capture import Taken
from sympolis.context.snapshots.service import Snapshots
from sympolis.context.snapshots.snapshot import (
    MEMBERS,
    QUERIES,
    TEMPORAL_QUERIES,
    Snapshot,
    read_clone,
    read_new,
)
from sympolis.context.terms import Terms, core_terms
from sympolis.domain import errors
from sympolis.domain.entity import Attribute, AttributeKind, Entity

_TAG = "NGSI-LD snapshots"
_MOST_INSTANCES = 1_000_000
_PATH_TEXTS = {"snapshotId": "The snapshot's URI, percent-encoded."}
SCHEMAS: dict[str, Schema] = {
    "Snapshot": {
        **structure(
            {
                "id": TEXT,
                "type": {"const": "Snapshot"},
                "snapshotQueries": several(OBJECT),
                "snapshotTemporalQueries": several(OBJECT),
                "snapshotLifetime": TEXT,
                "snapshotPriority": INTEGER,
                "endpoint": TEXT,
                "receiverInfo": several(OBJECT),
                "snapshotStatus": TEXT,
                "snapshotQueriesDetails": several(OBJECT),
                "snapshotTemporalQueriesDetails": several(OBJECT),
                "createdAt": TIME,
                "modifiedAt": TIME,
                "expiresAt": TIME,
                "lastUsedAt": TIME,
            },
            required=("type",),
        ),
        "description": "What queries gave at one time, kept to be read and changed (clause 5.2.41).",
    }
}


class SnapshotResources:
    """Handlers of ``/snapshots`` and what is below it."""

    def __init__(self, parts: ApiParts, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._vocabulary = Vocabulary(parts)
        self._inbox = Inbox(self._vocabulary)
        self._shared = SharedEntities(parts)

    async def create(self, request: Request) -> Reply:
        """Create Snapshot, clause 5.16.1."""
        tenant, (document, terms) = owner_of(request), await self._document(request)
        snapshot_id, asked = read_new(document)
        wanted: dict[str, list[Taken | HistoryQuery]] = {
            QUERIES: [self._taken(request, one, terms) for one in asked.get(QUERIES, ())],
            TEMPORAL_QUERIES: [_evolutions(one, terms) for one in asked.get(TEMPORAL_QUERIES, ())],
        }
        given = {name: queries for name, queries in wanted.items() if queries}
        return _created(await self._snapshots.create(snapshot_id, asked, given, tenant=tenant))

    async def clone(self, request: Request) -> Reply:
        """Clone Snapshot, clause 5.16.2."""
        tenant, (document, _) = owner_of(request), await self._document(request)
        clone_id, asked = read_clone(document)
        return _created(await self._snapshots.clone(_id(request), clone_id, asked, tenant=tenant))

    async def retrieve(self, request: Request) -> Reply:
        """Retrieve Snapshot Status, clause 5.16.3."""
        terms = await terms_of(request, self._vocabulary)
        found = await self._snapshots.get(_id(request), tenant=owner_of(request))
        return _shown(request, found, terms)

    async def update(self, request: Request) -> Reply:
        """Update Snapshot Status, clause 5.16.4."""
        document, terms = await self._document(request)
        found = await self._snapshots.update(_id(request), document, tenant=owner_of(request))
        return _shown(request, found, terms)

    async def delete(self, request: Request) -> Reply:
        """Delete Snapshot, clause 5.16.5."""
        tenant = owner_of(request)
        await self._snapshots.delete(_id(request), tenant=tenant)
        return Reply(status=204, headers=tenant_headers(tenant))

    async def purge(self, request: Request) -> Reply:
        """Purge Snapshots, clause 5.16.7."""
        tenant, text = owner_of(request), reading.Q.raw(request)
        if text is None:
            raise errors.BadRequestData("a purge needs a query", where="q")
        wanted = _selection(text)
        found = [one.id for one in await self._snapshots.list_all(tenant=tenant) if _fits(one, wanted)]
        if not found:
            raise errors.NotFound("no snapshot fits the query", where="q")
        done, failures = await self._delete_all(found, tenant)
        if failures:
            return batch_result(done, failures, tenant_headers(tenant))
        return Reply(status=204, headers=tenant_headers(tenant))

    async def _delete_all(self, ids: list[str], tenant: str) -> tuple[list[str], list[tuple[str, Exception]]]:
        done: list[str] = []
        failures: list[tuple[str, Exception]] = []
        for one in ids:
            try:
                await self._snapshots.delete(one, tenant=tenant)
                done.append(one)
            except errors.SympolisError as error:
                failures.append((one, error))
        return done, failures

    def _taken(self, request: Request, document: Mapping[str, Any], terms: Terms) -> Taken:
        """A query for present states, of which other brokers have their part. Raises ``BadRequestData``."""
        asked = _asked(document)
        query, shape = reading.read_query(asked, terms), reading.read_shape(asked)
        taken = Taken(query, _shown_of(shape, terms))
        journey = self._shared.begin(request, owner_of(request))
        if journey is None or reading.LOCAL.of(asked):
            return taken
        return replace(taken, ask=self._shared.asker(journey, asked, terms, query))

    async def _document(self, request: Request) -> tuple[dict[str, Any], Terms]:
        body, terms = await self._inbox.read(request)
        return await self._inbox.document(request, body, terms, "body")


# --- reading queries


def _asked(document: Mapping[str, Any]) -> Request:
    """A request that would ask for the same as a Query document (clause 5.2.23)."""
    found = Request({"type": "http", "method": "GET", "path": ROOT, "headers": []}, _nothing)
    found.parameters = Parameters(query_parameters(document))
    return found


async def _nothing() -> dict[str, Any]:
    return {"type": "http.disconnect"}


def _shown_of(shape: reading.Shape, terms: Terms) -> Callable[[Entity], Entity]:
    """What of an entity is taken."""
    projection = shape.projection(terms)

    def shown(entity: Entity) -> Entity:
        kept = {name: one for name, one in entity.attributes.items() if projection.shows(name)}
        return only_datasets(replace(entity, attributes=kept), shape)

    return shown


def _evolutions(document: Mapping[str, Any], terms: Terms) -> HistoryQuery:
    """A query for evolutions. Raises ``BadRequestData``."""
    request = _asked(document)
    shape = reading.read_temporal_shape(request)
    entities = reading.read_query(request, terms)
    return reading.read_history(request, terms, entities, shape, _MOST_INSTANCES, required=True)


# --- purging


def _selection(text: str) -> Any:
    """A query on members of snapshots (clause 5.16.7). Raises ``BadRequestData``."""
    found = qlanguage.parse(text, core_terms())
    for term in _terms_in(found):
        name = term.path[0].removeprefix(NGSI_LD) if isinstance(term, Term) else ""
        if name not in MEMBERS:
            raise errors.BadRequestData("this is not a member of a Snapshot", where="q")
    return found


def _terms_in(expression: Any) -> list[Any]:
    if isinstance(expression, AnyOf | AllOf):
        return [term for part in expression.parts for term in _terms_in(part)]
    return [expression]


def _fits(snapshot: Snapshot, wanted: Any) -> bool:
    members = {
        NGSI_LD + name: (Attribute(AttributeKind.PROPERTY, value),)
        for name, value in snapshot.document().items()
    }
    return bool(q_holds(wanted, Entity(snapshot.id, ("Snapshot",), members)))


# --- answers


def _id(request: Request) -> str:
    return check_uri(request.arguments["snapshotId"], "snapshotId")


def _created(found: Snapshot) -> Reply:
    location = f"{ROOT}/snapshots/{quote(found.id, safe=':')}".encode()
    return Reply(status=201, headers=((b"Location", location), *tenant_headers(found.tenant)))


def _shown(request: Request, found: Snapshot, terms: Terms) -> Reply:
    media = preferred(request.header(b"accept"), PLAIN_MEDIA)
    document = found.document()
    if media == LD_JSON:
        document["@context"] = context_value(terms)
    headers: Headers = (*tenant_headers(found.tenant), *context_headers(terms, media))
    return Reply(body=encode(document), media=media, headers=headers)


# --- routes

_SNAPSHOT = {JSON: reference("Snapshot"), LD_JSON: reference("Snapshot")}
_NEW = {
    "type": "Snapshot",
    "snapshotQueries": [{"type": "Query", "entities": [{"type": "RoadSegment"}]}],
    "snapshotLifetime": "P1D",
}


def operations(parts: ApiParts, snapshots: Snapshots) -> tuple[Operation, ...]:
    """The routes of these handlers."""
    handlers = SnapshotResources(parts, snapshots)
    return (*_all(handlers), *_one(handlers))


def _operation(method: str, path: str, **parts: Any) -> Operation:
    return Operation(method=method, path=f"{ROOT}/snapshots{path}", tag=_TAG, path_texts=_PATH_TEXTS, **parts)


def _all(handlers: SnapshotResources) -> tuple[Operation, ...]:
    return (
        _operation(
            "POST",
            "",
            handle=handlers.create,
            name="createSnapshot",
            title="Make a snapshot",
            clause="5.16.1",
            body=Body(reference("Snapshot"), (JSON, LD_JSON), _NEW),
            answers={201: Answer("It is being made; see Location.")},
        ),
        _operation(
            "DELETE",
            "",
            handle=handlers.purge,
            name="purgeSnapshots",
            title="Delete the snapshots that fit a query",
            clause="5.16.7",
            parameters=(reading.Q,),
            answers={
                204: Answer("Deleted."),
                207: Answer("Some were not deleted.", {JSON: reference("BatchResult")}),
            },
        ),
    )


def _one(handlers: SnapshotResources) -> tuple[Operation, ...]:
    path = "/{snapshotId}"
    return (
        _operation(
            "GET",
            path,
            handle=handlers.retrieve,
            name="retrieveSnapshot",
            title="Retrieve how a snapshot is",
            clause="5.16.3",
            answers={200: Answer("The snapshot.", _SNAPSHOT)},
        ),
        _operation(
            "PATCH",
            path,
            handle=handlers.update,
            name="updateSnapshot",
            title="Change a snapshot's lifetime, priority or endpoint",
            clause="5.16.4",
            body=Body(OBJECT, (JSON, LD_JSON, MERGE_PATCH), {"snapshotPriority": 8}),
            answers={200: Answer("The snapshot as it is now.", _SNAPSHOT)},
        ),
        _operation(
            "DELETE",
            path,
            handle=handlers.delete,
            name="deleteSnapshot",
            title="Delete a snapshot",
            clause="5.16.5",
            answers={204: Answer("Deleted.")},
        ),
        _operation(
            "POST",
            f"{path}/clone",
            handle=handlers.clone,
            name="cloneSnapshot",
            title="Make a snapshot of a snapshot",
            clause="5.16.2",
            body=Body(OBJECT, (JSON, LD_JSON), {"type": "Snapshot", "snapshotLifetime": "P2D"}),
            answers={201: Answer("It is being made; see Location.")},
        ),
    )
