"""Entities and attributes with an end (``expiresAt``, clause 4.22): never seen after it, and removed from the store.

Who writes something transient notes when it ends first; the note is in the store before the write is, so that no crash
can leave anything behind that nobody knows will end. When a note is due, what it names is looked at and what has ended
is deleted like anything else: with its place in the change log, so that subscribers are told.

A note may be too early (the end was put off since) or about nothing (the write was refused): it is only where to look.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sympolis.context import merge
from sympolis.context.instants import find_instant, format_instant
from sympolis.context.places import SHELF
from sympolis.context.query import Query, TypeIs
from sympolis.context.store import Store, Write
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.errors import NonexistentTenant, StoreUnavailable

log = logging.getLogger(__name__)

EXPIRES_AT: Final = "expiresAt"
CAUSE: Final = "expiry"
"""What the change log gives as the cause of a removal."""

_NOTE: Final = "urn:sympolis:note:ends"
_WHERE, _WHO, _WHEN = "urn:sympolis:place", "urn:sympolis:entity", "urn:sympolis:when"
_AT_ONCE: Final = 5_000
_LONGEST_WAIT_S: Final = 15.0
"""Other processes on the same store note ends, too: how long until this one knows."""
_AGAIN_S: Final = 1.0
"""How long to wait where the store's clock says that the end has not come yet."""

Ended = tuple[str, str]
"""The place and the id of an entity of which something ends."""


class Transients:
    """Knows what ends when, and sees to it. ``clock`` gives seconds since 1970.

    Ask ``due`` before anything is read and ``sweep`` where it says so; ``open`` also sweeps when nobody reads.
    """

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._ends: dict[Ended, float] = {}
        self._queue: list[tuple[float, Ended]] = []
        self._next = -math.inf
        """Before everything: the notes in the store have not been read yet."""
        self._seen = 0
        self._sweeping = asyncio.Lock()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def due(self) -> bool:
        """Whether something may have ended that is still in the store."""
        return self._next <= self._clock()

    async def open(self) -> None:
        """Read the notes and sweep, from now on and whenever one is due; in the background."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop; the notes stay."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def note(self, ends: Mapping[Ended, datetime]) -> None:
        """Remember, durably, that something of these entities ends at these times, or before them."""
        news = {one: at for one, at in ends.items() if at.timestamp() < self._ends.get(one, math.inf)}
        if not news:
            return
        await self._store.write([_noted(one, at) for one, at in news.items()], tenant=SHELF)
        for one, at in news.items():
            self._put(one, at.timestamp())
        self._woken.set()

    async def sweep(self) -> None:
        """Remove all that has ended by now."""
        async with self._sweeping:
            if self._next == -math.inf:
                await self._read_all()
            while due := self._take_due():
                await self._end(due)
            self._next = self._queue[0][0] if self._queue else math.inf

    # --- notes

    def _put(self, one: Ended, at: float) -> None:
        self._ends[one] = at
        heapq.heappush(self._queue, (at, one))
        self._next = min(self._next, at)

    def _take_due(self) -> list[Ended]:
        """Some of what is due, each once."""
        found: dict[Ended, None] = {}
        now = self._clock()
        while self._queue and self._queue[0][0] <= now and len(found) < _AT_ONCE:
            at, one = heapq.heappop(self._queue)
            if self._ends.get(one) == at:  # else there is an earlier or a later note of it
                found[one] = None
        return list(found)

    async def _read_all(self) -> None:
        query, offset = Query(types=TypeIs(_NOTE), limit=_AT_ONCE), 0
        with suppress(NonexistentTenant):
            self._seen = (await self._store.status(tenant=SHELF)).position
            while entities := (await self._store.query(replace(query, offset=offset), tenant=SHELF)).entities:
                self._learn(entities)
                offset += len(entities)

    async def _read_news(self) -> None:
        """What other processes have noted since."""
        with suppress(NonexistentTenant):
            while changes := await self._store.changes(self._seen, tenant=SHELF):
                for change in changes:
                    entity = await self._store.get(change.entity_id, tenant=SHELF)
                    self._learn([] if entity is None else [entity])
                self._seen = changes[-1].number

    def _learn(self, entities: Sequence[Entity]) -> None:
        for entity in entities:
            at = find_instant(entity.value(_WHEN))
            if _NOTE in entity.types and at is not None:
                one = (str(entity.value(_WHERE)), str(entity.value(_WHO)))
                if at.timestamp() < self._ends.get(one, math.inf):
                    self._put(one, at.timestamp())

    # --- ends

    async def _end(self, due: Sequence[Ended]) -> None:
        """Delete what has ended of these entities, and note when the rest of them does."""
        by_place: dict[str, list[str]] = {}
        for place, entity_id in due:
            by_place.setdefault(place, []).append(entity_id)
        done: list[Write] = []
        for place, ids in by_place.items():
            later = await self._end_at(place, ids)
            done += [self._settled((place, one), later.get(one)) for one in ids]
        await self._store.write(done, tenant=SHELF)

    def _settled(self, one: Ended, later: datetime | None) -> Write:
        """What to write of a note that has been followed: that it is done, or when to look again."""
        if later is None:
            self._ends.pop(one, None)
            return Write(_note_id(one), lambda _before, _at: None, recorded=False)
        self._put(one, max(later.timestamp(), self._clock() + _AGAIN_S))
        return _noted(one, later)

    async def _end_at(self, place: str, ids: Sequence[str]) -> dict[str, datetime]:
        """Delete what has ended of the entities at one place; when the next ends of what is left come."""
        try:
            states = [await self._store.get(one, tenant=place) for one in ids]
        except NonexistentTenant:
            return {}
        ends = {state.id: at for state in states if state is not None and (at := next_end(state))}
        over = [one for one, at in ends.items() if at.timestamp() <= self._clock()]
        outcomes = await self._store.write([Write(one, end) for one in over], tenant=place, cause=CAUSE)
        for outcome in outcomes:
            left = None if outcome.entity is None else next_end(outcome.entity)
            if left is None:
                del ends[outcome.entity_id]
            else:
                ends[outcome.entity_id] = left
        return ends

    async def _run(self) -> None:
        while True:
            try:
                await self.sweep()
                await self._wait()
                await self._read_news()
            except StoreUnavailable:
                return
            except Exception:
                log.exception("what has ended could not be removed", extra={"action": "expiry"})
                await asyncio.sleep(_AGAIN_S)

    async def _wait(self) -> None:
        self._woken.clear()
        patience = min(max(self._next - self._clock(), 0.0), _LONGEST_WAIT_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(
                patience
            ):  # ``wait_for`` may lose a cancellation that comes with the event
                await self._woken.wait()


def _noted(one: Ended, at: datetime) -> Write:
    place, entity_id = one
    values = {_WHERE: place, _WHO: entity_id, _WHEN: format_instant(at)}
    note = Entity(
        _note_id(one),
        (_NOTE,),
        {name: (Attribute(AttributeKind.PROPERTY, value),) for name, value in values.items()},
    )
    return Write(note.id, merge.upsert_replace(note), recorded=False)


def _note_id(one: Ended) -> str:
    return f"urn:sympolis:note:{hashlib.blake2b(repr(one).encode(), digest_size=16).hexdigest()}"


# --- what ends


def end(before: Entity | None, at: datetime) -> Entity | None:
    """Remove what has ended at this time: the entity, or attributes and sub-attributes of it. A ``Decision``."""
    if before is None or _has_ended(before.members, at):
        return None
    return merge.changed(before, at, attributes=_left(before.attributes, at))


def next_end(entity: Entity) -> datetime | None:
    """When the next part of the entity ends; None where none does."""
    return min(_ends_of(entity), default=None)


def _left(attributes: Mapping[str, tuple[Attribute, ...]], at: datetime) -> dict[str, tuple[Attribute, ...]]:
    found = {
        name: tuple(_pruned(one, at) for one in instances if not _has_ended(one.members, at))
        for name, instances in attributes.items()
    }
    return {name: instances for name, instances in found.items() if instances}


def _pruned(attribute: Attribute, at: datetime) -> Attribute:
    if not attribute.attributes:
        return attribute
    left = _left(attribute.attributes, at)
    return attribute if left == attribute.attributes else replace(attribute, attributes=left, modified_at=at)


def _has_ended(members: Mapping[str, Any], at: datetime) -> bool:
    ends = find_instant(members.get(EXPIRES_AT)) if members else None
    return ends is not None and ends <= at


def _ends_of(subject: Entity | Attribute) -> Iterator[datetime]:
    ends = find_instant(subject.members.get(EXPIRES_AT)) if subject.members else None
    if ends is not None:
        yield ends
    for instances in subject.attributes.values():
        for one in instances:
            yield from _ends_of(one)


# --- what a request says


def ends_in(document: Any, path_id: str | None, place: str) -> dict[Ended, datetime]:
    """When something of the entities in a request's body may end at the earliest, by what it says anywhere in them.

    ``path_id`` is the entity that the path names; a fragment of it need not.
    """
    found: dict[Ended, datetime] = {}
    for one in document if isinstance(document, list) else [document]:
        named = one.get("id", one.get("@id")) if isinstance(one, dict) else None
        entity_id = named if isinstance(named, str) and path_id is None else path_id
        earliest = min(_said(one), default=None)
        if entity_id is not None and earliest is not None:
            known = found.get((place, entity_id), earliest)
            found[place, entity_id] = min(known, earliest)
    return found


def _said(value: Any) -> Iterator[datetime]:
    if isinstance(value, dict):
        at = find_instant(value.get(EXPIRES_AT))
        if at is not None:
            yield at
        for inner in value.values():
            yield from _said(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _said(inner)
