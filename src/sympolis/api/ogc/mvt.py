"""Writing Mapbox Vector Tiles 2.1: a tile is a few thousand features, so every microsecond of one counts.

The usual libraries build an object for each message and take 50 microseconds and more for a point. Here bytes are put
together from bytes: numbers up to 16,383 from a table, keys and values by the JSON they were stored as. A test reads
the tiles back with such a library (decision 0025).

Geometries come in the tile's own coordinates: whole numbers, ``EXTENT`` to a side, y downwards.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np
else:
    np = later("numpy")

EXTENT: Final = 4096
POINT: Final = 1
LINESTRING: Final = 2
POLYGON: Final = 3

_MOVE_TO: Final = 1
_LINE_TO: Final = 2
_CLOSE: Final = b"\x0f"
_SMALL: Final = 1 << 14
_SHORT: Final = 1 << 7
_QUOTE: Final = 0x22
_TEXT: Final = 0x0A
DOUBLE: Final = 0x19
"""What a value message of a number begins with, eight bytes before its end."""
Buffer = bytes | msgspec.Raw


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)


_VARINTS: Final = tuple(map(_varint, range(_SMALL)))


def varint(number: int) -> bytes:
    """A whole number, not negative, as protobuf writes it."""
    return _VARINTS[number] if number < _SMALL else _varint(number)


def point(x: int, y: int) -> bytes:
    """The geometry of one point."""
    return b"\x09" + varint(_zigzag(x)) + varint(_zigzag(y))


def points(positions: np.ndarray[Any, Any]) -> bytes:
    """The geometry of several points: whole numbers, shape (n, 2)."""
    return varint(len(positions) << 3 | _MOVE_TO) + _deltas(positions, (0, 0))


def lines(parts: Iterable[np.ndarray[Any, Any]]) -> bytes:
    """The geometry of lines, each of shape (n, 2), n > 1."""
    return _paths(parts, closed=False)


def rings(parts: Iterable[np.ndarray[Any, Any]]) -> bytes:
    """The geometry of polygons' rings, each without its last point; outer ones clockwise as seen, holes after them."""
    return _paths(parts, closed=True)


def _paths(parts: Iterable[np.ndarray[Any, Any]], *, closed: bool) -> bytes:
    pieces: list[bytes] = []
    at = (0, 0)
    for part in parts:
        pieces += (b"\x09", _deltas(part[:1], at), varint((len(part) - 1) << 3 | _LINE_TO))
        pieces.append(_deltas(part[1:], (int(part[0, 0]), int(part[0, 1]))))
        if closed:
            pieces.append(_CLOSE)
        at = (int(part[-1, 0]), int(part[-1, 1]))
    return b"".join(pieces)


def _deltas(positions: np.ndarray[Any, Any], start: tuple[int, int]) -> bytes:
    steps = np.diff(positions, axis=0, prepend=[start])
    folded = ((steps << 1) ^ (steps >> 63)).ravel().tolist()
    return b"".join([_VARINTS[one] if one < _SMALL else _varint(one) for one in folded])


def _zigzag(number: int) -> int:
    return (number << 1) ^ (number >> 63)


class _Column:
    """A property of a layer: where its name stands, as a varint, and its tags by value."""

    __slots__ = ("key", "tags")

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.tags: dict[bytes, bytes] = {}


class Layer:
    """One layer of a tile; features are added one after the other. ``hidden`` properties are not shown."""

    def __init__(self, name: str, *, hidden: Iterable[str] = ()) -> None:
        self._name = name.encode()
        self._columns: dict[str, _Column | None] = dict.fromkeys(hidden)
        self._keys: list[str] = []
        self._values: dict[bytes, int] = {}
        self._features: list[bytes] = []

    def __len__(self) -> int:
        return len(self._features)

    def add(self, kind: int, geometry: bytes, properties: Mapping[str, Buffer]) -> None:
        """Add a feature: its kind of geometry, the geometry, and its properties as JSON."""
        columns = self._columns
        found: list[bytes] = []
        for name, value in properties.items():
            column = columns[name] if name in columns else self._new_column(name)
            if column is not None:
                text = bytes(value)
                tag = column.tags.get(text)
                found.append(self._new_tag(column, text) if tag is None else tag)
        tags = b"".join(found)
        body = b"\x12%b%b\x18%c\x22%b%b" % (varint(len(tags)), tags, kind, varint(len(geometry)), geometry)
        self._features.append(b"\x12" + varint(len(body)) + body)

    def add_points(
        self,
        places: np.ndarray[Any, Any],
        columns: Iterable[tuple[str, Sequence[bytes], np.ndarray[Any, Any]]],
    ) -> None:
        """Add points, each a feature: whole numbers of shape (n, 2), and the columns of their properties.

        A column is a name, the value messages that occur in it (an empty one where there is no value) and for each
        feature which of these is its own. No column may have been added before.
        """
        tags = []
        for name, messages, codes in columns:
            if any(messages):
                tags += [np.full(len(codes), len(self._keys)), self._placed(messages)[codes]]
                self._keys.append(name)
        self._features.append(_point_features(places, tags))

    def _placed(self, messages: Sequence[bytes]) -> np.ndarray[Any, Any]:
        """Where these values stand in the layer's table; -1 for an empty one."""
        first = len(self._values)
        fresh = dict(zip(messages, range(first, first + len(messages)), strict=True))
        if len(fresh) == len(messages) and b"" not in fresh and self._values.keys().isdisjoint(fresh):
            self._values.update(fresh)
            return np.arange(first, first + len(messages))
        place = self._values.setdefault
        return np.array([place(one, len(self._values)) if one else -1 for one in messages])

    def _new_column(self, name: str) -> _Column:
        found = self._columns[name] = _Column(varint(len(self._keys)))
        self._keys.append(name)
        return found

    def _new_tag(self, column: _Column, text: bytes) -> bytes:
        """Where key and value stand in the layer's tables; nothing for null."""
        found = json_value(text)
        tag = b""
        if found:
            values = self._values
            place = values.setdefault(found, len(values))
            tag = column.key + (_VARINTS[place] if place < _SMALL else _varint(place))
        column.tags[text] = tag
        return tag

    def to_bytes(self) -> bytes:
        """The layer as a message of the tile."""
        body = b"".join(
            [
                *(b"\x78\x02", _field(0x0A, self._name), *self._features),
                *[_field(0x1A, name.encode()) for name in self._keys],
                *_fields(0x22, self._values),
                *(b"\x28", varint(EXTENT)),
            ]
        )
        return _field(0x1A, body)


def _field(tag: int, content: bytes) -> bytes:
    return b"%c%b%b" % (tag, varint(len(content)), content)


def _fields(tag: int, contents: Collection[bytes]) -> Iterable[bytes]:
    """Like ``_field``, of many."""
    if max(map(len, contents), default=0) >= _SHORT:
        return [_field(tag, content) for content in contents]
    heads = [b"%c%b" % (tag, length) for length in _VARINTS[:_SHORT]]
    return chain.from_iterable(zip(map(heads.__getitem__, map(len, contents)), contents, strict=True))


def text_values(texts: Sequence[bytes]) -> list[bytes]:
    """Value messages of texts in UTF-8."""
    heads = [b"%c%b" % (_TEXT, length) for length in _VARINTS[:_SHORT]]
    return [heads[len(one)] + one if len(one) < _SHORT else _field(_TEXT, one) for one in texts]


def json_value(text: bytes) -> bytes:
    """A value message of JSON; what is neither text, number nor truth value is shown as it stands, null not at all."""
    if text[0] == _QUOTE and b"\\" not in text:
        return _field(_TEXT, text[1:-1])
    found = msgspec.json.decode(text)
    return _field(_TEXT, text) if isinstance(found, list | dict) else value(found)


def value(found: str | float | bool | None) -> bytes:
    """A value message; nothing for None."""
    if found is None:
        return b""
    if isinstance(found, bool):
        return b"\x38\x01" if found else b"\x38\x00"
    if isinstance(found, int) and -(2**63) <= found < 2**63:
        return b"\x28" + _varint(found) if found >= 0 else b"\x30" + _varint(_zigzag(found))
    if isinstance(found, int | float):
        return b"%c%b" % (DOUBLE, struct.pack("<d", found))
    return _field(_TEXT, found.encode())


def _point_features(places: np.ndarray[Any, Any], tags: Sequence[np.ndarray[Any, Any]]) -> bytes:
    """The feature messages of points: all of them are one matrix of varints, a feature to a row.

    ``tags`` are keys and values in turn, a pair with a value below nought is left out.
    """
    count, own = len(places), len(tags)
    numbers = np.empty((count, own + 11), dtype=np.int32)
    numbers[:, [0, 2, own + 4, own + 5, own + 6, own + 8]] = (0x12, 0x12, 0x18, POINT, 0x22, 0x09)
    for place, column in enumerate(tags, 4):
        numbers[:, place] = column
    numbers[:, -2:] = (places << 1) ^ (places >> 63)
    lengths = _lengths(numbers)
    values = numbers[:, 5 : own + 4 : 2]
    lengths[:, 4 : own + 4] *= np.repeat(values >= 0, 2, axis=1)
    for place, first, last in ((3, 4, own + 4), (own + 7, own + 8, own + 11), (1, 2, own + 11)):
        numbers[:, place] = lengths[:, first:last].sum(axis=1)
        lengths[:, place] = _lengths(numbers[:, place])
    return _varints(numbers, lengths)


def _lengths(numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """How many bytes each number takes as a varint; below 2^31."""
    found = np.ones(numbers.shape, dtype=np.uint8)
    for bits in (7, 14, 21, 28):
        found += numbers >= 1 << bits
    return found


def _varints(numbers: np.ndarray[Any, Any], lengths: np.ndarray[Any, Any]) -> bytes:
    """All numbers in turn, each in as many bytes as its length says, which may be none."""
    width = int(lengths.max(initial=0))
    found = np.empty((*numbers.shape, width), dtype=np.uint8)
    for place in range(width):
        more = (lengths > place + 1).view(np.uint8) << 7
        found[..., place] = (numbers >> 7 * place).astype(np.uint8) & 127 | more
    chosen: bytes = found[np.arange(width, dtype=np.uint8) < lengths[..., None]].tobytes()
    return chosen


def tile(layers: Sequence[Layer]) -> bytes:
    """The tile of those layers that have features."""
    return b"".join([layer.to_bytes() for layer in layers if len(layer)])
