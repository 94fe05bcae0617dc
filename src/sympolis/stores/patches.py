"""Patches of points (``context.patches``) as stores keep them: a head of JSON, then the columns' bytes as they are.

Only what is plain goes into columns: entities of one type, with one instance of each attribute, whose value a feature
shows as it is stored. The others are named in the head, for whoever reads the patch to look at them one by one.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zlib import crc32

import msgspec

from sympolis.context.patches import Coded, Column, Numbers, Patch, Texts
from sympolis.context.rendering import LOCATION
from sympolis.domain.entity import AttributeKind
from sympolis.later import later
from sympolis.stores.documents import BARE_KINDS

if TYPE_CHECKING:
    import numpy as np
else:
    np = later("numpy")

_GEO: Final = AttributeKind.GEO_PROPERTY.value
_EXACT: Final = 1 << 53
"""Whole numbers up to here are the same as floating-point numbers."""
_LENGTH: Final = struct.Struct("<I")
_encode = msgspec.json.Encoder().encode


class _Instance(msgspec.Struct, gc=False):
    kind: str
    value: msgspec.Raw
    dataset_id: str | None = None


class _Body(msgspec.Struct):
    id: str
    types: tuple[str, ...]
    attributes: dict[str, list[_Instance]] = {}
    scope: msgspec.Raw = msgspec.Raw()
    members: dict[str, msgspec.Raw] | None = None


class _Point(msgspec.Struct, gc=False):
    type: str
    coordinates: list[float]


class _Line(msgspec.Struct, array_like=True):
    """A column in the head: the attribute's IRI, what it is, and what else is needed to read it."""

    name: str
    kind: str
    more: Any = None


class _Head(msgspec.Struct):
    count: int
    odd: list[str]
    lines: list[_Line]


class Kept(NamedTuple):
    """A patch as it was kept, and the ids of the entities standing there that it does not hold."""

    patch: Patch
    odd: Sequence[str]


_decode_bodies = msgspec.json.Decoder(list[_Body]).decode
_decode_points = msgspec.json.Decoder(list[_Point]).decode
_decode_head = msgspec.json.Decoder(_Head).decode


def packed(bodies: bytes | str, type_iri: str, place: str = LOCATION) -> bytes:
    """The patch of entities standing near each other (a JSON list of stored bodies), as points of this type."""
    plain: list[_Body] = []
    odd: dict[str, None] = {}
    for one in _decode_bodies(bodies):
        if _is_plain(one, type_iri, place):
            plain.append(one)
        else:
            odd[one.id] = None
    spots = _decode_points(b"[%b]" % b",".join([one.attributes[place][0].value for one in plain]))
    columns: dict[str, tuple[list[int], list[msgspec.Raw]]] = {}
    for number, one in enumerate(plain):
        for name, (instance,) in one.attributes.items():
            if name != place:
                numbers, values = columns.setdefault(name, ([], []))
                numbers.append(number)
                values.append(instance.value)
    ids = [one.id.encode() for one in plain]
    patch = Patch(
        np.array([one.coordinates[:2] for one in spots], dtype="<f8").reshape(-1, 2),
        _texts(ids),
        np.array(list(map(crc32, ids)), dtype="<u4"),
        {name: _column(len(plain), *found) for name, found in columns.items()},
    )
    return _written(patch, list(odd))


def _is_plain(body: _Body, type_iri: str, place: str) -> bool:
    if body.types != (type_iri,) or body.scope or (body.members and "ngsildproof" in body.members):
        return False
    attributes = body.attributes
    for instances in attributes.values():
        first = instances[0]
        if len(instances) != 1 or first.kind not in BARE_KINDS or first.dataset_id is not None:
            return False
    return place in attributes and attributes[place][0].kind == _GEO


# --- columns


def _texts(texts: Sequence[bytes]) -> Texts:
    return Texts(b"".join(texts), np.array(list(map(len, texts)), dtype="<u4"))


def _column(count: int, numbers: Sequence[int], values: Sequence[msgspec.Raw]) -> Column:
    """The column of so many points of which those with these numbers have these values (JSON)."""
    found = msgspec.json.decode(b"[%b]" % b",".join(values))
    kinds = set(map(type, found))
    if kinds <= {int, float} and all([abs(one) <= _EXACT for one in found if type(one) is int]):
        return _numbers(count, numbers, found, mixed=int in kinds)
    texts = list(map(bytes, values))
    distinct = {value: place for place, value in enumerate(dict.fromkeys(texts))}
    if kinds == {str} and len(texts) == count and len(distinct) > count // 2:
        return _texts([one.encode() for one in found])
    codes = np.full(count, -1, dtype="<i4")
    codes[numbers] = [distinct[value] for value in texts]
    return Coded(list(distinct), codes)


def _numbers(count: int, numbers: Sequence[int], values: Sequence[float], *, mixed: bool) -> Numbers:
    found = np.full(count, np.nan, dtype="<f8")
    found[numbers] = values
    if not mixed:
        return Numbers(found, None)
    whole = np.zeros(count, dtype="u1")
    whole[numbers] = [type(one) is int for one in values]
    return Numbers(found, whole)


# --- bytes


def _written(patch: Patch, odd: list[str]) -> bytes:
    pieces = [patch.positions.tobytes(), patch.marks.tobytes(), *_text_bytes(patch.ids)]
    lines = [_Line("", "t", len(patch.ids.joined))]
    for name, column in patch.columns.items():
        if isinstance(column, Texts):
            lines.append(_Line(name, "t", len(column.joined)))
            pieces += _text_bytes(column)
        elif isinstance(column, Numbers):
            lines.append(_Line(name, "n", column.whole is not None))
            pieces += [column.values.tobytes(), b"" if column.whole is None else column.whole.tobytes()]
        else:
            lines.append(_Line(name, "c", [value.decode() for value in column.values]))
            pieces.append(column.codes.tobytes())
    head = _encode(_Head(len(patch.marks), odd, lines))
    return b"".join([_LENGTH.pack(len(head)), head, *pieces])


def _text_bytes(texts: Texts) -> tuple[bytes, bytes]:
    return texts.lengths.tobytes(), texts.joined


def read(body: bytes) -> Kept:
    """The patch that ``packed`` wrote."""
    [size] = _LENGTH.unpack_from(body)
    begin = _LENGTH.size + size
    head = _decode_head(body[_LENGTH.size : begin])
    reading = _Bytes(body, begin, head.count)
    positions = reading.take("<f8", 2).reshape(-1, 2)
    marks = reading.take("<u4")
    columns = {line.name: reading.column(line) for line in head.lines}
    ids = columns.pop("")
    assert isinstance(ids, Texts)
    return Kept(Patch(positions, ids, marks, columns), head.odd)


class _Bytes:
    """Takes columns of so many numbers from the bytes of a patch, one after the other."""

    def __init__(self, body: bytes, begin: int, count: int) -> None:
        self._body = body
        self._at = begin
        self._count = count

    def take(self, kind: str, times: int = 1) -> Any:
        found = np.frombuffer(self._body, kind, self._count * times, self._at)
        self._at += found.nbytes
        return found

    def column(self, line: _Line) -> Column:
        if line.kind == "t":
            lengths = self.take("<u4")
            begin, self._at = self._at, self._at + line.more
            return Texts(self._body[begin : self._at], lengths)
        if line.kind == "n":
            return Numbers(self.take("<f8"), self.take("u1") if line.more else None)
        return Coded([value.encode() for value in line.more], self.take("<i4"))


def names_of(patches: Sequence[Patch]) -> Mapping[str, None]:
    """The attributes that any of the patches has."""
    return {name: None for patch in patches for name in patch.columns}
