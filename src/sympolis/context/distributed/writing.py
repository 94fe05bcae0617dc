"""Changing entities that are here and elsewhere: each source gets its part (clauses 5.6.1-5.6.10, 5.6.17-5.6.21)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from sympolis.context.distributed.asking import Answer
from sympolis.context.distributed.outcomes import (
    Outcome,
    Trouble,
    batch_errors,
    created_ids,
    outcome,
    refused,
)
from sympolis.context.distributed.planning import Part, WritePlan, plan_write
from sympolis.context.distributed.service import Distribution
from sympolis.context.distributed.wording import Journey, Speech, subset, translate
from sympolis.context.registrations.registration import Registration
from sympolis.context.terms import Terms

Ask = Callable[..., Awaitable[Answer]]
"""``(method, path, query=…, document=…)``."""
Send = Callable[[Part, Speech, Ask], Awaitable[Answer]]
"""Sends one part by asking."""


@dataclass(frozen=True, slots=True)
class Item:
    """One entity of a batch: its document in the client's terms (a delete has none), and how it is shared."""

    entity_id: str
    plan: WritePlan
    document: Mapping[str, Any] = field(default_factory=dict)
    terms: Terms | None = None


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What one source did with one entity of a batch."""

    entity_id: str
    registration_id: str
    trouble: Trouble | None = None
    created: bool = False
    errors: tuple[Mapping[str, Any], ...] = ()
    """What the source itself says was wrong, instead of ``trouble``."""


@dataclass(frozen=True, slots=True)
class BatchKind:
    """How a batch is passed on: whole to a source that takes batches, else entity by entity.

    ``single`` sends one entity; it is given the entity's id, its document in the source's terms, and a way to ask.
    """

    operation: str
    path: str
    singles: tuple[str, ...]
    single: Callable[[Registration, str, Any, Ask], Awaitable[Answer]]
    query: tuple[tuple[str, str], ...] = ()
    creates: bool = False
    ids_only: bool = False

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations by one of which a source can take part."""
        return (self.operation, *self.singles)


class Writer:
    """Gives sources their parts."""

    def __init__(self, distribution: Distribution) -> None:
        self._distribution = distribution

    async def plan(
        self,
        journey: Journey,
        operations: Iterable[str],
        entity_id: str,
        types: Iterable[str] | None,
        attributes: frozenset[str],
    ) -> WritePlan:
        """How to share a change of one entity."""
        index = self._distribution.of(journey.tenant)
        known = None if types is None else tuple(types)
        found = [] if index is None else self._distribution.usable(index.for_entity(entity_id, known))
        travelled = await self._distribution.travelled(journey, found)
        return plan_write(
            operations, entity_id, known, attributes, self._distribution.usable(found), travelled
        )

    async def send(self, journey: Journey, plan: WritePlan, terms: Terms, send: Send) -> list[Outcome]:
        """Have every source do its part; what they made of it, in the plan's order."""
        return list(await asyncio.gather(*(self._send(journey, part, terms, send) for part in plan.parts)))

    async def _send(
        self,
        journey: Journey,
        part: Part,
        terms: Terms,
        send: Send,
    ) -> Outcome:
        if part.refusal is not None:
            return refused(part)
        speech = await self._distribution.speech(part.registration, terms)
        return outcome(part, await send(part, speech, self._ask(journey, part.registration, speech)))

    def _ask(self, journey: Journey, registration: Registration, speech: Speech) -> Ask:
        def ask(method: str, path: str, **more: Any) -> Awaitable[Answer]:
            return self._distribution.ask(journey, registration, speech, method, path, **more)

        return ask

    # --- batches

    async def send_batch(
        self, journey: Journey, kind: BatchKind, items: Sequence[Item], core: Terms
    ) -> list[BatchOutcome]:
        """Have every source do its part of a batch."""
        shares: dict[str, list[tuple[Item, Part]]] = {}
        for item in items:
            for part in item.plan.parts:
                shares.setdefault(part.registration.id, []).append((item, part))
        done = await asyncio.gather(
            *(self._send_share(journey, kind, share, core) for _, share in sorted(shares.items()))
        )
        return [one for some in done for one in some]

    async def _send_share(
        self, journey: Journey, kind: BatchKind, share: Sequence[tuple[Item, Part]], core: Terms
    ) -> list[BatchOutcome]:
        refusals = [
            BatchOutcome(item.entity_id, part.registration.id, refused(part).trouble)
            for item, part in share
            if part.refusal is not None
        ]
        able = [(item, part) for item, part in share if part.refusal is None]
        if not able:
            return refusals
        registration = able[0][1].registration
        given = {id(item.terms): item.terms for item, _ in able}
        terms = next(iter(given.values())) if len(given) == 1 else None
        speech = await self._distribution.speech(registration, terms or core)
        ask = self._ask(journey, registration, speech)
        documents = [_worded(item, part, speech) for item, part in able]
        ids = [item.entity_id for item, _ in able]
        if registration.supports(kind.operation):
            answer = await ask(
                "POST", kind.path, query=kind.query, document=ids if kind.ids_only else documents
            )
            return refusals + _of_batch(kind, registration, ids, answer)
        answers = await asyncio.gather(
            *(
                kind.single(registration, one, document, ask)
                for one, document in zip(ids, documents, strict=True)
            )
        )
        singles = (_of_single(registration, one, answer) for one, answer in zip(ids, answers, strict=True))
        return [*refusals, *singles]


def _worded(item: Item, part: Part, speech: Speech) -> dict[str, Any]:
    """An entity's document as a source gets it."""
    if item.terms is None:
        return {}
    reduced = subset(item.document, part.attributes, item.terms, whole=part.whole)
    return translate(reduced, item.terms, speech.terms)


def _of_single(registration: Registration, entity_id: str, answer: Answer) -> BatchOutcome:
    found = outcome(Part(registration, frozenset(), True), answer)
    if found.told is not None:
        return BatchOutcome(entity_id, registration.id, Trouble(207, "done in part", registration.id))
    return BatchOutcome(entity_id, registration.id, found.trouble, created=found.created)


def _of_batch(
    kind: BatchKind, registration: Registration, ids: Sequence[str], answer: Answer
) -> list[BatchOutcome]:
    """What became of each entity: a source that says only that it is done means all of them."""
    found = outcome(Part(registration, frozenset(), True), answer)
    if found.trouble is not None:
        return [BatchOutcome(one, registration.id, found.trouble) for one in ids]
    errors = batch_errors(found.told or {}, registration.id)
    created = created_ids(answer, ids) if kind.creates else frozenset()
    by_id: dict[str, list[Mapping[str, Any]]] = {}
    for one in errors:
        by_id.setdefault(one["entityId"], []).append(one)
    return [
        BatchOutcome(
            one,
            registration.id,
            created=one in created and one not in by_id,
            errors=tuple(by_id.get(one, ())),
        )
        for one in ids
    ]


def entity_path(entity_id: str, *below: str) -> str:
    """The path of an entity below the API's root, or of something in it."""
    parts = ["entities", quote(entity_id, safe=":"), *(quote(one, safe=":") for one in below)]
    return "/" + "/".join(parts)
