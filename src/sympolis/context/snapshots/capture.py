"""Filling a snapshot: the answers to its queries, or the contents of another one, copied to a place of their own.

Entities and instances are taken as they are, with the times at which they were created and modified.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol

from sympolis.context.past import history_of, subjects_of
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.snapshots.snapshot import Result, Status
from sympolis.context.store import Decision, History, Page, Store, Write
from sympolis.domain.entity import Entity
from sympolis.domain.errors import StoreUnavailable, SympolisError, TooManyResults

_AT_ONCE: Final = 500
_EVOLUTIONS_AT_ONCE: Final = 20
_MOST_INSTANCES: Final = 1_000_000

Told = Callable[[SympolisError], dict[str, Any]]
"""How an error is told to clients (RFC 9457)."""


class Source(Protocol):
    """Where the contents of snapshots come from: the broker, with all it knows of others."""

    async def find(self, entity_id: str, *, tenant: str = "") -> Entity | None:
        """The present state of an entity, if there is one."""
        ...

    async def query(self, query: Query, *, tenant: str = "") -> Page:
        """One page of entities (clause 5.7.2)."""
        ...

    async def history(self, query: HistoryQuery, *, tenant: str = "") -> History:
        """Observations (clause 5.7.4)."""
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """A query of a snapshot, read: what to select, and ``shown``, what of an entity to take.

    ``ask`` gives its pages where others than the source of the capture have a part in them.
    """

    query: Query
    shown: Callable[[Entity], Entity] = lambda entity: entity
    ask: Callable[[Query], Awaitable[Page]] | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """Copies from ``source`` to the store. ``most`` bounds the entities of one snapshot."""

    source: Source
    store: Store
    tell: Told
    most: int = 100_000

    async def run(self, wanted: Taken | HistoryQuery, tenant: str, place: str) -> Result:
        """Answer one query of a snapshot into its place; an error is a result, too."""
        try:
            if isinstance(wanted, HistoryQuery):
                count = await self.evolutions(wanted, tenant, place)
            else:
                count = await self.entities(wanted, tenant, place)
        except StoreUnavailable:
            raise
        except SympolisError as error:
            return Result(Status.FAILURE, self.tell(error))
        return Result(Status.SUCCESS if count else Status.EMPTY)

    async def entities(self, taken: Taken, tenant: str, place: str) -> int:
        """Copy all pages of entities; returns how many there were."""
        ask = taken.ask or partial(self.source.query, tenant=tenant)
        count, more = 0, True
        while more:
            asked = replace(taken.query, limit=_AT_ONCE, offset=count, count=False)
            page = (await ask(asked)).entities
            count += len(page)
            if count > self.most:
                raise TooManyResults(f"a snapshot may have at most {self.most} entities", where="query")
            writes = [Write(one.id, _taken_over(taken.shown(one)), recorded=False) for one in page]
            await self.store.write(writes, tenant=place)
            more = len(page) == _AT_ONCE
        return count

    async def evolutions(self, query: HistoryQuery, tenant: str, place: str) -> int:
        """Copy the instances that a temporal query selects; returns of how many entities."""
        ids = await subjects_of(self.source, query, tenant=tenant)
        if len(ids) > self.most:
            raise TooManyResults(f"a snapshot may have at most {self.most} entities", where="query")
        for start in range(0, len(ids), _EVOLUTIONS_AT_ONCE):
            await self._evolutions_of(ids[start : start + _EVOLUTIONS_AT_ONCE], query, tenant, place)
        return len(ids)

    async def _evolutions_of(self, ids: Sequence[str], query: HistoryQuery, tenant: str, place: str) -> None:
        some = Query(ids=tuple(ids), limit=len(ids))
        asked = replace(query, entities=some, methods=(), max_instances=_MOST_INSTANCES)
        found = await history_of(self.source, asked, tenant=tenant)
        if not found.complete:
            raise TooManyResults(
                "some entities have more instances than can be copied at once", where="query"
            )
        points = [point for series in found.series for point in series.observations]
        await self.store.observe(points, tenant=place)

    async def everything(self, place: str, to: str) -> None:
        """Copy all that one snapshot has to another."""
        await self.entities(Taken(Query()), place, to)
        await self.evolutions(HistoryQuery(Query(), time=None), place, to)


def _taken_over(entity: Entity) -> Decision:
    """Have the entity as it is; where several queries gave parts of it, all of them."""

    def decide(before: Entity | None, _at: datetime) -> Entity:
        if before is None:
            return entity
        return replace(entity, attributes={**before.attributes, **entity.attributes})

    return decide
