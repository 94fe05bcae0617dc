"""The book of master data in a SQLite file of its own: a city's decisions outlive whatever else is thrown away.

``sympolis export`` and a copy of the file both carry them; nothing in it can be derived again from sources.
"""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import apsw
import msgspec

from sympolis.domain.errors import StoreUnavailable
from sympolis.governance.masterdata.model import Decision, Unknown
from sympolis.stores import sql
from sympolis.stores.embedded import files

FILE = "masterdata.sqlite"


class EmbeddedBook:
    """See ``governance.masterdata.model.Book``. One connection, one call at a time, each a durable transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._sql = sql.load(__package__ or "", "masterdata.sql")
        self._lock = threading.Lock()
        self._connection.execute(self._sql["schema"])

    @classmethod
    def open(cls, folder: Path) -> EmbeddedBook:
        """The book of a data folder, made where there is none. Raises ``StoreUnavailable``."""
        files.check_library()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / FILE
        try:
            connection = apsw.Connection(str(path))
            connection.set_busy_timeout(10_000)
            connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
            return cls(connection)
        except apsw.Error as cause:
            hint = "restore it from a backup: it holds decisions that nothing else knows"
            raise StoreUnavailable(f"cannot be opened: {cause}", where=str(path), hint=hint) from cause

    def _execute(self, name: str, **values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            return list(self._connection.execute(self._sql[name], values))

    def decide(self, decision: Decision) -> Decision:
        """See ``Book``."""
        body = msgspec.json.encode(decision).decode()
        [(number,)] = self._execute("decide", body=body)
        return msgspec.structs.replace(decision, number=number)

    def decisions(self) -> list[Decision]:
        """See ``Book``."""
        found = (
            (number, msgspec.json.decode(body, type=Decision)) for number, body in self._execute("decisions")
        )
        return [msgspec.structs.replace(one, number=number) for number, one in found]

    def note(self, unknown: Unknown) -> None:
        """See ``Book``."""
        values = msgspec.structs.asdict(unknown)
        self._execute("note", **{**values, "seen": unknown.seen.isoformat()})

    def unknowns(self) -> list[Unknown]:
        """See ``Book``."""
        return [
            Unknown(kind=kind, words=words, source=source, seen=datetime.fromisoformat(seen), times=times)
            for kind, words, source, seen, times in self._execute("unknowns")
        ]

    def close(self) -> None:
        """See ``Book``."""
        with self._lock:
            self._connection.close()
