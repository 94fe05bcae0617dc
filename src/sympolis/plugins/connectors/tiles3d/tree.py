"""Walks a tileset: which files it is made of, and where on the earth each stands (3D Tiles 1.1, sections 7 and 8).

Who walks brings the bytes of each file, by fetching it or from a folder; the walk says which comes next. Files that a
finer one replaces are passed over: they would give each building twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import msgspec
import numpy as np

from sympolis.domain import errors
from sympolis.plugins.connectors.tiles3d.settings import Tiles3dSettings
from sympolis.plugins.connectors.tiles3d.volumes import Array, bounds, matrix, meet

_VERSIONS: Final = ("0.0", "1.0", "1.1")
_KNOWN: Final = (
    "3DTILES_content_gltf",
    "3DTILES_metadata",
    "3DTILES_multiple_contents",
    "3DTILES_batch_table_hierarchy",
)
"""Extensions that a tileset may require: they need nothing of who reads buildings, or it is read."""
_MOST_TILES: Final = 500_000
_IMPLICIT: Final = "3DTILES_implicit_tiling"


class Beside(Protocol):
    """See ``Place.beside``."""

    def __call__(self, name: str, uri: str, /) -> str:
        """The name of what ``name`` calls ``uri``."""
        ...


@dataclass(frozen=True, slots=True)
class Visit:
    """A file to be looked at, and how it gets to its place."""

    name: str
    transform: Array
    refine: str = "ADD"
    up: str = "Y"
    """The axis of its glTF that points up."""
    chain: tuple[str, ...] = ()
    """The tilesets that led here."""


@dataclass(slots=True)
class Walk:
    """A walk under way; files come in the order of the tree."""

    settings: Tiles3dSettings
    beside: Beside
    where: str
    _waiting: list[Visit] = field(default_factory=list)
    _tiles: int = 0
    _files: int = 0

    def begin(self, root: str) -> Walk:
        """Begin at a tileset."""
        self._waiting.append(Visit(root, np.eye(4)))
        return self

    def following(self) -> Visit | None:
        """The next file. Raises ``SourceFailed`` where there are too many."""
        if not self._waiting:
            return None
        self._files += 1
        if self._files > self.settings.most_tiles:
            message = f"is made of more than {self.settings.most_tiles} files"
            hint = "narrow settings.bbox, or raise settings.most_tiles"
            raise errors.SourceFailed(message, where=self.where, hint=hint)
        return self._waiting.pop()

    def take(self, visit: Visit, content: bytes) -> bool:
        """Whether ``content`` is a model; the files of a tileset are walked to next. Raises ``SourceFailed``."""
        document = _document(content)
        if not isinstance(document, Mapping) or "root" not in document:
            if not visit.chain:
                hint = "a tileset is a JSON document with asset, geometricError and root"
                raise errors.SourceFailed(f"{visit.name} is no tileset", where=self.where, hint=hint)
            return True
        if visit.name in visit.chain:
            raise errors.SourceFailed(f"{visit.name} leads back to itself", where=self.where)
        try:
            found = list(self._files_of(document, visit))
        except (ValueError, TypeError, AttributeError) as cause:
            message = f"{visit.name} is no sound tileset: a tile {cause}"
            raise errors.SourceFailed(message, where=self.where) from cause
        self._waiting += reversed(found)
        return False

    def _files_of(self, document: Mapping[str, Any], visit: Visit) -> Iterator[Visit]:
        self._check(document, visit.name)
        up = str(document["asset"].get("gltfUpAxis", "Y")).upper()
        tiles = [(document["root"], visit.transform, visit.refine)]
        while tiles:
            tile, transform, refine = tiles.pop()
            self._count(visit.name)
            if not isinstance(tile, Mapping):
                raise ValueError("is no object")
            if "transform" in tile:
                transform = transform @ matrix(tile["transform"])
            if not meet(self.settings.bbox, bounds(tile.get("boundingVolume"), transform)):
                continue
            refine = str(tile.get("refine", refine)).upper()
            children = tile.get("children") or []
            if not (children and refine == "REPLACE"):
                for uri in self._contents(tile, visit.name):
                    name = self.beside(visit.name, uri)
                    yield Visit(name, transform, refine, up, (*visit.chain, visit.name))
            tiles += [(child, transform, refine) for child in reversed(children)]

    def _count(self, name: str) -> None:
        self._tiles += 1
        if self._tiles > _MOST_TILES:
            raise errors.SourceFailed(f"{name} has more than {_MOST_TILES:,} tiles", where=self.where)

    def _check(self, document: Mapping[str, Any], name: str) -> None:
        asset = document.get("asset")
        version = asset.get("version") if isinstance(asset, Mapping) else None
        if version not in _VERSIONS:
            hint = f"known: {', '.join(_VERSIONS[1:])}"
            message = f"{name} is 3D Tiles {version}, which is not read"
            raise errors.SourceFailed(message, where=self.where, hint=hint)
        required = document.get("extensionsRequired") or ()
        unknown = sorted(str(one) for one in required if one not in _KNOWN)
        if unknown:
            message = f"{name} requires {', '.join(unknown)[:200]}, which is not read"
            raise errors.SourceFailed(message, where=self.where)

    def _contents(self, tile: Mapping[str, Any], name: str) -> list[str]:
        told = tile.get("extensions") or {}
        if "implicitTiling" in tile or _IMPLICIT in told:
            hint = "deliver it with explicit tiles"
            message = f"{name} has implicit tiles, which are not read"
            raise errors.SourceFailed(message, where=self.where, hint=hint)
        several = tile.get("contents", told.get("3DTILES_multiple_contents", {}).get("content", ()))
        single = tile.get("content")
        found = [*([] if single is None else [single]), *several]
        uris = [one.get("uri", one.get("url")) for one in found]
        if not all(isinstance(uri, str) and uri for uri in uris):
            raise ValueError("has a content without uri")
        return uris


def _document(content: bytes) -> Any:
    """The JSON document; None for anything else."""
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return None
    try:
        return msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
