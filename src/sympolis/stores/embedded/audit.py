"""The audit log in SQLite files of its own, one after the other; each begins with an anchor to the one before.

A file that is full is sealed and stays as it is, so that it can be copied to where nobody can write. Several processes
may append (the command line beside a server): each does so in a transaction that reads the last entry first.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import apsw
import msgspec

from sympolis.domain.errors import InvalidRequest, StoreUnavailable
from sympolis.governance.audit.record import BEGINNING, Act, Entry, Event, Head, canonical, chained
from sympolis.stores.embedded import files
from sympolis.stores.embedded.book import Book

FOLDER: Final = "audit"
MOST_ENTRIES: Final = 500_000
"""Entries per file: about 200 MB."""
_NAME: Final = re.compile(r"audit-(\d{6})\.sqlite")
_HEAD: Final = "head"
"""The file beside the log that says which entry was the last."""
_LAST: Final = 2**62
_UNREADABLE: Final = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE: Final = 1000


class _File(Book):
    FILE: ClassVar[str] = "audit"
    STATEMENTS: ClassVar[str] = "audit.sql"

    def append(
        self, events: Sequence[tuple[Event, datetime]], begin: tuple[int, str], most: int
    ) -> tuple[int, str] | None:
        """Append them; None, and nothing done, where the file is sealed, which it is from now on if it is full.

        ``begin``: number and hash to go on from in an empty file.
        """
        with self._at_once() as connection:
            # A first write takes the lock: what is read next stays the last entry until the commit.
            files.fetch_all(connection, "DELETE FROM sealed WHERE one = 0")
            number, last, sealed = self._last(connection) or (*begin, 0)
            if sealed or number - begin[0] >= most:
                files.fetch_all(connection, self._sql["seal"])
                return None
            for event, at in events:
                entry = chained(event, number, last, at)
                values = {
                    "number": entry.number,
                    "subject": event.subject,
                    "act": event.act.value,
                    "body": canonical(entry).decode(),
                    "hash": entry.hash,
                }
                files.fetch_all(connection, self._sql["append"], values)
                number, last = entry.number, entry.hash
        return number, last

    def last(self) -> tuple[int, str] | None:
        """Number and hash of the last entry; None in an empty file."""
        rows = self._rows("last")
        return (rows[0][0], rows[0][1]) if rows else None

    def page(self, **values: Any) -> list[Entry]:
        return [_entry(*row) for row in self._rows("page", **values)]

    def entries(self) -> Iterator[Entry]:
        """All of them, in order, a portion at a time."""
        number = -1
        while rows := self._rows("after", number=number, limit=_AT_ONCE):
            found = [_entry(*row) for row in rows]
            yield from found
            number = found[-1].number

    def _last(self, connection: apsw.Connection) -> tuple[int, str, int] | None:
        rows = files.fetch_all(connection, self._sql["last"])
        return rows[0] if rows else None


class EmbeddedTrail:
    """See ``governance.audit.trail.Trail``. ``folder`` None: in memory."""

    def __init__(self, folder: Path | None, most_entries: int) -> None:
        self._folder = folder
        self._most = most_entries
        self._number, self._file = self._newest()
        self._begin = (0, BEGINNING)
        if self._number > 1:
            self._begin = self._end_of(self._number - 1)

    @classmethod
    def open(cls, folder: Path, *, most_entries: int = MOST_ENTRIES) -> Self:
        """The log of a data folder. Raises ``StoreUnavailable``."""
        files.check_library()
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        return cls(folder / FOLDER, most_entries)

    @classmethod
    def in_memory(cls) -> Self:
        """A log that lasts as long as the process."""
        files.check_library()
        return cls(None, _LAST)

    def append(self, events: Sequence[tuple[Event, datetime]]) -> None:
        """See ``Trail``."""
        while (last := self._file.append(events, self._begin, self._most)) is None:
            self._go_on(events[0][1])
        if self._folder is not None:
            _keep_head(self._folder, Head(*last))

    def head(self) -> Head | None:
        """See ``Trail``."""
        path = None if self._folder is None else self._folder / _HEAD
        try:
            return None if path is None or not path.exists() else Head.parse(path.read_text("ascii"))
        except (OSError, ValueError, InvalidRequest) as cause:
            raise StoreUnavailable("cannot be read: somebody else has written it", where=str(path)) from cause

    def page(
        self, *, before: int | None, limit: int, subject: str | None = None, act: str | None = None
    ) -> list[Entry]:
        """See ``Trail``."""
        return self._file.page(before=before or _LAST, limit=limit, subject=subject, act=act)

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """See ``Trail``."""
        for number, path in self._paths():
            file = self._file if number == self._number else _opened(path)
            try:
                for entry in file.entries():
                    yield path.name, entry
            finally:
                if file is not self._file:
                    file.close()
        if self._folder is None:
            for entry in self._file.entries():
                yield "memory", entry

    def close(self) -> None:
        """See ``Trail``."""
        self._file.close()

    def _go_on(self, at: datetime) -> None:
        """The next file, begun here or by another process."""
        ended = self._file.last() or self._begin
        self._file.close()
        self._number += 1
        self._file = self._open(self._number)
        self._begin = ended
        if self._file.last() is None:
            anchor = Event(Act.ANCHORED, "", "rotate", reason=f"{ended[0]} {ended[1]}")
            self._file.append([(anchor, at)], ended, self._most)

    def _newest(self) -> tuple[int, _File]:
        if self._folder is None:
            return 1, _File(apsw.Connection(":memory:"))
        paths = self._paths()
        number = paths[-1][0] if paths else 1
        return number, self._open(number)

    def _end_of(self, number: int) -> tuple[int, str]:
        file = self._open(number)
        try:
            return file.last() or (0, BEGINNING)
        finally:
            file.close()

    def _open(self, number: int) -> _File:
        assert self._folder is not None
        return _opened(self._folder / f"audit-{number:06d}.sqlite")

    def _paths(self) -> list[tuple[int, Path]]:
        if self._folder is None:
            return []
        found = ((_NAME.fullmatch(path.name), path) for path in self._folder.iterdir())
        return sorted((int(match[1]), path) for match, path in found if match)


def _keep_head(folder: Path, head: Head) -> None:
    """Put it in place of the one before, whole or not at all; it need not survive a power cut, being allowed to lag."""
    kept = folder / f"{_HEAD}.{os.getpid()}"
    try:
        kept.write_text(f"{head}\n", encoding="ascii")
        kept.chmod(stat.S_IRUSR | stat.S_IWUSR)
        kept.replace(folder / _HEAD)
    except OSError as cause:
        raise StoreUnavailable(f"cannot be written: {cause}", where=str(kept)) from cause


def _opened(path: Path) -> _File:
    try:
        connection = apsw.Connection(str(path))
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        connection.set_busy_timeout(10_000)
        files.fetch_all(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        return _File(connection)
    except apsw.Error as cause:
        raise StoreUnavailable(f"cannot be opened: {cause}", where=str(path)) from cause


def _entry(number: int, body: str, hashed: str) -> Entry:
    """The entry of a row; one that nobody can read any more has nothing but its number, and breaks the chain."""
    try:
        found = msgspec.json.decode(body, type=Entry)
    except msgspec.DecodeError:
        found = Entry(number, _UNREADABLE, Event(Act.DONE, "", ""), "")
    return msgspec.structs.replace(found, number=number, hash=hashed)
