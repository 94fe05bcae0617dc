"""Letting go of a tenant: a tenant is a column, so this is a DELETE per table, all of them in one transaction."""

from __future__ import annotations

from typing import Final

from sympolis.stores import sql
from sympolis.stores.postgres.listening import channel
from sympolis.stores.postgres.server import Server

_SQL = sql.load("sympolis.stores.postgres", "dropping.sql")
_FIRST: Final = ("lock_tenant", "patience")
_TABLES: Final = tuple(name for name in _SQL if name not in (*_FIRST, "tenant"))


async def drop(server: Server, tenant: str) -> None:
    """Forget a tenant with all it has, in every process; nothing where there is none."""
    async with server.writer() as db, db.transaction():
        key = await db.fetchval(_SQL["lock_tenant"], tenant)
        if key is None:
            return
        await db.execute(_SQL["patience"])
        for table in _TABLES:
            await db.execute(_SQL[table], key)
        await db.execute(_SQL["tenant"], key, channel(server.address.schema))
