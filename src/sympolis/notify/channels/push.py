"""Web Push: a browser is told even where the page is closed (RFC 8030), in words that its push service cannot read (RFC
8291), by a twin that the browser knows (VAPID, RFC 8292). Needs the extra ``push``."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from sympolis.decision.notices.record import Notice
from sympolis.domain.errors import DeliveryRefused
from sympolis.egress import HttpClient
from sympolis.notify.channels.web import post
from sympolis.notify.channels.wording import message

_HALF_A_DAY_S = 12 * 3600
_KEPT_FOR_S = 24 * 3600
Sign = Callable[[dict[str, Any]], str]
"""A JWT (ES256) of these claims, by the twin's push key."""


class Push:
    """See ``Carrier``; ``to`` is the browser's subscription (JSON): ``endpoint``, ``keys`` (``p256dh``, ``auth``)."""

    def __init__(
        self, client: HttpClient, *, sign: Sign, public_key: Callable[[], str], language: str, address: str
    ) -> None:
        self._client = client
        self._sign = sign
        self._public_key = public_key
        self._language = language
        self._address = address

    async def send(self, to: str, notices: Sequence[Notice], message_id: str) -> None:
        """See ``Carrier.send``."""
        endpoint, receiver, secret = _subscription(to)
        told = message(notices, language=self._language, address=self._address)
        words = {"id": message_id, "title": told.subject, "body": told.text, "link": told.link}
        headers = [
            ("Content-Encoding", "aes128gcm"),
            ("Content-Type", "application/octet-stream"),
            ("TTL", str(_KEPT_FOR_S)),
            ("Topic", message_id[-32:].replace("_", "-")),
            ("Urgency", "high" if told.urgent else "normal"),
            ("Authorization", f"vapid t={self._token(endpoint)}, k={self._public_key()}"),
        ]
        body = sealed(json.dumps(words, ensure_ascii=False).encode(), receiver, secret)
        await post(self._client, endpoint, headers=headers, body=body)

    def _token(self, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        audience = f"{parts.scheme}://{parts.netloc}"
        contact = self._address if self._address.startswith("https:") else "mailto:twin@localhost"
        return self._sign({"aud": audience, "exp": int(time.time()) + _HALF_A_DAY_S, "sub": contact})


def sealed(words: bytes, receiver: bytes, secret: bytes) -> bytes:
    """The message for the browser alone: ``receiver`` is its public point (65 bytes), ``secret`` its 16 bytes."""
    import http_ece
    from cryptography.hazmat.primitives.asymmetric import ec

    own = ec.generate_private_key(ec.SECP256R1())
    found: bytes = http_ece.encrypt(
        words, private_key=own, dh=receiver, auth_secret=secret, version="aes128gcm"
    )
    return found


def _subscription(text: str) -> tuple[str, bytes, bytes]:
    try:
        found = json.loads(text)
        keys = found["keys"]
        return str(found["endpoint"]), _decoded(keys["p256dh"]), _decoded(keys["auth"])
    except (ValueError, KeyError, TypeError) as broken:
        raise DeliveryRefused("this is no subscription of a browser") from broken


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
