"""Whether an audit log is whole: every entry as it was written, none missing, none put in between."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sympolis.governance.audit.record import BEGINNING, Entry


@dataclass(frozen=True, slots=True)
class Finding:
    """What verification found. ``broken`` is the number of the first entry that does not hold; None: all do."""

    entries: int
    last_hash: str
    broken: int | None = None
    file: str = ""
    reason: str = ""

    @property
    def whole(self) -> bool:
        """Whether the log can be relied on."""
        return self.broken is None


def verify(entries: Iterable[tuple[str, Entry]]) -> Finding:
    """Follow the chain from its beginning to the first entry that does not hold.

    That entries were cut off at the end, the log itself cannot show: compare ``last_hash`` with one noted before.
    """
    number, last = 0, BEGINNING
    for file, entry in entries:
        reason = _reason(entry, number, last)
        if reason:
            return Finding(number, last, entry.number, file, reason)
        number, last = entry.number, entry.hash
    return Finding(number, last)


def _reason(entry: Entry, number: int, last: str) -> str:
    if entry.number != number + 1:
        return f"follows {number}: entries are missing, or in another order"
    if entry.before != last:
        return "does not continue the entry before it"
    return "" if entry.digest() == entry.hash else "was changed after it was written"
