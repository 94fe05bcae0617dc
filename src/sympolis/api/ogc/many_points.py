"""Thousands of points at once: what a tile of sensors, trees or addresses mostly is, told column by column.

A feature after the other takes some microseconds each, whatever one does. So the documents are decoded together, into
structs of those properties that a sample of them has; each property's values are numbered together; and the messages
of all features are one matrix of numbers, of which numpy writes the bytes. What does not fit, a line among the
points or a property that the sample has not, is left to ``tiling.draw``, feature by feature, whose tile shows the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import compress
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import msgspec

from sympolis.api.ogc import mvt, mvt_columns
from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np

    _Array = np.ndarray[Any, Any]
else:
    np = later("numpy")

_SAMPLE: Final = 64
_NESTED: Final = (b"{", b"[")
_SCALARS: Final = frozenset((str, int, float, bool, type(None), msgspec.UnsetType))


class _Sampled(msgspec.Struct):
    properties: dict[str, msgspec.Raw]


class _Point(msgspec.Struct, gc=False):
    type: Literal["Point"]
    coordinates: list[float]


class Points(NamedTuple):
    """Features that are all points: ``positions`` of shape (n, 2) in degrees, and each property's values.

    Where a feature lacks the property there is ``msgspec.UNSET``; nested values are JSON (``msgspec.Raw``).
    """

    positions: _Array
    columns: Mapping[str, Sequence[Any]]

    def select(self, chosen: _Array) -> Points:
        """Those where ``chosen`` is true."""
        which = chosen.tolist()
        columns = {name: list(compress(values, which)) for name, values in self.columns.items()}
        return Points(self.positions[chosen], columns)


def read(documents: Sequence[bytes], hidden: Collection[str]) -> Points | None:
    """The features (GeoJSON), without their ``hidden`` properties; None where they are not as regular as that takes."""
    layout = _layout(documents[:: len(documents) // _SAMPLE + 1], frozenset(hidden))
    if "id" in layout:
        return None
    try:
        found = _decoder(layout)(b"[%b]" % b",".join(documents))
    except msgspec.ValidationError:
        return None
    columns = dict(
        zip(
            layout, zip(*[msgspec.structs.astuple(one.properties) for one in found], strict=True), strict=True
        )
    )
    shown: dict[str, Sequence[Any]] = {name: columns[name] for name in layout if name not in hidden}
    for name, values in shown.items():
        if not layout[name] and not _SCALARS.issuperset(map(type, values)):
            return None
    shown["id"] = [one.id for one in found]
    return Points(np.array([one.geometry.coordinates[:2] for one in found]), shown)


class _Layout(dict[str, bool]):
    """The names of properties, and whether their values are left as JSON."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self.items()))


def _layout(sample: Iterable[bytes], hidden: frozenset[str]) -> _Layout:
    found = _Layout()
    for document in sample:
        for name, value in _decode_sampled(document).properties.items():
            left = name in hidden or bytes(value)[:1] in _NESTED
            found[name] = found.get(name, False) or left
    return found


_decode_sampled = msgspec.json.Decoder(_Sampled).decode


@lru_cache(maxsize=64)
def _decoder(layout: _Layout) -> Any:
    """Decodes a list of features; a property that the layout has not is an error."""
    fields = [
        (f"p{place}", msgspec.Raw | msgspec.UnsetType if left else Any, msgspec.UNSET)
        for place, left in enumerate(layout.values())
    ]
    names = {f"p{place}": name for place, name in enumerate(layout)}
    properties = msgspec.defstruct("Properties", fields, rename=names, forbid_unknown_fields=True, gc=False)
    feature = msgspec.defstruct(
        "Feature", [("id", str), ("geometry", _Point), ("properties", properties)], gc=False
    )
    return msgspec.json.Decoder(list[feature]).decode  # type: ignore[valid-type]


def add(layer: mvt.Layer, places: _Array, points: Points) -> None:
    """Add the points to a layer: where they are in the tile, whole numbers of shape (n, 2), and their properties."""
    if not len(places):
        return
    tags = []
    for name, values in points.columns.items():
        codes = _codes(layer, values)
        if (codes >= 0).any():
            tags.append((layer.key(name), codes))
    layer.add_features(mvt_columns.point_features(places, tags))


def _codes(layer: mvt.Layer, values: Sequence[Any]) -> _Array:
    """For each feature where its value of a column stands in the layer's table; -1: nowhere, it has none."""
    kinds = set(map(type, values))
    if kinds == {float}:
        return double_codes(layer, np.array(values, dtype="<f8"))
    if kinds == {str}:
        distinct = dict.fromkeys(values)
        texts = [one.encode() for one in distinct]
        fields = mvt_columns.text_fields(b"".join(texts), np.array(list(map(len, texts))))
        return layer.add_values(fields, len(texts)) + _numbered(distinct, values)
    texts = [bytes(one) if isinstance(one, msgspec.Raw) else repr(one) for one in values]
    known = dict(zip(texts, values, strict=True))
    messages = map(_message, known.values())
    found: _Array = np.array([layer.value(one) if one else -1 for one in messages])[_numbered(known, texts)]
    return found


def _numbered(distinct: Collection[Any], values: Sequence[Any]) -> _Array:
    if len(distinct) == len(values):
        return np.arange(len(values))
    number = {one: place for place, one in enumerate(distinct)}
    return np.fromiter(map(number.__getitem__, values), dtype=np.int64, count=len(values))


def double_codes(layer: mvt.Layer, values: _Array) -> _Array:
    """Where these numbers stand in the layer's table. They are told by their bits: minus nought is one of its own."""
    distinct, places = np.unique(values.view(np.int64), return_inverse=True)
    first = layer.add_values(mvt_columns.double_fields(distinct.view(np.float64)), len(distinct))
    found: _Array = places.reshape(-1) + first
    return found


def _message(value: Any) -> bytes:
    if value is msgspec.UNSET:
        return b""
    return mvt.json_value(bytes(value)) if isinstance(value, msgspec.Raw) else mvt.value(value)
