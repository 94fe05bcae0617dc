"""Reads the buildings of a city model in 3D Tiles 1.0 or 1.1: of a folder, or fetched tile by tile from a server.

Tilesets are made for viewers: triangles at places on the earth, coarse ones replaced by finer ones. What the twin keeps
of them are the finest features, each with its footprint and height (``plugins.buildings``) and what is known of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final

import msgspec

from sympolis.plugins.connector import Origin, Pages, Recognised, Record, Wanted
from sympolis.plugins.connectors.tiles3d.settings import Tiles3dSettings
from sympolis.plugins.files import Kept, file_name, note

_HEAD: Final = 1 << 24


class Tiles3dConnector:
    """Buildings, numbered from 1 in the order of the tree. ``origin.url`` is the address of ``tileset.json``."""

    id: ClassVar[str] = "tiles3d"
    settings_type: ClassVar[type] = Tiles3dSettings

    def pages(self, origin: Origin, settings: Tiles3dSettings) -> Pages:
        """Every file of the tileset, once. Raises ``SourceFailed``."""
        from sympolis.plugins.connectors.tiles3d import places, reading, tree

        root, files = str(origin.url), dict[str, Path]()
        walk = tree.Walk(settings, lambda name, uri: places.address(name, uri, root), root).begin(root)
        while (visit := walk.following()) is not None:
            if visit.name not in files:
                page = yield Wanted(visit.name, file_name(visit.name))
                files[visit.name] = page.path
            content = reading.bytes_of(files[visit.name], visit.name, settings, root)
            if not walk.take(visit, content):
                continue
            for uri in reading.named_beside(content, visit.name, root):
                name = walk.beside(visit.name, uri)
                if name not in files:
                    page = yield Wanted(name, file_name(name))
                    files[name] = page.path
        yield note([Kept(path.name, name) for name, path in files.items()])

    def read(self, origin: Origin, settings: Tiles3dSettings) -> Iterator[Record]:
        """Yield every building. Raises ``SourceFailed`` where a file is missing, unsound, or leads elsewhere."""
        from sympolis.plugins.connectors.tiles3d import places, reading

        return reading.records(places.opened(origin), settings, str(origin.path))

    def recognise(self, sample: Path) -> Recognised:
        """By what every tileset has."""
        path = sample / "tileset.json" if sample.is_dir() else sample
        try:
            with path.open("rb") as stream:
                document = msgspec.json.decode(stream.read(_HEAD))
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Recognised(0.0)
        fits = isinstance(document, dict) and {"asset", "geometricError", "root"} <= document.keys()
        return Recognised(0.98, {}, "a tileset of 3D Tiles") if fits else Recognised(0.0)
