"""Who calls, and how our own calls say who we are: the Decentralized Claims Protocol behind the port of ``dsp``.

The signature on a message is checked every time. What its sender may show beside it (membership, roles) is asked for at
first and kept for minutes: a negotiation of ten messages asks once. A revocation is felt within that time at the
latest.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from sympolis.dataspace.credentials import x509
from sympolis.dataspace.credentials.anchors import Anchors
from sympolis.dataspace.credentials.credential import MEMBERSHIP, ROLE, Credential
from sympolis.dataspace.credentials.presentation import Asking, Tokens
from sympolis.dataspace.credentials.self_issued import SelfIssued, Sender
from sympolis.dataspace.credentials.signed import refused
from sympolis.dataspace.credentials.status import StatusLists
from sympolis.dataspace.dsp.credentials import Participant
from sympolis.domain import errors

PARTNER_ROLE: Final = "urn:sympolis:role:partner"
KNOWN_FOR_S: Final = 120.0
_AGAIN_AFTER_S: Final = 10.0
MOST_KNOWN: Final = 10_000
"""Strangers whose credentials are remembered; partners have a place of their own."""
MOST_ASKED: Final = 200
"""Strangers whose credential services are asked at this moment."""
_MOST_ROLES: Final = 20


class Acquaintance(Protocol):
    """Whom the administrators of this twin know."""

    def standing(self, participant: str) -> str:
        """``active``, ``suspended``, or '' for somebody who is not known."""
        ...

    def name_of(self, participant: str) -> str:
        """What they are called; '' for somebody who is not known."""
        ...

    def may_call(self, participant: str) -> bool:
        """Whether we may send them anything."""
        ...

    def is_certified(self, participant: str) -> bool:
        """Whether they prove themselves by a certificate alone."""
        ...


@dataclass(slots=True)
class _Known:
    groups: frozenset[str]
    until: float


class ClaimsIdentity:
    """See the module; it is a ``dsp.credentials.Credentials``."""

    def __init__(  # noqa: PLR0913 - a composition
        self,
        *,
        own: Callable[[], str],
        self_issued: SelfIssued,
        tokens: Tokens,
        asking: Asking,
        anchors: Anchors,
        statuses: StatusLists,
        acquaintance: Acquaintance,
        roots: bytes = b"",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._own = own
        self._self_issued = self_issued
        self._tokens = tokens
        self._asking = asking
        self._anchors = anchors
        self._statuses = statuses
        self._acquaintance = acquaintance
        self._roots = roots
        self._monotonic = monotonic
        self._known: dict[str, _Known] = {}
        self._strangers: OrderedDict[str, _Known] = OrderedDict()
        self._asked: dict[str, asyncio.Task[frozenset[str]]] = {}
        self._asked_strangers: dict[str, asyncio.Task[frozenset[str]]] = {}

    @property
    def participant(self) -> str:
        """Our DID."""
        return self._own()

    async def identify(self, authorization: str | None, certificates: bytes = b"") -> Participant:
        """Who sent a message: a partner, or a member of a dataspace whose authority is a trust anchor here.

        Where nothing is signed, a partner that proves itself by certificate alone. Raises ``Unauthenticated``.
        """
        if not authorization and certificates:
            return self._certified(certificates)
        sender = await self._self_issued.read(authorization)
        standing = self._acquaintance.standing(sender.id)
        if standing == "suspended":
            raise refused("its sender is suspended here")
        groups = await self._groups(sender, known=bool(standing))
        if standing == "active":
            groups |= {PARTNER_ROLE}
        elif not any(group.endswith(f"#{MEMBERSHIP}") for group in groups):
            raise refused("its sender is no partner, and shows no membership that counts here")
        return Participant(sender.id, groups, self._acquaintance.name_of(sender.id))

    def _certified(self, certificates: bytes) -> Participant:
        """Only who was added as such: else an authority's certificates could speak for everybody who has a DID."""
        if not self._roots:
            raise refused("no certificate proves anybody here")
        participant = x509.participant_of(certificates, self._roots)
        known = self._acquaintance
        if known.standing(participant) != "active" or not known.is_certified(participant):
            raise refused("its sender is no partner that proves itself by certificate")
        return Participant(participant, frozenset({PARTNER_ROLE}), known.name_of(participant))

    async def sender(self, authorization: str | None) -> Sender:
        """Who signed a message, whoever that is. Raises ``Unauthenticated``."""
        return await self._self_issued.read(authorization)

    async def authorization(self, audience: str, address: str) -> str | None:
        """See ``Credentials``: a fresh token for every message, since each counts once.

        Who proves itself by certificate alone reads no token: it is shown our certificate, below HTTP.
        """
        if audience and not self._acquaintance.may_call(audience):
            raise errors.Forbidden("this partner is suspended", where=audience)
        if not audience:
            raise errors.Forbidden("nobody is known at this address: add the partner first", where=address)
        if self._acquaintance.is_certified(audience):
            return None
        return f"Bearer {self._self_issued.write(audience, token=self._tokens.issue(audience))}"

    def forget(self, participant: str) -> None:
        """Ask anew what somebody can show."""
        self._known.pop(participant, None)
        self._strangers.pop(participant, None)

    async def _groups(self, sender: Sender, *, known: bool) -> frozenset[str]:
        """What the sender can show that counts here; nothing where their credential service does not answer.

        Raises ``TooManyAttempts`` where so many strangers are being asked: partners go on all the same.
        """
        kept = (self._known if known else self._strangers).get(sender.id)
        if kept is not None and kept.until > self._monotonic():
            return kept.groups
        asked = self._asked if known else self._asked_strangers
        task = asked.get(sender.id)
        if task is None:
            if not known and len(asked) >= MOST_ASKED:
                raise errors.TooManyAttempts("too many strangers in a short time")
            task = asked[sender.id] = asyncio.create_task(self._shown(sender, known=known))
            task.add_done_callback(lambda _: asked.pop(sender.id, None))
        return await asyncio.shield(task)

    async def _shown(self, sender: Sender, *, known: bool) -> frozenset[str]:
        lasts = KNOWN_FOR_S
        try:
            found = await self._asking.credentials_of(sender, (MEMBERSHIP, ROLE))
        except (errors.SourceFailed, errors.Forbidden):
            found, lasts = [], _AGAIN_AFTER_S
        groups: set[str] = set()
        for one in found:
            if self._anchors.accepts(one.issuer, one.types) and await self._statuses.holds(one):
                groups |= _groups_of(one)
        kept = self._known if known else self._strangers
        kept[sender.id] = _Known(frozenset(groups), self._monotonic() + lasts)
        while len(self._strangers) > MOST_KNOWN:
            self._strangers.popitem(last=False)
        return frozenset(groups)


def _groups_of(found: Credential) -> set[str]:
    """The groups that a credential proves, named by who says so: another authority's members are other people."""
    groups = {f"{found.issuer}#{MEMBERSHIP}"} if MEMBERSHIP in found.types else set()
    roles = found.claims.get("role", ()) if ROLE in found.types else ()
    listed = [roles] if isinstance(roles, str) else roles if isinstance(roles, list) else []
    return groups | {f"{found.issuer}#{one}" for one in listed[:_MOST_ROLES] if isinstance(one, str)}
