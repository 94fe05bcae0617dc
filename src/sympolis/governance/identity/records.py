"""What is kept of people and of their keys: no password and no key can be read from it."""

from __future__ import annotations

from datetime import datetime

import msgspec


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person or a machine of this twin's own directory."""

    id: str
    name: str = ""
    roles: tuple[str, ...] = ()
    disabled: bool = False
    password: str = ""
    """Its Argon2id hash with its parameters (RFC 9106); '' where none is set."""
    created_at: datetime
    stamp: str = ""
    """Changes with the password and when the user is disabled: sessions that carry another one have ended."""


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that a machine sends instead of signing in. Only the SHA-256 of its secret, 256 bits of chance, is kept."""

    id: str
    user: str
    digest: str
    roles: tuple[str, ...] = ()
    """Those of its user's that it uses."""
    purposes: tuple[str, ...] = ()
    """What its holder says the data are for, as IRIs: policies may ask."""
    title: str = ""
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


class Ended(msgspec.Struct, frozen=True):
    """A session or a token that somebody ended before its time, by its id; forgotten after ``until``."""

    id: str
    until: datetime


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key of the built-in issuer, as a private JWK (RFC 7517)."""

    id: str
    jwk: str
    created_at: datetime


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a subscription is, as they were when they made it or last changed it."""

    subject: str
    roles: tuple[str, ...]
    proof: str
    via: str = ""
    purposes: tuple[str, ...] = ()
    place: str = ""
