"""Where the files of a tileset are: below a folder, or in a delivery whose notes say which came from which address.

A tileset is written by strangers and names other files. None of them may lie outside the folder, or on another server
than the tileset's own.
"""

from __future__ import annotations

import gzip
import io
import posixpath
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urljoin, urlsplit

import msgspec

from sympolis.domain import errors
from sympolis.plugins.connector import Origin
from sympolis.plugins.files import NOTES, Kept

TILESET: Final = "tileset.json"
_GZIP: Final = b"\x1f\x8b"
_WEB: Final = ("http", "https")


class Place(Protocol):
    """Files by name; a name is a path below a folder or an address."""

    @property
    def root(self) -> str:
        """The name of the tileset."""
        ...

    def path(self, name: str) -> Path:
        """The file. Raises ``SourceFailed``."""
        ...

    def beside(self, name: str, uri: str) -> str:
        """What the file ``name`` calls ``uri``. Raises ``SourceFailed`` where that is elsewhere."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """A tileset on this machine."""

    home: Path
    root: str
    where: str

    def path(self, name: str) -> Path:
        """See ``Place``."""
        found = self.home / name
        if not found.resolve().is_relative_to(self.home.resolve()):
            raise errors.SourceFailed(f"{name} leads out of its folder", where=self.where)
        return found

    def beside(self, name: str, uri: str) -> str:
        """See ``Place``."""
        parts = urlsplit(uri)
        if parts.scheme or parts.netloc:
            hint = "name its address under [refresh], or have the files beside the tileset"
            raise errors.SourceFailed(f"{name} names {uri[:200]}, on a server", where=self.where, hint=hint)
        plain = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path)))
        if plain.startswith(("/", "../")) or plain in ("..", ".") or "\0" in plain or "\\" in plain:
            raise errors.SourceFailed(f"{name} names {uri[:200]}, outside its folder", where=self.where)
        return plain


@dataclass(frozen=True, slots=True)
class Delivered:
    """A tileset that was fetched: ``files`` by address."""

    home: Path
    files: Mapping[str, str]
    root: str
    where: str

    def path(self, name: str) -> Path:
        """See ``Place``."""
        if name not in self.files:
            raise errors.SourceFailed(f"{name} is not in the delivery", where=self.where)
        return self.home / Path(self.files[name]).name

    def beside(self, name: str, uri: str) -> str:
        """See ``Place``."""
        return address(name, uri, self.where)


def address(base: str, uri: str, where: str) -> str:
    """The address of ``uri`` beside ``base``. Raises ``SourceFailed`` where it is on another server."""
    try:
        found = urlsplit(urljoin(base, uri))
        same = found[:2] == urlsplit(base)[:2] and found.scheme in _WEB
    except ValueError:
        same = False
    if not same:
        hint = "a tileset is fetched from one server; bring in the other one as a source of its own"
        raise errors.SourceFailed(f"{base} names {uri[:200]}, elsewhere", where=where, hint=hint)
    return found._replace(fragment="").geturl()


def opened(origin: Origin) -> Place:
    """Of a ``tileset.json``, a folder with one, or a delivery. Raises ``SourceFailed``."""
    path = origin.path
    if path is None:
        raise errors.SourceFailed("nothing has been fetched yet", where=str(origin.url))
    if not path.is_dir():
        return Folder(path.parent, path.name, str(path))
    if not (path / NOTES).is_file():
        return Folder(path, TILESET, str(path))
    try:
        kept = msgspec.json.decode((path / NOTES).read_bytes(), type=list[Kept])
        return Delivered(path, {one.name: one.file for one in kept}, kept[0].name, str(path))
    except (OSError, IndexError, msgspec.DecodeError) as cause:
        raise errors.SourceFailed(f"has no usable {NOTES}: {cause}", where=str(path)) from cause


def content(path: Path, name: str, *, most_bytes: int, where: str) -> bytes:
    """A file's bytes, unpacked where it is packed with gzip. Raises ``SourceFailed``, also beyond the limit."""
    try:
        with path.open("rb") as stream:
            found = stream.read(most_bytes + 1)
        if found.startswith(_GZIP) and len(found) <= most_bytes:
            with gzip.GzipFile(fileobj=io.BytesIO(found)) as packed:
                found = packed.read(most_bytes + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as cause:
        raise errors.SourceFailed(f"{name} cannot be unpacked: {cause}", where=where) from cause
    except OSError as cause:
        raise errors.SourceFailed(f"{name} cannot be read: {cause.strerror}", where=where) from cause
    if len(found) > most_bytes:
        hint = "raise settings.most_mb"
        raise errors.SourceFailed(f"{name} is larger than {most_bytes / 1e6:g} MB", where=where, hint=hint)
    return found
