"""The word of a twin for its asset: a JWS by the key of its did:web over the hash of the manifest.

Signed and verified by what every other statement between twins goes through (``credentials``): no key and no algorithm
of its own.
"""

from __future__ import annotations

import time
from typing import Any, Final

from sympolis.dataspace.credentials.keys import KeyRing
from sympolis.dataspace.credentials.resolver import Resolver
from sympolis.dataspace.credentials.signed import verified
from sympolis.dataspace.repository.manifest import Manifest, digest
from sympolis.dataspace.repository.package import WORD, Package
from sympolis.domain import errors

TYPE: Final = "asset+jwt"


def sign(keys: KeyRing, manifest: Manifest, manifest_text: bytes) -> str:
    """Our word for a manifest, as a compact JWS."""
    claims = {"iss": manifest.publisher, "iat": int(time.time()), **_claims(manifest, manifest_text)}
    return keys.sign({"typ": TYPE}, claims, did=manifest.publisher)


async def check_word(package: Package, resolver: Resolver, *, publisher: str = "") -> dict[str, Any]:
    """Whose word it is and by which key. ``publisher``: whose it must be, where that is known.

    Raises ``Unauthenticated`` where it is somebody else's, or does not hold, or is about something else;
    ``SourceFailed`` where the publisher's keys cannot be had.
    """
    manifest = package.manifest
    if publisher and manifest.publisher != publisher:
        raise errors.Unauthenticated("the asset is another twin's", where="publisher")
    word = await verified(package.word, manifest.publisher, resolver)
    said = {name: word.claims.get(name) for name in _claims(manifest, b"")}
    if word.header.get("typ") != TYPE or said != _claims(manifest, package.manifest_text):
        raise errors.Unauthenticated("the signature is for something else", where=WORD)
    return {"publisher": manifest.publisher, "key": word.header["kid"], "signed_at": word.claims.get("iat")}


def _claims(manifest: Manifest, manifest_text: bytes) -> dict[str, Any]:
    return {
        "asset": manifest.id,
        "version": manifest.version,
        "licence": manifest.licence,
        "manifest": digest(manifest_text),
    }
