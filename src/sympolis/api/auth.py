"""How a request says who sends it: a key, a token of an issuer, or the cookie of a page that somebody signed in on."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Final, Protocol

from sympolis.api.http import Request
from sympolis.domain import errors
from sympolis.governance.identity.accounts import Accounts
from sympolis.governance.identity.secrets import PREFIX
from sympolis.governance.identity.subject import STRANGER, Subject

API_KEY: Final = b"x-api-key"
COOKIE: Final = "sympolis_session"
SECURE_COOKIE: Final = f"__Host-{COOKIE}"
"""The same over https: a browser takes it from this host alone."""
_LONGEST: Final = 8192
_FRESH_S: Final = 1.0
_MOST: Final = 1024


class Tokens(Protocol):
    """Says who a token is about."""

    async def subject(self, token: str) -> Subject:
        """The subject. Raises ``Unauthenticated``."""
        ...


class Sessions(Protocol):
    """Says who has signed in."""

    def session_subject(self, session: str) -> Subject | None:
        """The subject; None where the session has ended."""
        ...


class Authenticator:
    """See the module; it is an ``access.Identifies``. What was found holds for a second."""

    def __init__(
        self,
        accounts: Accounts,
        *,
        tokens: Tokens | None = None,
        sessions: Sessions | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accounts = accounts
        self._tokens = tokens
        self._sessions = sessions
        self._monotonic = monotonic
        self._known: dict[bytes, tuple[float, Subject]] = {}

    async def identify(self, request: Request) -> Subject:
        """See ``access.Identifies``."""
        proof = presented(request)
        if proof is None:
            return self._by_cookie(request)
        digest = hashlib.sha256(proof.encode()).digest()
        kept, now = self._known.get(digest), self._monotonic()
        if kept is not None and kept[0] > now:
            return kept[1]
        found = await self._by_proof(proof)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[digest] = (now + _FRESH_S, found)
        return found

    async def _by_proof(self, proof: str) -> Subject:
        if proof.startswith(f"{PREFIX}_"):
            return self._accounts.by_key(proof)
        if self._tokens is None:
            raise errors.Unauthenticated(
                "this server takes no tokens", where="Authorization", hint="send a key: Bearer syk_…"
            )
        return await self._tokens.subject(proof)

    def _by_cookie(self, request: Request) -> Subject:
        session = session_of(request)
        if session is None or self._sessions is None:
            return STRANGER
        return self._sessions.session_subject(session) or STRANGER


def presented(request: Request) -> str | None:
    """The key or token of a request; None where there is none. Raises ``Unauthenticated`` for what is neither."""
    header = request.header(b"authorization")
    key = request.header(API_KEY)
    if header is None:
        return _bounded(key)
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "bearer" or not value.strip() or key is not None:
        raise errors.Unauthenticated(
            "expected one proof: `Authorization: Bearer …` or `X-API-Key: …`", where="Authorization"
        )
    return _bounded(value.strip())


def session_of(request: Request) -> str | None:
    """The session that a browser's cookie names; over https only the cookie that no other site can have set."""
    header = request.header(b"cookie")
    if header is None or len(header) > _LONGEST:
        return None
    try:
        found = SimpleCookie(header).get(SECURE_COOKIE if request.secure else COOKIE)
    except CookieError:
        return None
    return None if found is None else found.value


def _bounded(proof: str | None) -> str | None:
    if proof is not None and len(proof) > _LONGEST:
        raise errors.Unauthenticated(f"longer than {_LONGEST} characters", where="Authorization")
    return proof
