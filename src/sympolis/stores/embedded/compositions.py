"""Composed dashboards in a SQLite file of their own: one row for each version."""

from __future__ import annotations

from datetime import UTC
from typing import ClassVar, Self

import apsw
import msgspec

from sympolis.analysis.dashboards.composed import Composition
from sympolis.stores.embedded import files
from sympolis.stores.embedded.book import Book


class EmbeddedCompositions(Book):
    """See ``analysis.dashboards.composing.CompositionBook``."""

    FILE: ClassVar[str] = "dashboards.sqlite"
    STATEMENTS: ClassVar[str] = "compositions.sql"
    MEND: ClassVar[str] = "restore it from a backup, or move it away: dashboards made here are then gone"

    @classmethod
    def in_memory(cls) -> Self:
        """A book that lasts as long as the process."""
        files.check_library()
        return cls(apsw.Connection(":memory:"))

    def newest(self) -> list[Composition]:
        """See ``CompositionBook``."""
        return [_read(body) for (body,) in self._rows("newest")]

    def get(self, composition: str, version: int | None = None) -> Composition | None:
        """See ``CompositionBook``."""
        rows = self._rows("get", id=composition, version=version)
        return _read(rows[0][0]) if rows else None

    def versions(self, composition: str) -> list[Composition]:
        """See ``CompositionBook``."""
        return [_read(body) for (body,) in self._rows("versions", id=composition)]

    def keep(self, composition: Composition, *, most: int) -> bool:
        """See ``CompositionBook``."""
        at = composition.modified_at.astimezone(UTC).isoformat(timespec="microseconds")
        key = {"id": composition.id, "version": composition.version}
        body = msgspec.json.encode(composition).decode()
        with self._at_once() as connection:
            kept = files.fetch_all(connection, self._sql["keep"], {**key, "modified_at": at, "body": body})
            files.fetch_all(connection, self._sql["thin"], {**key, "most": most})
            return bool(kept)

    def drop(self, composition: str) -> bool:
        """See ``CompositionBook``."""
        with self._at_once() as connection:
            return bool(files.fetch_all(connection, self._sql["drop"], {"id": composition}))

    def people(self) -> list[str]:
        """See ``CompositionBook``."""
        return [name for (name,) in self._rows("people")]

    def named(self, person: str) -> list[str]:
        """See ``CompositionBook``."""
        return [composition for (composition,) in self._rows("named", person=person)]

    def forget(self, person: str) -> int:
        """See ``CompositionBook``."""
        found = self.named(person)
        with self._at_once() as connection:
            for name in ("forget_drafts", "forget_owner", "forget_changes"):
                files.fetch_all(connection, self._sql[name], {"person": person})
        return len(found)


def _read(body: str) -> Composition:
    return msgspec.json.decode(body, type=Composition)
