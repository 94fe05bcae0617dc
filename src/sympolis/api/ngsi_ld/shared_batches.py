"""Batches of entities that are here and elsewhere (GS CIM 009, clauses 5.6.7-5.6.10, 5.6.20)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sympolis.api.errors import problem
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.ngsi_ld.answers import tenant_headers
from sympolis.api.ngsi_ld.forwarding import Forwarding, attributes_of, types_of
from sympolis.api.parts import ApiParts
from sympolis.context.distributed.asking import Answer
from sympolis.context.distributed.wording import Journey, subset
from sympolis.context.distributed.writing import Ask, BatchKind, BatchOutcome, Item, Writer, entity_path
from sympolis.context.query import Query
from sympolis.context.registrations.registration import Registration
from sympolis.context.store import Write
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.changes import ChangeKind, Outcome

Rule = Callable[[str, dict[str, Any], Terms], Write]
"""From an entity's id, what is left of its document and its terms to what is done here."""
Member = tuple[str, Mapping[str, Any], Terms]
Failures = Sequence[tuple[str, Exception]]
_AT_ONCE = 500


async def _create(_: Registration, _entity_id: str, document: Any, ask: Ask) -> Answer:
    return await ask("POST", "/entities", document=document)


async def _delete(_: Registration, entity_id: str, _document: Any, ask: Ask) -> Answer:
    return await ask("DELETE", entity_path(entity_id))


async def _merge(_: Registration, entity_id: str, document: Any, ask: Ask) -> Answer:
    return await ask("PATCH", entity_path(entity_id), document=document)


async def _update(_: Registration, entity_id: str, document: Any, ask: Ask) -> Answer:
    return await ask("PATCH", entity_path(entity_id, "attrs"), document=document)


async def _append(_: Registration, entity_id: str, document: Any, ask: Ask) -> Answer:
    options = [("options", "noOverwrite")]
    return await ask("POST", entity_path(entity_id, "attrs"), query=options, document=document)


async def _put(_: Registration, entity_id: str, document: Any, ask: Ask) -> Answer:
    return await ask("PUT", entity_path(entity_id), document=document)


async def _upsert_replace(registration: Registration, entity_id: str, document: Any, ask: Ask) -> Answer:
    return await _upserted(registration, entity_id, document, ask, "replaceEntity", _put)


async def _upsert_update(registration: Registration, entity_id: str, document: Any, ask: Ask) -> Answer:
    return await _upserted(registration, entity_id, document, ask, "updateEntity", _update)


async def _upserted(
    registration: Registration, entity_id: str, document: Any, ask: Ask, second: str, change: Any
) -> Answer:
    """Create it, or change what is there (clause 5.6.8.4)."""
    if registration.supports("createEntity"):
        answer = await _create(registration, entity_id, document, ask)
        if answer.status != 409 or not registration.supports(second):
            return answer
    changed: Answer = await change(registration, entity_id, document, ask)
    return changed


_ROOT = "/entityOperations"
CREATE = BatchKind("createBatch", f"{_ROOT}/create", ("createEntity",), _create, creates=True)
DELETE = BatchKind("deleteBatch", f"{_ROOT}/delete", ("deleteEntity",), _delete, ids_only=True)
MERGE = BatchKind("mergeBatch", f"{_ROOT}/merge", ("mergeEntity",), _merge)


def upsert(*, update: bool) -> BatchKind:
    """Batch Entity Creation or Update."""
    singles = ("createEntity", "updateEntity" if update else "replaceEntity")
    query = (("options", "update"),) if update else ()
    single = _upsert_update if update else _upsert_replace
    return BatchKind("upsertBatch", f"{_ROOT}/upsert", singles, single, query=query, creates=True)


def updating(*, overwrite: bool) -> BatchKind:
    """Batch Entity Update."""
    singles = ("updateEntity",) if overwrite else ("appendAttrs",)
    query = () if overwrite else (("options", "noOverwrite"),)
    return BatchKind(
        "updateBatch", f"{_ROOT}/update", singles, _update if overwrite else _append, query=query
    )


class SharedBatches:
    """What the handlers of ``/entityOperations/…`` do where other brokers take part."""

    def __init__(self, parts: ApiParts) -> None:
        self._broker = parts.broker
        self._contexts = parts.contexts
        self._forwarding = Forwarding(parts)
        self._writer = None if parts.distribution is None else Writer(parts.distribution)
        self.begin = self._forwarding.begin

    async def run(
        self,
        journey: Journey,
        request: Request,
        kind: BatchKind,
        members: Sequence[Member],
        rule: Rule,
        failures: Failures,
    ) -> Reply:
        """Have everyone do their part of a batch. ``failures`` are the members that were refused already."""
        assert self._writer is not None
        items = await self._items(journey, kind, members)
        done = await self._writer.send_batch(journey, kind, items, self._contexts.core())
        writes, broken = _writes(items, rule)
        cause = f"request:{request.id}"
        outcomes = (
            await self._broker.store.write(writes, tenant=journey.tenant, cause=cause) if writes else []
        )
        proxied = {one.entity_id for one in items if one.plan.proxied}
        here = [one for one in outcomes if not (kind.ids_only and _absent(one) and one.entity_id in proxied)]
        return _reply(kind, journey, done, here, [*failures, *broken])

    async def _items(self, journey: Journey, kind: BatchKind, members: Sequence[Member]) -> list[Item]:
        assert self._writer is not None
        named = {one: types_of(document, terms) for one, document, terms in members}
        held = await self._types_here(journey, [one for one, types in named.items() if types is None])
        plans = await asyncio.gather(
            *(
                self._writer.plan(
                    journey, kind.operations, one, named[one] or held.get(one), attributes_of(document, terms)
                )
                for one, document, terms in members
            )
        )
        return [
            Item(one, plan, document, None if kind.ids_only else terms)
            for (one, document, terms), plan in zip(members, plans, strict=True)
        ]

    async def _types_here(self, journey: Journey, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for start in range(0, len(ids), _AT_ONCE):
            some = tuple(ids[start : start + _AT_ONCE])
            page = await self._broker.query(Query(ids=some, limit=len(some)), tenant=journey.tenant)
            found |= {entity.id: entity.types for entity in page.entities}
        return found


def _writes(items: Sequence[Item], rule: Rule) -> tuple[list[Write], list[tuple[str, Exception]]]:
    writes: list[Write] = []
    broken: list[tuple[str, Exception]] = []
    for item in items:
        if item.terms is None:
            writes.append(rule(item.entity_id, {}, _NO_TERMS))
        elif item.plan.here:
            left = subset(item.document, item.plan.attributes, item.terms, whole=True)
            try:
                writes.append(rule(item.entity_id, left, item.terms))
            except errors.InvalidRequest as error:
                broken.append((item.entity_id, error))
    return writes, broken


_NO_TERMS: Any = None


def _absent(outcome: Outcome) -> bool:
    return isinstance(outcome.error, errors.NotFound)


def _reply(
    kind: BatchKind,
    journey: Journey,
    done: Sequence[BatchOutcome],
    here: Sequence[Outcome],
    failures: Failures,
) -> Reply:
    """What became of a batch (clause 5.2.16): an entity may be among the successes and among the errors."""
    headers = tenant_headers(journey.tenant)
    found: list[Mapping[str, Any]] = [_error(one, error) for one, error in failures]
    found += [_error(one.entity_id, one.error) for one in here if one.error is not None]
    for one in done:
        found += one.errors
        if one.trouble is not None:
            told = {"entityId": one.entity_id, "error": one.trouble.problem()}
            found.append({**told, "registrationId": one.registration_id})
    success = [one.entity_id for one in here if one.error is None]
    success += [one.entity_id for one in done if one.trouble is None and not one.errors]
    if found:
        return json_reply(
            {"success": list(dict.fromkeys(success)), "errors": found}, status=207, headers=headers
        )
    created = [one.entity_id for one in here if one.change and one.change.kind is ChangeKind.CREATED]
    created += [one.entity_id for one in done if one.created]
    if kind.creates and created:
        return json_reply(list(dict.fromkeys(created)), status=201, headers=headers)
    return Reply(status=204, headers=headers)


def _error(entity_id: str, error: Exception | None) -> Mapping[str, Any]:
    assert error is not None
    return {"entityId": entity_id, "error": problem(error, ngsi_ld=True)}
