"""Partners, keys and credentials in a SQLite file of its own, which only the user who runs the twin may read.

It holds the private keys by which this twin proves who it is, so it is made unreadable for others before anything is
written into it: SQLite gives its write-ahead log the permissions of the file itself.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import ClassVar, Self, TypeVar

import apsw
import msgspec

from sympolis.stores.embedded import files
from sympolis.stores.embedded.book import Book

T = TypeVar("T")
_OWNER_ONLY = stat.S_IRUSR | stat.S_IWUSR


class FederationBook(Book):
    """See ``dataspace.records.Records``."""

    FILE: ClassVar[str] = "federation.sqlite"
    STATEMENTS: ClassVar[str] = "federation.sql"
    MEND: ClassVar[str] = (
        "restore it from a backup: without its keys this twin is another one to its partners"
    )

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The book of a data folder. Raises ``StoreUnavailable``."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / cls.FILE
        path.touch(mode=_OWNER_ONLY)
        path.chmod(_OWNER_ONLY)
        return super().open(folder)

    @classmethod
    def in_memory(cls) -> Self:
        """A book that lasts as long as the process."""
        files.check_library()
        return cls(apsw.Connection(":memory:"))

    def find(self, kind: str, record_id: str, to: type[T]) -> T | None:
        """See ``Records``."""
        rows = self._rows("find", kind=kind, id=record_id)
        return msgspec.json.decode(rows[0][0], type=to) if rows else None

    def all(self, kind: str, to: type[T]) -> list[T]:
        """See ``Records``."""
        return [msgspec.json.decode(body, type=to) for (body,) in self._rows("all", kind=kind)]

    def keep(self, kind: str, record_id: str, record: msgspec.Struct) -> None:
        """See ``Records``."""
        with self._at_once() as connection:
            body = msgspec.json.encode(record).decode()
            files.fetch_all(connection, self._sql["keep"], {"kind": kind, "id": record_id, "body": body})

    def drop(self, kind: str, record_id: str) -> bool:
        """See ``Records``."""
        with self._at_once() as connection:
            return bool(files.fetch_all(connection, self._sql["drop"], {"kind": kind, "id": record_id}))

    def next_number(self, name: str) -> int:
        """See ``Records``."""
        with self._at_once() as connection:
            [(number,)] = files.fetch_all(connection, self._sql["next"], {"name": name})
        return int(number)
