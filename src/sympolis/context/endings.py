"""Deleting what only the past knows: an entity that has an evolution and no present state ends there.

What is told by its temporal evolution alone (clause 5.6.11) is known to the broker, too. Deleting it, or an attribute
of it, through the operations for present states leaves its history and records the end of it, as a deletion of a
present attribute would (``deletedAt``, clause 4.8).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from sympolis.context.effects import SCOPE
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.store import History, Retraction, Series
from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import NULL, Entity


class Annals(Protocol):
    """Where histories are read and written."""

    async def find(self, entity_id: str, *, tenant: str = "") -> Entity | None:
        """The present state of an entity, if there is one."""
        ...

    async def history(self, query: HistoryQuery, *, tenant: str = "") -> History:
        """See ``Store.history``."""
        ...

    async def observe(self, observations: list[Observation], *, tenant: str = "", cause: str = "") -> int:
        """See ``Store.observe``."""
        ...


async def end_evolution(
    annals: Annals, ended: Retraction, at: datetime, *, tenant: str = "", cause: str = ""
) -> bool:
    """Record that an entity without a present state (or an attribute of it) is deleted at this time.

    ``ended`` says what, as if it were to be taken back. False where nothing of that is alive in the history, and
    where there is a present state.
    """
    if await annals.find(ended.entity_id, tenant=tenant) is not None:
        return False
    names = () if ended.name is None else (ended.name,)
    newest = HistoryQuery(Query(ids=(ended.entity_id,), limit=1), names=names, last_n=1, time=None)
    found = await annals.history(newest, tenant=tenant)
    every = ended.name is None or ended.every
    ends = list(_ends((one for one in found.series if every or one.dataset_id == ended.dataset_id), at))
    if ends:
        await annals.observe(ends, tenant=tenant, cause=cause)
    return bool(ends)


def series_name(name: str, expanded: str) -> str:
    """The series that an attribute's name in a path means: the scope is one, too (clause 4.5.6)."""
    return SCOPE if name == "scope" else expanded


def _ends(series: Iterator[Series], at: datetime) -> Iterator[Observation]:
    for one in series:
        last = one.observations[-1]
        if last.time is not TimeKind.DELETED:
            yield Observation(
                one.entity_id,
                one.types,
                one.name,
                at,
                NULL,
                None,
                one.dataset_id,
                last.kind,
                TimeKind.DELETED,
            )
