"""Writing the parts of a vector tile by the thousand: all of a kind are one matrix of bytes.

``mvt`` writes a feature after the other; here a row is a message, a column one of its bytes, and what a row does not
have is left out when the matrix is read row by row. The meaning is that of ``mvt``, which a property test holds it to.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from sympolis.api.ogc.mvt import POINT, varint
from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
else:
    np = later("numpy")

_VALUE: Final = 0x22
_TEXT: Final = 0x0A
_DOUBLE: Final = 0x19
_SHORT: Final = 1 << 7
_EACH: Final = 7
"""Bits in a byte of a varint."""


def text_fields(joined: bytes, lengths: Array) -> bytes:
    """Texts (UTF-8, one behind the other) as values of a layer."""
    if not len(lengths):
        return b""
    if int(lengths.max()) + 2 >= _SHORT:
        return b"".join([_text_field(text) for text in split(joined, lengths)])
    ends = np.cumsum(lengths.astype(np.int64) + 4)
    starts = ends - lengths - 4
    found = np.empty(int(ends[-1]), dtype=np.uint8)
    content = np.ones(len(found), dtype=bool)
    heads: tuple[Any, ...] = (_VALUE, lengths + 2, _TEXT, lengths)
    for place, byte in enumerate(heads):
        found[starts + place] = byte
        content[starts + place] = False
    found[content] = np.frombuffer(joined, np.uint8)
    return found.tobytes()


def _text_field(text: bytes) -> bytes:
    message = b"%c%b%b" % (_TEXT, varint(len(text)), text)
    return b"%c%b%b" % (_VALUE, varint(len(message)), message)


def split(joined: bytes, lengths: Array) -> Sequence[bytes]:
    """The texts one by one."""
    ends = [0, *np.cumsum(lengths).tolist()]
    return [joined[begin:end] for begin, end in pairwise(ends)]


def chosen_texts(joined: bytes, lengths: Array, chosen: Array) -> tuple[bytes, Array]:
    """Those of the texts where ``chosen`` is true."""
    if chosen.all():
        return joined, lengths
    kept = np.frombuffer(joined, np.uint8)[np.repeat(chosen, lengths)]
    return kept.tobytes(), lengths[chosen]


def double_fields(values: Array) -> bytes:
    """Numbers as values of a layer."""
    found = np.empty((len(values), 11), dtype=np.uint8)
    found[:, :3] = (_VALUE, 9, _DOUBLE)
    found[:, 3:] = np.ascontiguousarray(values, dtype="<f8").view(np.uint8).reshape(-1, 8)
    return found.tobytes()


def point_features(places: Array, tags: Sequence[tuple[int, Array]]) -> bytes:
    """The features of points: whole numbers of shape (n, 2), and for each property its key and each feature's value.

    A value below nought is left out.
    """
    folded = ((places << 1) ^ (places >> 63)).astype(np.uint32)
    geometry = _Matrix(len(places))
    geometry.put(b"\x09")
    geometry.put_numbers(folded[:, 0])
    geometry.put_numbers(folded[:, 1])
    named = _Matrix(len(places))
    for key, values in tags:
        there = values >= 0
        named.put(varint(key), where=there)
        named.put_numbers(values.astype(np.uint32), where=there)
    whole = _Matrix(len(places))
    whole.put_sized(b"\x12", named)
    whole.put(b"\x18%c" % POINT)
    whole.put_sized(b"\x22", geometry)
    message = _Matrix(len(places))
    message.put_sized(b"\x12", whole)
    return message.to_bytes()


def varints(numbers: Array) -> bytes:
    """All numbers as varints, one behind the other."""
    found = _Matrix(len(numbers))
    found.put_numbers(numbers)
    return found.to_bytes()


def varint_lengths(numbers: Array) -> Array:
    """How many bytes each takes."""
    found = np.ones(len(numbers), dtype=np.int64)
    for place in range(1, 5):
        found += numbers >= 1 << _EACH * place
    return found


class _Matrix:
    """Rows of bytes, put together column by column; where ``_shown`` is false there is no byte."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.bytes: list[Array] = []
        self.shown: list[Array | None] = []
        self.lengths = np.zeros(rows, dtype=np.uint32)

    def put(self, content: bytes, where: Array | None = None) -> None:
        """The same bytes in every row."""
        shown = None if where is None or where.all() else where
        for byte in content:
            self._put(byte, shown)

    def put_numbers(self, numbers: Array, where: Array | None = None) -> None:
        """A varint in each row."""
        shown = None if where is None or where.all() else where
        most = int(numbers.max(initial=0, where=True if shown is None else shown))
        for place in range(max(1, -(-most.bit_length() // _EACH))):
            rest = numbers >> _EACH * place
            column = (rest & 0x7F).astype(np.uint8)
            column |= (rest > 0x7F).view(np.uint8) << 7
            self._put(column, shown if not place else rest > 0 if shown is None else shown & (rest > 0))

    def put_sized(self, head: bytes, content: _Matrix) -> None:
        """A field: its head, its length, and what is in it."""
        self.put(head)
        self.put_numbers(content.lengths)
        self.bytes += content.bytes
        self.shown += content.shown
        self.lengths += content.lengths

    def _put(self, column: Any, shown: Array | None) -> None:
        self.bytes.append(column)
        self.shown.append(shown)
        self.lengths += 1 if shown is None else shown

    def to_bytes(self) -> bytes:
        """All rows, one behind the other."""
        found = np.empty((self.rows, len(self.bytes)), dtype=np.uint8)
        there = np.ones(found.shape, dtype=bool)
        for place, (column, shown) in enumerate(zip(self.bytes, self.shown, strict=True)):
            found[:, place] = column
            if shown is not None:
                there[:, place] = shown
        written: bytes = found[there].tobytes()
        return written
