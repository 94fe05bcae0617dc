"""The port that keeps the audit log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from sympolis.governance.audit.record import Entry, Event, Head


class Trail(Protocol):
    """Keeps entries for good; several processes may write to one trail."""

    def append(self, events: Sequence[tuple[Event, datetime]]) -> None:
        """Put these behind the last entry, as one durable transaction."""
        ...

    def page(
        self, *, before: int | None, limit: int, subject: str | None = None, act: str | None = None
    ) -> list[Entry]:
        """Entries of the present file with a smaller number than ``before``, newest first."""
        ...

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """All entries of all files in order, with the name of the file that each is in."""
        ...

    def head(self) -> Head | None:
        """What was kept beside the entries of the last one; None where nothing is. It may lag behind, never ahead."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...
