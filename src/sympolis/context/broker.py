"""The broker: what the rest of the twin calls to read and change the context.

It joins the pure rules (``merge``) to a store. HTTP handlers, the acquisition coordinator and the run desk all
come through here, so one rule holds everywhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from sympolis.context import merge
from sympolis.context.across import resolve
from sympolis.context.profiles import Profile
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.store import (
    History,
    Page,
    Profiling,
    Retracting,
    Retraction,
    Store,
    StoreStatus,
    Trimming,
    Write,
)
from sympolis.domain import errors
from sympolis.domain.changes import Change, Observation, Outcome
from sympolis.domain.entity import Entity


class Broker:
    """Entities, their history and their changes, for one store.

    Every method takes ``tenant`` ('' is the default one); every change takes ``cause`` (see ``Change.cause``).
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    async def create(self, entity: Entity, *, tenant: str = "", cause: str = "") -> Outcome:
        """Create one entity (clause 5.6.1). Raises ``AlreadyExists``."""
        [outcome] = await self.store.write(
            [Write(entity.id, merge.create(entity))], tenant=tenant, cause=cause
        )
        return _accepted(outcome)

    async def upsert(
        self, entities: Sequence[Entity], *, update: bool = False, tenant: str = "", cause: str = ""
    ) -> list[Outcome]:
        """Create or replace (or, with ``update``, overwrite attributes of) entities (clause 5.6.8)."""
        rule = merge.upsert_update if update else merge.upsert_replace
        writes = [Write(entity.id, rule(entity)) for entity in entities]
        return await self.store.write(writes, tenant=tenant, cause=cause)

    async def delete(self, entity_id: str, *, tenant: str = "", cause: str = "") -> Outcome:
        """Delete one entity (clause 5.6.6). Raises ``NotFound``."""
        [outcome] = await self.store.write([Write(entity_id, merge.delete)], tenant=tenant, cause=cause)
        return _accepted(outcome)

    async def find(self, entity_id: str, *, tenant: str = "") -> Entity | None:
        """One entity, if there is one."""
        return await self.store.get(entity_id, tenant=tenant)

    async def retrieve(self, entity_id: str, *, tenant: str = "") -> Entity:
        """One entity (clause 5.7.1). Raises ``NotFound``."""
        found = await self.store.get(entity_id, tenant=tenant)
        if found is None:
            raise errors.NotFound(f"there is no entity {entity_id}", where="id")
        return found

    async def query(self, query: Query, *, tenant: str = "") -> Page:
        """One page of entities (clause 5.7.2). Raises ``TooComplexQuery``."""
        wanted = await resolve(query, partial(self.store.query, tenant=tenant))
        if wanted is None:
            return Page((), 0 if query.count else None)
        return await self.store.query(wanted, tenant=tenant)

    async def observe(self, observations: Sequence[Observation], *, tenant: str = "", cause: str = "") -> int:
        """Add points to histories; returns how many were new or different."""
        return await self.store.observe(observations, tenant=tenant, cause=cause)

    async def history(self, query: HistoryQuery, *, tenant: str = "") -> History:
        """Observations or aggregates (clauses 5.7.3, 5.7.4)."""
        wanted = await resolve(query.entities, partial(self.store.query, tenant=tenant))
        if wanted is None:
            return History((), 0 if query.entities.count else None)
        return await self.store.history(replace(query, entities=wanted), tenant=tenant)

    async def profiles(self, *, tenant: str = "") -> Sequence[Profile]:
        """What kinds of entities there are (clauses 5.7.5–5.7.10). Raises ``NotImplementedHere``."""
        if not isinstance(self.store, Profiling):
            raise errors.NotImplementedHere("this store cannot tell its types and attributes", where="store")
        return await self.store.profiles(tenant=tenant)

    async def retract(self, retraction: Retraction, *, tenant: str = "", cause: str = "") -> int:
        """Delete points of a history (clauses 5.6.13–5.6.16). Raises ``NotImplementedHere``; returns how many."""
        if not isinstance(self.store, Retracting):
            raise errors.NotImplementedHere("this store cannot change the past", where="store")
        return await self.store.retract(retraction, tenant=tenant, cause=cause)

    async def trim(self, types: Sequence[str], before: datetime, *, tenant: str = "", cause: str = "") -> int:
        """Delete what was observed before a time (see ``Trimming``). Raises ``NotImplementedHere``."""
        if not isinstance(self.store, Trimming):
            raise errors.NotImplementedHere("this store cannot let go of its past", where="store")
        return await self.store.trim(types, before, tenant=tenant, cause=cause)

    def follow(self, after: int, *, tenant: str = "") -> AsyncIterator[Change]:
        """The change log from a number on, without end."""
        return self.store.follow(after, tenant=tenant)

    async def status(self, *, tenant: str = "") -> StoreStatus:
        """The store's counts and position."""
        return await self.store.status(tenant=tenant)


def _accepted(outcome: Outcome) -> Outcome:
    if outcome.error is not None:
        raise outcome.error
    return outcome
