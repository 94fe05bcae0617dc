"""A package as it travels: what it says of itself, its model or script if it has one, and its twin's word for all.

A zip of these files and nothing else; no path ever comes from the archive. What people approve is named by ``digest``,
the hash of what is run: the same package again needs no second approval, another comma does.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from sympolis.analysis.computing.declaration import Declaration, ModelMeans, Script, read_declaration
from sympolis.domain import errors

TYPE: Final = "compute+jwt"
DECLARATION: Final = "compute.json"
MODEL: Final = "model.onnx"
SCRIPT: Final = "algorithm.py"
WORD: Final = "signature.jws"
MOST_BYTES: Final = 2_500_000
"""Of a package: larger models are brought, and called."""
_LIMITS: Final = {DECLARATION: 256_000, MODEL: MOST_BYTES, SCRIPT: 100_000, WORD: 65_536}
_UNREADABLE: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, OverflowError, RuntimeError, ValueError,
)  # fmt: skip
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
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as out:
        for name, body in sorted(package.files.items()):
            out.writestr(name, body)
        out.writestr(WORD, word)
    return content.getvalue()


def read_package(content: bytes) -> tuple[Package, str]:
    """The package in a zip and the word for it, which is not verified yet. Raises ``BadRequestData``."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as given:
            names = [one.filename for one in given.infolist()]
            if odd := sorted({*names} - {*_LIMITS}):
                raise errors.BadRequestData(f"{odd[0][:100]!r} has no place in a package", where=_WHERE)
            if len(names) != len({*names}) or WORD not in names:
                raise errors.BadRequestData("a file is missing, or there twice", where=_WHERE)
            found = {name: _take(given, name) for name in names}
            word = found.pop(WORD).decode("ascii")
    except _UNREADABLE as cause:
        raise errors.BadRequestData(f"not a package that can be read: {cause}"[:300], where=_WHERE) from cause
    return make_package(found), word


def check_claims(package: Package, claims: Mapping[str, Any]) -> None:
    """Raise ``BadRequestData`` unless the word is about just this."""
    if any(claims.get(name) != value for name, value in package.claims().items()):
        raise errors.BadRequestData("the package is not what was signed", where=WORD)


def _take(given: zipfile.ZipFile, name: str) -> bytes:
    with given.open(name) as stream:
        content = stream.read(_LIMITS[name] + 1)
    if len(content) > _LIMITS[name]:
        raise errors.BadRequestData(f"{name} is longer than {_LIMITS[name]:,} bytes", where=_WHERE)
    return content
