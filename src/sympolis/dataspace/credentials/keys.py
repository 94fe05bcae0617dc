"""The keys by which this twin signs: made at its first use, changed on request, known to others until they have ended.

ES256 on P-256, which every implementation of the Decentralized Claims Protocol can verify. A key that was rotated signs
nothing more, and stays in the DID document until all that it signed has ended, unless it was revoked.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from sympolis.dataspace.records import Records
from sympolis.domain import errors

ALGORITHM: Final = "ES256"
_KIND: Final = "key"
KEPT_AFTER_ROTATION: Final = timedelta(days=400)
"""Longer than any credential lasts that such a key signed."""


_KEPT_FOR: Final = timedelta(hours=1)


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A private JWK (RFC 7517) and its life. ``revoked_at``: nobody may trust anything that it ever signed."""

    id: str
    jwk: dict[str, Any]
    created_at: datetime
    rotated_at: datetime | None = None
    revoked_at: datetime | None = None


class KeyRing:
    """See the module. ``sign`` with the newest, publish the others."""

    def __init__(
        self, records: Records, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._records = records
        self._clock = clock
        self._current: tuple[str, Any] | None = None
        self._public: tuple[datetime, tuple[dict[str, Any], ...]] | None = None

    def current(self) -> tuple[str, Any]:
        """The id and the joserfc key that signs; made where there is none."""
        if self._current is None:
            from joserfc.jwk import ECKey

            live = [one for one in self._all() if one.rotated_at is None and one.revoked_at is None]
            found = live[-1] if live else self._make()
            self._current = found.id, ECKey.import_key(found.jwk)
        return self._current

    def public(self) -> tuple[dict[str, Any], ...]:
        """The public JWKs that others may trust, newest first; nothing of them is private.

        Every message asks for them: they are kept for an hour, or until the keys change.
        """
        now = self._clock()
        if self._public is None or now - self._public[0] > _KEPT_FOR:
            self._public = now, self._published(now)
        return self._public[1]

    def _published(self, now: datetime) -> tuple[dict[str, Any], ...]:
        from joserfc.jwk import ECKey

        self.current()
        good = [
            one
            for one in self._all()
            if one.revoked_at is None
            and (one.rotated_at is None or now - one.rotated_at < KEPT_AFTER_ROTATION)
        ]
        return tuple(dict(ECKey.import_key(one.jwk).as_dict(private=False)) for one in reversed(good))

    def rotate(self, *, revoke: bool = False) -> str:
        """Sign with a new key from now on; ``revoke`` where the old one may be in wrong hands. The new key's id."""
        now = self._clock()
        for one in self._all():
            if one.rotated_at is None or (revoke and one.revoked_at is None):
                ended = msgspec.structs.replace(
                    one, rotated_at=one.rotated_at or now, revoked_at=now if revoke else one.revoked_at
                )
                self._records.keep(_KIND, one.id, ended)
        self._current = self._public = None
        return self._make().id

    def sign(self, header: dict[str, Any], claims: dict[str, Any], *, did: str) -> str:
        """A compact JWS of these claims by our current key. ``did``: ours, so that others find the key."""
        from joserfc import jwt

        key_id, key = self.current()
        full = {"alg": ALGORITHM, "kid": f"{did}#{key_id}", **header}
        return jwt.encode(full, claims, key)

    def private_pem(self) -> bytes:
        """The current key as PKCS #8, for a certificate signing request. Never leaves the process."""
        pem = self.current()[1].as_pem(private=True)
        if not isinstance(pem, bytes):
            raise errors.SettingsInvalid("the key cannot be written as PEM", where="key")
        return pem

    def _all(self) -> list[KeyRecord]:
        """In the order in which they were made."""
        return sorted(self._records.all(_KIND, KeyRecord), key=lambda one: (one.created_at, one.id))

    def _make(self) -> KeyRecord:
        from joserfc.jwk import ECKey

        key_id = f"key-{secrets.token_hex(4)}"
        key = ECKey.generate_key("P-256", {"kid": key_id, "use": "sig", "alg": ALGORITHM}, private=True)
        made = KeyRecord(id=key_id, jwk=dict(key.as_dict(private=True)), created_at=self._clock())
        self._records.keep(_KIND, key_id, made)
        return made
