"""Connections to PostgreSQL: pools by purpose, with time limits on the server, and what has to be true of it.

Three pools: *readers* (one more per replica), *writers* (a tenant's group commit holds one), and *side* for
what must not wait for either: new names, new partitions, new tenants.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import asyncpg

from sympolis.domain.errors import StoreUnavailable
from sympolis.stores import sql
from sympolis.stores.postgres import troubles
from sympolis.stores.postgres.address import Address

_SQL = sql.load("sympolis.stores.postgres", "store.sql")
_OLDEST: Final = 140_000
_CONNECT_S: Final = 15.0
_WRITE_S: Final = 60.0
_SIDE_CONNECTIONS: Final = 2
_FIRST_READING: Final = 2
_READING: Final = {"plan_cache_mode": "force_generic_plan"}
"""How to find what is asked for is decided here (see ``compile``): a plan per value costs more than reading."""
_EXTENSIONS: Final = ("postgis", "btree_gist")

Connection = Any
"""An asyncpg connection, or a pool's stand-in for one."""
_T = TypeVar("_T")


class _Lean(asyncpg.Connection):
    """Nothing is set in a session that the next user of the connection could see: no round trip to reset it."""

    def get_reset_query(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class About:
    """What the server says of itself."""

    version: str
    postgis: str
    search_path: str
    durable: bool


class Server:
    """A database with its pools. Made by ``connect``; lives in the event loop that made it."""

    def __init__(self, address: Address, about: About, pools: list[Any]) -> None:
        self.address = address
        self.about = about
        self._writers, self._side, self._primary, *self._replicas = pools
        self._turn = itertools.cycle(range(max(len(self._replicas), 1)))
        self.closed = False

    @property
    def replicated(self) -> bool:
        return bool(self._replicas)

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[Connection]:
        """A connection for a group of writes."""
        async with self._checked().acquire() as connection:
            yield connection

    @asynccontextmanager
    async def side(self) -> AsyncIterator[Connection]:
        """A connection for names, partitions and tenants, each in its own transaction."""
        self._checked()
        async with self._side.acquire() as connection:
            yield connection

    async def read(self, read: Callable[[Connection], Awaitable[_T]], *, replica: bool = False) -> _T:
        """Run a read; once more on another connection where the first one turns out to be dead.

        Raises the platform's errors only.
        """
        self._checked()
        pool = self._replicas[next(self._turn)] if replica and self._replicas else self._primary
        for last in (False, True):
            try:
                async with pool.acquire() as connection:
                    return await read(connection)
            except troubles.ANY as error:
                if last or self.closed or not troubles.is_lost(error):
                    raise self.trouble(error) from error
                await pool.expire_connections()
        raise AssertionError("the loop returns or raises")

    def trouble(self, error: Exception, *, doing: str = "read") -> Exception:
        """The platform's error for one of the driver's."""
        if self.closed:
            return StoreUnavailable("the store is closed")
        return troubles.translated(error, str(self.address), doing=doing)

    def _checked(self) -> Any:
        if self.closed:
            raise StoreUnavailable("the store is closed")
        return self._writers

    async def close(self) -> None:
        """Let go of every connection; what is under way may finish."""
        self.closed = True
        for pool in (self._writers, self._side, self._primary, *self._replicas):
            await pool.close()


async def connect(address: Address, about: About) -> Server:
    """Open the pools. Raises ``StoreUnavailable`` or ``SettingsInvalid``."""
    pools: list[Any] = []
    plans = [
        (address.dsn, address.writers, _WRITE_S),
        (address.dsn, _SIDE_CONNECTIONS, _WRITE_S),
        *((dsn, address.readers, address.timeout_s) for dsn in (address.dsn, *address.replicas)),
    ]
    try:
        for place, (dsn, size, limit_s) in enumerate(plans):
            session = _session(limit_s, about.search_path)
            pools.append(await _pool(dsn, size, session | _READING if place >= _FIRST_READING else session))
    except BaseException as error:
        for pool in pools:
            pool.terminate()
        if isinstance(error, troubles.ANY):
            raise troubles.translated(error, str(address)) from error
        raise
    return Server(address, about, pools)


async def connect_once(address: Address, search_path: str = "") -> Connection:
    """A single connection. Raises ``StoreUnavailable`` or ``SettingsInvalid``."""
    try:
        return await asyncpg.connect(
            address.dsn,
            timeout=_CONNECT_S,
            server_settings=_session(_WRITE_S, search_path or address.schema),
        )
    except (*troubles.ANY, ValueError) as error:
        raise troubles.translated(error, str(address)) from error


async def _pool(dsn: str, size: int, session: dict[str, str]) -> Any:
    return await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        timeout=_CONNECT_S,
        connection_class=_Lean,
        server_settings=session,
    )


def _session(limit_s: float, search_path: str) -> dict[str, str]:
    """Settings of each connection. ``synchronous_commit``: the server's default may have been weakened.

    Pages come from memory or flash, and answers are small: an index is never worse than a scan by several workers.
    A session whose client has gone without a word ends within a minute, and with it the locks that it holds.
    """
    return {
        "application_name": "sympolis",
        "search_path": search_path,
        "statement_timeout": str(int(limit_s * 1000)),
        "lock_timeout": str(int(_WRITE_S * 1000)),
        "idle_in_transaction_session_timeout": str(int(_WRITE_S * 1000)),
        "synchronous_commit": "on",
        "jit": "off",
        "random_page_cost": "1.1",
        "max_parallel_workers_per_gather": "0",
        "work_mem": "32MB",
        "timezone": "UTC",
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
    }


async def examine(connection: Connection, address: Address) -> About:
    """Check that the server will do, and see to its extensions. Raises ``StoreUnavailable`` with what to do."""
    facts = await connection.fetchrow(_SQL["server_facts"])
    _check(facts, str(address))
    found = await _extensions(connection, str(address))
    schemas = dict.fromkeys([address.schema, *(schema for schema, _ in found.values()), "public"])
    return About(
        version=facts["version"],
        postgis=found["postgis"][1],
        search_path=", ".join(schemas),
        durable=facts["fsync"] == "on" and facts["pages"] == "on",
    )


def _check(facts: Any, where: str) -> None:
    if facts["number"] < _OLDEST:
        raise StoreUnavailable(
            f"this is PostgreSQL {facts['version']}; {_OLDEST // 10_000} or later is needed",
            where=where,
            hint="upgrade the server",
        )
    if facts["encoding"] != "UTF8":
        raise StoreUnavailable(
            f"the database is encoded in {facts['encoding']}, not UTF8",
            where=where,
            hint="CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
        )
    if facts["standby"]:
        raise StoreUnavailable(
            "this server is a read-only standby",
            where=where,
            hint="give the primary's address, and this one as ?replica=",
        )


async def _extensions(connection: Connection, where: str) -> dict[str, tuple[str, str]]:
    """Schema and version of each extension that is needed, made where it is not there yet."""
    for name in _EXTENSIONS:
        rows = {row["name"]: row for row in await connection.fetch(_SQL["extensions"])}
        if name not in rows:
            raise StoreUnavailable(
                f"the server does not have the extension {name}",
                where=where,
                hint="install it beside PostgreSQL, on Debian: apt-get install postgresql-postgis",
            )
        if rows[name]["schema"] is None:
            await _add_extension(connection, name, where)
    rows = {row["name"]: row for row in await connection.fetch(_SQL["extensions"])}
    return {name: (rows[name]["schema"], rows[name]["version"]) for name in _EXTENSIONS}


async def _add_extension(connection: Connection, name: str, where: str) -> None:
    try:
        await connection.execute(f"CREATE EXTENSION IF NOT EXISTS {name} SCHEMA public")
    except asyncpg.UniqueViolationError:
        return  # another process was quicker
    except asyncpg.InsufficientPrivilegeError as error:
        raise StoreUnavailable(
            f"the database lacks the extension {name}, and this user may not add it",
            where=where,
            hint=f"as a superuser of that database: CREATE EXTENSION {name} SCHEMA public;",
        ) from error
