"""Credentials of the data model's first version, as tokens: what connectors of Eclipse EDC hold, show and read.

The Decentralized Claims Protocol 1.0 knows two profiles. Ours is ``vc20-bssl/jwt``; here is what ``vc11-sl2021/jwt``
has elsewhere: a credential stands below ``vc``, a presentation below ``vp``, and who, about whom and how long are
claims of the token (W3C Verifiable Credentials Data Model 1.1, section 6.3.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sympolis.dataspace.credentials.signed import refused

CONTEXT: Final = "https://www.w3.org/2018/credentials/v1"
STATUS_ENTRY, STATUS_LIST = "StatusList2021Entry", "StatusList2021Credential"


def credential_of(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    """The credential that a token's claims are, in the words of version 2. Raises ``Unauthenticated``.

    The claims of the token are the signer's; where the credential inside says otherwise, it is not believed.
    """
    inner = claims.get("vc")
    if inner is None:
        return claims
    if not isinstance(inner, dict):
        raise refused("expected a verifiable credential")
    found = {**inner, "credentialSubject": _subject(claims, inner), "issuer": _issuer(claims, inner)}
    found["id"] = str(claims.get("jti") or inner.get("id") or "")
    for claim, old, new in (("nbf", "issuanceDate", "validFrom"), ("exp", "expirationDate", "validUntil")):
        moment = _text(claims[claim]) if claim in claims else inner.get(old)
        if moment is not None:
            found[new] = moment
    return found


def presentation_of(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    """The presentation that a token's claims are, with its holder and what it shows. Raises ``Unauthenticated``."""
    inner = claims.get("vp")
    if inner is None:
        return claims
    if not isinstance(inner, dict):
        raise refused("expected a presentation")
    shown = inner.get("verifiableCredential")
    issuer = claims.get("iss")
    if inner.get("holder", issuer) != issuer:
        raise refused("a presentation is signed by another than its holder")
    return {"holder": issuer, "verifiableCredential": [shown] if isinstance(shown, str) else shown}


def is_first_version(claims: Mapping[str, Any]) -> bool:
    """Whether a credential's token has the form of this version."""
    return "vc" in claims


def present(jwts: Sequence[str]) -> dict[str, Any]:
    """The claim of a presentation that shows credentials of this version."""
    shown = {"@context": [CONTEXT], "type": ["VerifiablePresentation"], "verifiableCredential": list(jwts)}
    return {"vp": shown}


def _subject(claims: Mapping[str, Any], inner: Mapping[str, Any]) -> dict[str, Any]:
    given = inner.get("credentialSubject")
    one = given[0] if isinstance(given, list) and len(given) == 1 else given
    if not isinstance(one, dict):
        raise refused("a credential is about nobody, or about several")
    name = claims.get("sub", one.get("id"))
    if one.get("id", name) != name:
        raise refused("a credential is about another than its token says")
    return {**one, "id": name}


def _issuer(claims: Mapping[str, Any], inner: Mapping[str, Any]) -> Any:
    given = inner.get("issuer")
    named = given.get("id") if isinstance(given, dict) else given
    name = claims.get("iss", named)
    if named is not None and named != name:
        raise refused("a credential is another's than its token says")
    return name


def _text(seconds: Any) -> str:
    try:
        if isinstance(seconds, int | float) and not isinstance(seconds, bool):
            return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        pass
    raise refused("a credential does not say from when and until when it holds")
