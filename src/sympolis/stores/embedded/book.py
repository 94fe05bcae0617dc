"""A SQLite file of its own beside the store, for what is no part of what is known.

Registrations, subscriptions, people, the books of acquisition and master data are neither in the change log nor in the
history, and other threads write them, at their own pace: so each has a file, opened and shared in the same careful way.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import apsw

from sympolis.domain.errors import StoreUnavailable
from sympolis.stores import sql
from sympolis.stores.embedded import files

_PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY"
_WAIT_MS = 10_000


class Book:
    """One connection, one call at a time; each call is one durable transaction.

    ``FILE`` is the name in the data folder, ``STATEMENTS`` the ``.sql`` file beside this module, with its ``schema``;
    ``MEND`` says what to do with a file that cannot be opened.
    """

    FILE: ClassVar[str]
    STATEMENTS: ClassVar[str]
    MEND: ClassVar[str] = ""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._sql = sql.load(__package__ or "", self.STATEMENTS)
        self._lock = threading.Lock()
        files.fetch_all(connection, self._sql["schema"])

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The books of a data folder, made where there are none. Raises ``StoreUnavailable``."""
        files.check_library()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / cls.FILE
        try:
            connection = apsw.Connection(str(path))
            connection.set_busy_timeout(_WAIT_MS)
            files.fetch_all(connection, _PRAGMAS)
            return cls(connection)
        except apsw.Error as cause:
            raise StoreUnavailable(f"cannot be opened: {cause}", where=str(path), hint=cls.MEND) from cause

    def tenants(self) -> list[str]:
        """The tenants that have anything here."""
        return [tenant for (tenant,) in self._rows("tenants")]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _at_once(self) -> Iterator[apsw.Connection]:
        """One transaction for several statements. Raises ``StoreUnavailable`` where it cannot be made durable."""
        try:
            with self._lock, self._connection:
                yield self._connection
        except apsw.Error as cause:
            raise StoreUnavailable(
                f"cannot be kept: {cause}", where=self.FILE, hint="is the disk full?"
            ) from cause

    def _rows(self, name: str, **values: Any) -> list[Any]:
        try:
            with self._lock:
                return files.fetch_all(self._connection, self._sql[name], values)
        except apsw.Error as cause:
            raise StoreUnavailable(f"cannot be used: {cause}", where=self.FILE) from cause
