"""The small OpenID Connect issuer of this server: for a city that has none, and for one machine.

Authorization code with PKCE for pages (RFC 6749, 7636), client credentials for machines, sessions in a cookie. Tokens
are signed with ES256 by joserfc; keys change every ninety days and go on verifying until what they signed has ended.
Codes live in memory for a minute. Every token carries its user's stamp: setting a password or disabling a user ends
all of them at once. Signing out ends a session and the tokens that came of it, here and in other processes: their ids
are kept until they would have ended anyway.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sympolis.domain import errors
from sympolis.governance.identity.accounts import Accounts
from sympolis.governance.identity.records import Ended, SigningKey, User
from sympolis.governance.identity.subject import Proof, Subject
from sympolis.governance.identity.tokens import peek, refused, verified

AUDIENCE: Final = "sympolis"
_SESSIONS: Final = "sympolis:session"
TOKEN_S: Final = 600
SESSION_S: Final = 8 * 3600
_CODE_S: Final = 60
_MOST_CODES: Final = 10_000
_ROTATE: Final = timedelta(days=90)
_KEPT: Final = _ROTATE + timedelta(days=1)
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for."""

    user: str
    client: str
    redirect: str
    challenge: str
    nonce: str
    until: float
    session: str = ""
    """The id of the session that it came of."""


class Issuer:
    """See the module. Its address is the one that a request came to: methods that need it take it."""

    def __init__(
        self,
        accounts: Accounts,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accounts = accounts
        self._clock = clock
        self._monotonic = monotonic
        self._codes: dict[str, Grant] = {}
        self._keys: Any = None
        self._kept_ids: frozenset[str] = frozenset()

    # --- keys

    def public_keys(self) -> dict[str, Any]:
        """The keys that verify its tokens, as a JWK Set (RFC 7517)."""
        return {"keys": [key.as_dict(private=False) for key in self._key_set().keys]}

    def rotate(self) -> None:
        """Sign with a new key from now on."""
        self._new_key()
        self._keys = None

    def _key_set(self) -> Any:
        """All keys, newest first; one is made where there is none or the newest is old."""
        from joserfc.jwk import ECKey, KeySet

        found = sorted(self._accounts.directory.signing_keys(), key=lambda one: one.created_at, reverse=True)
        now = self._clock()
        if not found or now - found[0].created_at > _ROTATE:
            found.insert(0, self._new_key())
        for old in [one for one in found[1:] if now - one.created_at > _KEPT]:
            self._accounts.directory.drop_signing_key(old.id)
            found.remove(old)
        ids = frozenset(one.id for one in found)
        if self._keys is None or ids != self._kept_ids:
            self._keys = KeySet([ECKey.import_key(_jwk(one)) for one in found])
            self._kept_ids = ids
        return self._keys

    def _new_key(self) -> SigningKey:
        from joserfc.jwk import ECKey

        key_id = secrets.token_hex(8)
        key = ECKey.generate_key("P-256", {"kid": key_id, "use": "sig", "alg": "ES256"}, private=True)
        kept = SigningKey(id=key_id, jwk=json.dumps(key.as_dict(private=True)), created_at=self._clock())
        self._accounts.directory.keep_signing_key(kept)
        return kept

    # --- sessions

    def session(self, user: User) -> str:
        """What the cookie of somebody who has just signed in holds."""
        return self._signed({"sub": user.id, "aud": _SESSIONS, "stamp": user.stamp}, SESSION_S)

    def session_subject(self, session: str) -> Subject | None:
        """Who signed in; None where the session has ended, in whatever way."""
        try:
            claims = verified(session, self._key_set(), audience=_SESSIONS, issuer=None, now=self._now)
            self._check_lasts(claims)
            return self._user_subject(claims, Proof.SESSION)
        except errors.Unauthenticated:
            return None

    def session_id(self, session: str) -> str:
        """The id of a session that ``session_subject`` has found to hold."""
        return str(peek(session)[1].get("jti", ""))

    def end(self, token: str, *, audience: str = _SESSIONS) -> None:
        """End a session, or an access token, before its time. Nothing happens where it does not hold."""
        try:
            claims = verified(token, self._key_set(), audience=audience, issuer=None, now=self._now)
        except errors.Unauthenticated:
            return
        # What came of a session begins at its last moment at the latest.
        until = datetime.fromtimestamp(claims["exp"] + TOKEN_S, UTC)
        self._accounts.directory.end(Ended(str(claims["jti"]), until), now=self._clock())

    # --- codes and tokens

    def code(
        self, user: str, *, client: str, redirect: str, challenge: str, nonce: str, session: str = ""
    ) -> str:
        """A code for somebody who has signed in. Raises ``InvalidRequest``."""
        if not _CHALLENGE.fullmatch(challenge):
            raise errors.InvalidRequest("expected the S256 of a verifier", where="code_challenge")
        now = self._monotonic()
        self._codes = {code: grant for code, grant in self._codes.items() if grant.until > now}
        if len(self._codes) >= _MOST_CODES:
            raise errors.TooManyAttempts("too many people are signing in at this moment")
        code = secrets.token_urlsafe(32)
        self._codes[code] = Grant(user, client, redirect, challenge, nonce, now + _CODE_S, session)
        return code

    def redeem(self, code: str, *, client: str, redirect: str, verifier: str, issuer: str) -> dict[str, Any]:
        """Tokens for a code, once. Raises ``InvalidRequest``."""
        grant = self._codes.pop(code, None)
        fits = (
            grant is not None
            and grant.until > self._monotonic()
            and grant.client == client
            and grant.redirect == redirect
            and _VERIFIER.fullmatch(verifier) is not None
            and hmac.compare_digest(challenge_of(verifier), grant.challenge)
        )
        user = self._accounts.directory.find_user(grant.user) if fits and grant is not None else None
        ended = grant is not None and self._accounts.directory.has_ended(grant.session)
        if user is None or grant is None or user.disabled or ended:
            raise errors.InvalidRequest("the code does not hold", where="code", hint="sign in again")
        identity: dict[str, Any] = {"iss": issuer, "sub": user.id, "aud": client, "name": user.name}
        if grant.nonce:
            identity["nonce"] = grant.nonce
        return {
            **self._access(user.id, issuer, {"stamp": user.stamp, "sid": grant.session}),
            "id_token": self._signed(identity, TOKEN_S),
        }

    def for_key(self, text: str, *, issuer: str) -> dict[str, Any]:
        """A token for whoever holds a key (client credentials). Raises ``Unauthenticated``."""
        subject = self._accounts.by_key(text)
        return self._access(subject.id, issuer, {"key": subject.via})

    async def subject(self, token: str) -> Subject:
        """Whom one of its own access tokens is about. Raises ``Unauthenticated``."""
        claims = verified(token, self._key_set(), audience=AUDIENCE, issuer=None, now=self._now)
        self._check_lasts(claims)
        if "key" in claims:
            return self._accounts.by_key_id(str(claims["key"]))
        return self._user_subject(claims, Proof.TOKEN)

    def signed(self, token: str) -> bool:
        """Whether a token says that one of its keys signed it; whether that is true, ``subject`` finds out."""
        header, _ = peek(token)
        return header.get("kid") in {key.kid for key in self._key_set().keys}

    # --- parts

    def _access(self, user: str, issuer: str, more: dict[str, Any]) -> dict[str, Any]:
        claims = {"iss": issuer, "sub": user, "aud": AUDIENCE, **more}
        return {
            "access_token": self._signed(claims, TOKEN_S),
            "token_type": "Bearer",
            "expires_in": TOKEN_S,
        }

    def _signed(self, claims: dict[str, Any], lasts_s: int) -> str:
        from joserfc import jwt

        now, key = int(self._now()), self._key_set().keys[0]
        full = {**claims, "iat": now, "nbf": now, "exp": now + lasts_s, "jti": secrets.token_hex(8)}
        return jwt.encode({"alg": "ES256", "kid": key.kid}, full, key)

    def _check_lasts(self, claims: dict[str, Any]) -> None:
        """Raise ``Unauthenticated`` where it, or the session that it came of, was ended."""
        ids = {str(claims.get(name, "")) for name in ("jti", "sid")} - {""}
        if any(map(self._accounts.directory.has_ended, ids)):
            raise refused("it has ended")

    def _user_subject(self, claims: dict[str, Any], proof: Proof) -> Subject:
        user = self._accounts.directory.find_user(claims["sub"])
        stamp = str(claims.get("stamp", ""))
        if user is None or user.disabled or not hmac.compare_digest(stamp, user.stamp):
            raise refused("it has ended")
        return Subject(user.id, frozenset(user.roles), proof, "", user.name)

    def _now(self) -> float:
        return self._clock().timestamp()


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii", "replace")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _jwk(key: SigningKey) -> Any:
    return json.loads(key.jwk)
