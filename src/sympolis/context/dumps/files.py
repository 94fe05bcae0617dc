"""The files of a dump: one JSON document a line, compressed, counted and summed, with a manifest that is written last.

A dump without a manifest is one that was not finished; a file that is not as the manifest says is refused before a
single line of it is used.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from sympolis.domain.errors import DumpInvalid

T = TypeVar("T")

MANIFEST: Final = "manifest.json"
FORMAT: Final = "sympolis-export/2"
_NAME = re.compile(r"[A-Za-z0-9%._-]+(/[A-Za-z0-9%._-]+)*")
_CHUNK: Final = 1 << 20
_LEVEL: Final = 3
"""Of compression: beyond it, time grows quicker than files shrink."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file as the manifest has it: its path below the dump's folder, and what it must be like."""

    file: str
    records: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a dump holds. ``facts`` are the parts' own: tenants, positions, counts."""

    format: str
    sympolis: str
    of: dict[str, str]
    """``kind`` is ``broker`` or ``city``; ``folder`` the data folder's name; ``store`` the kind of store it was."""
    at: str
    files: list[FileEntry]
    facts: dict[str, Any] = field(default_factory=dict)


class Lines:
    """An open file of a dump that takes a document a line."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.records = 0

    def add(self, document: Any) -> None:
        """One more line."""
        self._file.write(msgspec.json.encode(document) + b"\n")
        self.records += 1


class DumpWriter:
    """Writes a dump into a new or empty folder, which must exist."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[FileEntry] = []
        self.facts: dict[str, Any] = {}

    @contextmanager
    def lines(self, name: str) -> Iterator[Lines]:
        """A file ``name`` (``….jsonl.gz``), in the manifest when the block has ended well."""
        path = self._path(name)
        with path.open("wb") as raw, gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as file:
            written = Lines(file)
            yield written
        self.add(name, written.records)

    def add(self, name: str, records: int) -> None:
        """Take a file that stands in the folder into the manifest."""
        path = self.folder / name
        self.files.append(FileEntry(name, records, path.stat().st_size, sha256(path)))

    def room_for(self, name: str) -> Path:
        """Where to put a file of this name; ``add`` it afterwards."""
        return self._path(name)

    def finish(self, sympolis: str, of: dict[str, str], at: str) -> Manifest:
        """Write the manifest: from here on the dump is whole."""
        manifest = Manifest(
            format=FORMAT, sympolis=sympolis, of=of, at=at, files=self.files, facts=self.facts
        )
        content = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        (self.folder / MANIFEST).write_bytes(content + b"\n")
        return manifest

    def _path(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


class DumpReader:
    """Reads a dump. Raises ``DumpInvalid`` on opening where it is not a whole one, naming what is wrong."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.manifest = _manifest(self.folder)
        self._entries = {one.file: one for one in self.manifest.files}
        for entry in self.manifest.files:
            self._check(entry)

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return name in self._entries

    def names(self, prefix: str) -> list[str]:
        """The files whose names begin so."""
        return [name for name in self._entries if name.startswith(prefix)]

    def path(self, name: str) -> Path:
        """Where a file of the manifest is."""
        return self.folder / self._entries[name].file

    def lines(self, name: str) -> Iterator[Any]:
        """The documents of a file, none where there is no such file. Raises ``DumpInvalid``."""
        if name not in self._entries:
            return
        count = 0
        try:
            with gzip.open(self.path(name), "rb") as file:
                for line in file:
                    yield msgspec.json.decode(line)
                    count += 1
        except (OSError, EOFError, msgspec.DecodeError, RecursionError) as problem:
            raise DumpInvalid(f"cannot be read after line {count}: {problem}", where=name) from problem
        if count != self._entries[name].records:
            raise DumpInvalid(
                f"has {count} records, the manifest says {self._entries[name].records}", where=name
            )

    def records(self, name: str, kind: type[T]) -> Iterator[T]:
        """The documents of a file, each a ``kind``. Raises ``DumpInvalid``."""
        for number, document in enumerate(self.lines(name), 1):
            try:
                yield msgspec.convert(document, kind)
            except msgspec.ValidationError as problem:
                raise DumpInvalid(f"line {number}: {problem}", where=name) from problem

    def tenants(self, part: str) -> list[str]:
        """The tenants that a part has anything of. Raises ``DumpInvalid``."""
        try:
            return msgspec.convert(self.manifest.facts.get(part, []), list[str])
        except msgspec.ValidationError as problem:
            raise DumpInvalid(f"{part}: {problem}", where=MANIFEST) from problem

    def _check(self, entry: FileEntry) -> None:
        """Whether the file is the one that was written, and nowhere but in the dump's folder."""
        parts = Path(entry.file).parts
        if not _NAME.fullmatch(entry.file) or ".." in parts or "." in parts:
            raise DumpInvalid("is no name of a file in a dump", where=entry.file)
        path = self.folder / entry.file
        if not path.is_file() or path.resolve() != path:
            raise DumpInvalid("is missing, or leads out of the dump's folder", where=entry.file)
        if path.stat().st_size != entry.bytes:
            raise DumpInvalid(
                f"has {path.stat().st_size} bytes instead of {entry.bytes}",
                where=entry.file,
                hint="the dump was cut short or changed: take another copy",
            )
        if sha256(path) != entry.sha256:
            raise DumpInvalid(
                "is not what was written: its checksum differs",
                where=entry.file,
                hint="the dump was damaged or changed: take another copy",
            )


def sha256(path: Path) -> str:
    """The checksum of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as problem:
        raise DumpInvalid(
            "there is no manifest that could be read: this is no dump, or one that was not finished",
            where=str(path),
        ) from problem
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise DumpInvalid(f"this is not the manifest of a dump: {problem}", where=str(path)) from problem
    if found.format != FORMAT:
        raise DumpInvalid(
            f"is of the format {found.format}, this Sympolis reads {FORMAT}",
            where=str(path),
            hint="restore it with the Sympolis that wrote it, and export again",
        )
    return found
