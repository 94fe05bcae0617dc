"""Takes the one file out of an archive that a portal or a department sends, and never more of it than is allowed.

A small archive can claim, or hide, gigabytes. The size that it states is checked first, then what really comes out is
counted; at the limit the work stops and what was written is removed. Archives within archives are not opened.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from sympolis.acquisition.findings import DeliveryUnfit, Finding

_ZIP: Final = b"PK\x03\x04"
_GZIP: Final = b"\x1f\x8b"
_ARCHIVES: Final = (".zip", ".gz", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz")
_ARE_ARCHIVES: Final = frozenset((".zip", ".xlsx", ".gz"))
"""Formats that are archives themselves: their connector opens them."""
_BLOCK: Final = 1 << 20
_MOST_MEMBERS: Final = 1_000


def unpack(file: Path, suffix: str, most_bytes: int) -> Path | None:
    """Put the ``suffix`` file of the archive ``file`` in its place and the archive beside it; the archive's new path.

    None, and nothing done, where it is not an archive or the source's own format is one. Raises ``DeliveryUnfit``.
    """
    if suffix.lower() in _ARE_ARCHIVES:
        return None
    with file.open("rb") as stream:
        magic = stream.read(4)
    if magic != _ZIP and magic[:2] != _GZIP:
        return None
    archive = file.with_name(file.name + (".zip" if magic == _ZIP else ".gz"))
    file.rename(archive)
    try:
        if magic == _ZIP:
            _from_zip(archive, file, suffix.lower(), most_bytes)
        else:
            _from_gzip(archive, file, most_bytes)
    except BaseException:
        file.unlink(missing_ok=True)
        archive.rename(file)
        raise
    return archive


def _from_zip(archive: Path, to: Path, suffix: str, most_bytes: int) -> None:
    try:
        with zipfile.ZipFile(archive) as bundle:
            member = _member(bundle, suffix)
            if member.file_size > most_bytes:
                raise _inflates(most_bytes)
            with bundle.open(member) as stream:
                _copy(stream, to, most_bytes)
    except (zipfile.BadZipFile, zlib.error, EOFError) as cause:
        raise DeliveryUnfit(Finding("truncated", {"detail": str(cause)}), where=str(archive)) from cause
    except (RuntimeError, NotImplementedError) as cause:  # encrypted, or packed in an unknown way
        raise DeliveryUnfit(Finding("unreadable", {"detail": str(cause)}), where=str(archive)) from cause


def _member(bundle: zipfile.ZipFile, suffix: str) -> zipfile.ZipInfo:
    members = [one for one in bundle.infolist() if not one.is_dir()]
    wanted = [one for one in members if Path(one.filename).suffix.lower() == suffix]
    if len(wanted) == 1 and len(members) <= _MOST_MEMBERS:
        return wanted[0]
    nested = next((one for one in members if one.filename.lower().endswith(_ARCHIVES)), None)
    if nested is not None:
        raise DeliveryUnfit(Finding("nested", {"name": Path(nested.filename).name[:80]}))
    raise DeliveryUnfit(Finding("several", {"count": len(members), "expected": suffix or "–"}))


def _from_gzip(archive: Path, to: Path, most_bytes: int) -> None:
    try:
        with gzip.open(archive) as stream:
            _copy(stream, to, most_bytes)  # type: ignore[arg-type]
    except (gzip.BadGzipFile, zlib.error, EOFError) as cause:
        raise DeliveryUnfit(Finding("truncated", {"detail": str(cause)}), where=str(archive)) from cause
    with to.open("rb") as stream:
        if stream.read(4).startswith((_ZIP, _GZIP)):
            raise DeliveryUnfit(Finding("nested", {"name": to.name}))


def _copy(stream: IO[bytes], to: Path, most_bytes: int) -> None:
    """Block by block: neither memory nor disk ever holds more than the limit."""
    written = 0
    with to.open("wb") as target:
        while block := stream.read(_BLOCK):
            written += len(block)
            if written > most_bytes:
                target.truncate(0)
                raise _inflates(most_bytes)
            target.write(block)
    with suppress(OSError), to.open("rb") as unpacked:
        if unpacked.read(4) == _ZIP:
            raise DeliveryUnfit(Finding("nested", {"name": to.name}))


def _inflates(most_bytes: int) -> DeliveryUnfit:
    return DeliveryUnfit(Finding("inflates", {"limit": f"{most_bytes / 1e6:g}"}))
