"""The tables of a GTFS package, row by row: CSV in a zip, or in the folder it was unpacked to.

Nothing is unpacked to disk and no table is held whole. The zip's own word on a table's size is not believed: what comes
out is counted.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sympolis.domain import errors

Row = dict[str, str]
_BLOCK = 1 << 16


class Package:
    """A package at ``path``; ``most_bytes`` of one table. Use as a context manager."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        self._path = path
        self._most = most_bytes
        self._names = dict(self._listed())

    def has(self, table: str) -> bool:
        """Whether the package has the table (``stops``)."""
        return f"{table}.txt" in self._names

    def rows(self, table: str) -> Iterator[tuple[int, Row]]:
        """Number, from 1, and cells by column of each row. Raises ``SourceFailed`` naming table and line."""
        if not self.has(table):
            raise self._failed(
                f"has no {table}.txt", f"it holds: {', '.join(sorted(self._names)) or 'nothing'}"
            )
        try:
            with self._open(self._names[f"{table}.txt"]) as raw:
                counted = io.BufferedReader(_Counted(raw, self._most, table, self._path), _BLOCK)
                text = io.TextIOWrapper(counted, "utf-8-sig", newline="")
                yield from self._parsed(text, table)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as cause:
            raise self._failed(f"{table}.txt cannot be unpacked: {cause}", "is the file cut off?") from cause
        except RuntimeError as cause:  # zipfile's word for a password
            raise self._failed(
                f"{table}.txt cannot be unpacked: {cause}", "ask for one without a password"
            ) from cause
        except UnicodeDecodeError as cause:
            raise self._failed(f"{table}.txt is not UTF-8", "GTFS wants UTF-8; ask the publisher") from cause

    def _parsed(self, text: IO[str], table: str) -> Iterator[tuple[int, Row]]:
        lines = csv.reader(text)
        try:
            header = [name.strip() for name in next(lines, [])]
            if not header:
                raise self._failed(f"{table}.txt is empty", "")
            for number, row in enumerate((one for one in lines if one), start=1):
                yield number, dict(zip(header, (cell.strip() for cell in row), strict=False))
        except csv.Error as cause:
            raise self._failed(f"{table}.txt, line {lines.line_num}: {cause}", "") from cause

    def _listed(self) -> Iterator[tuple[str, str]]:
        """Tables by their plain name: some publishers put them into a folder."""
        if self._path.is_dir():
            names = [str(one.relative_to(self._path)) for one in self._path.rglob("*.txt")]
        else:
            try:
                with zipfile.ZipFile(self._path) as archive:
                    names = archive.namelist()
            except OSError as cause:
                raise self._failed(f"cannot be read: {cause.strerror}", "") from cause
            except zipfile.BadZipFile as cause:
                raise self._failed(
                    "is not a zip", "GTFS is a zip of .txt tables; is the file cut off?"
                ) from cause
        for name in sorted(names, key=len, reverse=True):
            yield Path(name).name, name

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        if self._path.is_dir():
            with (self._path / name).open("rb") as stream:
                yield stream
            return
        with zipfile.ZipFile(self._path) as archive, archive.open(name) as stream:
            yield stream

    def _failed(self, message: str, hint: str) -> errors.SourceFailed:
        return errors.SourceFailed(message, where=str(self._path), hint=hint)


class _Counted(io.RawIOBase):
    """A stream that ends the reading where more comes out than may."""

    def __init__(self, stream: IO[bytes], most: int, table: str, path: Path) -> None:
        self._stream = stream
        self._left = most
        self._table = table
        self._path = path

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """See ``io.RawIOBase``. Raises ``SourceFailed``."""
        found = self._stream.read(len(buffer))
        self._left -= len(found)
        if self._left < 0:
            hint = "raise settings.most_mb if it really is that large"
            raise errors.SourceFailed(
                f"{self._table}.txt is too large unpacked", where=str(self._path), hint=hint
            )
        buffer[: len(found)] = found
        return len(found)
