"""Writing Mapbox Vector Tiles 2.1: a tile is a few thousand features, so every microsecond of one counts.

The usual libraries build an object for each message and take 50 microseconds and more for a point. Here bytes are put
together from bytes: numbers up to 16,383 from a table, keys and values by the JSON they were stored as. A test reads
the tiles back with such a library (decision 0025).

Geometries come in the tile's own coordinates: whole numbers, ``EXTENT`` to a side, y downwards.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, islice
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
_DOUBLE: Final = 0x19
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
    """A property of a layer: where its name stands, the same as a varint, and its tags by value."""

    __slots__ = ("key", "place", "tags")

    def __init__(self, place: int) -> None:
        self.place = place
        self.key = varint(place)
        self.tags: dict[bytes, bytes] = {}


class Layer:
    """One layer of a tile; features are added one after the other. ``hidden`` properties are not shown."""

    def __init__(self, name: str, *, hidden: Iterable[str] = ()) -> None:
        self._name = name.encode()
        self._columns: dict[str, _Column | None] = dict.fromkeys(hidden)
        self._keys: list[str] = []
        self._values: dict[bytes, int] = {}
        self._fields: list[bytes] = []
        self._count = self._written = 0
        self._features: list[bytes] = []

    def __len__(self) -> int:
        return len(self._features)

    def key(self, name: str) -> int:
        """Where the name of a property stands in the layer's table; it is added if need be."""
        column = self._columns.get(name) or self._new_column(name)
        return column.place

    def hides(self, name: str) -> bool:
        """Whether a property is not shown."""
        return name in self._columns and self._columns[name] is None

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

    def add_features(self, messages: bytes) -> None:
        """Add features that are written already, with tags of this layer's keys and values."""
        if messages:
            self._features.append(messages)

    def value(self, message: bytes) -> int:
        """Where a value stands in the layer's table; it is added if need be."""
        place = self._values.get(message)
        if place is None:
            place = self._values[message] = self._count
            self._count += 1
        return place

    def add_values(self, fields: bytes, count: int) -> int:
        """Add so many values that are written already, each as a field of the layer; gives where the first stands.

        They are not looked up again: whoever adds them knows that they are new, or does not mind.
        """
        self._write_values()
        self._fields.append(fields)
        first, self._count = self._count, self._count + count
        return first

    def _write_values(self) -> None:
        self._fields += _fields(0x22, list(islice(self._values, self._written, None)))
        self._written = len(self._values)

    def _new_column(self, name: str) -> _Column:
        found = self._columns[name] = _Column(len(self._keys))
        self._keys.append(name)
        return found

    def _new_tag(self, column: _Column, text: bytes) -> bytes:
        """Where key and value stand in the layer's tables; nothing for null."""
        found = json_value(text)
        tag = b""
        if found:
            place = self.value(found)
            tag = column.key + (_VARINTS[place] if place < _SMALL else _varint(place))
        column.tags[text] = tag
        return tag

    def to_bytes(self) -> bytes:
        """The layer as a message of the tile."""
        self._write_values()
        body = b"".join(
            [
                *(b"\x78\x02", _field(0x0A, self._name), *self._features),
                *[_field(0x1A, name.encode()) for name in self._keys],
                *self._fields,
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
        return b"%c%b" % (_DOUBLE, struct.pack("<d", found))
    return _field(_TEXT, found.encode())


def tile(layers: Sequence[Layer]) -> bytes:
    """The tile of those layers that have features."""
    return b"".join([layer.to_bytes() for layer in layers if len(layer)])
