"""Opening the SQLite files of a tenant: the right library, the right pragmas, the right schema.

One process at a time owns a data folder (``claim``): the writer keeps numbers and names in memory, which a second
writer would make stale, and SQLite before 3.51.3 can corrupt a WAL that several connections use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw

from sympolis.domain.errors import StoreUnavailable
from sympolis.stores import sql
from sympolis.stores.embedded import steps

_OLDEST = (3, 51, 3)
_MEND = "pip install --upgrade 'apsw>=3.51.3' (its wheels bring their own SQLite)"
_WRITER = """
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
    PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32000; PRAGMA wal_autocheckpoint = 8000;
    PRAGMA journal_size_limit = 67108864
"""
_READER = "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{kilobytes}"
_MOST_PREPARED = 512
"""Statements that the writer keeps prepared, as many as apsw can: a row of ``executemany`` takes a place like any other
use of a statement, so that a batch with fewer places had all the others prepared anew."""
_WAIT_MS = 10_000
_MOST_MEMORY = 160_000_000
"""Bytes that SQLite may have in all: the pages of every connection to every tenant's file."""


def check_library(version: str | None = None) -> None:
    """Refuse an SQLite library that is too old to be trusted. Raises ``StoreUnavailable`` saying how to mend it."""
    found = version or apsw.sqlite_lib_version()
    if tuple(int(part) for part in found.split(".")) < _OLDEST:
        raise StoreUnavailable(
            f"SQLite {found} has a bug that can corrupt a database with several connections;"
            f" {'.'.join(map(str, _OLDEST))} or later is needed",
            where="the apsw package",
            hint=_MEND,
        )


def bound_memory() -> None:
    """Have all connections of this process share one budget: beyond it each gives up its oldest pages for its new ones.

    A connection's own ``cache_size`` says what it may have of it; so many tenants do not need as many times the memory
    of one.
    """
    if apsw.soft_heap_limit(-1) == 0:
        apsw.soft_heap_limit(_MOST_MEMORY)


def claim(folder: Path) -> apsw.Connection:
    """Take the data folder for this process until the connection is closed (or the process dies).

    Raises ``StoreUnavailable`` where another process has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    connection = apsw.Connection(str(folder / "owner.sqlite"))
    try:
        fetch_all(connection, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
    except apsw.BusyError as error:
        connection.close()
        raise StoreUnavailable(
            "another process is using this data folder",
            where=str(folder),
            hint="stop it, or choose another --data",
        ) from error
    return connection


def tenant_folder(root: Path, tenant: str) -> Path:
    """Where a tenant's files are; any name makes a folder name that is safe on every file system."""
    if not tenant:
        return root / "default"
    safe = "".join(
        letter if letter.islower() or letter.isdigit() else f"%{ord(letter):x}." for letter in tenant
    )
    return root / "tenants" / quote(safe, safe="%.")


def open_writer(path: Path) -> apsw.Connection:
    """The one connection that writes, with the schema brought up to date."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = apsw.Connection(str(path), statementcachesize=_MOST_PREPARED)
    _settle_plans(connection)
    connection.set_busy_timeout(_WAIT_MS)
    fetch_all(connection, _WRITER)
    migrate(connection, path)
    return connection


class Reading(apsw.Connection):
    """A connection that only reads.

    ``known`` tells what queries may rely on, ``wish`` takes what they would like, ``miss`` what would be worth keeping
    if it is missed again and again.
    """

    known: Callable[[], Any] | None = None
    wish: Callable[[Sequence[Any]], None] = staticmethod(lambda _wishes: None)
    miss: Callable[[Sequence[Any]], None] = staticmethod(lambda _wishes: None)

    @property
    def catalog(self) -> Any:
        """The present ``Catalog``, None where nobody keeps one."""
        return None if self.known is None else self.known()


def open_reader(path: Path, *, cache_kb: int = 4000) -> Reading:
    """A connection that only reads, with so many kilobytes of pages at hand."""
    connection = Reading(str(path), flags=apsw.SQLITE_OPEN_READWRITE, statementcachesize=100)
    _settle_plans(connection)
    connection.set_busy_timeout(_WAIT_MS)
    fetch_all(connection, _READER.format(kilobytes=cache_kb))
    return connection


def _settle_plans(connection: apsw.Connection) -> None:
    """Have a statement planned once, whatever its parameters are.

    Where SQLite is built with statistics of values (STAT4, as in apsw's wheels), it plans anew at each execution what
    could depend on a parameter: joins, ranges, descending orders. That takes longer than a point read, and there are no
    statistics here that could tell it anything.
    """
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)


def migrate(connection: apsw.Connection, path: Path) -> None:
    """Run the migrations that this file has not seen, each in a transaction of its own.

    Raises ``StoreUnavailable`` where the file is of a newer Sympolis.
    """
    scripts = sql.migrations("sympolis.stores.embedded")
    version = fetch_value(connection, "PRAGMA user_version")
    if version > scripts[-1][0]:
        raise StoreUnavailable(
            f"this file has schema {version}, this Sympolis knows up to {scripts[-1][0]}",
            where=str(path),
            hint="start the newer Sympolis that wrote it",
        )
    for number, script in scripts:
        if number > version:
            with connection:
                fetch_all(connection, script)
                steps.take(number, connection)
                connection.execute(f"PRAGMA user_version = {number}")


def fetch_all(db: apsw.Connection, statement: str, parameters: Any = None) -> list[Any]:
    """All rows of a statement (or of several: apsw stops at the first that gives a row until it is asked on)."""
    return db.execute(statement, parameters).fetchall()


def fetch_value(db: apsw.Connection, statement: str, parameters: Any = None) -> Any:
    """The only column of the only row of a statement."""
    [(value,)] = db.execute(statement, parameters)
    return value
