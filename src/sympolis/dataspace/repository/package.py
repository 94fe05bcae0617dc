"""An asset's package as it travels: a zip of manifest, signature, README, bill of materials and the content.

It comes from strangers (``domain.archives`` reads it as such), and every file must be the one that was signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from sympolis.dataspace.repository.manifest import (
    MOST_MANIFEST,
    Manifest,
    digest,
    files_of,
    read_manifest,
)
from sympolis.domain import errors
from sympolis.domain.archives import Archive, read_archive, write_archive

MANIFEST: Final = "asset.json"
WORD: Final = "signature.jws"
README: Final = "README.md"
BILL: Final = "sbom.cdx.json"
CONTENT: Final = "content/"

MOST_BYTES: Final = 64 << 20
"""Of the zip, and of what it inflates to: a larger model goes under contract (``dataspace.calling.bringing``)."""
_MOST_TEXT: Final = 4 << 20
_MOST_WORD: Final = 65_536


@dataclass(frozen=True, slots=True)
class Package:
    """A package that was read and found to be what its manifest says. Whether the word holds, says ``signing``."""

    manifest: Manifest
    manifest_text: bytes
    word: str
    readme: str
    bill: bytes = b""
    content: Mapping[str, bytes] = field(default_factory=dict)


def encode_manifest(manifest: Manifest) -> bytes:
    """The bytes that are signed."""
    return msgspec.json.format(msgspec.json.encode(manifest, order="deterministic"))


def write_package(
    manifest_text: bytes, word: str, readme: str, bill: bytes, content: Mapping[str, bytes]
) -> bytes:
    """The zip; the same for the same parts."""
    parts = {MANIFEST: manifest_text, WORD: word.encode("ascii"), README: readme.encode()}
    parts |= {BILL: bill} if bill else {}
    parts |= {f"{CONTENT}{place}": body for place, body in sorted(content.items())}
    return write_archive(parts)


def read_package(content: bytes) -> Package:
    """The package in a zip. Raises ``BadRequestData`` or ``PayloadTooLarge`` with the reason."""
    if len(content) > MOST_BYTES:
        raise errors.PayloadTooLarge(f"a package has at most {MOST_BYTES >> 20} MB", where="package")
    bundle = read_archive(content, where="package", most=MOST_BYTES)
    manifest_text = bundle.take(MANIFEST, MOST_MANIFEST)
    manifest = read_manifest(manifest_text)
    bundle.only(_names(manifest))
    readme = bundle.text(README, _MOST_TEXT)
    bill = bundle.take(BILL, _MOST_TEXT) if manifest.bill else b""
    for name, body, said in ((README, readme.encode(), manifest.readme), (BILL, bill, manifest.bill)):
        if said and digest(body) != said:
            raise errors.BadRequestData("is not what the manifest names", where=name)
    word = bundle.text(WORD, _MOST_WORD, encoding="ASCII")
    return Package(manifest, manifest_text, word, readme, bill, _content(bundle, manifest))


def _names(manifest: Manifest) -> list[str]:
    """Of the files that a manifest wants."""
    found = [MANIFEST, WORD, README, *([BILL] if manifest.bill else [])]
    return found + [f"{CONTENT}{one.place}" for one in manifest.files]


def _content(bundle: Archive, manifest: Manifest) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for one in manifest.files:
        body = bundle.take(f"{CONTENT}{one.place}", one.bytes)
        if digest(body) != one.sha256:
            raise errors.BadRequestData("is not the file that was signed", where=one.place)
        found[one.place] = body
    if files_of(found) != tuple(sorted(manifest.files, key=lambda one: one.place)):
        raise errors.BadRequestData("the files are not as the manifest has them", where=MANIFEST)
    return found
