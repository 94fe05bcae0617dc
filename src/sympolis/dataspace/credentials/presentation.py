"""Showing credentials to whoever asks with our token, and asking others for theirs (DCP 1.0, sections 5).

A presentation is signed for one reader: it names them as audience, so that it proves nothing to anybody else, and it
shows only what was asked for.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sympolis.dataspace.calls import Calls, send_json
from sympolis.dataspace.credentials import credential, first_version
from sympolis.dataspace.credentials.credential import Credential
from sympolis.dataspace.credentials.did import CREDENTIAL_SERVICE, endpoint_of
from sympolis.dataspace.credentials.keys import KeyRing
from sympolis.dataspace.credentials.resolver import Resolver
from sympolis.dataspace.credentials.self_issued import SelfIssued, Sender
from sympolis.dataspace.credentials.signed import check_times, peek, refused, verified
from sympolis.dataspace.credentials.wallet import Wallet
from sympolis.domain import errors

CONTEXT: Final = "https://w3id.org/dspace-dcp/v1.0/dcp.jsonld"
QUERY, RESPONSE = "PresentationQueryMessage", "PresentationResponseMessage"
SCOPE: Final = "org.eclipse.dspace.dcp.vc.type:"
_SCOPES: Final = re.compile(
    r"(?:org\.eclipse\.dspace\.dcp|org\.eclipse\.edc)\.vc\.type:([^\s:]{1,200})(?::(?:read|all|\*))?"
)
"""The standard's words for a kind of credential, and those of Eclipse EDC."""
_LASTS_S: Final = 120
_ENVELOPE: Final = "data:application/vc+jwt,"
_MOST_CREDENTIALS: Final = 20
_MOST_SCOPES: Final = 20
_MOST_BYTES: Final = 512 * 1024
_MOST_TOKENS: Final = 20_000


class Tokens:
    """The tokens that we put into our messages: each lets its receiver ask our credential service for minutes."""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._for: dict[str, tuple[str, float]] = {}
        self._latest: dict[str, tuple[str, float]] = {}

    def issue(self, audience: str) -> str:
        """A token for this participant; the same again while it is young."""
        now = self._now()
        kept = self._latest.get(audience)
        if kept is not None and kept[1] - now > _LASTS_S:
            return kept[0]
        if len(self._for) >= _MOST_TOKENS:
            self._for = {token: (to, until) for token, (to, until) in self._for.items() if until > now}
        token, until = secrets.token_urlsafe(24), now + 3 * _LASTS_S
        self._for[token] = audience, until
        self._latest[audience] = token, until
        return token

    def opens_for(self, sender: Sender) -> bool:
        """Whether this sender shows a token that we gave to them."""
        found = self._for.get(sender.token)
        return found is not None and found[0] == sender.id and found[1] > self._now()


class Presenter:
    """Our credential service."""

    def __init__(
        self,
        wallet: Wallet,
        keys: KeyRing,
        tokens: Tokens,
        self_issued: SelfIssued,
        own: Callable[[], str],
        *,
        suits: Callable[[str, str], bool] = lambda _reader, _issuer: True,
    ) -> None:
        self._wallet = wallet
        self._suits = suits
        self._keys = keys
        self._tokens = tokens
        self._self_issued = self_issued
        self._own = own

    async def answer(self, authorization: str | None, message: Mapping[str, Any]) -> dict[str, Any]:
        """The response to a presentation query.

        Raises ``Unauthenticated``, ``InvalidRequest``, ``NotImplementedHere``.
        """
        reader = await self._self_issued.read(authorization)
        if not self._tokens.opens_for(reader):
            raise refused("we gave its sender no leave to ask")
        shown = self._fitting(reader.id, _kinds_of(message))
        first = [one for one in shown if first_version.is_first_version(peek(one)[1])]
        second = [one for one in shown if one not in first]
        presented = [self._present(second, reader.id)] if second else []
        presented += [self._present_first(first, reader.id)] if first else []
        return {"@context": [CONTEXT], "type": RESPONSE, "presentation": presented}

    def _fitting(self, reader: str, wanted: set[str]) -> list[str]:
        """What is shown to a reader: what was asked for, and of that what suits it, if anything does."""
        asked = [one for one in self._wallet.held() if set(one.types) & wanted]
        fitting = [one for one in asked if self._suits(reader, one.issuer)] or asked
        # Nobody reads more than so many: their own word counts with them, then what has been said of us for longest.
        fitting.sort(key=lambda one: (one.issuer != reader, one.received_at))
        return [one.jwt for one in fitting[:_MOST_CREDENTIALS]]

    def _present(self, jwts: Sequence[str], reader: str) -> str:
        document = {
            "@context": [credential.CONTEXT],
            "id": f"urn:uuid:{secrets.token_hex(16)}",
            "type": ["VerifiablePresentation"],
            "holder": self._own(),
            "verifiableCredential": [_enveloped(one) for one in jwts],
            **self._for(reader),
        }
        return self._keys.sign({"typ": "vp+jwt", "cty": "vp"}, document, did=self._own())

    def _present_first(self, jwts: Sequence[str], reader: str) -> str:
        """The same for credentials of the first version of the data model."""
        claims = {**first_version.present(jwts), "jti": secrets.token_hex(16), **self._for(reader)}
        return self._keys.sign({"typ": "JWT"}, claims, did=self._own())

    def _for(self, reader: str) -> dict[str, Any]:
        """By whom, for whom and how long."""
        now, own = int(time.time()), self._own()
        return {"iss": own, "sub": own, "aud": reader, "iat": now, "nbf": now, "exp": now + _LASTS_S}


def _enveloped(jwt: str) -> dict[str, str]:
    return {"@context": credential.CONTEXT, "id": _ENVELOPE + jwt, "type": "EnvelopedVerifiableCredential"}


def _kinds_of(message: Mapping[str, Any]) -> set[str]:
    if message.get("type") != QUERY:
        raise errors.InvalidRequest(f"expected a {QUERY}", where="type")
    if "presentationDefinition" in message:
        raise errors.NotImplementedHere("ask by scope", where="presentationDefinition")
    scopes = message.get("scope")
    fits = isinstance(scopes, list) and len(scopes) <= _MOST_SCOPES
    found = (
        [_SCOPES.fullmatch(one) if isinstance(one, str) else None for one in scopes or ()] if fits else [None]
    )
    kinds = {one[1] for one in found if one is not None}
    if None in found:
        raise errors.InvalidRequest("expected scopes", where="scope", hint=f"{SCOPE}MembershipCredential")
    return kinds


class Asking:
    """Asks a sender's credential service for what others say of them, and checks every signature of the answer."""

    def __init__(
        self, calls: Calls, resolver: Resolver, self_issued: SelfIssued, own: Callable[[], str]
    ) -> None:
        self._calls = calls
        self._resolver = resolver
        self._self_issued = self_issued
        self._own = own

    async def credentials_of(self, sender: Sender, kinds: Sequence[str]) -> list[Credential]:
        """What the sender can show of these kinds; each is about them, signed and in time.

        Raises ``Unauthenticated`` for a forged presentation, ``SourceFailed`` or ``Forbidden`` where none is to be had.
        """
        service = endpoint_of(await self._resolver.document(sender.id), CREDENTIAL_SERVICE)
        if service is None or not sender.token:
            return []
        message = {"@context": [CONTEXT], "type": QUERY, "scope": [SCOPE + kind for kind in kinds]}
        found = await send_json(
            self._calls,
            "POST",
            f"{service}/presentations/query",
            document=message,
            authorization=f"Bearer {self._self_issued.write(sender.id, token=sender.token)}",
            most_bytes=_MOST_BYTES,
        )
        presentations = found.get("presentation") if isinstance(found, dict) else None
        if not isinstance(presentations, list) or len(presentations) > _MOST_CREDENTIALS:
            raise refused("its sender's credential service gives no presentation")
        shown: list[Credential] = []
        for one in presentations:
            shown += await self._read(one, sender.id, most=_MOST_CREDENTIALS - len(shown))
        return shown

    async def _read(self, presentation: Any, holder: str, *, most: int) -> list[Credential]:
        if not isinstance(presentation, str):
            raise refused("only signed presentations are read here")
        claims = (await verified(presentation, holder, self._resolver)).claims
        shown = first_version.presentation_of(claims)
        if shown.get("holder") != holder or claims.get("aud") not in (self._own(), [self._own()]):
            raise refused("a presentation is somebody else's, or for somebody else")
        check_times(claims, longest_s=3600)
        jwts = shown.get("verifiableCredential")
        if not isinstance(jwts, list) or len(jwts) > most:
            raise refused("a presentation shows too much, or nothing")
        found = [await credential.read(_unpacked(one), self._resolver, now=datetime.now(UTC)) for one in jwts]
        if any(one.subject != holder for one in found):
            raise refused("a presentation shows credentials about somebody else")
        return found


def _unpacked(shown: Any) -> str:
    envelope = shown.get("id", "") if isinstance(shown, dict) else shown
    if not isinstance(envelope, str):
        raise refused("a presentation shows something else than credentials")
    return envelope.removeprefix(_ENVELOPE)
