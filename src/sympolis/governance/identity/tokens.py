"""Tokens of OpenID Connect issuers: whom a signed statement of an issuer that we trust is about.

Signatures and claims are checked by joserfc (RFC 7515, 7517, 7519); what is decided here is which issuers, algorithms
and audiences count, when keys are fetched again, and which roles a claim gives. Issuers are found by OpenID Connect
Discovery 1.0; nothing but what a guarded fetcher may reach is called.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from sympolis.domain import errors
from sympolis.governance.identity.subject import Proof, Subject

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Asymmetric signatures alone: an issuer's public key must never be taken for a shared secret (RFC 8725, 3.1)."""
DISCOVERY: Final = "/.well-known/openid-configuration"
_KEYS_LAST_S: Final = 600.0
_AGAIN_AFTER_S: Final = 30.0
"""A token with a key that is not known makes the keys be fetched again, but not more often."""
_LEEWAY_S: Final = 60
_MOST_KEYS: Final = 64

Fetch = Callable[[str], Awaitable[bytes]]
"""The body of a document, bounded in size and time. Raises ``SympolisError``, ``OSError`` or ``TimeoutError``."""


@dataclass(frozen=True, slots=True)
class Trust:
    """An issuer whose tokens count: those for ``audience``; ``roles`` by the words of the claim at ``claim``."""

    issuer: str
    audience: str
    claim: str = "roles"
    roles: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Keys:
    keys: Any = None
    until: float = 0.0
    asked: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class IssuedTokens:
    """See the module; it is an ``api.auth.Tokens``."""

    def __init__(
        self,
        trusts: Mapping[str, Trust],
        fetch: Fetch,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._trusts = trusts
        self._fetch = fetch
        self._clock = clock
        self._monotonic = monotonic
        self._keys = {issuer: _Keys() for issuer in trusts}

    async def subject(self, token: str) -> Subject:
        """Whom the token is about. Raises ``Unauthenticated``, or ``SourceFailed`` where the issuer is out of reach."""
        header, claims = peek(token)
        trust = self._trusts.get(str(claims.get("iss", "")))
        if trust is None:
            raise refused("its issuer is not trusted here")
        if header.get("alg") not in ALGORITHMS:
            raise refused("its signature is of a kind that is not accepted")
        keys = await self._keys_for(trust.issuer, header.get("kid"))
        return _subject(
            trust, verified(token, keys, audience=trust.audience, issuer=trust.issuer, now=self._clock)
        )

    async def _keys_for(self, issuer: str, wanted: object) -> Any:
        held = self._keys[issuer]
        async with held.lock:
            now = self._monotonic()
            stale = held.keys is None or now >= held.until
            unknown = held.keys is not None and wanted not in {key.kid for key in held.keys.keys}
            if (stale or unknown) and now - held.asked >= (_AGAIN_AFTER_S if held.keys is not None else 1.0):
                held.asked = now
                await self._renew(issuer, held, now)
        if held.keys is None:
            raise errors.SourceFailed("the keys of the issuer cannot be had now", where=issuer)
        return held.keys

    async def _renew(self, issuer: str, held: _Keys, now: float) -> None:
        """Fetch the keys; where that fails, those at hand go on being good until they are too old by far."""
        try:
            held.keys, held.until = await self._fetched(issuer), now + _KEYS_LAST_S
        except (errors.SympolisError, OSError, TimeoutError, ValueError) as problem:
            if held.keys is not None and now >= held.until + _KEYS_LAST_S:
                held.keys = None
            if held.keys is None:
                raise errors.SourceFailed(
                    f"the keys of the issuer cannot be had: {problem}", where=issuer
                ) from problem

    async def _fetched(self, issuer: str) -> Any:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        described = _object(await self._fetch(issuer.rstrip("/") + DISCOVERY))
        if described.get("issuer") != issuer:
            raise ValueError("its description names another issuer")
        address = str(described.get("jwks_uri", ""))
        if urlsplit(issuer).scheme == "https" and urlsplit(address).scheme != "https":
            raise ValueError("its keys are not served by https")
        document = _object(await self._fetch(address))
        keys = document.get("keys")
        if not isinstance(keys, list) or len(keys) > _MOST_KEYS:
            raise ValueError("expected a set of keys")
        usable = [one for one in keys if isinstance(one, dict) and one.get("kty") in ("RSA", "EC", "OKP")]
        try:
            return KeySet.import_key_set({"keys": usable})
        except JoseError as problem:
            raise ValueError(f"a key cannot be read: {problem}") from problem


def peek(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token, not verified: for choosing the key alone. Raises ``Unauthenticated``."""
    parts = token.split(".")
    if len(parts) != 3:
        raise refused("it is neither a key nor a token")
    try:
        header, claims = (
            _object(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2]
        )
    except ValueError as problem:
        raise refused("it cannot be read") from problem
    return header, claims


def verified(
    token: str, keys: Any, *, audience: str, issuer: str | None, now: Callable[[], float] = time.time
) -> dict[str, Any]:
    """The claims of a token that these keys signed, for this audience, at a time when it holds.

    Raises ``Unauthenticated``.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError

    rules: dict[str, Any] = {
        "exp": {"essential": True},
        "sub": {"essential": True},
        "aud": {"essential": True, "value": audience},
    }
    if issuer is not None:
        rules["iss"] = {"essential": True, "value": issuer}
    try:
        token_read = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
        jwt.JWTClaimsRegistry(now=lambda: int(now()), leeway=_LEEWAY_S, **rules).validate(token_read.claims)
    except (JoseError, ValueError, TypeError) as problem:
        raise refused(f"it does not hold: {getattr(problem, 'error', 'unusable')}") from problem
    if not isinstance(token_read.claims["sub"], str):
        raise refused("it names nobody")
    return token_read.claims


def refused(reason: str) -> errors.Unauthenticated:
    """Why a token is not accepted."""
    return errors.Unauthenticated(
        f"the token is not accepted: {reason}", where="Authorization", hint="sign in again"
    )


def _subject(trust: Trust, claims: Mapping[str, Any]) -> Subject:
    found: Any = claims
    for step in trust.claim.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    words = found.split() if isinstance(found, str) else found if isinstance(found, list) else []
    roles = frozenset(trust.roles[word] for word in words if isinstance(word, str) and word in trust.roles)
    purposes = claims.get("purpose", [])
    stated = tuple(one for one in purposes if isinstance(one, str)) if isinstance(purposes, list) else ()
    name = str(claims.get("name", ""))[:200]
    return Subject(f"{claims['sub']}@{_place(trust.issuer)}", roles, Proof.TOKEN, trust.issuer, name, stated)


def _place(issuer: str) -> str:
    """An issuer without its scheme: two realms of one host have people of their own, who may share names."""
    parts = urlsplit(issuer)
    host = parts.netloc.rpartition("@")[2].lower()
    return f"{host}{parts.path.rstrip('/').replace('@', '%40')}" or issuer


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise ValueError("expected JSON") from problem
    if not isinstance(found, dict):
        raise ValueError("expected a JSON object")
    return found
