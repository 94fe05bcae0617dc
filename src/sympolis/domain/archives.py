"""Zips as they travel between strangers: read by the names that may be in them, and written the same for the same.

Nothing in a zip that comes from elsewhere is trusted. No path of it is ever used, only names that its reader expects,
each once; what it inflates to is counted before and while it is read; and it is packed as every tool packs, for what
else there is brings libraries and errors of its own. All of it stays in memory.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sympolis.domain import errors

ZIP: Final = "application/zip"
MOST_RATIO: Final = 100
"""Models hardly deflate, texts to a tenth: what claims to inflate a hundredfold is neither."""
_SMALL: Final = 4 << 20
"""So much may be inflated whatever the ratio: an archive of a few short texts."""
_MOST_MEMBERS: Final = 1000
_MODE: Final = 0o100644 << 16
"""``-rw-r--r--``: a file without a mode is one that nobody may open once it is unpacked."""
_FIRST_DAY: Final = (1980, 1, 1, 0, 0, 0)
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
class Archive:
    """A zip whose packing was found usual. ``where`` is how its reader calls it when something is wrong."""

    bundle: zipfile.ZipFile
    where: str

    @property
    def names(self) -> list[str]:
        """Of its files. They are words to compare, never paths to write to."""
        return self.bundle.namelist()

    def only(self, expected: Collection[str], *, besides: Collection[str] = ()) -> None:
        """Raise ``BadRequestData`` unless it holds just what is expected, and perhaps what may stand besides."""
        given = set(self.names)
        hint = f"it holds {', '.join(sorted({*expected, *besides}))}"[:300]
        if odd := sorted(given - {*expected, *besides}):
            raise errors.BadRequestData(f"{odd[0][:100]!r} has no place in it", where=self.where, hint=hint)
        if missing := sorted({*expected} - given):
            raise errors.BadRequestData(f"{missing[0][:100]} is missing", where=self.where, hint=hint)

    def take(self, name: str, most: int) -> bytes:
        """One file of at most so many bytes. Raises ``BadRequestData`` or ``PayloadTooLarge``."""
        if name not in self.names:
            raise errors.BadRequestData(f"{name} is missing", where=self.where)
        with _readable(self.where), self.bundle.open(name) as stream:
            content = stream.read(most + 1)
        if len(content) > most:
            raise errors.PayloadTooLarge(f"is longer than {most:,} bytes", where=name)
        return content

    def text(self, name: str, most: int, *, encoding: str = "UTF-8") -> str:
        """One file as text. Raises ``BadRequestData`` where it is none."""
        try:
            return self.take(name, most).decode(encoding)
        except UnicodeDecodeError as cause:
            raise errors.BadRequestData(f"is not {encoding}", where=name) from cause


def read_archive(content: bytes, *, where: str, most: int) -> Archive:
    """Open a zip that inflates to at most ``most`` bytes. Raises ``BadRequestData`` or ``PayloadTooLarge``."""
    with _readable(where):
        archive = Archive(zipfile.ZipFile(io.BytesIO(content)), where)
    _check_packing(archive.bundle.infolist(), where, most)
    return archive


def write_archive(files: Mapping[str, bytes], *, deflated: bool = True) -> bytes:
    """A zip of these files in their order; always the same bytes for the same files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as bundle:
        for name, body in files.items():
            one = zipfile.ZipInfo(name, _FIRST_DAY)
            one.compress_type = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
            one.external_attr = _MODE
            bundle.writestr(one, body)
    return content.getvalue()


@contextmanager
def _readable(where: str) -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as cause:
        raise errors.BadRequestData(f"not a zip that can be read: {cause}"[:300], where=where) from cause


def _check_packing(members: Collection[zipfile.ZipInfo], where: str, most: int) -> None:
    if len(members) > _MOST_MEMBERS:
        raise errors.BadRequestData(f"has more than {_MOST_MEMBERS} files", where=where)
    packed, full = sum(one.compress_size for one in members), sum(one.file_size for one in members)
    if full > most:
        raise errors.PayloadTooLarge(f"inflates to more than {most:,} bytes", where=where)
    if full > MOST_RATIO * packed + _SMALL:
        raise errors.BadRequestData(f"inflates to more than {MOST_RATIO} times its size", where=where)
    if len({one.filename for one in members}) < len(members):
        raise errors.BadRequestData("a file is there twice", where=where)
    for one in members:
        if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            hint = "zip it with the usual method (deflate)"
            raise errors.BadRequestData(
                f"{one.filename[:100]!r} is packed in a rare way", where=where, hint=hint
            )
