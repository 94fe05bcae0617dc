"""Changing how entities evolved where other brokers hold a part of it (GS CIM 009, clauses 5.6.11–5.6.16)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sympolis.api.http import Reply, Request
from sympolis.api.ngsi_ld.answers import tenant_of
from sympolis.api.ngsi_ld.changing import check_attribute_name
from sympolis.api.ngsi_ld.evolving import Evolving, created_at
from sympolis.api.ngsi_ld.forwarding import Change, Forwarding, Local, attributes_of, passed_on, sender
from sympolis.api.ngsi_ld.linking import terms_of
from sympolis.api.parts import ApiParts
from sympolis.context import evolution
from sympolis.context.codec import check_entity_id
from sympolis.context.distributed.wording import Journey, Speech
from sympolis.context.distributed.writing import entity_path
from sympolis.context.parsing import check_uri
from sympolis.context.terms import Terms

_Alone = Callable[[Request], Awaitable[Reply]]


class SharedEvolving(Evolving):
    """The handlers of ``Evolving``, each with its part for others; where there are none, they are those."""

    def __init__(self, parts: ApiParts) -> None:
        super().__init__(parts)
        self._forwarding = Forwarding(parts)

    async def create(self, request: Request) -> Reply:
        """Create or Update Temporal Representation of an Entity, clause 5.6.11."""
        journey = self._forwarding.begin(request, tenant_of(request))
        if journey is None:
            return await super().create(request)
        document, terms = await self.document(request)
        told = evolution.parse_evolution(document, terms, now=datetime.now(UTC))
        is_new = await self.known(told.entity_id, journey.tenant) is None

        async def here(left: dict[str, Any]) -> Local:
            await self.tell(request, left, terms)
            return Local()

        change = Change(
            operation="upsertTemporal",
            entity_id=told.entity_id,
            terms=terms,
            here=here,
            send=sender("POST", "/temporal/entities", document, terms),
            document=document,
            attributes=attributes_of(document, terms),
            types=told.types,
            done=created_at(told.entity_id) if is_new else Reply(status=204),
        )
        return await self._forwarding.change(journey, change)

    async def append(self, request: Request) -> Reply:
        """Add Attributes to Temporal Representation of an Entity, clause 5.6.12."""
        journey = self._forwarding.begin(request, tenant_of(request))
        if journey is None:
            return await super().append(request)
        document, terms = await self.document(request)
        entity_id = check_entity_id(request.arguments["entityId"])

        async def here(left: dict[str, Any]) -> Local:
            await self.add(request, left, terms)
            return Local()

        change = Change(
            operation="appendAttrsTemporal",
            entity_id=entity_id,
            terms=terms,
            here=here,
            send=sender("POST", _path(entity_id, "attrs"), document, terms),
            document=document,
            attributes=attributes_of(document, terms),
            types=await self.known(entity_id, journey.tenant),
        )
        return await self._forwarding.change(journey, change)

    async def delete(self, request: Request) -> Reply:
        """Delete Temporal Representation of an Entity, clause 5.6.16."""
        return await self._part(request, "deleteTemporal", super().delete)

    async def delete_attribute(self, request: Request) -> Reply:
        """Delete Attribute from Temporal Representation of an Entity, clause 5.6.13."""
        return await self._part(request, "deleteAttrsTemporal", super().delete_attribute)

    async def update_instance(self, request: Request) -> Reply:
        """Modify Attribute Instance in Temporal Representation of an Entity, clause 5.6.14."""
        return await self._part(request, "updateAttrInstanceTemporal", super().update_instance)

    async def delete_instance(self, request: Request) -> Reply:
        """Delete Attribute Instance from Temporal Representation of an Entity, clause 5.6.15."""
        return await self._part(request, "deleteAttrInstanceTemporal", super().delete_instance)

    async def _part(self, request: Request, operation: str, alone: _Alone) -> Reply:
        """A change of what the path names: forwarded as it came, to whoever may have that."""
        journey = self._forwarding.begin(request, tenant_of(request))
        if journey is None:
            return await alone(request)
        return await self._forwarding.change(journey, await self._change(request, journey, operation, alone))

    async def _change(self, request: Request, journey: Journey, operation: str, alone: _Alone) -> Change:
        document: dict[str, Any] | None = None
        if request.method == "PATCH":
            document, terms = await self.document(request)
        else:
            terms = await terms_of(request, self._vocabulary)
        entity_id = check_entity_id(request.arguments["entityId"])
        name, instance = _named(request)

        async def here(_: dict[str, Any]) -> Local:
            await alone(request)
            return Local()

        async def send(_: Any, speech: Speech, ask: Any) -> Any:
            path = _path(entity_id, *_below(name, instance, terms, speech))
            query = passed_on(request, "datasetId", "deleteAll")
            return await ask(request.method, path, query=query, document=document)

        return Change(
            operation=operation,
            entity_id=entity_id,
            terms=terms,
            here=here,
            send=send,
            document={},
            attributes=frozenset() if name is None else frozenset({terms.expand(name)}),
            types=await self.known(entity_id, journey.tenant),
        )


def _named(request: Request) -> tuple[str | None, str | None]:
    """The attribute and the instance that a path names, if it does. Raises ``BadRequestData``."""
    name, instance = request.arguments.get("attrId"), request.arguments.get("instanceId")
    return (
        None if name is None else check_attribute_name(name),
        None if instance is None else check_uri(instance, "instanceId"),
    )


def _below(name: str | None, instance: str | None, terms: Terms, speech: Speech) -> Sequence[str]:
    if name is None:
        return ()
    theirs = name if speech.terms is terms else speech.terms.compact(terms.expand(name))
    return ("attrs", theirs) if instance is None else ("attrs", theirs, instance)


def _path(entity_id: str, *below: str) -> str:
    return "/temporal" + entity_path(entity_id, *below)
