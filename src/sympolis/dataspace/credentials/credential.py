"""Verifiable credentials: what one participant says of another, signed, for a time, and revocable.

W3C Verifiable Credentials Data Model 2.0, secured as a JWT (VC-JOSE-COSE, ``vc+jwt``), with a Bitstring Status List:
the profile ``vc20-bssl/jwt`` of the Decentralized Claims Protocol 1.0. Of others, the first version is read too.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sympolis.dataspace.credentials.did import check_did
from sympolis.dataspace.credentials.first_version import credential_of
from sympolis.dataspace.credentials.resolver import Resolver
from sympolis.dataspace.credentials.signed import LEEWAY_S, peek, refused, verified
from sympolis.domain import errors

PROFILE: Final = "vc20-bssl/jwt"
CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
OWN_CONTEXT: Final = "https://sympolis.eu/ns/credentials/v1"
MEMBERSHIP: Final = "MembershipCredential"
ROLE: Final = "RoleCredential"
_BASE: Final = "VerifiableCredential"
LASTS: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a credential says, once its signature holds: ``claims`` are those of its subject."""

    id: str
    issuer: str
    subject: str
    types: frozenset[str]
    claims: Mapping[str, Any]
    valid_from: datetime
    valid_until: datetime | None
    status: Mapping[str, Any] | None
    jwt: str

    def holds_at(self, moment: datetime) -> bool:
        """Whether its time has come and is not over."""
        leeway = timedelta(seconds=LEEWAY_S)
        return self.valid_from - leeway <= moment and (
            self.valid_until is None or moment <= self.valid_until + leeway
        )


def draft(
    issuer: str,
    subject: str,
    kind: str,
    claims: Mapping[str, Any],
    *,
    now: datetime,
    status: Mapping[str, Any] | None = None,
    lasts: timedelta = LASTS,
) -> dict[str, Any]:
    """A credential to be signed."""
    document: dict[str, Any] = {
        "@context": [CONTEXT, OWN_CONTEXT],
        "id": f"urn:uuid:{_uuid()}",
        "type": [_BASE, kind],
        "issuer": issuer,
        "validFrom": _text(now),
        "validUntil": _text(now + lasts),
        "credentialSubject": {"id": subject, **claims},
    }
    if status is not None:
        document["credentialStatus"] = dict(status)
    return document


async def read(jwt: str, resolver: Resolver, *, now: datetime) -> Credential:
    """A credential whose signature and time hold; whether its issuer counts and it is revoked, others ask.

    Raises ``Unauthenticated``, ``SourceFailed`` where its issuer cannot be asked for keys.
    """
    issuer = _issuer(credential_of(peek(jwt)[1]))
    try:
        signed = await verified(jwt, check_did(issuer), resolver)
    except errors.InvalidRequest as problem:
        raise refused(problem.message) from problem
    found = _read(credential_of(signed.claims), jwt)
    if not found.holds_at(now):
        raise refused("a credential has ended, or does not hold yet")
    return found


def _read(document: Mapping[str, Any], jwt: str) -> Credential:
    subject, kinds = document.get("credentialSubject"), document.get("type")
    if not isinstance(subject, dict) or not isinstance(subject.get("id"), str):
        raise refused("a credential is about nobody")
    if not isinstance(kinds, list) or _BASE not in kinds:
        raise refused("expected a verifiable credential")
    return Credential(
        id=str(document.get("id", "")),
        issuer=_issuer(document),
        subject=subject["id"],
        types=frozenset(one for one in kinds if isinstance(one, str)),
        claims=subject,
        valid_from=_moment(document.get("validFrom")),
        valid_until=None if "validUntil" not in document else _moment(document["validUntil"]),
        status=_status(document.get("credentialStatus")),
        jwt=jwt,
    )


def _status(given: object) -> Mapping[str, Any] | None:
    """Where its status stands; of several places none could be left out, so that none is known."""
    one = given[0] if isinstance(given, list) and len(given) == 1 else given
    return None if one is None or one == [] else one if isinstance(one, dict) else {}


def _issuer(document: Mapping[str, Any]) -> str:
    issuer = document.get("issuer")
    name = issuer.get("id") if isinstance(issuer, dict) else issuer
    if not isinstance(name, str):
        raise refused("a credential names no issuer")
    return name


def _moment(value: object) -> datetime:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise refused("a credential does not say from when and until when it holds")
    return found.astimezone(UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _uuid() -> str:
    from uuid import UUID

    return str(UUID(bytes=secrets.token_bytes(16), version=4))
