"""Histories by other times than ``observedAt``: what was written, changed or deleted when (clause 4.8).

Which entities have such instances is SQL's to say; which instances are meant, and in which order, is decided by
``context.instances``, as for every store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from sympolis.context.instances import chosen
from sympolis.context.query import HistoryQuery, TimeProperty
from sympolis.domain.changes import Observation
from sympolis.stores import sql
from sympolis.stores.postgres.months import aware
from sympolis.stores.postgres.series import SeriesKey
from sympolis.stores.postgres.server import Connection
from sympolis.stores.postgres.steps import REWRITTEN, decode

_SQL = sql.load("sympolis.stores.postgres", "store.sql")
FEW: Final = 200
"""So many steps of an entity are read before it pays to look for what is still missing."""

STATEMENTS: Final[Mapping[TimeProperty | None, str]] = {
    TimeProperty.CREATED_AT: "points_by_creation",
    TimeProperty.MODIFIED_AT: "points_by_modification",
}
"""How observed points are read by other times than their own."""

_OBSERVED_TIME: Final[Mapping[TimeProperty | None, str]] = {
    None: "o.at",
    TimeProperty.OBSERVED_AT: "o.at",
    TimeProperty.CREATED_AT: "o.created_at",
    TimeProperty.MODIFIED_AT: "coalesce(o.modified_at, o.created_at)",
}
_ANY_TIME: Final = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def has_observed(by: TimeProperty | None, low: str, high: str, names: str | None, *, bounded: bool) -> str:
    """The condition that entity ``j`` has an observed point with such a time; bounds and names are parameters."""
    if by is TimeProperty.DELETED_AT:
        return ""
    series = "SELECT 1 FROM series s WHERE s.tenant = $1 AND s.entity = j.entity"
    if names is not None:
        series += f" AND s.name = ANY({names})"
    direct = by in (None, TimeProperty.OBSERVED_AT)
    if direct and bounded:
        series += f" AND s.until > {low} AND s.since < {high}"
    if bounded or not direct:
        time = _OBSERVED_TIME[by]
        series += (
            f" AND EXISTS (SELECT 1 FROM observation o WHERE o.series = s.key"  # noqa: S608
            f" AND {time} >= {low} AND {time} < {high})"
        )
    return f"EXISTS ({series})"


def has_others(by: TimeProperty | None, low: str, high: str, names: str | None) -> str:
    """The same for what was written without a time of its own, and for deletions.

    By ``modifiedAt`` it also lets through what was written twice at one time, whose instances have to be looked at.
    """
    if by is TimeProperty.OBSERVED_AT:
        return ""
    within = f"p.at >= {low} AND p.at < {high}"
    if by is TimeProperty.MODIFIED_AT:
        within = f"({within} OR p.recorded && '{{{REWRITTEN}}}')"
    columns = [] if by is TimeProperty.DELETED_AT else ["p.recorded"]
    columns += ["p.deleted"] if by in (None, TimeProperty.DELETED_AT) else []
    tests = " OR ".join(f"{column} && {names}" if names else f"{column} <> '{{}}'" for column in columns)
    step = "SELECT 1 FROM step p WHERE p.tenant = $1 AND p.entity = j.entity"
    return f"EXISTS ({step} AND {within} AND ({tests}))"


async def steps(
    db: Connection,
    tenant: int,
    query: HistoryQuery,
    page: Sequence[str],
    *,
    span: tuple[datetime, datetime],
    names: Sequence[int] | None,
) -> dict[SeriesKey, list[Observation]]:
    """The instances of these entities that are kept in steps, by series; with ``last_n``, at least so many newest."""
    if query.by is TimeProperty.MODIFIED_AT:
        span = _ANY_TIME
    at_first = None if query.last_n is None or query.methods else max(FEW, 2 * query.last_n)
    rows = await db.fetch(_SQL["steps"], tenant, page, *span, names, at_first)
    found: dict[SeriesKey, list[Observation]] = {}
    read: Counter[str] = Counter()
    for entity_id, types, at, body in rows:
        read[entity_id] += 1
        take(found, decode(body, entity_id, tuple(types), aware(at)), query)
    for entity_id, number in read.items():
        if number == at_first:
            await _take_older(db, tenant, query, found, [row for row in rows if row[0] == entity_id], span[0])
    return found


async def _take_older(
    db: Connection,
    tenant: int,
    query: HistoryQuery,
    found: dict[SeriesKey, list[Observation]],
    rows: Sequence[tuple[str, list[str], datetime, bytes]],
    low: datetime,
) -> None:
    """Read on, but only what has names of which not enough has been found."""
    entity_id, types, oldest, _ = rows[-1]
    enough = {
        name
        for (entity, name, dataset), points in found.items()
        if entity == entity_id and not dataset and len(chosen(points, query)) >= (query.last_n or 0)
    }
    numbers = [row["key"] for row in await db.fetch(_SQL["name_keys"], sorted(enough))]
    older = await db.fetch(_SQL["older_steps"], tenant, entity_id, low, oldest, numbers)
    for at, body in older:
        take(found, decode(body, entity_id, tuple(types), aware(at)), query)


def take(
    found: dict[SeriesKey, list[Observation]], instances: Sequence[Observation], query: HistoryQuery
) -> None:
    for one in instances:
        if not query.names or one.name in query.names:
            found.setdefault((one.entity_id, one.name, one.dataset_id or ""), []).append(one)
