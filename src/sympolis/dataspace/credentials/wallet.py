"""What we say of others, and what others say of us: the credentials given and held, and the list of those taken
back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from sympolis.dataspace.credentials import credential, status
from sympolis.dataspace.credentials.credential import Credential
from sympolis.dataspace.credentials.keys import KeyRing
from sympolis.dataspace.credentials.signed import peek
from sympolis.dataspace.records import Records
from sympolis.domain import errors

_GIVEN, _HELD, _SERIES = "credential-given", "credential-held", "status"
_MOST_HELD: Final = 1_000


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that this twin signed. ``place`` is its place in the status list."""

    id: str
    subject: str
    type: str
    claims: dict[str, Any]
    place: int
    given_at: datetime
    valid_until: datetime
    revoked_at: datetime | None = None
    jwt: str = ""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that somebody signed about us."""

    id: str
    issuer: str
    types: tuple[str, ...]
    valid_until: datetime | None
    received_at: datetime
    jwt: str


class Wallet:
    """See the module. ``own`` is our DID, ``list_url`` where our status list is served."""

    def __init__(
        self,
        records: Records,
        keys: KeyRing,
        *,
        own: Callable[[], str],
        list_url: Callable[[], str],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._records = records
        self._keys = keys
        self._own = own
        self._list_url = list_url
        self._clock = clock

    # --- given

    def give(self, subject: str, kind: str, claims: Mapping[str, Any]) -> Given:
        """Sign a credential about ``subject``; one that holds and says the same is given again."""
        present = self._present(subject, kind)
        if present is not None and present.claims == dict(claims) and self._by_current_key(present):
            return present
        now, place = self._clock(), self._records.next_number(_SERIES)
        entry = status.entry(self._list_url(), place)
        document = credential.draft(self._own(), subject, kind, claims, now=now, status=entry)
        made = Given(
            id=document["id"],
            subject=subject,
            type=kind,
            claims=dict(claims),
            place=place,
            given_at=now,
            valid_until=datetime.fromisoformat(document["validUntil"]),
            jwt=self._keys.sign({"typ": "vc+jwt", "cty": "vc"}, document, did=self._own()),
        )
        self._records.keep(_GIVEN, made.id, made)
        return made

    def given(self) -> list[Given]:
        """Every credential that we signed, newest first."""
        return sorted(self._records.all(_GIVEN, Given), key=lambda one: one.given_at, reverse=True)

    def revoke(self, credential_id: str) -> Given:
        """Take a credential back. Raises ``NotFound``."""
        found = self._records.find(_GIVEN, credential_id, Given)
        if found is None:
            raise errors.NotFound("there is no such credential", where=credential_id[:200])
        if found.revoked_at is None:
            found = msgspec.structs.replace(found, revoked_at=self._clock())
            self._records.keep(_GIVEN, found.id, found)
        return found

    def revoke_all_of(self, subject: str) -> int:
        """Take back whatever we said of somebody; how many that were."""
        live = [one for one in self.given() if one.subject == subject and one.revoked_at is None]
        for one in live:
            self.revoke(one.id)
        return len(live)

    def status_list(self) -> str:
        """The signed list of what was taken back."""
        revoked = frozenset(one.place for one in self.given() if one.revoked_at is not None)
        document = status.draft(self._own(), self._list_url(), revoked, now=self._clock())
        return self._keys.sign({"typ": "vc+jwt", "cty": "vc"}, document, did=self._own())

    def is_revoked(self, place: int) -> bool:
        """Whether one of ours is taken back, without asking over the network."""
        return any(one.place == place and one.revoked_at is not None for one in self.given())

    def _present(self, subject: str, kind: str) -> Given | None:
        now = self._clock()
        fits = (
            one
            for one in self.given()
            if (one.subject, one.type) == (subject, kind) and one.revoked_at is None and one.valid_until > now
        )
        return next(fits, None)

    def _by_current_key(self, given: Given) -> bool:
        """Whether the key that signed it is the current one, under the name that we have now."""
        header, document = peek(given.jwt)
        return (
            header.get("kid") == f"{self._own()}#{self._keys.current()[0]}"
            and document["issuer"] == self._own()
        )

    # --- held

    def hold(self, found: Credential) -> Held:
        """Keep a credential about us whose signature was checked; it takes the place of its predecessor."""
        held = Held(
            id=found.id,
            issuer=found.issuer,
            types=tuple(sorted(found.types)),
            valid_until=found.valid_until,
            received_at=self._clock(),
            jwt=found.jwt,
        )
        if len(self.held()) >= _MOST_HELD:
            raise errors.QuotaExceeded(f"this wallet holds {_MOST_HELD} credentials", where="credentials")
        self._records.keep(_HELD, f"{held.issuer} {' '.join(held.types)}", held)
        return held

    def held(self) -> list[Held]:
        """The credentials about us that have not ended."""
        now = self._clock()
        return [
            one for one in self._records.all(_HELD, Held) if one.valid_until is None or one.valid_until > now
        ]

    def held_of(self, issuer: str) -> Held | None:
        """What a participant says of us; None where they say nothing."""
        return next((one for one in self.held() if one.issuer == issuer), None)
