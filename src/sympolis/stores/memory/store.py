"""Everything in dictionaries: for tests, tutorials and throw-away twins. Durable as long as the process lives."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from sympolis.context import effects
from sympolis.context.evaluate import matcher
from sympolis.context.ordering import arrange
from sympolis.context.profiles import Profile, profiles_of
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.store import History, Interest, Page, Retraction, StoreStatus, Write
from sympolis.domain.changes import Change, Observation, Outcome
from sympolis.domain.entity import Entity
from sympolis.domain.errors import NonexistentTenant, StoreUnavailable, SympolisError
from sympolis.stores.following import Bell, follow
from sympolis.stores.memory.history import Past
from sympolis.stores.memory.still import MemoryStill
from sympolis.stores.observed import observed_changes

_PORTION: Final = 500
"""So many series are trimmed without letting others have their turn."""


@dataclass(slots=True)
class _Tenant:
    entities: dict[str, Entity] = field(default_factory=dict)
    past: Past = field(default_factory=Past)
    log: list[Change] = field(default_factory=list)
    bell: Bell = field(default_factory=Bell)
    forgotten: int = 0
    """States of changes up to this number are gone."""


class MemoryStore:
    """A ``Store`` without files. ``now`` gives the time of acceptance."""

    def __init__(self, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._tenants: dict[str, _Tenant] = {"": _Tenant()}
        self._closed = False
        self._interest: Interest | None = None

    async def write(self, writes: Sequence[Write], *, tenant: str = "", cause: str = "") -> list[Outcome]:
        """See ``Store.write``."""
        with self._lock:
            place = self._place(tenant, create=True)
            interest = self._interest
            wanted = None if interest is None else lambda change: interest(tenant, change)
            outcomes = _apply(place, writes, self._now(), cause, wanted)
        place.bell.ring()
        return outcomes

    async def observe(self, observations: Sequence[Observation], *, tenant: str = "", cause: str = "") -> int:
        """See ``Store.observe``."""
        effects.check_observations(observations)
        with self._lock:
            place = self._place(tenant, create=True)
            at = self._now()
            accepted = [point for point in observations if place.past.add(point, at)]
            for change in observed_changes(accepted, len(place.log), at, cause):
                place.log.append(change)
        place.bell.ring()
        return len(accepted)

    async def retract(self, retraction: Retraction, *, tenant: str = "", cause: str = "") -> int:
        """See ``Retracting.retract``."""
        with self._lock:
            place = self._place(tenant)
            gone = place.past.take_back(retraction)
            for change in observed_changes(gone, len(place.log), self._now(), cause):
                place.log.append(change)
        place.bell.ring()
        return len(gone)

    async def trim(self, types: Sequence[str], before: datetime, *, tenant: str = "", cause: str = "") -> int:
        """See ``Trimming.trim``."""
        place = self._place(tenant)
        keys = place.past.of_types(types)
        total = 0
        for first in range(0, len(keys), _PORTION):
            with self._lock:
                gone = place.past.trim(keys[first : first + _PORTION], before)
                place.log += list(observed_changes(gone, len(place.log), self._now(), cause))
            total += len(gone)
            place.bell.ring()
            await asyncio.sleep(0)
        return total

    async def get(self, entity_id: str, *, tenant: str = "") -> Entity | None:
        """See ``Store.get``."""
        return self._place(tenant).entities.get(entity_id)

    async def query(self, query: Query, *, tenant: str = "") -> Page:
        """See ``Store.query``."""
        holds = matcher(query)
        entities = self._place(tenant).entities
        found = arrange(filter(holds, list(entities.values())), query.ordering)
        page = found[query.offset : query.offset + query.limit]
        return Page(tuple(page), len(found) if query.count else None)

    async def profiles(self, *, tenant: str = "") -> list[Profile]:
        """See ``Profiling.profiles``."""
        return profiles_of(self._place(tenant).entities.values())

    async def history(self, query: HistoryQuery, *, tenant: str = "") -> History:
        """See ``Store.history``."""
        place = self._place(tenant)
        return place.past.history(query, place.entities)

    async def changes(
        self, after: int, *, limit: int = 1000, states: bool = False, tenant: str = ""
    ) -> list[Change]:
        """See ``Store.changes``."""
        found = self._place(tenant).log[max(after, 0) : max(after, 0) + limit]
        return found if states else [_stateless(change) for change in found]

    def keep_states(self, interest: Interest | None) -> None:
        """See ``Store.keep_states``."""
        self._interest = interest

    async def forget_states(self, up_to: int, *, tenant: str = "") -> None:
        """See ``Store.forget_states``."""
        place = self._place(tenant)
        with self._lock:
            for number in range(place.forgotten, min(up_to, len(place.log))):
                place.log[number] = _stateless(place.log[number])
            place.forgotten = max(place.forgotten, min(up_to, len(place.log)))

    def follow(self, after: int, *, tenant: str = "") -> AsyncIterator[Change]:
        """See ``Store.follow``."""

        async def read(number: int, limit: int) -> list[Change]:
            return await self.changes(number, limit=limit, tenant=tenant)

        return follow(self._place(tenant).bell, read, after)

    async def status(self, *, tenant: str = "") -> StoreStatus:
        """See ``Store.status``."""
        place = self._place(tenant)
        return StoreStatus("memory", len(place.log), len(place.entities), place.past.count())

    async def tenants(self) -> list[str]:
        """See ``Dumping.tenants``."""
        return sorted(self._tenants)

    @asynccontextmanager
    async def still(self, *, tenant: str = "") -> AsyncIterator[MemoryStill]:
        """See ``Dumping.still``."""
        place = self._place(tenant)
        with self._lock:
            found = MemoryStill(place.entities, place.past, len(place.log))
        yield found

    async def drop(self, tenant: str) -> None:
        """See ``Dropping.drop``."""
        if tenant:
            gone = self._tenants.pop(tenant, None)
            if gone is not None:
                gone.bell.close()

    async def close(self) -> None:
        """See ``Store.close``."""
        self._closed = True
        for place in self._tenants.values():
            place.bell.close()

    def _place(self, tenant: str, *, create: bool = False) -> _Tenant:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        if tenant not in self._tenants:
            if not create:
                raise NonexistentTenant(f"there is no tenant {tenant!r}", where="NGSILD-Tenant")
            self._tenants[tenant] = _Tenant()
        return self._tenants[tenant]


def _stateless(change: Change) -> Change:
    """The change without the states around it."""
    if change.before is None and change.after is None:
        return change
    return replace(change, before=None, after=None)


def _apply(
    place: _Tenant,
    writes: Sequence[Write],
    at: datetime,
    cause: str,
    wanted: Callable[[Change], bool] | None,
) -> list[Outcome]:
    """All writes on copies of what they touch, then kept together: an unexpected error leaves nothing behind."""
    states: dict[str, Entity | None] = {}
    outcomes: list[Outcome] = []
    points: list[Observation] = []
    number = len(place.log)
    for write in writes:
        before = states.get(write.entity_id, place.entities.get(write.entity_id))
        try:
            after = write.decide(before, at)
        except SympolisError as error:
            outcomes.append(Outcome(write.entity_id, error=error.with_traceback(None)))
            continue
        if after is before:
            outcomes.append(Outcome(write.entity_id, entity=before))
            continue
        number += 1
        change = effects.change(before, after, number=number, at=at, cause=cause)
        if wanted is not None and wanted(told := replace(change, before=before, after=after)):
            change = told
        if write.recorded:
            points += effects.history_of(before, after, at)
        states[write.entity_id] = after
        outcomes.append(Outcome(write.entity_id, change, entity=after))
    _keep_all(place, states, outcomes, points, at)
    return outcomes


def _keep_all(
    place: _Tenant,
    states: dict[str, Entity | None],
    outcomes: Sequence[Outcome],
    points: Sequence[Observation],
    at: datetime,
) -> None:
    for entity_id, state in states.items():
        if state is None:
            place.entities.pop(entity_id, None)
        else:
            place.entities[entity_id] = state
    place.log += [outcome.change for outcome in outcomes if outcome.change is not None]
    for point in points:
        place.past.add(point, at)
