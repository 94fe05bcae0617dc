"""A package as it travels: what it says of itself, its model or script if it has one, and its twin's word for all.

A zip of these files and nothing else. What people approve is named by ``digest``,
the hash of what is run: the same package again needs no second approval, another comma does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from sympolis.analysis.computing.declaration import Declaration, ModelMeans, Script, read_declaration
from sympolis.domain import errors
from sympolis.domain.archives import read_archive, write_archive

TYPE: Final = "compute+jwt"
DECLARATION: Final = "compute.json"
MODEL: Final = "model.onnx"
SCRIPT: Final = "algorithm.py"
WORD: Final = "signature.jws"
MOST_BYTES: Final = 2_500_000
"""Of a package: larger models are brought, and called."""
_LIMITS: Final = {DECLARATION: 256_000, MODEL: MOST_BYTES, SCRIPT: 100_000, WORD: 65_536}
_WHERE: Final = "package"


@dataclass(frozen=True, slots=True)
class Package:
    """What is run. ``files`` are those that the signature names, by name."""

    declaration: Declaration
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 over names and contents."""
        whole = [(name, hashlib.sha256(body).hexdigest()) for name, body in sorted(self.files.items())]
        return hashlib.sha256(msgspec.json.encode(whole)).hexdigest()

    @property
    def model(self) -> bytes:
        """The model's file; empty where there is none."""
        return self.files.get(MODEL, b"")

    @property
    def script(self) -> str:
        """The script's text; '' where there is none."""
        return self.files.get(SCRIPT, b"").decode("utf-8")

    def claims(self) -> dict[str, Any]:
        """What its twin signs."""
        found = self.declaration
        hashes = {name: hashlib.sha256(body).hexdigest() for name, body in self.files.items()}
        return {"name": found.name, "version": found.version, "licence": found.licence, "files": hashes}


def make_package(files: Mapping[str, bytes]) -> Package:
    """A package of its files, judged. Raises ``BadRequestData``, ``PayloadTooLarge``."""
    for name, body in files.items():
        if name not in _LIMITS or name == WORD:
            raise errors.BadRequestData(f"{name[:100]!r} has no place in a package", where=_WHERE)
        if len(body) > _LIMITS[name]:
            raise errors.PayloadTooLarge(f"{name} is longer than {_LIMITS[name]:,} bytes", where=_WHERE)
    if DECLARATION not in files:
        raise errors.BadRequestData(f"{DECLARATION} is missing", where=_WHERE)
    found = read_declaration(files[DECLARATION])
    wanted = {DECLARATION}
    if isinstance(found.algorithm, ModelMeans):
        wanted.add(MODEL)
    if isinstance(found.algorithm, Script):
        wanted.add(SCRIPT)
        _check_text(files.get(SCRIPT, b""))
    if {*files} != wanted:
        raise errors.BadRequestData(f"holds {sorted(files)}, and {sorted(wanted)} is wanted", where=_WHERE)
    return Package(found, dict(files))


def _check_text(body: bytes) -> None:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as cause:
        raise errors.BadRequestData("is not UTF-8", where=SCRIPT) from cause


def write_package(package: Package, word: str) -> bytes:
    """The zip."""
    return write_archive({**dict(sorted(package.files.items())), WORD: word.encode("ascii")})


def read_package(content: bytes) -> tuple[Package, str]:
    """The package in a zip and the word for it, not verified yet. Raises ``BadRequestData``, ``PayloadTooLarge``."""
    given = read_archive(content, where=_WHERE, most=sum(_LIMITS.values()))
    given.only((DECLARATION, WORD), besides=(MODEL, SCRIPT))
    found = {name: given.take(name, _LIMITS[name]) for name in given.names if name != WORD}
    return make_package(found), given.text(WORD, _LIMITS[WORD], encoding="ASCII")


def check_claims(package: Package, claims: Mapping[str, Any]) -> None:
    """Raise ``BadRequestData`` unless the word is about just this."""
    if any(claims.get(name) != value for name, value in package.claims().items()):
        raise errors.BadRequestData("the package is not what was signed", where=WORD)
