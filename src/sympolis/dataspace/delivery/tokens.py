"""Tokens for data: 256 bits of chance, each for one transfer; only their hashes are kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

_PREFIX: Final = "dst_"
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class FreshToken:
    """A new token: ``text`` is sent once, ``digest`` is kept."""

    text: str
    digest: str


def new_token() -> FreshToken:
    """A token that nobody can guess."""
    text = _PREFIX + secrets.token_urlsafe(32)
    return FreshToken(text, digest_of(text))


def digest_of(text: str) -> str:
    """SHA-256 in hexadecimal: there is nothing to guess, so nothing to slow down."""
    return hashlib.sha256(text.encode()).hexdigest()


def fits(authorization: str | None, digest: str) -> bool:
    """Whether an ``Authorization`` header carries the token with this hash, in constant time.

    The bare token is taken as well: not every consumer says ``Bearer``.
    """
    said = (authorization or "")[:_LONGEST].strip()
    text = said.partition(" ")[2].strip() if said[:7].lower() == "bearer " else said
    return bool(digest) and hmac.compare_digest(digest_of(text), digest)
