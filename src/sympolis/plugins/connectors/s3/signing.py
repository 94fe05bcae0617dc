"""Signs requests to an object store (AWS Signature Version 4, for GET without a body).

The algorithm is Amazon's public one; the examples of its documentation are the test. A library for it would bring its
own way out of the house, past the guard.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

_EMPTY: Final = hashlib.sha256(b"").hexdigest()
_METHOD: Final = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Key:
    """An access key, and where it counts."""

    id: str
    secret: str = field(repr=False)
    region: str


def signed(url: str, key: Key, at: datetime) -> dict[str, str]:
    """The headers that a GET of ``url`` at this time (UTC) needs."""
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    headers = {"host": parts.netloc, "x-amz-content-sha256": _EMPTY, "x-amz-date": stamp}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    path = quote(unquote(parts.path) or "/", safe="/-_.~")
    request = "\n".join(["GET", path, _query(parts.query), lines, names, _EMPTY])
    scope = f"{stamp[:8]}/{key.region}/s3/aws4_request"
    to_sign = "\n".join([_METHOD, stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    secret = f"AWS4{key.secret}".encode()
    for part in (stamp[:8], key.region, "s3", "aws4_request"):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(secret, to_sign.encode(), hashlib.sha256).hexdigest()
    credential = f"Credential={key.id}/{scope},SignedHeaders={names},Signature={signature}"
    return {
        "x-amz-content-sha256": _EMPTY,
        "x-amz-date": stamp,
        "Authorization": f"{_METHOD} {credential}",
    }


def _query(query: str) -> str:
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
