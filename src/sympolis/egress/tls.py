"""How this server shows itself to servers that ask for a certificate, and whose roots it believes beside the usual.

Dataspaces whose members know each other by certificates of an authority's own root (SIMPL-Open's second tier) need
both; everybody else neither.
"""

from __future__ import annotations

import ssl

from sympolis.domain.errors import SettingsInvalid


def context(*, certificate: str = "", key: str = "", roots: str = "") -> ssl.SSLContext:
    """For outgoing connections; names of PEM files, '' for none.

    The server's own certificate is checked as ever, against the system's roots and these. Raises ``SettingsInvalid``
    for files that cannot be read, or a key that is another certificate's.
    """
    made = ssl.create_default_context()
    where = "tls_roots"
    try:
        if roots:
            made.load_verify_locations(roots)
        where = "tls_certificate"
        if certificate:
            made.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as problem:  # ssl.SSLError is an OSError
        raise SettingsInvalid(f"cannot be used: {problem}", where=where, hint="PEM files") from problem
    return made


def _no_password() -> str:
    """Nobody is asked at the start of a server."""
    raise ValueError("the key is locked by a password")
