"""Who speaks, without saying who it is: keyed hashes, and signed links for those who want no account.

A person is known by HMAC-SHA-256 (RFC 2104) of project and identity under a key of this twin: the same person has
another hash in another project, and whoever holds the book without the key cannot try names or addresses out. A link
is a compact JWS (RFC 7515, HS256) with that hash, the project and its expiry in it: nothing of the person.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sympolis.domain import errors

ACCOUNT: Final = "account"
MAIL: Final = "mail"
LINK: Final = "link"
_HEADER: Final = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()
_LONGEST: Final = 1024
_LONG_AGO: Final = datetime.fromtimestamp(0, UTC)
_HASH: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody who may contribute to one project. ``until``: when their link ends; None for an account.

    ``since``: when their link was made, to the millisecond.
    """

    author: str
    project: str
    until: datetime | None = None
    since: datetime = _LONG_AGO


class Voices:
    """Makes and checks voices. ``key`` are 32 secret bytes that the twin keeps apart from its book."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def author(self, project: str, way: str, who: str) -> str:
        """The hash of a person within a project; addresses are compared without case and spaces around them."""
        known = who.strip().lower() if way == MAIL else who
        message = "\x1f".join((project, way, known)).encode()
        return hmac.new(self._key, b"author\x1f" + message, hashlib.sha256).hexdigest()[:32]

    def alias(self, account: str) -> str:
        """What stands for an account in a log: another hash than any that stands in a project."""
        mac = hmac.new(self._key, b"alias\x1f" + account.encode(), hashlib.sha256)
        return f"participant-{mac.hexdigest()[:32]}"

    def token(self, project: str, author: str, until: datetime, *, since: datetime | None = None) -> str:
        """The signed link's token, made at ``since``."""
        claims: dict[str, str | float] = {"aud": project, "sub": author, "exp": int(until.timestamp())}
        if since is not None:
            claims["iat"] = round(since.timestamp(), 3)
        body = f"{_HEADER}.{_encoded(json.dumps(claims, separators=(',', ':')).encode())}"
        return f"{body}.{_encoded(self._mac(body))}"

    def read(self, token: str, *, now: datetime) -> Voice:
        """Whom a token is for. Raises ``Unauthenticated`` for one that was altered, is not ours or has ended."""
        body, dot, signature = token[:_LONGEST].rpartition(".")
        header, _, payload = body.partition(".")
        if not dot or header != _HEADER or not hmac.compare_digest(_decoded(signature), self._mac(body)):
            raise _refused("was altered, or is not from this twin")
        voice = _voice(payload)
        if voice.until is None or voice.until <= now:
            raise _refused("has ended")
        return voice

    def _mac(self, body: str) -> bytes:
        return hmac.new(self._key, b"link\x1f" + body.encode(), hashlib.sha256).digest()


def _voice(payload: str) -> Voice:
    claims: dict[str, Any] = json.loads(_decoded(payload))  # signed by us: it is what ``token`` wrote
    until, since = (datetime.fromtimestamp(claims.get(name, 0), UTC) for name in ("exp", "iat"))
    return Voice(claims["sub"], claims["aud"], until, since)


def is_author(text: str) -> bool:
    """Whether this looks like a person's hash."""
    return _HASH.fullmatch(text) is not None


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _refused(what: str) -> errors.Unauthenticated:
    return errors.Unauthenticated(
        f"this link {what}",
        where="Sympolis-Voice",
        hint="ask whoever gave it to you for a new one, or sign in",
    )
