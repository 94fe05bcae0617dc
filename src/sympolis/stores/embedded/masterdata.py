"""The book of master data in a SQLite file of its own: a city's decisions outlive whatever else is thrown away.

``sympolis export`` and a copy of the file both carry them; nothing in it can be derived again from sources.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from sympolis.governance.masterdata.model import Decision, Unknown
from sympolis.stores.embedded.book import Book

FILE = "masterdata.sqlite"


class EmbeddedBook(Book):
    """See ``governance.masterdata.model.Book``."""

    FILE = FILE
    STATEMENTS = "masterdata.sql"
    MEND = "restore it from a backup: it holds decisions that nothing else knows"

    def decide(self, decision: Decision) -> Decision:
        """See ``Book``."""
        body = msgspec.json.encode(decision).decode()
        [(number,)] = self._rows("decide", body=body)
        return msgspec.structs.replace(decision, number=number)

    def decisions(self) -> list[Decision]:
        """See ``Book``."""
        found = (
            (number, msgspec.json.decode(body, type=Decision)) for number, body in self._rows("decisions")
        )
        return [msgspec.structs.replace(one, number=number) for number, one in found]

    def note(self, unknown: Unknown) -> None:
        """See ``Book``."""
        values = msgspec.structs.asdict(unknown)
        self._rows("note", **{**values, "seen": unknown.seen.isoformat()})

    def unknowns(self) -> list[Unknown]:
        """See ``Book``."""
        return [
            Unknown(kind=kind, words=words, source=source, seen=datetime.fromisoformat(seen), times=times)
            for kind, words, source, seen, times in self._rows("unknowns")
        ]
