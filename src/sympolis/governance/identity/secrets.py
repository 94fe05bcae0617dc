"""Keys and passwords: made by chance, kept as hashes, compared in constant time.

Passwords are hashed with Argon2id through argon2-cffi (RFC 9106); keys are 256 bits of chance, for which SHA-256 is
enough: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from sympolis.domain import errors

if TYPE_CHECKING:
    from argon2 import PasswordHasher

PREFIX: Final = "syk"
_KEY: Final = re.compile(r"syk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})", re.ASCII)
_SHORTEST, _LONGEST = 10, 1024
"""Characters of a password. NIST SP 800-63B asks for length and for no rules about kinds of characters."""


@dataclass(frozen=True, slots=True)
class FreshKey:
    """A new key: ``text`` is shown once, ``digest`` is kept."""

    id: str
    text: str
    digest: str


def new_key() -> FreshKey:
    """A key with its parts: ``syk_<id>_<secret>``."""
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    return FreshKey(key_id, f"{PREFIX}_{key_id}_{secret}", digest_of(secret))


def parts_of(text: str) -> tuple[str, str] | None:
    """Id and secret of what may be a key; None for anything else."""
    found = _KEY.fullmatch(text)
    return None if found is None else (found[1], found[2])


def digest_of(secret: str) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, digest: str) -> bool:
    """Whether this is the secret with that digest, in constant time."""
    return hmac.compare_digest(digest_of(secret), digest)


def hash_password(password: str) -> str:
    """What is kept of a password. Raises ``InvalidRequest`` for one that is too short or too long."""
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise errors.InvalidRequest(
            f"a password has {_SHORTEST} to {_LONGEST} characters", where="password", hint="use a sentence"
        )
    return _hasher().hash(password)


def password_fits(password: str, kept: str) -> bool:
    """Whether this is the password; where there is none it takes as long, so that names cannot be found."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > _LONGEST:
        return False
    try:
        return _hasher().verify(kept or _nobody(), password) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    try:
        from argon2 import PasswordHasher
    except ImportError as problem:
        raise errors.NotImplementedHere(
            "passwords need the extra `identity`", where="password", hint="pip install 'sympolis[identity]'"
        ) from problem
    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))
