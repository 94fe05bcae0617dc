"""The client certificate by which somebody came through TLS, as the proxy that ended it shows it.

``Client-Cert`` and ``Client-Cert-Chain`` are RFC 9440's: certificates in DER, as byte sequences of structured fields.
nginx cannot write these; it shows the certificate as PEM in percent-encoding, which is read as well. The server lets
these headers in from trusted proxies only (``app.connection``): anybody may know somebody else's certificate.
"""

from __future__ import annotations

import textwrap
from typing import Final
from urllib.parse import unquote

from sympolis.api.http import Request

_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_LONGEST: Final = 32 * 1024


def shown(request: Request) -> bytes:
    """The chain in PEM, the sender's certificate first; nothing where none is shown. It is not checked here."""
    leaf = request.header(b"client-cert") or ""
    if not leaf or len(leaf) > _LONGEST:
        return b""
    if not leaf.startswith(":"):
        return unquote(leaf).encode()
    chain = (request.header(b"client-cert-chain") or "")[:_LONGEST]
    return "\n".join(_pem(one) for one in (leaf, *chain.split(",")) if one.strip()).encode()


def _pem(item: str) -> str:
    body = "\n".join(textwrap.wrap(item.strip().strip(":"), 64))
    return f"{_BEGIN}\n{body}\n{_END}"
