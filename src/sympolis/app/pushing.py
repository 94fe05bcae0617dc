"""The key by which browsers know this twin (VAPID, RFC 8292).

Its own key, and never rotated: a browser's subscription is bound to it, and would fall silent with another.
"""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime
from typing import Any, Final

from sympolis.dataspace.credentials.keys import ALGORITHM, KeyRecord
from sympolis.dataspace.records import Records

_KIND: Final = "push-key"


class PushKey:
    """Made at its first use."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._key: Any = None

    def token(self, claims: dict[str, Any]) -> str:
        """A JWT of these claims."""
        from joserfc import jwt

        return jwt.encode({"alg": ALGORITHM, "typ": "JWT"}, claims, self._private(), algorithms=[ALGORITHM])

    def point(self) -> str:
        """The public key as browsers take it: the uncompressed point (65 bytes), base64url."""
        jwk = self._private().as_dict(private=False)
        x, y = (base64.urlsafe_b64decode(jwk[name] + "==") for name in ("x", "y"))
        return base64.urlsafe_b64encode(b"\x04" + x + y).rstrip(b"=").decode()

    def _private(self) -> Any:
        if self._key is None:
            from joserfc.jwk import ECKey

            kept = self._records.all(_KIND, KeyRecord)
            found = kept[0] if kept else self._make()
            self._key = ECKey.import_key(found.jwk)
        return self._key

    def _make(self) -> KeyRecord:
        from joserfc.jwk import ECKey

        name = f"push-{secrets.token_hex(4)}"
        jwk = ECKey.generate_key("P-256", private=True).as_dict(private=True)
        made = KeyRecord(id=name, jwk=dict(jwk), created_at=datetime.now(UTC))
        self._records.keep(_KIND, name, made)
        return made
