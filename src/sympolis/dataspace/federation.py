"""One twin's place among others: identity, trust and partners joined, for the API and the command line.

Put together from ports alone (``Calls``, ``Records``), so that two of these in one process and a fake network between
them are a federation, too: that is how it is tested.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sympolis.dataspace.calls import Calls
from sympolis.dataspace.contracts.market import Market
from sympolis.dataspace.credentials import did
from sympolis.dataspace.credentials.anchors import Anchors
from sympolis.dataspace.credentials.identity import ClaimsIdentity
from sympolis.dataspace.credentials.issuing import Issuing, Requesting
from sympolis.dataspace.credentials.keys import KeyRing
from sympolis.dataspace.credentials.presentation import Asking, Presenter, Tokens
from sympolis.dataspace.credentials.resolver import Resolver
from sympolis.dataspace.credentials.rulebook import rulebook
from sympolis.dataspace.credentials.self_issued import SelfIssued
from sympolis.dataspace.credentials.status import StatusLists
from sympolis.dataspace.credentials.wallet import Wallet
from sympolis.dataspace.discovery import dcat
from sympolis.dataspace.discovery.discovery import Discovery
from sympolis.dataspace.partners.contact import Contact
from sympolis.dataspace.partners.desk import PartnerDesk
from sympolis.dataspace.partners.directory import PartnerDirectory
from sympolis.dataspace.partners.meeting import Meeting
from sympolis.dataspace.records import Records
from sympolis.dataspace.simpl.onboarding import Authority

CLAIMS_PATH: Final = "/api/federation/dcp"
ISSUER_PATH: Final = "/api/federation/dcp/issuer"
STATUS_PATH: Final = "/api/federation/status-list"
DSP_PATH: Final = "/dsp"


@dataclass(frozen=True, slots=True)
class Self:
    """Who this twin is to others: its title by language, and its address, which is known once it serves."""

    title: Mapping[str, str]
    address: Callable[[], str]

    def did(self) -> str:
        """Our DID. Raises ``SettingsInvalid`` as long as there is no address that it could name."""
        return did.did_of(self.address())

    def endpoints(self) -> dict[str, str]:
        """Where our services are, by their type in the DID document."""
        base = self.address()
        return {
            did.CREDENTIAL_SERVICE: base + CLAIMS_PATH,
            did.ISSUER_SERVICE: base + ISSUER_PATH,
            did.CATALOGUE_SERVICE: base + DSP_PATH,
            did.TWIN_SERVICE: base,
        }


class Federation:
    """See the module."""

    def __init__(self, own: Self, records: Records, calls: Calls, *, client_roots: bytes = b"") -> None:
        self.own = own
        self._client_roots = client_roots
        self.records = records
        self.calls = calls
        self.keys = KeyRing(records)
        self.directory = PartnerDirectory(records)
        self.anchors = Anchors(records, own.did)
        self.resolver = Resolver(calls, own=self.document, known=self._is_known)
        self.wallet = Wallet(records, self.keys, own=own.did, list_url=lambda: own.address() + STATUS_PATH)
        self._self_issued = SelfIssued(self.keys, self.resolver, own.did, known=self._is_known)
        self._tokens = Tokens()
        self.identity = self._identity()
        self.presenter = Presenter(
            self.wallet, self.keys, self._tokens, self._self_issued, own.did, suits=self.directory.suits
        )
        authorize = self.identity.authorization
        claims = {"memberOf": dict(own.title), "role": ["partner"]}
        self.issuing = Issuing(self.wallet, calls, self.resolver, authorize, claims)
        self.requesting = Requesting(self.wallet, calls, self.resolver, authorize)
        self.contact = Contact(self.directory, calls, authorize)
        self.partners = PartnerDesk(
            self.directory,
            self.contact,
            meeting=self._meeting(),
            requesting=self.requesting,
            wallet=self.wallet,
            address=own.address,
        )
        self.discovery: Discovery | None = None
        """What partners offer, need and can; None for a twin without a city."""
        self.simpl: Authority | None = None
        """The governance authority of a SIMPL-Open dataspace; None where none is configured."""
        self.dsp: Any = None
        """Catalogue requests, contracts and transfers (``dataspace.contracts``)."""
        self.keeping: Any = None
        """Lets go of what ended long ago (``dataspace.contracts.keeping``)."""
        self.delivery: Any = None
        """What agreements let out and in (``dataspace.delivery``)."""
        self.calling: Any = None
        """Services and models of partners that we call (``dataspace.calling``)."""
        self.bringing: Any = None
        """Learned models of partners that are brought home (``dataspace.calling.bringing``)."""
        self.market: Any = None
        """Assets of partners (``dataspace.repository``)."""
        self.providing: Any = None
        """Partners' packages on our data (``dataspace.computing.providing``)."""
        self.asking: Any = None
        """Our packages on partners' data (``dataspace.computing.asking``)."""
        self.learning: Any = None
        """Models that we learn together with partners (``dataspace.learning``)."""

    def document(self) -> dict[str, Any]:
        """Our DID document."""
        return did.build_document(self.own.did(), self.keys.public(), self.own.endpoints())

    def rulebook(self) -> dict[str, Any]:
        """What holds between us and others."""
        return rulebook(self.own.did(), self.own.title, self.anchors.list(), self.own.endpoints())

    def rotate_keys(self, *, revoke: bool = False) -> str:
        """Sign by a new key; with ``revoke`` whatever the old one signed holds no longer. The new key's id."""
        made = self.keys.rotate(revoke=revoke)
        if revoke:
            for one in self.wallet.given():
                self.wallet.revoke(one.id)
        return made

    async def close(self) -> None:
        """End what is under way and let go of the file."""
        await self.partners.close()
        if self.discovery is not None:
            await self.discovery.close()
        for part in (self.market, self.learning, self.providing, self.calling, self.delivery, self.dsp):
            if part is not None:
                await part.close()
        self.records.close()

    def _is_known(self, participant: str) -> bool:
        """Whether they are a partner, or vouch for members: with room of their own, which strangers do not take."""
        return bool(self.directory.standing(participant)) or self.anchors.knows(participant)

    def _meeting(self) -> Meeting:
        async def find(base_url: str) -> tuple[str, dict[str, str]]:
            return await dcat.find(self.calls, base_url)

        market = Market(self.calls, self.identity)
        return Meeting(self.calls, self.resolver, self.own.did, versions=market.discover, find=find)

    def _identity(self) -> ClaimsIdentity:
        return ClaimsIdentity(
            own=self.own.did,
            self_issued=self._self_issued,
            tokens=self._tokens,
            asking=Asking(self.calls, self.resolver, self._self_issued, self.own.did),
            anchors=self.anchors,
            statuses=StatusLists(
                self.calls, self.resolver, own=self.own.did, is_revoked=self.wallet.is_revoked
            ),
            acquaintance=self.directory,
            roots=self._client_roots,
        )
