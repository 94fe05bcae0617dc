"""Letting go of what was observed long ago: month by month, in portions that are one transaction each.

Which series are concerned is read beside the writer; each portion is a job of the writer, between others' jobs, because
the tenant's figures and its change log move with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sympolis.domain.changes import Observation
from sympolis.stores import sql
from sympolis.stores.postgres.months import MONTHS_FAR, OBSERVED, Month, aware, month_named
from sympolis.stores.postgres.server import Connection

_SQL = {
    **sql.load("sympolis.stores.postgres", "trimming.sql"),
    "months_present": sql.load("sympolis.stores.postgres", "store.sql")["months_present"],
}
MOST: Final = 5_000
"""So many points go in one transaction."""
_MOST_SERIES: Final = 500


@dataclass(frozen=True, slots=True)
class Series:
    """A series, and the bounds of the months of its points."""

    key: int
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Portion:
    """Points of these series within [low, high), at most ``MOST`` of them."""

    series: tuple[int, ...]
    low: datetime
    high: datetime


@dataclass(frozen=True, slots=True)
class Cut:
    """What a portion came to."""

    stand_ins: Sequence[Observation]
    """One for each series that lost some."""
    total: int
    emptied: bool
    """Whether series are no more."""


async def months(db: Connection, before: datetime) -> list[Month]:
    """The months before a time of which there may be points, the last one cut."""
    names = [row["relname"] for row in await db.fetch(_SQL["months_present"])]
    found = [month for name in names if (month := month_named(OBSERVED, name)) is not None]
    return [
        (start, min(end, before)) for start, end in sorted([*MONTHS_FAR, *found]) if aware(start) < before
    ]


async def series(
    db: Connection, tenant: int, types: Sequence[str], before: datetime, after: int
) -> list[Series]:
    """Some of the series that are concerned, by their keys."""
    rows = await db.fetch(_SQL["older_series"], tenant, list(types), before, after, _MOST_SERIES)
    return [Series(row["key"], aware(row["since"]), aware(row["until"])) for row in rows]


def portions(found: Sequence[Series], within: Sequence[Month]) -> Iterator[Portion]:
    """What there is to delete of these series, a month at a time."""
    for low, high in within:
        keys = tuple(one.key for one in found if one.since < high and one.until > low)
        if keys:
            yield Portion(keys, low, high)


async def cut(db: Connection, tenant: int, portion: Portion, at: datetime) -> Cut:
    """Delete a portion, and series and subjects that are left with nothing."""
    wanted = (list(portion.series), portion.low, portion.high, MOST)
    rows = await db.fetch(_SQL["trim_points"], *wanted)
    emptied: list[Any] = []
    if rows:
        emptied = await db.fetch(_SQL["drop_trimmed_series"], [row["key"] for row in rows])
    if emptied:
        await db.execute(_SQL["drop_trimmed_subjects"], tenant, sorted({row["entity"] for row in emptied}))
    lost = [Observation(row["entity"], tuple(row["types"]), row["iri"], at, None) for row in rows]
    return Cut(lost, sum(row["points"] for row in rows), bool(emptied))
