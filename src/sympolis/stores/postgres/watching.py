"""The books of subscriptions to context sources in the database: those of subscriptions to entities once more.

They have tables of their own, and one process of their own tells. What an older version kept in files beside the
database is taken in by whichever process finds it, whether it tells or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import msgspec

from sympolis.context.subscriptions.books import DeadLetter, KeptSubscription, Pending
from sympolis.context.subscriptions.subscription import Record
from sympolis.stores.postgres.books import PostgresBooks, columns, letter_row, pending_row
from sympolis.stores.postgres.server import Connection


class PostgresWatchingBooks(PostgresBooks):
    """See ``WatchingBooks``. They have nothing to do with the store's change log."""

    OF: ClassVar[str] = "source_"

    def take_in(
        self,
        tenant: str,
        kept: Sequence[KeptSubscription],
        pending: Sequence[Pending],
        letters: Sequence[DeadLetter],
    ) -> None:
        """See ``WatchingBooks.take_in``."""

        async def taken(db: Connection) -> None:
            rows = await db.fetch(self._sql["take_in"], tenant, *columns(map(_row, kept)))
            new = {row["id"] for row in rows}
            await self._add_pending(db, [one for one in pending if one.subscription in new])
            dead = [letter_row(one) for one in letters if one.subscription in new]
            if dead:
                await db.execute(self._sql["add_dead_letters"], *columns(dead))

        if kept:
            self._turn(tenant, taken)

    async def _add_pending(self, db: Connection, left: Sequence[Pending]) -> None:
        """Under numbers that no process gives to what it adds."""
        if left:
            first = await db.fetchval(self._sql["lowest_number"]) - len(left)
            rows = (pending_row(replace(one, number=first + place)) for place, one in enumerate(left))
            await db.execute(self._sql["add_pending"], *columns(rows))


def _row(one: KeptSubscription) -> tuple[str, str, str]:
    body = msgspec.json.encode(replace(one, record=Record()))
    return one.id, body.decode(), msgspec.json.encode(one.record).decode()
