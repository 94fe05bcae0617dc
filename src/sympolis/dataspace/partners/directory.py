"""The list of partners and invitations, kept; nothing here calls anybody."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from sympolis.dataspace.partners.partner import Invitation, Kind, Partner, Standing
from sympolis.dataspace.records import Records
from sympolis.domain import errors

_PARTNER, _INVITATION = "partner", "invitation"
MOST_PARTNERS: Final = 5_000
_MOST_INVITATIONS: Final = 200
INVITATION_LASTS: Final = timedelta(days=7)


class PartnerDirectory:
    """See the module; it is an ``identity.Acquaintance``. Reads are from memory: every message asks for one."""

    def __init__(
        self, records: Records, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._records = records
        self._clock = clock
        self._partners = {one.id: one for one in records.all(_PARTNER, Partner)}

    # --- partners

    def everybody(self) -> list[Partner]:
        """Every partner, by name."""
        return sorted(self._partners.values(), key=lambda one: (one.name.lower(), one.id))

    def get(self, partner_id: str) -> Partner:
        """One partner. Raises ``NotFound``."""
        found = self._partners.get(partner_id)
        if found is None:
            raise errors.NotFound("is not a partner of this twin", where=partner_id[:200])
        return found

    def find(self, partner_id: str) -> Partner | None:
        """One partner; None for somebody else."""
        return self._partners.get(partner_id)

    def keep(self, partner: Partner) -> Partner:
        """Add a partner, or keep what changed. Raises ``QuotaExceeded``."""
        if partner.id not in self._partners and len(self._partners) >= MOST_PARTNERS:
            raise errors.QuotaExceeded(f"a twin has at most {MOST_PARTNERS} partners", where="partners")
        self._records.keep(_PARTNER, partner.id, partner)
        self._partners[partner.id] = partner
        return partner

    def change(self, partner_id: str, **fields: object) -> Partner:
        """Keep other values in these fields. Raises ``NotFound``."""
        return self.keep(msgspec.structs.replace(self.get(partner_id), **fields))

    def remove(self, partner_id: str) -> Partner:
        """Let a partner go. Raises ``NotFound``."""
        found = self.get(partner_id)
        self._records.drop(_PARTNER, partner_id)
        del self._partners[partner_id]
        return found

    def standing(self, participant: str) -> str:
        """See ``Acquaintance``."""
        found = self._partners.get(participant)
        return "" if found is None else found.standing.value

    def name_of(self, participant: str) -> str:
        """See ``Acquaintance``."""
        found = self._partners.get(participant)
        return "" if found is None else found.name

    def suits(self, reader: str, issuer: str) -> bool:
        """Whether what ``issuer`` says of us is for ``reader``: to a connector, what twins say of each other is not.

        A connector believes its dataspace's authorities, and takes the word of anybody else for a flaw of the whole.
        """
        kinds = [one.kind for one in map(self._partners.get, (reader, issuer)) if one is not None]
        return reader == issuer or kinds != [Kind.CONNECTOR, Kind.TWIN]

    def may_call(self, participant: str) -> bool:
        """See ``Acquaintance``: anybody but who was suspended; who is not known is asked for keys, not for data."""
        found = self._partners.get(participant)
        return found is None or found.standing is Standing.ACTIVE

    def is_certified(self, participant: str) -> bool:
        """See ``Acquaintance``."""
        found = self._partners.get(participant)
        return found is not None and found.certified

    # --- invitations

    def invite(self, *, note: str = "", by: str = "") -> tuple[Invitation, str]:
        """A new invitation and its word, which is shown this once. Raises ``QuotaExceeded``."""
        self._forget_ended()
        if len(self.invitations()) >= _MOST_INVITATIONS:
            raise errors.QuotaExceeded("too many invitations are open", where="invitations")
        word, now = secrets.token_urlsafe(24), self._clock()
        made = Invitation(
            id=secrets.token_hex(6),
            digest=_digest(word),
            note=note[:200],
            made_at=now,
            made_by=by,
            until=now + INVITATION_LASTS,
        )
        self._records.keep(_INVITATION, made.id, made)
        return made, word

    def invitations(self) -> list[Invitation]:
        """Every invitation, used ones included."""
        return self._records.all(_INVITATION, Invitation)

    def redeem(self, word: str, partner_id: str) -> Invitation:
        """Use an invitation up. Raises ``Forbidden`` for one that does not hold, without saying why."""
        now, digest = self._clock(), _digest(word)
        for one in self.invitations():
            if (
                hmac.compare_digest(one.digest, digest)
                and one.until > now
                and one.used_by in ("", partner_id)
            ):
                used = msgspec.structs.replace(one, used_by=partner_id)
                self._records.keep(_INVITATION, one.id, used)
                return used
        raise errors.Forbidden("this invitation does not hold", where="invitation", hint="ask for another")

    def withdraw(self, invitation_id: str) -> None:
        """Take an invitation back. Raises ``NotFound``."""
        if not self._records.drop(_INVITATION, invitation_id):
            raise errors.NotFound("there is no such invitation", where=invitation_id[:100])

    def _forget_ended(self) -> None:
        now = self._clock()
        for one in self.invitations():
            if one.until < now:
                self._records.drop(_INVITATION, one.id)


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()
