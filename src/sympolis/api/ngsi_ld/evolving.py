"""Changing how entities evolved (GS CIM 009, clauses 5.6.11–5.6.16): the history apart from the present state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from sympolis.api.http import JSON, LD_JSON, Reply, Request
from sympolis.api.ngsi_ld import reading
from sympolis.api.ngsi_ld.answers import ROOT, tenant_headers, tenant_of
from sympolis.api.ngsi_ld.changing import DATASET, DELETE_ALL, check_attribute_name, members_of
from sympolis.api.ngsi_ld.linking import MERGE_PATCH, Inbox, terms_of
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import OBJECT
from sympolis.api.vocabulary import Vocabulary
from sympolis.context import evolution, merge
from sympolis.context.codec import check_entity_id
from sympolis.context.endings import series_name
from sympolis.context.parsing import VALUE_MEMBERS, check_uri
from sympolis.context.patching import parse_fragment, parse_patch
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.store import Retraction
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.changes import Observation

_TAG = "NGSI-LD temporal"
_PATH: Final = f"{ROOT}/temporal/entities"
_PATH_TEXTS = {
    "entityId": "The entity's URI, percent-encoded.",
    "attrId": "The attribute's name or IRI.",
    "instanceId": "The instance's id, as an evolution tells it.",
}
_INSTANCES = {"speed": [{"type": "Property", "value": 30, "observedAt": "2024-05-08T07:00:00Z"}]}
_EVOLUTION = {"id": "urn:ngsi-ld:RoadSegment:trento:1", "type": "RoadSegment", **_INSTANCES}
_DONE = {204: Answer("Done.")}
_MEDIA = (JSON, LD_JSON)
_MOST_INSTANCES: Final = 1_000_000
_INSTANCE_MEMBERS = VALUE_MEMBERS | {"type", "observedAt", "unitCode", "datasetId", "instanceId"}
"""No attribute is told by one of these, so a fragment that has them is the instance itself."""


class Evolving:
    """Handlers of ``/temporal/entities`` and what is below it, as far as they write."""

    def __init__(self, parts: ApiParts) -> None:
        self._broker = parts.broker
        self._vocabulary = Vocabulary(parts)
        self._inbox = Inbox(self._vocabulary)

    async def create(self, request: Request) -> Reply:
        """Create or Update Temporal Representation of an Entity, clause 5.6.11."""
        document, terms = await self.document(request)
        done = await self.tell(request, document, terms)
        return Reply(status=done.status, headers=(*done.headers, *tenant_headers(tenant_of(request))))

    async def tell(self, request: Request, document: dict[str, Any], terms: Terms) -> Reply:
        """Enter an EntityTemporal into the history."""
        tenant = tenant_of(request)
        told = evolution.parse_evolution(document, terms, now=datetime.now(UTC))
        known = await self.known(told.entity_id, tenant)
        types = merge.union(known or (), told.types)
        points = tuple(replace(point, types=types) for point in told.observations)
        await self._observe(points, request, tenant)
        return created_at(told.entity_id) if known is None else Reply(status=204)

    async def delete(self, request: Request) -> Reply:
        """Delete Temporal Representation of an Entity, clause 5.6.16."""
        return await self._retracted(request, Retraction(_entity_id(request)))

    async def append(self, request: Request) -> Reply:
        """Add Attributes to Temporal Representation of an Entity, clause 5.6.12."""
        document, terms = await self.document(request)
        await self.add(request, document, terms)
        return Reply(status=204, headers=tenant_headers(tenant_of(request)))

    async def add(self, request: Request, document: dict[str, Any], terms: Terms) -> None:
        """Enter the instances in a fragment into the history of the entity that the path names."""
        tenant, entity_id = tenant_of(request), _entity_id(request)
        types = await self.known(entity_id, tenant)
        if types is None:
            types = (await self._broker.retrieve(entity_id, tenant=tenant)).types
        types = merge.union(types, _types_in(document, terms))
        points = evolution.parse_instances(document, terms, entity_id, types, now=datetime.now(UTC))
        if not points:
            raise errors.BadRequestData("the fragment has no attributes", where="body")
        await self._observe(points, request, tenant)

    async def delete_attribute(self, request: Request) -> Reply:
        """Delete Attribute from Temporal Representation of an Entity, clause 5.6.13."""
        entity_id, name = _entity_id(request), check_attribute_name(request.arguments["attrId"])
        terms = await terms_of(request, self._vocabulary)
        dataset, every = DATASET.raw(request), DELETE_ALL.of(request)
        if dataset and every:
            raise errors.InvalidRequest("datasetId and deleteAll exclude each other", where="deleteAll")
        instance = None if dataset in (None, "", "@none") else check_uri(dataset, "datasetId")
        return await self._retracted(
            request, Retraction(entity_id, series_name(name, terms.expand(name)), instance, every=every)
        )

    async def update_instance(self, request: Request) -> Reply:
        """Modify Attribute Instance in Temporal Representation of an Entity, clause 5.6.14."""
        tenant = tenant_of(request)
        name = check_attribute_name(request.arguments["attrId"])
        document, terms = await self.document(request)
        point = await self._instance(request, terms, tenant)
        patch = parse_patch(name, _only_instance(document, name, terms), terms)
        if patch.deletes:
            raise errors.BadRequestData("to delete an instance, use DELETE", where="body")
        after = evolution.patched(point, patch.attribute, valued=patch.valued, now=datetime.now(UTC))
        await self._observe((after,), request, tenant)
        if (after.time, after.at) != (point.time, point.at):
            await self._broker.retract(_only(point), tenant=tenant, cause=f"request:{request.id}")
        return Reply(status=204, headers=tenant_headers(tenant))

    async def delete_instance(self, request: Request) -> Reply:
        """Delete Attribute Instance from Temporal Representation of an Entity, clause 5.6.15."""
        check_attribute_name(request.arguments["attrId"])
        terms = await terms_of(request, self._vocabulary)
        point = await self._instance(request, terms, tenant_of(request))
        return await self._retracted(request, _only(point))

    async def document(self, request: Request) -> tuple[dict[str, Any], Terms]:
        """The fragment that a request brings, and its terms."""
        body, terms = await self._inbox.read(request)
        return await self._inbox.document(request, body, terms, "body")

    async def _observe(self, points: tuple[Observation, ...], request: Request, tenant: str) -> None:
        await self._broker.observe(points, tenant=tenant, cause=f"request:{request.id}")

    async def known(self, entity_id: str, tenant: str) -> tuple[str, ...] | None:
        """The types of an entity that has a history; None where it has none."""
        query = HistoryQuery(Query(ids=(entity_id,), limit=1), last_n=1, max_instances=1, time=None)
        try:
            found = await self._broker.history(query, tenant=tenant)
        except errors.NonexistentTenant:
            return None
        return found.series[0].types if found.series else None

    async def _instance(self, request: Request, terms: Terms, tenant: str) -> Observation:
        """The point that a path names. Raises ``BadRequestData`` or ``NotFound``."""
        entity_id, name = _entity_id(request), terms.expand(request.arguments["attrId"])
        text = check_uri(request.arguments["instanceId"], "instanceId")
        subject = Query(ids=(entity_id,), limit=1)
        searched = [HistoryQuery(subject, names=(name,), time=None, max_instances=_MOST_INSTANCES)]
        if (moment := evolution.instance_range(text)) is not None:
            searched.insert(0, HistoryQuery(subject, moment, names=(name,)))
        for query in searched:  # where its id says, or, if its time was changed, anywhere
            found = await self._broker.history(query, tenant=tenant)
            points = (point for series in found.series for point in series.observations)
            if (point := evolution.find_instance(points, text)) is not None:
                return point
        raise errors.NotFound("there is no such instance of this attribute", where="instanceId")

    async def _retracted(self, request: Request, retraction: Retraction) -> Reply:
        tenant = tenant_of(request)
        if not await self._broker.retract(retraction, tenant=tenant, cause=f"request:{request.id}"):
            raise errors.NotFound("there is no such part of a history", where="path")
        return Reply(status=204, headers=tenant_headers(tenant))


def created_at(entity_id: str) -> Reply:
    """The answer where an entity has a history from now on."""
    return Reply(status=201, headers=((b"Location", f"{_PATH}/{quote(entity_id, safe=':')}".encode()),))


def _types_in(document: dict[str, Any], terms: Terms) -> tuple[str, ...]:
    """The expanded types that a fragment names."""
    if "type" not in document and "@type" not in document:
        return ()
    return parse_fragment(members_of(document), terms).types


def _only_instance(document: dict[str, Any], name: str, terms: Terms) -> dict[str, Any]:
    """The instance in a fragment: what the attribute's name holds, an array of exactly one (5.6.14), or the fragment.

    Raises ``BadRequestData``.
    """
    named = [
        one for one in document if one not in _INSTANCE_MEMBERS and terms.expand(one) == terms.expand(name)
    ]
    if not named:
        return document
    held = document[named[0]]
    if isinstance(held, list) and len(held) == 1:
        [held] = held
    if not isinstance(held, dict) or len(document) > 1:
        raise errors.BadRequestData("expected exactly one instance of the attribute", where=name)
    return held


def _only(point: Observation) -> Retraction:
    return Retraction(point.entity_id, point.name, point.dataset_id, at=point.at, time=point.time)


def _entity_id(request: Request) -> str:
    return check_entity_id(request.arguments["entityId"])


def operations(handlers: Evolving) -> tuple[Operation, ...]:
    """The routes of these handlers."""
    return (*_entity(handlers), *_attributes(handlers))


def _operation(method: str, path: str, **parts: Any) -> Operation:
    return Operation(method=method, path=f"{_PATH}{path}", tag=_TAG, path_texts=_PATH_TEXTS, **parts)


def _entity(handlers: Evolving) -> tuple[Operation, ...]:
    return (
        _operation(
            "POST",
            "",
            handle=handlers.create,
            name="upsertTemporal",
            title="Create or extend how an entity evolved",
            clause="5.6.11",
            parameters=(reading.LOCAL,),
            body=Body(OBJECT, _MEDIA, _EVOLUTION),
            answers={201: Answer("Created; see Location."), **_DONE},
        ),
        _operation(
            "DELETE",
            "/{entityId}",
            handle=handlers.delete,
            name="deleteTemporal",
            title="Delete how an entity evolved",
            clause="5.6.16",
            parameters=(reading.LOCAL,),
            answers=_DONE,
        ),
        _operation(
            "POST",
            "/{entityId}/attrs",
            handle=handlers.append,
            name="appendAttrsTemporal",
            title="Add instances to how an entity evolved",
            clause="5.6.12",
            parameters=(reading.LOCAL,),
            body=Body(OBJECT, _MEDIA, _INSTANCES),
            answers=_DONE,
        ),
    )


def _attributes(handlers: Evolving) -> tuple[Operation, ...]:
    return (
        _operation(
            "DELETE",
            "/{entityId}/attrs/{attrId}",
            handle=handlers.delete_attribute,
            name="deleteAttrsTemporal",
            title="Delete how an attribute evolved",
            clause="5.6.13",
            parameters=(DATASET, DELETE_ALL, reading.LOCAL),
            answers=_DONE,
        ),
        _operation(
            "PATCH",
            "/{entityId}/attrs/{attrId}/{instanceId}",
            handle=handlers.update_instance,
            name="updateAttrInstanceTemporal",
            title="Change one instance of an attribute's past",
            clause="5.6.14",
            parameters=(reading.LOCAL,),
            body=Body(OBJECT, (*_MEDIA, MERGE_PATCH), _INSTANCES["speed"][0]),
            answers=_DONE,
        ),
        _operation(
            "DELETE",
            "/{entityId}/attrs/{attrId}/{instanceId}",
            handle=handlers.delete_instance,
            name="deleteAttrInstanceTemporal",
            title="Delete one instance of an attribute's past",
            clause="5.6.15",
            parameters=(reading.LOCAL,),
            answers=_DONE,
        ),
    )
