"""Names and fingerprints: entity ids from a source's own keys, and digests that tell whether a row has changed."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

import msgspec

_SAFE = "-._~!$&'()*+,;=:@/"
"""Characters a URN may hold besides letters and digits (RFC 8141); all others are percent-encoded, so that two
different keys never meet in one id."""

_encoder = msgspec.json.Encoder(order="sorted", enc_hook=str)


def urn(kind: str, city: str, local: str) -> str:
    """The id of a thing of a city, e.g. urn:ngsi-ld:RoadSegment:trento:a117."""
    return f"urn:ngsi-ld:{kind}:{city}:{quote(local, safe=_SAFE, errors='backslashreplace')}"


def digest(*parts: Any) -> int:
    """A 63-bit fingerprint of JSON-like values; the keys of objects may come in any order."""
    try:
        text = _encoder.encode(parts)
    except (OverflowError, ValueError, TypeError):  # numbers beyond 64 bits, lone surrogates, odd keys
        text = repr(parts).encode("utf-8", "backslashreplace")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") >> 1


def fingerprint(*parts: bytes) -> str:
    """A short text that changes with any of ``parts``: a data version."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()[:16]
