"""History is partitioned by month: which month a time belongs to, and making partitions before they are needed.

Points of any time are taken, so a month's tables are made when something of that month first comes; those of the
present and the next month are made ahead, so that no write has to wait for them when a month begins.

A partition is made beside the table and then attached: attaching lets everyone go on reading and writing, while
``CREATE TABLE … PARTITION OF`` would lock the whole history.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import asyncpg

from sympolis.stores import sql

_SQL = sql.load("sympolis.stores.postgres", "store.sql")
OBSERVED: Final = "observation"
STEPS: Final = "step"
TABLES: Final = (OBSERVED, STEPS)
_FIRST_YEAR: Final = 1970
_NO_YEAR: Final = 2100
_BEFORE: Final = (datetime(1, 1, 1, tzinfo=UTC), datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC))
_AFTER: Final = (datetime(_NO_YEAR, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC))

Month = tuple[datetime, datetime]
"""[first instant, first instant of the next month), in UTC."""
Partition = tuple[str, Month]
"""A table's part for a month."""
MONTHS_FAR: Final = (_BEFORE, _AFTER)
"""What is far from our times shares these."""


def aware(at: datetime) -> datetime:
    """A time that was read: the driver gives the first and the last instant of all without their zone."""
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def month_of(at: datetime) -> Month:
    """The month of an instant; times far from ours share one of two long 'months'."""
    at = at.astimezone(UTC)
    if at.year < _FIRST_YEAR:
        return _BEFORE
    if at.year >= _NO_YEAR:
        return _AFTER
    start = datetime(at.year, at.month, 1, tzinfo=UTC)
    return start, datetime(at.year + at.month // 12, at.month % 12 + 1, 1, tzinfo=UTC)


def ahead(at: datetime) -> list[Month]:
    """The month of an instant and the one after it."""
    this = month_of(at)
    return [this, month_of(this[1])]


def partition(table: str, month: Month) -> str:
    """The name of a month's table."""
    return f"{table}_{month[0]:%Y_%m}"


def month_named(table: str, name: str) -> Month | None:
    """The month that a part of this name holds; None where it is not a month's, or another table's."""
    found = re.fullmatch(rf"{table}_(\d{{4}})_(\d{{2}})", name)
    return month_of(datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC)) if found else None


class Partitions:
    """Which monthly tables exist, as far as this process knows."""

    def __init__(self) -> None:
        self._known = {(table, far) for table in TABLES for far in (_BEFORE, _AFTER)}

    def missing(self, wanted: Iterable[Partition]) -> list[Partition]:
        """Those that may have to be made."""
        return sorted(set(wanted) - self._known)

    async def make(
        self, connection: asyncpg.pool.PoolConnectionProxy, partitions: Iterable[Partition]
    ) -> None:
        """Make these tables, whoever else is making them too."""
        wanted = list(partitions)
        async with connection.transaction():
            await connection.execute(_SQL["lock_schema"])
            present = {row["relname"] for row in await connection.fetch(_SQL["months_present"])}
            for table, month in wanted:
                if partition(table, month) not in present:
                    await connection.execute(_statement(table, month))
        self._known.update(wanted)


def _statement(table: str, month: Month) -> str:
    """DDL takes no parameters: name and bounds are digits of a date."""
    name, (start, end) = partition(table, month), month
    return (
        f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL);"
        f" ALTER TABLE {table} ATTACH PARTITION {name}"
        f" FOR VALUES FROM ('{start:%Y-%m-%d}Z') TO ('{end:%Y-%m-%d}Z')"
    )
