"""All tiles of a collection as one file (PMTiles 3), which a map can read piece by piece from any web server.

Tiles are drawn zoom by zoom, below those that have something in them. The whole is kept as a file for some minutes, so
that a map that reads it in ranges reads one and the same.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import tempfile
import time
import weakref
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sympolis.api.http import Headers, Reply, Request, Stream, weak_tag
from sympolis.api.ogc.collections import Collection
from sympolis.api.ogc.tiles import Tiles
from sympolis.api.ogc.tiling import TileAddress
from sympolis.context import gated
from sympolis.context.broker import Broker
from sympolis.domain import errors

PMTILES: Final = "application/vnd.pmtiles"
DEEPEST: Final = 14
_MOST_TILES: Final = 20_000
_HOLDS_S: Final = 300.0
_MOST_FILES: Final = 8
_CHUNK: Final = 1 << 18


@dataclass(slots=True)
class _Archive:
    """A file that is whole, and when it was made."""

    path: Path
    position: int
    made_at: float
    etag: str
    size: int


@dataclass(slots=True)
class _Drawn:
    """Tiles by zoom, and how many of them do not show all there is."""

    levels: list[list[tuple[TileAddress, bytes]]] = field(default_factory=list)
    truncated: int = 0

    @property
    def count(self) -> int:
        return sum(map(len, self.levels))


class Archives:
    """Makes and keeps archives."""

    def __init__(self, broker: Broker, tiles: Tiles, *, monotonic: Any = time.monotonic) -> None:
        self._broker = broker
        self._tiles = tiles
        self._monotonic = monotonic
        self._known: dict[object, _Archive] = {}
        self._folder: Path | None = None
        self._lock = asyncio.Lock()

    async def give(self, request: Request, collection: Collection) -> Reply | Stream:
        """The archive, or the range of it that was asked for. Raises ``NotImplementedHere`` without the library."""
        archive = await self._archive(request, collection)
        headers: Headers = ((b"accept-ranges", b"bytes"), (b"etag", archive.etag.encode()))
        asked = request.header(b"range")
        if asked is None:
            length = (b"content-length", b"%d" % archive.size)
            return Stream(chunks=_chunks(archive.path), media=PMTILES, headers=(*headers, length))
        first, last = _range(asked, archive.size)
        body = await asyncio.to_thread(_piece, archive.path, first, last)
        told = (b"content-range", b"bytes %d-%d/%d" % (first, last, archive.size))
        return Reply(status=206, body=body, media=PMTILES, headers=(*headers, told))

    async def _archive(self, request: Request, collection: Collection) -> _Archive:
        key = (collection.type_iri, gated.mark())
        async with self._lock:
            position, now = (await self._broker.status()).position, self._monotonic()
            known = self._known.get(key)
            if known is not None and (known.position == position or now - known.made_at < _HOLDS_S):
                return known
            found = await self._made(request, collection, position)
            if len(self._known) >= _MOST_FILES:
                self._known.pop(next(iter(self._known))).path.unlink(missing_ok=True)
            if known is not None:
                known.path.unlink(missing_ok=True)
            self._known[key] = found
            return found

    async def _made(self, request: Request, collection: Collection, position: int) -> _Archive:
        drawn = await self._drawn(request, collection)
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="sympolis-tiles-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        path = self._folder / f"{abs(hash((collection.id, position, self._monotonic())))}.pmtiles"
        await asyncio.to_thread(_write, path, drawn, collection)
        size = path.stat().st_size
        tag = weak_tag(f"{collection.type_iri} {position} {size}".encode()).removeprefix("W/")
        return _Archive(path, position, self._monotonic(), tag, size)

    async def _drawn(self, request: Request, collection: Collection) -> _Drawn:
        """Zoom by zoom, as many as fit."""
        found = _Drawn()
        level = [TileAddress(0, 0, 0)]
        while level and level[0].zoom <= DEEPEST and found.count + len(level) <= _MOST_TILES:
            shown: list[tuple[TileAddress, bytes]] = []
            below: list[TileAddress] = []
            for address in level:
                tile, seen = await self._tiles.drawn(request, collection, address)
                below += address.children() if len(seen) else ()
                if tile.body:  # what is too small for this zoom is not
                    shown.append((address, tile.body))
                    found.truncated += tile.truncated
            found.levels.append(shown)
            level = below
        return found


def check_library() -> None:
    """Raise ``NotImplementedHere`` where what writes archives is not installed."""
    try:
        import pmtiles.writer  # noqa: F401
    except ImportError as problem:
        raise errors.NotImplementedHere(
            "this server cannot write PMTiles", where="path", hint="install sympolis[tiles]"
        ) from problem


def _write(path: Path, drawn: _Drawn, collection: Collection) -> None:
    from pmtiles.tile import Compression, TileType, zxy_to_tileid
    from pmtiles.writer import Writer

    tiles = sorted(
        (zxy_to_tileid(address.zoom, address.column, address.row), body)
        for level in drawn.levels
        for address, body in level
    )
    west, south, east, north = _bounds(drawn, collection)
    header = {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_zoom": 0,
        "max_zoom": max(len(drawn.levels) - 1, 0),
        **{name: round(value * 1e7) for name, value in _corners(west, south, east, north)},
    }
    metadata = {
        "name": collection.id,
        "vector_layers": [{"id": collection.id, "fields": {}}],
        "truncated_tiles": drawn.truncated,
    }
    with path.open("wb") as file:
        writer = Writer(file)
        for number, body in tiles:
            writer.write_tile(number, gzip.compress(body, mtime=0))
        writer.finalize(header, json.loads(json.dumps(metadata)))


def _corners(west: float, south: float, east: float, north: float) -> Iterable[tuple[str, float]]:
    return (
        *(("min_lon_e7", west), ("min_lat_e7", south), ("max_lon_e7", east), ("max_lat_e7", north)),
        *(("center_lon_e7", (west + east) / 2), ("center_lat_e7", (south + north) / 2)),
    )


def _bounds(drawn: _Drawn, collection: Collection) -> tuple[float, float, float, float]:
    """Around the deepest tiles that show something."""
    shown = [address.bounds() for level in drawn.levels[-1:] for address, _ in level]
    if not shown:
        return collection.bbox
    west, south, east, north = zip(*shown, strict=True)
    return min(west), min(south), max(east), max(north)


def _range(text: str, size: int) -> tuple[int, int]:
    """First and last byte of a single range (RFC 9110, section 14). Raises ``InvalidRequest``."""
    unit, _, asked = text.partition("=")
    start, dash, end = asked.strip().partition("-")
    digits = all(one.isascii() and (one.isdigit() or not one) and len(one) < 16 for one in (start, end))
    if unit.strip() != "bytes" or not dash or not digits or not (start or end):
        raise errors.InvalidRequest("expected bytes=first-last", where="Range")
    first, last = (int(start), int(end or size)) if start else (max(size - int(end), 0), size)
    last = min(last, size - 1)
    if first > last:
        raise errors.InvalidRequest(f"the file has {size} bytes", where="Range")
    return first, last


def _piece(path: Path, first: int, last: int) -> bytes:
    with path.open("rb") as file:
        file.seek(first)
        return file.read(last - first + 1)


async def _chunks(path: Path) -> AsyncGenerator[bytes, None]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
