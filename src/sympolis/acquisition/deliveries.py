"""What came from the portals, kept as it came: a folder per delivery, so that a number leads back to the very bytes.

    deliveries/<source>/<time>-<digest>/manifest.json, data/…

A delivery is complete or not there: it is made in a folder of its own and then renamed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

_MANIFEST: Final = "manifest.json"
_DATA: Final = "data"
_TAKEN: Final = "taken"
_REFUSED: Final = "refused.json"
_PARTIAL: Final = ".partial-"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a delivery. ``sha256`` is over its files in order; the portal gave the last two."""

    source: str
    url: str
    at: datetime
    files: tuple[str, ...]
    bytes: int
    sha256: str
    paged: bool = False
    """Whether the files are pages, to be read together."""
    etag: str | None = None
    last_modified: str | None = None
    versions: dict[str, str] = {}
    """What a listing said of the versions of the files."""
    portal: bool = False
    """Whether it is in the form of the portal, where that is another than the sample's."""
    bookmark: str | None = None
    """Where the next delivery goes on; None where each holds everything."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery and its folder."""

    folder: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        """Unique among the deliveries of its source."""
        return self.folder.name

    @property
    def path(self) -> Path:
        """What a connector reads: the file, or the folder of the pages."""
        data = self.folder / _DATA
        return data if self.manifest.paged else data / self.manifest.files[0]

    @property
    def taken(self) -> bool:
        """Whether the twin has taken it in; only then may the next one go on from its bookmark."""
        return (self.folder / _TAKEN).exists()

    def take(self) -> None:
        """Note, durably, that the twin has taken it in."""
        _write(self.folder / _TAKEN, b"")

    @property
    def refusal(self) -> list[dict[str, Any]] | None:
        """Why it was refused as a whole (findings as JSON); None where it was not."""
        try:
            found: list[dict[str, Any]] = msgspec.json.decode((self.folder / _REFUSED).read_bytes())
        except FileNotFoundError:
            return None
        return found

    def refuse(self, findings: Sequence[Mapping[str, Any]]) -> None:
        """Note, durably, that it is not to be used: the delivery before stays the one that counts."""
        _write(self.folder / _REFUSED, msgspec.json.encode(findings))

    def accept(self) -> None:
        """A person has decided to use it all the same."""
        (self.folder / _REFUSED).unlink(missing_ok=True)

    def forget(self) -> None:
        """Let go of it, with all its files."""
        shutil.rmtree(self.folder)

    def file_of(self, name: str, version: str) -> Path | None:
        """The file of this name, if a listing said that it is of this version."""
        same = version and self.manifest.versions.get(name) == version
        return self.folder / _DATA / name if same else None

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        shown: dict[str, Any] = msgspec.to_builtins(self.manifest)
        shown.pop("versions")
        return {"id": self.id, **shown, "refused": self.refusal}


@dataclass(slots=True)
class Draft:
    """A delivery under way: files go into ``folder``, in the order of ``files``."""

    folder: Path
    files: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)

    def file(self, name: str) -> Path:
        """Where the next file goes. Only the last part of ``name`` counts: a portal cannot choose a folder."""
        plain = Path(name).name.lstrip(".") or "data"
        unique = plain if plain not in self.files else f"{len(self.files):06d}-{plain}"
        self.files.append(unique)
        return self.folder / unique

    def size(self) -> int:
        """All its bytes so far."""
        return sum((self.folder / name).stat().st_size for name in self.files)

    def digest(self) -> str:
        """SHA-256 over the files in order."""
        total = hashlib.sha256()
        for name in self.files:
            with (self.folder / name).open("rb") as stream:
                total.update(hashlib.file_digest(stream, "sha256").digest())
        return total.hexdigest()


class Deliveries:
    """The deliveries of a twin's sources, below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self, source_id: str) -> list[Delivery]:
        """The kept deliveries of a source, newest first."""
        home = self._folder / source_id
        if not home.is_dir():
            return []
        found = (one for one in home.iterdir() if (one / _MANIFEST).is_file() and not _is_partial(one))
        return [_read(one) for one in sorted(found, key=lambda one: one.name, reverse=True)]

    def newest(self, source_id: str) -> Delivery | None:
        """The newest delivery, if there is one."""
        return next(iter(self.all(source_id)), None)

    @contextmanager
    def draft(self, source_id: str) -> Iterator[Draft]:
        """A new delivery; gone at the end unless it was ``kept``."""
        home = self._folder / source_id
        home.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=home))
        (folder / _DATA).mkdir()
        try:
            yield Draft(folder / _DATA)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self, draft: Draft, manifest: Manifest, *, most: int) -> Delivery:
        """Make a draft a delivery, durably, and let go of all but the ``most`` newest."""
        folder = draft.folder.parent
        _write(folder / _MANIFEST, msgspec.json.encode(manifest))
        for name in draft.files:
            _flush(draft.folder / name)
        final = folder.parent / f"{manifest.at:%Y%m%dT%H%M%S%fZ}-{manifest.sha256[:12]}"
        folder.rename(final)
        _flush(final.parent)
        kept = self.all(manifest.source)
        good = next((one for one in kept if one.refusal is None and one.folder != final), None)
        for old in kept[most:]:
            if (
                good is None or old.folder != good.folder
            ):  # the last good one outlives any row of refused ones
                shutil.rmtree(old.folder, ignore_errors=True)
        return Delivery(final, manifest)


def manifest_of(
    draft: Draft, *, source: str, url: str, at: datetime, headers: Mapping[str, str], paged: bool
) -> Manifest:
    """The manifest of a finished draft; ``headers`` are those of its first answer."""
    return Manifest(
        source=source,
        url=url,
        at=at,
        files=tuple(draft.files),
        versions=draft.versions,
        bytes=draft.size(),
        sha256=draft.digest(),
        paged=paged,
        etag=headers.get("etag"),
        last_modified=headers.get("last-modified"),
    )


def _is_partial(folder: Path) -> bool:
    return folder.name.startswith(_PARTIAL)


def _read(folder: Path) -> Delivery:
    return Delivery(folder, msgspec.json.decode((folder / _MANIFEST).read_bytes(), type=Manifest))


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    _flush(path)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
