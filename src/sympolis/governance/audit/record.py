"""What an entry of the audit log says, and the chain that holds entries together.

Each entry carries the SHA-256 of its own canonical JSON together with the hash of the one before: whoever changes,
removes or inserts one has to change all that follow. Personal data are kept to who, what and when: the subject's id,
the operation, the path without its query, no body.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import msgspec

from sympolis.domain.errors import InvalidRequest

BEGINNING: Final = "0" * 64
"""The hash before the first entry."""
_HEAD: Final = re.compile(r"(\d{1,18}):([0-9a-f]{64})", re.ASCII)


class Act(StrEnum):
    """What kind of thing happened."""

    DONE = "done"
    """Something was changed, or ordered."""
    DENIED = "denied"
    """Somebody was refused, or something was kept from them."""
    READ = "read"
    """Data were read that a policy speaks of."""
    ADMINISTERED = "administered"
    """People, keys, roles or policies were changed."""
    SIGNED_IN = "signed-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGNED_OUT = "signed-out"
    ANCHORED = "anchored"
    """A file of the log begins: ``reason`` has the last number and hash of the file before."""


class Head(msgspec.Struct, frozen=True):
    """Number and hash of an entry that was once the last: what came before it cannot be cut off unnoticed."""

    number: int
    hash: str

    @classmethod
    def parse(cls, text: str) -> Head:
        """From ``NUMBER:HASH``, as it is shown. Raises ``InvalidRequest``."""
        found = _HEAD.fullmatch(text.strip())
        if found is None:
            raise InvalidRequest(
                "expected NUMBER:HASH", where="head", hint="as `sympolis audit head` shows it"
            )
        return cls(int(found[1]), found[2])

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


class Event(msgspec.Struct, frozen=True):
    """Something that belongs into the log. ``subject`` is '' for a stranger, ``via`` the key that was used."""

    act: Act
    subject: str
    operation: str
    target: str = ""
    request: str = ""
    datasets: tuple[str, ...] = ()
    via: str = ""
    reason: str = ""


class Entry(msgspec.Struct, frozen=True):
    """An event with its place in the chain; ``at`` in UTC."""

    number: int
    at: datetime
    event: Event
    before: str
    hash: str = ""

    def sealed(self) -> Entry:
        """The same with its hash."""
        return msgspec.structs.replace(self, hash=self.digest())

    def digest(self) -> str:
        """SHA-256 of the entry's canonical JSON, which holds the hash before it."""
        return hashlib.sha256(canonical(self)).hexdigest()


def canonical(entry: Entry) -> bytes:
    """The entry without its own hash as JSON with sorted members and no blanks."""
    return msgspec.json.encode(msgspec.structs.replace(entry, hash=""), order="sorted")


def chained(event: Event, number: int, before: str, at: datetime) -> Entry:
    """The entry that follows the one with this number and hash."""
    return Entry(number + 1, at.astimezone(UTC), event, before).sealed()
