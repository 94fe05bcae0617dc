"""Trust anchors: whose word counts here for which kind of credential.

This twin is its own anchor for the partners that its administrators add: a federation of equals needs nobody above it.
A dataspace with an authority names that authority here; its members are then recognised without being added one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import msgspec

from sympolis.dataspace.credentials.credential import MEMBERSHIP, ROLE
from sympolis.dataspace.credentials.did import check_did
from sympolis.dataspace.records import Records
from sympolis.domain import errors

_KIND: Final = "anchor"
KINDS: Final = frozenset({MEMBERSHIP, ROLE})
_MOST: Final = 200


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """An issuer whose credentials of these ``types`` count."""

    id: str
    types: tuple[str, ...] = (MEMBERSHIP,)
    title: str = ""
    added_at: datetime
    added_by: str = ""


class Anchors:
    """The list, kept."""

    def __init__(self, records: Records, own: Callable[[], str]) -> None:
        self._records = records
        self._own = own

    def list(self) -> list[Anchor]:
        """Those that were added; ourselves are not among them."""
        return self._records.all(_KIND, Anchor)

    def add(self, did: str, types: tuple[str, ...], *, title: str = "", by: str = "") -> Anchor:
        """Let an issuer's word count. Raises ``InvalidRequest``."""
        unknown = sorted(set(types) - KINDS)
        if unknown or not types:
            raise errors.InvalidRequest(
                "expected kinds of credentials", where="types", hint=f"known: {', '.join(sorted(KINDS))}"
            )
        if len(self.list()) >= _MOST:
            raise errors.InvalidRequest(f"at most {_MOST} trust anchors", where="id")
        made = Anchor(
            id=check_did(did), types=types, title=title[:200], added_at=datetime.now(UTC), added_by=by
        )
        self._records.keep(_KIND, made.id, made)
        return made

    def remove(self, did: str) -> None:
        """Let it count no longer. Raises ``NotFound``."""
        if not self._records.drop(_KIND, did):
            raise errors.NotFound("is not a trust anchor here", where=did[:200])

    def knows(self, did: str) -> bool:
        """Whether it is in the list."""
        return self._records.find(_KIND, did, Anchor) is not None

    def accepts(self, issuer: str, types: frozenset[str]) -> bool:
        """Whether this issuer's word counts for a credential of these types."""
        if issuer == self._own():
            return bool(types & KINDS)
        found = self._records.find(_KIND, issuer, Anchor)
        return found is not None and bool(types & set(found.types))
