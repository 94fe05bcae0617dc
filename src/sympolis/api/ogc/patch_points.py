"""Drawing patches of points (``context.patches``): columns of a store become columns of a tile, nothing is taken apart.

What differs from place to place, the values that occur, is looked at once for each patch; what differs from point to
point is numpy's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from sympolis.api.ogc import mvt, mvt_columns
from sympolis.api.ogc.many_points import double_codes
from sympolis.context.patches import Coded, Column, Numbers, Patch, Patchwork, Texts
from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
else:
    np = later("numpy")

_NONE: Final = -1


def positions(found: Patchwork) -> Array:
    """Longitudes and latitudes of all points of a patchwork, shape (n, 2)."""
    return np.concatenate([np.empty((0, 2)), *[patch.positions for patch in found.patches]])


def marks(found: Patchwork, chosen: Array) -> Array:
    """The marks of those of its points where ``chosen`` is true."""
    return np.concatenate([np.empty(0, dtype=np.uint32), *[patch.marks for patch in found.patches]])[chosen]


def add(layer: mvt.Layer, places: Array, found: Patchwork, chosen: Array) -> None:
    """Add to a layer the points where ``chosen`` is true; ``places`` are theirs, whole numbers of shape (n, 2)."""
    if not len(places):
        return
    tags = []
    for iri, name in found.names.items():
        if not layer.hides(name):
            codes = _codes(layer, [(patch, patch.columns.get(iri)) for patch in found.patches], chosen)
            if (codes >= 0).any():
                tags.append((layer.key(name), codes))
    ids = _joined([patch.ids for patch in found.patches])
    tags.append((layer.key("id"), _text_codes(layer, ids, chosen)))
    layer.add_features(mvt_columns.point_features(places, tags))


def _codes(layer: mvt.Layer, parts: Sequence[tuple[Patch, Column | None]], chosen: Array) -> Array:
    """For each chosen point where its value stands in the layer's table; -1: nowhere, it has none."""
    columns = [column for _, column in parts]
    if all(isinstance(column, Texts) for column in columns):
        return _text_codes(layer, _joined(columns), chosen)  # type: ignore[arg-type]
    if all(column is None or isinstance(column, Numbers) for column in columns):
        return _number_codes(layer, parts, chosen)  # type: ignore[arg-type]
    known: dict[bytes, int] = {}
    begin, found = 0, []
    for patch, column in parts:
        end = begin + len(patch.marks)
        found.append(_mixed_codes(layer, column, chosen[begin:end], known))
        begin = end
    return np.concatenate(found)


def _joined(columns: Iterable[Texts]) -> Texts:
    found = list(columns)
    lengths = np.concatenate([column.lengths for column in found])
    return Texts(b"".join([column.joined for column in found]), lengths)


def _text_codes(layer: mvt.Layer, column: Texts, chosen: Array) -> Array:
    joined, lengths = mvt_columns.chosen_texts(*column, chosen)
    first = layer.add_values(mvt_columns.text_fields(joined, lengths), len(lengths))
    return np.arange(first, first + len(lengths))


def _number_codes(layer: mvt.Layer, parts: Sequence[tuple[Patch, Numbers | None]], chosen: Array) -> Array:
    values: list[Array] = []
    whole: list[Array] = []
    for patch, column in parts:
        count = len(patch.marks)
        values.append(np.full(count, np.nan) if column is None else column.values)
        fraction = np.zeros(count, dtype=np.uint8)
        whole.append(fraction if column is None or column.whole is None else column.whole)
    numbers, integral = np.concatenate(values)[chosen], np.concatenate(whole)[chosen].astype(bool)
    there = ~np.isnan(numbers)
    codes = np.full(len(numbers), _NONE)
    doubles = there & ~integral
    codes[doubles] = double_codes(layer, numbers[doubles])
    if integral.any():
        distinct, places = np.unique(numbers[integral], return_inverse=True)
        stand = [layer.value(mvt.value(int(one))) for one in distinct.tolist()]
        codes[integral] = np.array(stand)[places.reshape(-1)]
    return codes


def _mixed_codes(layer: mvt.Layer, column: Column | None, chosen: Array, known: dict[bytes, int]) -> Array:
    """The codes of one patch's column where others have it otherwise; ``known``: values that were seen."""
    if column is None:
        return np.full(int(chosen.sum()), _NONE)
    if isinstance(column, Texts):
        joined, lengths = mvt_columns.chosen_texts(*column, chosen)
        return np.array(
            [layer.value(mvt.value(text.decode())) for text in mvt_columns.split(joined, lengths)],
            dtype=np.int64,
        )
    if isinstance(column, Numbers):
        return np.array([_number_code(layer, *one) for one in _numbers(column, chosen)], dtype=np.int64)
    return _coded(layer, column, chosen, known)


def _numbers(column: Numbers, chosen: Array) -> Iterable[tuple[float, bool]]:
    values = column.values[chosen].tolist()
    whole = [False] * len(values) if column.whole is None else column.whole[chosen].tolist()
    return zip(values, whole, strict=True)


def _number_code(layer: mvt.Layer, number: float, whole: bool) -> int:
    if math.isnan(number):
        return _NONE
    return layer.value(mvt.value(int(number) if whole else number))


def _coded(layer: mvt.Layer, column: Coded, chosen: Array, known: dict[bytes, int]) -> Array:
    codes = column.codes[chosen]
    stand = np.full(len(column.values) + 1, _NONE)
    for code in np.unique(codes).tolist():
        if code >= 0:
            value = column.values[code]
            place = known.get(value)
            if place is None:
                message = mvt.json_value(value)
                place = known[value] = layer.value(message) if message else _NONE
            stand[code] = place
    found: Array = stand[codes]
    return found
