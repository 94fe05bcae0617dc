"""The PostgreSQL store as it was at one moment: a connection of its own inside one repeatable-read transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from sympolis.context.query import HistoryQuery
from sympolis.context.store import History
from sympolis.domain.entity import Entity
from sympolis.stores import sql
from sympolis.stores.bodies import decode_entity
from sympolis.stores.postgres import history, reader, troubles
from sympolis.stores.postgres.server import Connection, Server, connect_once

_SQL = sql.load("sympolis.stores.postgres", "still.sql")
_STORE = sql.load("sympolis.stores.postgres", "store.sql")

Numbers = Callable[[set[str]], Awaitable[reader.Keys]]


class PostgresStill:
    """See ``dumps.port.Still``."""

    def __init__(self, db: Connection, tenant: int, position: int, numbers: Numbers) -> None:
        self.position = position
        self._db = db
        self._tenant = tenant
        self._numbers = numbers

    async def entities(self, after: str, limit: int) -> list[Entity]:
        """See ``Still.entities``."""
        rows = await self._db.fetch(_SQL["entities_after"], self._tenant, after, limit)
        return [decode_entity(row["body"]) for row in rows]

    async def subjects(self, after: str, limit: int) -> list[str]:
        """See ``Still.subjects``."""
        rows = await self._db.fetch(_SQL["subjects_after"], self._tenant, after, limit)
        return [row["entity"] for row in rows]

    async def history(self, query: HistoryQuery) -> History:
        """See ``Store.history``."""
        keys = await self._numbers({*query.names})
        return await history.history(self._db, self._tenant, keys, query)


async def tenants(server: Server) -> list[str]:
    """Every tenant of the database."""
    rows = await server.read(lambda db: db.fetch(_SQL["all_tenants"]))
    return [row["name"] for row in rows]


@asynccontextmanager
async def still(server: Server, tenant: int, numbers: Numbers) -> AsyncIterator[PostgresStill]:
    """The tenant of this number as it is now. Raises ``StoreUnavailable``."""
    db = await connect_once(server.address, server.about.search_path)
    try:
        await db.execute(_SQL["patience"])
        async with reader.snapshot(db):
            position = await db.fetchval(_STORE["position"], tenant)
            yield PostgresStill(db, tenant, position, numbers)
    except troubles.ANY as error:
        raise server.trouble(error, doing="read the whole of") from error
    finally:
        await db.close()
