"""Adding partners, being added, and what follows: both sides give each other their word.

A partner is added by its address. Who lives there says its DID document, and that document must be at the address: a
server cannot claim to be another. Once both sides have added each other, each asks for the other's word: a membership
credential. Connectors and catalogues that are no twins (``meeting``) are added likewise, and asked for no word.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sympolis.dataspace.credentials.issuing import Requesting
from sympolis.dataspace.credentials.wallet import Wallet
from sympolis.dataspace.partners.contact import Contact
from sympolis.dataspace.partners.directory import PartnerDirectory
from sympolis.dataspace.partners.meeting import Introduction, Meeting
from sympolis.dataspace.partners.partner import Kind, Origin, Partner, Standing
from sympolis.domain import errors

log = logging.getLogger(__name__)

JOIN: Final = "/api/federation/join"
_LONGEST_URL: Final = 500


class PartnerDesk:
    """See the module. ``address`` is where we are reached."""

    def __init__(
        self,
        directory: PartnerDirectory,
        contact: Contact,
        *,
        meeting: Meeting,
        requesting: Requesting,
        wallet: Wallet,
        address: Callable[[], str],
    ) -> None:
        self.directory = directory
        self.contact = contact
        self._meeting = meeting
        self._requesting = requesting
        self._wallet = wallet
        self._address = address
        self._background: set[asyncio.Task[None]] = set()

    async def add(
        self,
        base_url: str,
        *,
        expected: str = "",
        invitation: str = "",
        certified: bool = False,
        by: str = "",
    ) -> Partner:
        """Make whoever is at this address a partner; with an ``invitation`` of theirs, make us theirs as well.

        ``expected`` is the DID that is to be met there; with ``certified``, the name in the certificates by which it
        alone proves itself. Raises ``InvalidRequest``, ``AlreadyExists``, ``SourceFailed``
        where nobody answers there, ``Forbidden``.
        """
        base_url = _checked(base_url)
        meeting = self._meeting
        met = meeting.certified(base_url, expected) if certified else meeting.anybody(base_url, expected)
        introduced = await met
        if expected and expected != introduced.id:
            raise errors.Conflict(
                f"at this address is {introduced.id}", where="id", hint="ask the partner for its DID"
            )
        if self.directory.find(introduced.id) is not None:
            raise errors.AlreadyExists("is a partner already", where=introduced.id)
        if invitation and introduced.kind is not Kind.TWIN:
            raise errors.InvalidRequest("only twins give invitations, and this is none", where="invitation")
        partner = self.directory.keep(
            _partner(introduced, base_url, Origin.ADMINISTRATOR, by=by, at=datetime.now(UTC))
        )
        if invitation:
            await self._accept(partner, invitation)
        await self.greet(partner.id)
        return self.directory.get(partner.id)

    async def join(self, participant: str, base_url: str, word: str) -> Partner:
        """Somebody accepts our invitation. ``participant`` is who signed the message.

        Raises ``Forbidden``, ``InvalidRequest``, ``SourceFailed``.
        """
        introduced = await self._meeting.twin(_checked(base_url))
        if introduced.id != participant:
            raise errors.Forbidden("at this address is somebody else", where="base_url")
        used = self.directory.redeem(word, participant)
        present = self.directory.find(participant)
        if present is not None:
            return present
        made = _partner(
            introduced, _checked(base_url), Origin.INVITATION, by=used.made_by, at=datetime.now(UTC)
        )
        self.directory.keep(made)
        self.later(self.greet(participant))
        return made

    async def greet(self, partner_id: str) -> Partner:
        """Get in touch: whether they know us, and their word for us where we have it not yet.

        A partner that does not answer, or has not added us, stays a partner: its record says so.
        """
        partner = self.directory.get(partner_id)
        self.contact.breaker(partner_id).reset()
        try:
            if partner.kind is Kind.TWIN:
                await self._ask_word(partner)
            else:
                await self.contact.visit(partner, lambda: self._meeting.again(partner))
        except errors.Forbidden:
            return self.directory.change(partner_id, knows_us=False)
        except (errors.SourceFailed, errors.Unauthenticated) as problem:
            log.info("%s does not answer: %s", partner_id, problem.message)
        return self.directory.get(partner_id)

    def heard_from(self, participant: str) -> None:
        """A partner has called: it knows us. Where we have not its word yet, ask for it."""
        partner = self.directory.find(participant)
        if partner is None or partner.knows_us:
            return
        self.directory.change(participant, knows_us=True)
        self.later(self.greet(participant))

    def remove(self, partner_id: str) -> int:
        """Part from somebody: our word for them is taken back. How many credentials that were. Raises ``NotFound``."""
        self.directory.remove(partner_id)
        self.contact.forget(partner_id)
        return self._wallet.revoke_all_of(partner_id)

    def suspend(self, partner_id: str, *, suspended: bool) -> Partner:
        """Deal with a partner no more for now, or again. Raises ``NotFound``."""
        standing = Standing.SUSPENDED if suspended else Standing.ACTIVE
        return self.directory.change(partner_id, standing=standing)

    def later(self, work: Any) -> None:
        """Do something after the answer; what goes wrong is logged."""
        task = asyncio.get_running_loop().create_task(_careful(work))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def close(self) -> None:
        """End what is under way."""
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    async def _ask_word(self, partner: Partner) -> None:
        found = await self.contact.ask(partner, "/api/federation/shared/standing")
        knows_us = isinstance(found, dict) and found.get("standing") == Standing.ACTIVE.value
        self.directory.change(partner.id, knows_us=knows_us)
        if knows_us and self._wallet.held_of(partner.id) is None:
            await self._requesting.ask(partner.id)

    async def _accept(self, partner: Partner, word: str) -> None:
        document = {"invitation": word, "base_url": self._address()}
        try:
            await self.contact.ask(partner, JOIN, method="POST", document=document)
        except errors.SympolisError:
            self.directory.remove(partner.id)
            raise


async def _careful(work: Any) -> None:
    try:
        await work
    except errors.SympolisError as problem:
        log.warning("a partner could not be greeted: %s", problem)


def _partner(found: Introduction, base_url: str, origin: Origin, *, by: str, at: datetime) -> Partner:
    name = next(iter(found.title.values()), "") or urlsplit(base_url).netloc
    return Partner(
        id=found.id,
        base_url=base_url,
        name=name,
        title=dict(found.title),
        kind=found.kind,
        certified=found.certified,
        catalogue_url=found.catalogue_url,
        dsp_url=found.dsp_url,
        origin=origin,
        added_at=at,
        added_by=by,
    )


def _checked(base_url: str) -> str:
    """The address without its last slash. Raises ``InvalidRequest``."""
    address = base_url.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        good = parts.port != 0 and bool(parts.hostname) and parts.scheme in ("http", "https")
    except ValueError:
        good = False
    plain = address.isascii() and address.isprintable() and not set(address) & set(' ?#@<>"\\')
    if not good or not plain or len(address) > _LONGEST_URL:
        raise errors.InvalidRequest(
            "expected the address of a twin, a connector or a catalogue",
            where="base_url",
            hint="https://twin.city.example",
        )
    return address
