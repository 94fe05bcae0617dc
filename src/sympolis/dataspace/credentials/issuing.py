"""Credentials on request: a partner asks for our word, we deliver it to their wallet (DCP 1.0, section 6).

The request is answered at once with where it stands, the credential follows by a call of its own to the address that
the asking participant's DID document names: whoever can forge a request cannot receive what was meant for another.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sympolis.dataspace.calls import Calls, send_json
from sympolis.dataspace.credentials import credential
from sympolis.dataspace.credentials.credential import MEMBERSHIP, PROFILE
from sympolis.dataspace.credentials.did import CREDENTIAL_SERVICE, ISSUER_SERVICE, endpoint_of
from sympolis.dataspace.credentials.presentation import CONTEXT
from sympolis.dataspace.credentials.resolver import Resolver
from sympolis.dataspace.credentials.signed import refused
from sympolis.dataspace.credentials.wallet import Held, Wallet
from sympolis.domain import errors

log = logging.getLogger(__name__)

REQUEST, MESSAGE = "CredentialRequestMessage", "CredentialMessage"
_MOST_OPEN: Final = 200
_MOST_CREDENTIALS: Final = 10

Authorizing = Callable[[str, str], Awaitable[str | None]]
"""The ``Authorization`` header for a participant at an address: ``ClaimsIdentity.authorization``."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for credentials that we are to answer. ``id`` is ours, ``holder_id`` theirs."""

    id: str
    participant: str
    holder_id: str


class Issuing:
    """Gives our word to those who ask and may have it."""

    def __init__(
        self,
        wallet: Wallet,
        calls: Calls,
        resolver: Resolver,
        authorize: Authorizing,
        claims: Mapping[str, Any],
    ) -> None:
        self._wallet = wallet
        self._calls = calls
        self._resolver = resolver
        self._authorize = authorize
        self._claims = claims
        self._open: dict[str, Asked] = {}
        self._done: dict[str, str] = {}

    def accept(self, participant: str, message: Mapping[str, Any]) -> Asked:
        """Take a request of an identified participant. Raises ``InvalidRequest``, ``TooManyAttempts``."""
        holder_id = message.get("holderPid")
        if message.get("type") != REQUEST or not isinstance(holder_id, str) or not 0 < len(holder_id) <= 200:
            raise errors.InvalidRequest(f"expected a {REQUEST} with a holderPid", where="body")
        wanted = message.get("credentials")
        if not isinstance(wanted, list) or not any(_names(one) == MEMBERSHIP for one in wanted):
            raise errors.InvalidRequest("what is given here is", where="credentials", hint=MEMBERSHIP)
        if len(self._open) >= _MOST_OPEN:
            raise errors.TooManyAttempts("too many requests for credentials wait")
        asked = Asked(secrets.token_hex(12), participant, holder_id)
        self._open[asked.id] = asked
        return asked

    def status_of(self, request_id: str, participant: str) -> str:
        """RECEIVED or ISSUED. Raises ``NotFound`` where this participant made no such request."""
        asked = self._open.get(request_id)
        if asked is not None and asked.participant == participant:
            return "RECEIVED"
        if self._done.get(request_id) == participant:
            return "ISSUED"
        raise errors.NotFound("there is no such request", where="request")

    async def deliver(self, asked: Asked) -> bool:
        """Sign what was asked for and bring it; whether that worked."""
        try:
            await self._send(asked)
        except errors.SympolisError as problem:
            log.warning("a credential for %s could not be delivered: %s", asked.participant, problem)
            return False
        finally:
            self._open.pop(asked.id, None)
        if len(self._done) >= _MOST_OPEN:
            self._done.pop(next(iter(self._done)))
        self._done[asked.id] = asked.participant
        return True

    async def _send(self, asked: Asked) -> None:
        service = endpoint_of(await self._resolver.document(asked.participant), CREDENTIAL_SERVICE)
        if service is None:
            raise errors.SourceFailed("has no credential service", where=asked.participant)
        given = self._wallet.give(asked.participant, MEMBERSHIP, self._claims)
        message = {
            "@context": [CONTEXT],
            "type": MESSAGE,
            "issuerPid": asked.id,
            "holderPid": asked.holder_id,
            "status": "ISSUED",
            "credentials": [{"credentialType": MEMBERSHIP, "payload": given.jwt, "format": PROFILE}],
        }
        header = await self._authorize(asked.participant, service)
        await send_json(self._calls, "POST", f"{service}/credentials", document=message, authorization=header)


class Requesting:
    """Asks others for their word, and takes what they deliver: what we asked for, of whom we asked."""

    def __init__(self, wallet: Wallet, calls: Calls, resolver: Resolver, authorize: Authorizing) -> None:
        self._wallet = wallet
        self._calls = calls
        self._resolver = resolver
        self._authorize = authorize
        self._waiting: dict[str, str] = {}

    async def ask(self, issuer: str, credential: str = MEMBERSHIP) -> None:
        """Ask a participant for a credential, by the name that its metadata give it: its word, or a dataspace's.

        Raises ``SourceFailed``, ``Forbidden``.
        """
        service = endpoint_of(await self._resolver.document(issuer), ISSUER_SERVICE)
        if service is None:
            raise errors.SourceFailed("gives no credentials", where=issuer)
        holder_id = secrets.token_hex(12)
        if len(self._waiting) >= _MOST_OPEN:
            self._waiting.pop(next(iter(self._waiting)))
        self._waiting[holder_id] = issuer
        message = {
            "@context": [CONTEXT],
            "type": REQUEST,
            "holderPid": holder_id,
            "credentials": [{"id": credential}],
        }
        header = await self._authorize(issuer, service)
        await send_json(self._calls, "POST", f"{service}/credentials", document=message, authorization=header)

    async def take(self, sender: str, message: Mapping[str, Any], own: str) -> list[Held]:
        """Keep what ``sender`` delivers. Raises ``InvalidRequest``, ``Unauthenticated`` where we asked them nothing."""
        holder_id, shown = message.get("holderPid"), message.get("credentials")
        if message.get("type") != MESSAGE or not isinstance(holder_id, str):
            raise errors.InvalidRequest(f"expected a {MESSAGE} with a holderPid", where="body")
        if self._waiting.get(holder_id) != sender:
            raise refused("nothing was asked of its sender under this id")
        if not isinstance(shown, list) or not 0 < len(shown) <= _MOST_CREDENTIALS:
            raise errors.InvalidRequest("expected credentials", where="credentials")
        found = [await self._read(one, sender, own) for one in shown]
        self._waiting.pop(holder_id, None)
        return [self._wallet.hold(one) for one in found]

    async def _read(self, container: Any, sender: str, own: str) -> credential.Credential:
        jwt = container.get("payload") if isinstance(container, dict) else None
        if not isinstance(jwt, str):
            raise errors.InvalidRequest("expected a signed credential", where="credentials.payload")
        found = await credential.read(jwt, self._resolver, now=datetime.now(UTC))
        if found.issuer != sender or found.subject != own:
            raise refused("a credential is another's, or about another")
        return found


def _names(wanted: Any) -> str:
    """The kind of credential that an entry of a request asks for."""
    found = wanted.get("id") or wanted.get("credentialType") if isinstance(wanted, dict) else wanted
    return found if isinstance(found, str) else ""
