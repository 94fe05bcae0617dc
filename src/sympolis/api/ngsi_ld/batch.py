"""Many entities in one request (GS CIM 009, clauses 5.6.7, 5.6.8, 5.6.10 and the query by POST of 5.7.2).

One broken entity does not stop the others: it is reported in a 207. Not offered yet: update, merge and purge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from sympolis.api.http import Headers, Reply, Request, json_reply
from sympolis.api.ngsi_ld.answers import batch_result, tenant_headers, tenant_of
from sympolis.api.ngsi_ld.linking import Inbox
from sympolis.api.ngsi_ld.reading import UPSERT_OPTIONS
from sympolis.api.ngsi_ld.shared_batches import CREATE, DELETE, Member, SharedBatches, upsert
from sympolis.api.parts import ApiParts
from sympolis.api.vocabulary import Vocabulary
from sympolis.context import merge
from sympolis.context.codec import check_entity_id, parse_entity
from sympolis.context.distributed.wording import Journey
from sympolis.context.distributed.writing import BatchKind
from sympolis.context.store import Write
from sympolis.context.terms import Terms
from sympolis.context.usual import usual_documents, usual_entity
from sympolis.domain import errors
from sympolis.domain.changes import ChangeKind, Outcome
from sympolis.domain.entity import Entity

Failures = list[tuple[str, Exception]]
_PARSED_BETWEEN_BREATHS = 200
"""Entities parsed before other requests get a turn."""


class Batch:
    """Handlers of ``/entityOperations/…``."""

    def __init__(self, parts: ApiParts) -> None:
        self._broker = parts.broker
        self._inbox = Inbox(Vocabulary(parts))
        self._max = parts.settings.max_batch
        self._shared = SharedBatches(parts)
        self._core = parts.contexts.core()

    async def create(self, request: Request) -> Reply:
        """Batch Entity Creation, clause 5.6.7."""
        tenant = tenant_of(request)
        if (journey := self._shared.begin(request, tenant)) is not None:
            return await self._share(journey, request, CREATE, merge.create)
        entities, failures = await self._entities(request)
        outcomes = await self._write(entities, merge.create, request, tenant)
        return _result(outcomes, failures, tenant_headers(tenant), name_created=True)

    async def upsert(self, request: Request) -> Reply:
        """Batch Entity Creation or Update (Upsert), clause 5.6.8."""
        tenant = tenant_of(request)
        update = _update_wanted(request)
        if (journey := self._shared.begin(request, tenant)) is not None:
            rule = merge.upsert_update if update else merge.upsert_replace
            return await self._share(journey, request, upsert(update=update), rule)
        entities, failures = await self._entities(request)
        outcomes = (
            await self._broker.upsert(entities, update=update, tenant=tenant, cause=f"request:{request.id}")
            if entities
            else []
        )
        return _result(outcomes, failures, tenant_headers(tenant), name_created=True)

    async def delete(self, request: Request) -> Reply:
        """Batch Entity Delete, clause 5.6.10."""
        tenant = tenant_of(request)
        body, _ = await self._inbox.read(request)
        ids, failures = _checked_ids(self._members(body))
        if (journey := self._shared.begin(request, tenant)) is not None:
            nothing: list[Member] = [(one, {}, self._core) for one in ids]
            return await self._shared.run(
                journey, request, DELETE, nothing, lambda one, *_: Write(one, merge.delete), failures
            )
        writes = [Write(one, merge.delete) for one in ids]
        cause = f"request:{request.id}"
        outcomes = await self._broker.store.write(writes, tenant=tenant, cause=cause) if writes else []
        return _result(outcomes, failures, tenant_headers(tenant), name_created=False)

    async def _share(
        self, journey: Journey, request: Request, kind: BatchKind, rule: Callable[[Entity], Any]
    ) -> Reply:
        """The batch where other brokers take part: every member is read before the first is passed on."""
        body, terms = await self._inbox.read(request)
        members: list[Member] = []
        failures: Failures = []
        for number, document in enumerate(self._members(body)):
            try:
                own, own_terms = await self._inbox.document(request, document, terms, f"[{number}]")
                members.append((parse_entity(own, own_terms).id, own, own_terms))
            except errors.InvalidRequest as error:
                failures.append((_claimed_id(document), error))
        return await self._shared.run(
            journey,
            request,
            kind,
            members,
            lambda one, left, known: Write(one, rule(parse_entity(left, known))),
            failures,
        )

    async def _write(
        self, entities: Sequence[Entity], rule: Callable[[Entity], Any], request: Request, tenant: str
    ) -> list[Outcome]:
        writes = [Write(entity.id, rule(entity)) for entity in entities]
        return (
            await self._broker.store.write(writes, tenant=tenant, cause=f"request:{request.id}")
            if writes
            else []
        )

    async def _entities(self, request: Request) -> tuple[list[Entity], Failures]:
        usual = await self._usual(request)
        if usual is not None:
            return usual, []
        body, terms = await self._inbox.read(request)
        entities: list[Entity] = []
        failures: Failures = []
        for number, document in enumerate(self._members(body)):
            if number % _PARSED_BETWEEN_BREATHS == _PARSED_BETWEEN_BREATHS - 1:
                await asyncio.sleep(0)
            try:
                entities.append(await self._entity(request, document, terms, number))
            except errors.InvalidRequest as error:
                failures.append((_claimed_id(document), error))
        return entities, failures

    async def _usual(self, request: Request) -> list[Entity] | None:
        """The entities where all are usual; None where they have to be parsed."""
        documents, terms = await self._inbox.usual(request, usual_documents)
        if documents is None or terms is None or not 0 < len(documents) <= self._max:
            return None
        entities: list[Entity] = []
        for number, document in enumerate(documents):
            if number % _PARSED_BETWEEN_BREATHS == _PARSED_BETWEEN_BREATHS - 1:
                await asyncio.sleep(0)
            entity = usual_entity(document, terms)
            if entity is None:
                return None
            entities.append(entity)
        return entities

    async def _entity(self, request: Request, document: Any, terms: Terms | None, number: int) -> Entity:
        own, own_terms = await self._inbox.document(request, document, terms, f"[{number}]")
        return parse_entity(own, own_terms)

    def _members(self, body: Any) -> list[Any]:
        if not isinstance(body, list) or not body:
            raise errors.BadRequestData("expected a JSON array that is not empty", where="body")
        if len(body) > self._max:
            raise errors.PayloadTooLarge(f"a batch may have at most {self._max} members", where="body")
        if any(member is None for member in body):
            raise errors.BadRequestData("null is not a member of a batch", where="body")
        return body


def _update_wanted(request: Request) -> bool:
    options = UPSERT_OPTIONS.of(request)
    if unknown := set(options) - {"replace", "update"}:
        raise errors.InvalidRequest(
            "expected replace or update", where=f"options: {', '.join(sorted(unknown))}"
        )
    if len(set(options)) > 1:
        raise errors.InvalidRequest("replace and update exclude each other", where="options")
    return "update" in options


def _checked_ids(members: Sequence[Any]) -> tuple[list[str], Failures]:
    ids: list[str] = []
    failures: Failures = []
    for number, member in enumerate(members):
        try:
            ids.append(check_entity_id(member, where=f"[{number}]"))
        except errors.InvalidRequest as error:
            failures.append((str(member)[:256], error))
    return ids, failures


def _claimed_id(document: Any) -> str:
    claimed = document.get("id", document.get("@id")) if isinstance(document, dict) else None
    return claimed if isinstance(claimed, str) else ""


def _result(
    outcomes: Sequence[Outcome], failures: Failures, headers: Headers, *, name_created: bool
) -> Reply:
    done = [outcome for outcome in outcomes if outcome.error is None]
    failures = [*failures, *((one.entity_id, one.error) for one in outcomes if one.error is not None)]
    if failures:
        return batch_result([outcome.entity_id for outcome in done], failures, headers)
    created = [
        one.entity_id for one in done if one.change is not None and one.change.kind is ChangeKind.CREATED
    ]
    if name_created and created:
        return json_reply(created, status=201, headers=headers)
    return Reply(status=204, headers=headers)
