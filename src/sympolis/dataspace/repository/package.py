"""An asset's package as it travels: a zip of manifest, signature, README, bill of materials and the content.

It comes from strangers, so nothing in it is trusted: no path of the archive is ever used (only names that the manifest
may have), what it inflates to is counted while it is read, and every file must be the one that was signed.
"""

from __future__ import annotations

import io
import zipfile
import zlib
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

MANIFEST: Final = "asset.json"
WORD: Final = "signature.jws"
README: Final = "README.md"
BILL: Final = "sbom.cdx.json"
CONTENT: Final = "content/"
ZIP: Final = "application/zip"

MOST_BYTES: Final = 64 << 20
"""Of the zip, and of what it inflates to: a larger model goes under contract (``dataspace.calling.bringing``)."""
_MOST_RATIO: Final = 100
_SMALL: Final = 4 << 20
_MOST_TEXT: Final = 4 << 20
_MOST_WORD: Final = 65_536
_MOST_MEMBERS: Final = 210
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What a damaged or encrypted zip makes the standard library raise."""


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
    out = io.BytesIO()
    parts = {MANIFEST: manifest_text, WORD: word.encode("ascii"), README: readme.encode()}
    parts |= {BILL: bill} if bill else {}
    parts |= {f"{CONTENT}{place}": body for place, body in sorted(content.items())}
    with zipfile.ZipFile(out, "w") as bundle:
        for name, body in parts.items():
            one = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            one.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(one, body)
    return out.getvalue()


def read_package(content: bytes) -> Package:
    """The package in a zip. Raises ``BadRequestData`` or ``PayloadTooLarge`` with the reason."""
    if len(content) > MOST_BYTES:
        raise errors.PayloadTooLarge(f"a package has at most {MOST_BYTES >> 20} MB", where="package")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            return _read(bundle)
    except _UNREADABLE as cause:
        reason = f"not a package that can be read: {cause}"[:300]
        raise errors.BadRequestData(reason, where="package") from cause


def _read(bundle: zipfile.ZipFile) -> Package:
    _check_packing(bundle)
    manifest_text = _take(bundle, MANIFEST, MOST_MANIFEST)
    manifest = read_manifest(manifest_text)
    _check_names(bundle, manifest)
    readme = _take(bundle, README, _MOST_TEXT)
    bill = _take(bundle, BILL, _MOST_TEXT) if manifest.bill else b""
    for name, body, said in ((README, readme, manifest.readme), (BILL, bill, manifest.bill)):
        if said and digest(body) != said:
            raise errors.BadRequestData("is not what the manifest names", where=name)
    return Package(
        manifest=manifest,
        manifest_text=manifest_text,
        word=_text(_take(bundle, WORD, _MOST_WORD), WORD),
        readme=_text(readme, README),
        bill=bill,
        content=_content(bundle, manifest),
    )


def _check_packing(bundle: zipfile.ZipFile) -> None:
    """Stored or deflated, not too many, and nothing that inflates beyond all measure."""
    members = bundle.infolist()
    if len(members) > _MOST_MEMBERS:
        raise errors.BadRequestData(f"has more than {_MOST_MEMBERS} files", where="package")
    packed, full = sum(one.compress_size for one in members), sum(one.file_size for one in members)
    if full > MOST_BYTES or full > _MOST_RATIO * packed + _SMALL:
        raise errors.PayloadTooLarge("inflates beyond all measure", where="package")
    for one in members:
        if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise errors.BadRequestData(f"{one.filename[:100]!r} is packed in a rare way", where="package")


def _check_names(bundle: zipfile.ZipFile, manifest: Manifest) -> None:
    """Exactly what the manifest names, each once."""
    expected = [MANIFEST, WORD, README, *([BILL] if manifest.bill else [])]
    expected += [f"{CONTENT}{one.place}" for one in manifest.files]
    given = [one.filename for one in bundle.infolist()]
    if sorted(given) == sorted(expected):
        return
    odd = sorted({*given} - {*expected}) or sorted({*expected} - {*given}) or ["a file that is there twice"]
    raise errors.BadRequestData(f"{odd[0][:100]!r} is not as the manifest has it", where="package")


def _content(bundle: zipfile.ZipFile, manifest: Manifest) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for one in manifest.files:
        body = _take(bundle, f"{CONTENT}{one.place}", one.bytes)
        if digest(body) != one.sha256:
            raise errors.BadRequestData("is not the file that was signed", where=one.place)
        found[one.place] = body
    if files_of(found) != tuple(sorted(manifest.files, key=lambda one: one.place)):
        raise errors.BadRequestData("the files are not as the manifest has them", where=MANIFEST)
    return found


def _take(bundle: zipfile.ZipFile, name: str, most: int) -> bytes:
    try:
        with bundle.open(name) as stream:
            content = stream.read(most + 1)
    except KeyError as cause:
        raise errors.BadRequestData(f"{name} is missing", where="package") from cause
    if len(content) > most:
        raise errors.BadRequestData(f"is longer than {most:,} bytes", where=name)
    return content


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as cause:
        raise errors.BadRequestData("is not UTF-8", where=name) from cause
