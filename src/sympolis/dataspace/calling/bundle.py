"""A model as it travels between twins: its package, its bill of materials, and the word of the twin that gives it.

A zip of three files and nothing else. The word is a JWS by the key of the giving twin's DID, and names what it gives by
its hashes, its version and its licence: so it can be held against the package wherever that has been on its way.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sympolis.domain import errors

PACKAGE: Final = "package.zip"
BILL: Final = "sbom.cdx.json"
WORD: Final = "signature.jws"
TYPE: Final = "model+jwt"
MOST_BYTES: Final = 520 << 20
_MOST_BILL: Final = 4 << 20
_MOST_WORD: Final = 65_536
_LIMITS: Final = {PACKAGE: MOST_BYTES, BILL: _MOST_BILL, WORD: _MOST_WORD}
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """The three files."""

    package: bytes
    bill: bytes
    word: str


def claims_of(package: bytes, bill: bytes, *, name: str, version: str, licence: str) -> dict[str, Any]:
    """What a twin says of a model that it gives."""
    return {
        "model": name,
        "version": version,
        "licence": licence,
        "package": hashlib.sha256(package).hexdigest(),
        "sbom": hashlib.sha256(bill).hexdigest(),
    }


def write_bundle(bundle: Bundle) -> bytes:
    """The zip."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as out:
        out.writestr(PACKAGE, bundle.package)
        out.writestr(BILL, bundle.bill)
        out.writestr(WORD, bundle.word)
    return content.getvalue()


def read_bundle(content: bytes) -> Bundle:
    """The bundle in a zip. Raises ``BadRequestData``: for names that have no place there, for what is too long."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as given:
            names = [one.filename for one in given.infolist()]
            if sorted(names) != sorted(_LIMITS):
                odd = sorted({*names} - {*_LIMITS}) or ["a file that is missing or there twice"]
                raise errors.BadRequestData(f"{odd[0][:100]!r} has no place in a bundle", where="bundle")
            found = {name: _take(given, name, most) for name, most in _LIMITS.items()}
            return Bundle(found[PACKAGE], found[BILL], found[WORD].decode("ascii"))
    except _UNREADABLE as cause:
        raise errors.BadRequestData(
            f"not a bundle that can be read: {cause}"[:300], where="bundle"
        ) from cause


def check_claims(bundle: Bundle, claims: Mapping[str, Any]) -> None:
    """Raise ``BadRequestData`` unless the word is about just this package and this bill of materials."""
    for member, content in (("package", bundle.package), ("sbom", bundle.bill)):
        if claims.get(member) != hashlib.sha256(content).hexdigest():
            raise errors.BadRequestData(f"the {member} is not what was signed", where=WORD)


def _take(given: zipfile.ZipFile, name: str, most: int) -> bytes:
    with given.open(name) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise errors.BadRequestData(f"{name} is longer than {most:,} bytes", where="bundle")
    return content
