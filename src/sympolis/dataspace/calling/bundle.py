"""A model as it travels between twins: its package, its bill of materials, and the word of the twin that gives it.

A zip of three files and nothing else. The word is a JWS by the key of the giving twin's DID, and names what it gives by
its hashes, its version and its licence: so it can be held against the package wherever that has been on its way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sympolis.domain import errors
from sympolis.domain.archives import read_archive, write_archive

PACKAGE: Final = "package.zip"
BILL: Final = "sbom.cdx.json"
WORD: Final = "signature.jws"
TYPE: Final = "model+jwt"
MOST_BYTES: Final = 520 << 20
_MOST_BILL: Final = 4 << 20
_MOST_WORD: Final = 65_536
_LIMITS: Final = {PACKAGE: MOST_BYTES, BILL: _MOST_BILL, WORD: _MOST_WORD}


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
    """The zip; what is a zip in it is not packed again."""
    files = {PACKAGE: bundle.package, BILL: bundle.bill, WORD: bundle.word.encode("ascii")}
    return write_archive(files, deflated=False)


def read_bundle(content: bytes) -> Bundle:
    """The bundle in a zip. Raises ``BadRequestData`` for what is none, ``PayloadTooLarge`` for what is too long."""
    given = read_archive(content, where="bundle", most=sum(_LIMITS.values()))
    given.only(_LIMITS)
    package, bill = (given.take(name, _LIMITS[name]) for name in (PACKAGE, BILL))
    return Bundle(package, bill, given.text(WORD, _MOST_WORD, encoding="ASCII"))


def check_claims(bundle: Bundle, claims: Mapping[str, Any]) -> None:
    """Raise ``BadRequestData`` unless the word is about just this package and this bill of materials."""
    for member, content in (("package", bundle.package), ("sbom", bundle.bill)):
        if claims.get(member) != hashlib.sha256(content).hexdigest():
            raise errors.BadRequestData(f"the {member} is not what was signed", where=WORD)
