"""Changing many entities in one request (GS CIM 009, clauses 5.6.9 and 5.6.20). One that fails stops no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from sympolis.api.http import JSON, LD_JSON, Reply, Request
from sympolis.api.ngsi_ld import reading
from sympolis.api.ngsi_ld.answers import ROOT, batch_result, tenant_headers, tenant_of
from sympolis.api.ngsi_ld.changing import NO_OVERWRITE, members_of, no_overwrite_wanted
from sympolis.api.ngsi_ld.linking import Inbox
from sympolis.api.ngsi_ld.shared_batches import MERGE, Member, SharedBatches, updating
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import reference
from sympolis.api.vocabulary import Vocabulary
from sympolis.context import patching
from sympolis.context.codec import check_entity_id, parse_attributes
from sympolis.context.distributed.writing import BatchKind
from sympolis.context.store import Write
from sympolis.context.terms import Terms
from sympolis.domain import errors

_PARSED_BETWEEN_BREATHS: Final = 200
_Rule = Callable[[str, dict[str, Any], Terms], Write]
_EXAMPLE = [
    {"id": "urn:ngsi-ld:RoadSegment:trento:1", "type": "RoadSegment", "maximumAllowedSpeed": {"value": 30}}
]
_BODY = Body({"type": "array", "minItems": 1, "items": {"type": "object"}}, (JSON, LD_JSON), _EXAMPLE)
_ANSWERS = {
    204: Answer("Done."),
    207: Answer("Some went through; the others with their reasons.", {JSON: reference("BatchResult")}),
}


class BatchChanges:
    """Handlers of ``/entityOperations/update`` and ``/entityOperations/merge``."""

    def __init__(self, parts: ApiParts) -> None:
        self._broker = parts.broker
        self._inbox = Inbox(Vocabulary(parts))
        self._max = parts.settings.max_batch
        self._shared = SharedBatches(parts)

    async def update(self, request: Request) -> Reply:
        """Batch Entity Update, clause 5.6.9: each as Append Attributes (5.6.3)."""
        overwrite = not no_overwrite_wanted(NO_OVERWRITE.of(request))

        def rule(entity_id: str, document: dict[str, Any], terms: Terms) -> Write:
            fragment = patching.parse_fragment(members_of(document), terms)
            attributes = parse_attributes(document, terms, nulls=False)
            decide = patching.Appending(entity_id, attributes, fragment, overwrite=overwrite)
            return Write(entity_id, decide)

        return await self._apply(request, rule, updating(overwrite=overwrite))

    async def merge(self, request: Request) -> Reply:
        """Batch Entity Merge, clause 5.6.20: each as Merge Entity (5.6.17)."""

        def rule(entity_id: str, document: dict[str, Any], terms: Terms) -> Write:
            return Write(
                entity_id, patching.merge_entity(entity_id, patching.parse_fragment(document, terms))
            )

        return await self._apply(request, rule, MERGE)

    async def _apply(self, request: Request, rule: _Rule, kind: BatchKind) -> Reply:
        tenant = tenant_of(request)
        body, terms = await self._inbox.read(request)
        writes: list[Write] = []
        members: list[Member] = []
        journey = self._shared.begin(request, tenant)
        failures: list[tuple[str, Exception]] = []
        for number, member in enumerate(self._members(body)):
            if number % _PARSED_BETWEEN_BREATHS == _PARSED_BETWEEN_BREATHS - 1:
                await asyncio.sleep(0)
            try:
                document, own = await self._inbox.document(request, member, terms, f"[{number}]")
                entity_id = check_entity_id(document.get("id", document.get("@id")), where=f"[{number}].id")
                writes.append(rule(entity_id, document, own))
                members.append((entity_id, document, own))
            except (errors.InvalidRequest, errors.ContextNotAvailable) as error:
                failures.append((_claimed_id(member), error))
        if journey is not None:
            return await self._shared.run(journey, request, kind, members, rule, failures)
        outcomes = (
            await self._broker.store.write(writes, tenant=tenant, cause=f"request:{request.id}")
            if writes
            else []
        )
        failures += [(one.entity_id, one.error) for one in outcomes if one.error is not None]
        if failures:
            done = [one.entity_id for one in outcomes if one.error is None]
            return batch_result(done, failures, tenant_headers(tenant))
        return Reply(status=204, headers=tenant_headers(tenant))

    def _members(self, body: Any) -> list[Any]:
        if not isinstance(body, list) or not body or any(member is None for member in body):
            raise errors.BadRequestData("expected a JSON array of entities that is not empty", where="body")
        if len(body) > self._max:
            raise errors.PayloadTooLarge(f"a batch may have at most {self._max} members", where="body")
        return body


def _claimed_id(document: Any) -> str:
    claimed = document.get("id", document.get("@id")) if isinstance(document, dict) else None
    return claimed if isinstance(claimed, str) else ""


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes of these handlers."""
    handlers = BatchChanges(parts)
    return (
        Operation(
            method="POST",
            path=f"{ROOT}/entityOperations/update",
            handle=handlers.update,
            name="updateBatch",
            title="Update entities",
            tag="NGSI-LD",
            clause="5.6.9",
            parameters=(NO_OVERWRITE, reading.LOCAL),
            body=_BODY,
            answers=_ANSWERS,
        ),
        Operation(
            method="POST",
            path=f"{ROOT}/entityOperations/merge",
            handle=handlers.merge,
            name="mergeBatch",
            title="Merge fragments into entities",
            tag="NGSI-LD",
            clause="5.6.20",
            parameters=(reading.LOCAL,),
            body=_BODY,
            answers=_ANSWERS,
        ),
    )
