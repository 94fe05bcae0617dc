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
from sympolis.context.store import History, Series
from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import NULL


class Annals(Protocol):
    """Where histories are read and written."""

    async def history(self, query: HistoryQuery, *, tenant: str = "") -> History:
        """See ``Store.history``."""
        ...

    async def observe(self, observations: list[Observation], *, tenant: str = "", cause: str = "") -> int:
        """See ``Store.observe``."""
        ...


async def end_evolution(
    annals: Annals,
    entity_id: str,
    at: datetime,
    *,
    name: str | None = None,
    dataset_id: str | None = None,
    every: bool = False,
    tenant: str = "",
    cause: str = "",
) -> bool:
    """Record that an entity (or an attribute of it, in one dataset or in ``every``) is deleted at this time.

    False where nothing of it is alive in the history.
    """
    names = () if name is None else (name,)
    newest = HistoryQuery(Query(ids=(entity_id,), limit=1), names=names, last_n=1, time=None)
    found = await annals.history(newest, tenant=tenant)
    meant = (one for one in found.series if name is None or every or one.dataset_id == dataset_id)
    ends = list(_ends(meant, at))
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
