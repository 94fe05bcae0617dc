"""Tokens for data: 256 bits of chance, each for one transfer; only their hashes are kept."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

_PREFIX: Final = "dst_"
_LONGEST: Final = 400


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

    As ``Bearer``; as the password of ``Basic``, which is all that some public clients know; or bare, as a few send it.
    """
    said = (authorization or "")[:_LONGEST].strip()
    scheme, _, rest = said.partition(" ")
    text = {"bearer": rest.strip, "basic": lambda: _password(rest)}.get(scheme.lower(), lambda: said)()
    return bool(digest) and hmac.compare_digest(digest_of(text), digest)


def _password(credentials: str) -> str:
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
