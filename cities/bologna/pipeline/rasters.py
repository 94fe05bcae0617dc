"""Reads the pack's rasters: single-band GeoTIFFs, tiled, deflated or LZW, not turned (TIFF 6.0, OGC GeoTIFF 1.1)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 11: 4, 12: 8}
_CODES: Final = {1: "B", 3: "H", 4: "I", 11: "f", 12: "d"}
_WIDTH, _HEIGHT, _COMPRESSION, _TILE_WIDTH, _TILE_HEIGHT = 256, 257, 259, 322, 323
_OFFSETS, _LENGTHS, _CELL, _TIE, _NO_DATA = 324, 325, 33550, 33922, 42113
_LZW, _DEFLATE = 5, 8
_CLEAR, _END = 256, 257


@dataclass(frozen=True, slots=True)
class Raster:
    """Values, north first; no value is NaN. ``west``, ``north``: the outer corner, in metres of the raster's CRS."""

    values: np.ndarray[Any, np.dtype[np.float64]]
    west: float
    north: float
    cell_m: float


def read(path: Path) -> Raster:
    """The raster of a file. Raises ``ValueError`` for a form that is not read."""
    data = path.read_bytes()
    if data[:4] != b"II*\0":
        raise ValueError(f"{path.name} is not a little-endian TIFF")
    tags = _tags(data)
    if tags[_COMPRESSION] not in ((_DEFLATE,), (_LZW,)):
        raise ValueError(f"{path.name} is neither deflated nor LZW")
    width, height = tags[_WIDTH][0], tags[_HEIGHT][0]
    values = _tiles(data, tags, width, height)
    if _NO_DATA in tags:
        values[values == float(tags[_NO_DATA])] = np.nan
    return Raster(values, tags[_TIE][3], tags[_TIE][4], tags[_CELL][0])


def _tags(data: bytes) -> dict[int, Any]:
    place = struct.unpack("<I", data[4:8])[0]
    found: dict[int, Any] = {}
    for number in range(struct.unpack("<H", data[place : place + 2])[0]):
        entry = data[place + 2 + 12 * number : place + 14 + 12 * number]
        tag, kind, count = struct.unpack("<HHI", entry[:8])
        size = _SIZES[kind] * count
        raw = entry[8 : 8 + size]
        if size > 4:
            start = struct.unpack("<I", entry[8:12])[0]
            raw = data[start : start + size]
        if kind == 2:
            found[tag] = raw.rstrip(b"\0 ").decode("ascii")
        elif kind in _CODES:
            found[tag] = struct.unpack(f"<{count}{_CODES[kind]}", raw)
    return found


def _tiles(data: bytes, tags: dict[int, Any], width: int, height: int) -> np.ndarray[Any, Any]:
    wide, high = tags[_TILE_WIDTH][0], tags[_TILE_HEIGHT][0]
    across = -(-width // wide)
    values = np.full((-(-height // high) * high, across * wide), np.nan)
    unpack = zlib.decompress if tags[_COMPRESSION] == (_DEFLATE,) else _unpacked
    for number, (start, size) in enumerate(zip(tags[_OFFSETS], tags[_LENGTHS], strict=True)):
        line, column = divmod(number, across)
        tile = np.frombuffer(unpack(data[start : start + size]), "<f4").reshape(high, wide)
        values[line * high : (line + 1) * high, column * wide : (column + 1) * wide] = tile
    return values[:height, :width]


def _unpacked(data: bytes) -> bytes:
    """LZW, most significant bit first, codes one short of the width's end (TIFF 6.0, section 13)."""
    table: list[bytes] = []
    found, held, bits, width, before = bytearray(), 0, 0, 9, b""
    for byte in data:
        held, bits = (held << 8) | byte, bits + 8
        if bits < width:
            continue
        bits -= width
        code, held = held >> bits, held & ((1 << bits) - 1)
        if code == _END:
            break
        if code == _CLEAR:
            table, width, before = [bytes([i]) for i in range(256)] + [b"", b""], 9, b""
            continue
        entry = table[code] if code < len(table) else before + before[:1]
        if before:
            table.append(before + entry[:1])
        found += entry
        before, width = entry, min(12, (len(table) + 1).bit_length())
    return bytes(found)


def coarser(raster: Raster, factor: int, least: float = 0.5) -> Raster:
    """Means of ``factor`` × ``factor`` cells; a mean of less than the share ``least`` of them is no value."""
    height, width = (size // factor * factor for size in raster.values.shape)
    blocks = raster.values[:height, :width].reshape(height // factor, factor, width // factor, factor)
    known = np.isfinite(blocks)
    counts = known.sum(axis=(1, 3))
    sums = np.where(known, blocks, 0.0).sum(axis=(1, 3))
    means = np.full(counts.shape, np.nan)
    enough = counts >= least * factor**2
    means[enough] = sums[enough] / counts[enough]
    return Raster(means, raster.west, raster.north, raster.cell_m * factor)
