"""What can go wrong with a server at the other end of a wire, in the words of this platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import asyncpg

from sympolis.domain.errors import (
    BadRequestData,
    SettingsInvalid,
    StoreUnavailable,
    SympolisError,
    TooComplexQuery,
)

LOST: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
    EOFError,
)
"""The connection is gone (or cannot be had). Whether it is the server or the wire, nobody knows."""

ANY: Final = (asyncpg.PostgresError, *LOST)

_WRONG_SETTINGS: Final = (
    asyncpg.InvalidPasswordError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ClientConfigurationError,
)


def is_lost(error: Exception) -> bool:
    """Whether the connection is to blame, and not what was sent over it."""
    return isinstance(error, LOST) and not _is_unusable(error)


def deserves_another_try(error: Exception) -> bool:
    """Whether the same transaction may succeed on a new connection."""
    return is_lost(error) or isinstance(error, asyncpg.DeadlockDetectedError | asyncpg.SerializationError)


def _is_unusable(error: Exception) -> bool:
    """A value that the server (or already the driver) cannot take: NUL in a text, a number beyond all bounds."""
    refused_here = isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
    return refused_here or isinstance(error, asyncpg.DataError)


def translated(error: Exception, where: str, *, doing: str = "read") -> SympolisError:
    """The platform's error for one of ``ANY``."""
    if isinstance(error, asyncpg.QueryCanceledError) and doing == "read":
        return TooComplexQuery(
            "this query took longer than the server allows",
            where=where,
            hint="narrow it by type or by a comparison, or raise ?timeout= of the store's URL",
        )
    if isinstance(error, _WRONG_SETTINGS):
        return SettingsInvalid(str(error), where=where, hint="check user, password and database in the URL")
    if _is_unusable(error) and doing != "migrate":
        return BadRequestData(f"PostgreSQL cannot take this value: {error}", where=where)
    return _unavailable(error, where)


def _unavailable(error: Exception, where: str) -> StoreUnavailable:
    if is_lost(error):
        said = f"PostgreSQL did not answer: {error or type(error).__name__}"
        return StoreUnavailable(said, where=where, hint="is PostgreSQL running and reachable?")
    hints = (hint for kind, hint in _HINTS.items() if isinstance(error, kind))
    hint = next(hints, "see the database server's log")
    return StoreUnavailable(f"PostgreSQL refused: {error}", where=where, hint=hint)


_HINTS: Mapping[type[Exception], str] = {
    asyncpg.DiskFullError: "make room on the database server's disk",
    asyncpg.InsufficientPrivilegeError: "the database user needs more rights, see use-postgresql.md",
    asyncpg.TooManyConnectionsError: "raise max_connections of the server, or lower ?pool= and ?writers=",
    asyncpg.ReadOnlySQLTransactionError: "the server has become a standby: give several hosts in the URL, with"
    " target_session_attrs=primary",
    asyncpg.LockNotAvailableError: "something holds a lock for long: see pg_stat_activity on the server",
    asyncpg.QueryCanceledError: "the server is overloaded, or something holds a lock: see pg_stat_activity",
}
