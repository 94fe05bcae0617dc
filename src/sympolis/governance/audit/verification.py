"""Whether an audit log is whole: every entry as it was written, none missing, none put in between."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sympolis.governance.audit.record import BEGINNING, Entry, Head


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


def verify(entries: Iterable[tuple[str, Entry]], heads: Iterable[Head] = ()) -> Finding:
    """Follow the chain from its beginning to the first entry that does not hold.

    That entries were cut off at the end, the chain itself cannot show: ``heads`` can, which were its last entry at some
    time, one kept beside the log and others noted where nobody can write.
    """
    number, last, file = 0, BEGINNING, ""
    known = {head.number: head for head in heads}
    for file, entry in entries:
        reason = _reason(entry, number, last)
        if not reason and entry.number in known and known[entry.number].hash != entry.hash:
            reason = "is not the entry that was noted: the log was written anew from here or before"
        if reason:
            return Finding(number, last, entry.number, file, reason)
        number, last = entry.number, entry.hash
    cut = max(known, default=0)
    if cut > number:
        reason = f"is missing, with all up to {cut}, which was there: the newest entries were cut off"
        return Finding(number, last, number + 1, file, reason)
    return Finding(number, last)


def _reason(entry: Entry, number: int, last: str) -> str:
    if entry.number != number + 1:
        return f"follows {number}: entries are missing, or in another order"
    if entry.before != last:
        return "does not continue the entry before it"
    return "" if entry.digest() == entry.hash else "was changed after it was written"
