"""Which part of the world a tile shows, and what of a feature is seen in it (OGC 17-083r4, WebMercatorQuad).

Lines and areas are cut at the tile's edge, with a margin so that outlines do not show there, and lose what is smaller
than half a screen pixel: the zoom decides how much detail there is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from sympolis.api.ogc import many_points, many_shapes, mvt, patch_points
from sympolis.api.ogc.mvt import EXTENT
from sympolis.context.codec import LOCATION
from sympolis.context.patches import Patchwork
from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np
    import shapely

    _Array = np.ndarray[Any, Any]
else:
    np = later("numpy")
    shapely = later("shapely")

HIGHEST_ZOOM: Final = 22
MARGIN: Final = 64
"""Of a tile's 4,096 units: what lies so far outside is in it as well."""
_NORTHMOST: Final = 85.0511287798066


@dataclass(frozen=True, slots=True)
class TileAddress:
    """A tile by zoom, row (from the north) and column (from the west)."""

    zoom: int
    row: int
    column: int

    @property
    def exists(self) -> bool:
        """Whether the matrix of this zoom has it."""
        side = 1 << self.zoom if self.zoom <= HIGHEST_ZOOM else 0
        return 0 <= self.row < side and 0 <= self.column < side

    def bounds(self, margin: float = 0.0) -> tuple[float, float, float, float]:
        """West, south, east and north in degrees; ``margin`` in the tile's units, as far as the world goes."""
        side, extra = 1 << self.zoom, margin / EXTENT
        west, east = ((self.column + step) / side * 360 - 180 for step in (-extra, 1 + extra))
        north, south = (_latitude((self.row + step) / side) for step in (-extra, 1 + extra))
        return max(west, -180.0), south, min(east, 180.0), north

    def children(self) -> list[TileAddress]:
        """The four tiles of the next zoom that show the same."""
        return [
            TileAddress(self.zoom + 1, 2 * self.row + down, 2 * self.column + right)
            for down in (0, 1)
            for right in (0, 1)
        ]

    def project(self, positions: _Array) -> _Array:
        """Longitudes and latitudes, shape (n, 2), in the tile's units."""
        scale = EXTENT * (1 << self.zoom)
        latitudes = np.radians(np.clip(positions[:, 1], -_NORTHMOST, _NORTHMOST))
        x = (positions[:, 0] + 180) / 360 * scale - self.column * EXTENT
        y = (1 - np.arcsinh(np.tan(latitudes)) / math.pi) / 2 * scale - self.row * EXTENT
        return np.column_stack((x, y))


def _latitude(share: float) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * min(max(share, 0.0), 1.0)))))


class _Geometry(msgspec.Struct, gc=False):
    type: str
    coordinates: msgspec.Raw = msgspec.Raw()


class TileFeature(msgspec.Struct):
    """As much of a feature as a tile needs."""

    id: msgspec.Raw
    geometry: _Geometry
    properties: dict[str, msgspec.Raw]


_decode = msgspec.json.Decoder(TileFeature).decode
_decode_positions = msgspec.json.Decoder(list[list[float]]).decode
_POINT: Final = "Point"
_NOT_SHOWN: Final = ("type", "location", LOCATION)
_MANY: Final = 64
"""Fewer are drawn one by one: to decode them together takes some preparation."""


class Patched(NamedTuple):
    """What drawing a patchwork gives: the layer, the marks of the points in the box, how many features are in it."""

    layer: mvt.Layer
    marks: _Array
    total: int


def draw_patches(address: TileAddress, name: str, found: Patchwork) -> Patched:
    """The layer of the patches' points and of the documents beside them."""
    layer = mvt.Layer(name, hidden=_NOT_SHOWN)
    positions = patch_points.positions(found)
    west, south, east, north = address.bounds(MARGIN)
    inside = np.all((positions >= (west, south)) & (positions <= (east, north)), axis=1)
    placed, near = _placed(address, positions[inside])
    chosen = inside.copy()
    chosen[inside] = near
    patch_points.add(layer, placed[near], found, chosen)
    _draw_documents(layer, address, found.documents)
    return Patched(layer, patch_points.marks(found, inside), int(inside.sum()) + len(found.documents))


def draw(address: TileAddress, name: str, documents: Sequence[bytes]) -> mvt.Layer:
    """The layer of these features (JSON); what is not seen in the tile is left out."""
    layer = mvt.Layer(name, hidden=_NOT_SHOWN)
    _draw_documents(layer, address, documents)
    return layer


def _draw_documents(layer: mvt.Layer, address: TileAddress, documents: Sequence[bytes]) -> None:
    points = many_points.read(documents, _NOT_SHOWN) if len(documents) >= _MANY else None
    if points is None:
        _draw_each(layer, address, documents)
    else:
        places, near = _placed(address, points.positions)
        many_points.add(layer, places[near], points.select(near))


def _draw_each(layer: mvt.Layer, address: TileAddress, documents: Sequence[bytes]) -> None:
    features = [_decode(document) for document in documents]
    spots = [one for one in features if one.geometry.type == _POINT]
    _draw_points(layer, address, spots)
    _draw_shapes(layer, address, [one for one in features if one.geometry.type != _POINT])


def _draw_points(layer: mvt.Layer, address: TileAddress, features: Sequence[TileFeature]) -> None:
    if not features:
        return
    texts = b",".join([one.geometry.coordinates for one in features])
    positions = np.array([position[:2] for position in _decode_positions(b"[%b]" % texts)])
    placed, near = _placed(address, positions)
    for feature, (x, y), inside in zip(features, placed.tolist(), near.tolist(), strict=True):
        if inside:
            layer.add(mvt.POINT, mvt.point(x, y), _properties(feature))


def _placed(address: TileAddress, positions: _Array) -> tuple[_Array, _Array]:
    """Where positions in degrees, shape (n, 2), are in the tile, in whole numbers, and whether that is seen."""
    placed = np.rint(address.project(positions)).astype(np.int64)
    return placed, np.all((placed >= -MARGIN) & (placed <= EXTENT + MARGIN), axis=1)


def _draw_shapes(layer: mvt.Layer, address: TileAddress, features: Sequence[TileFeature]) -> None:
    if not features:
        return
    geometries = [msgspec.json.encode(one.geometry) for one in features]
    for number, kind, geometry in many_shapes.draw(geometries, address.project, (-MARGIN, EXTENT + MARGIN)):
        layer.add(kind, geometry, _properties(features[number]))


def _properties(feature: TileFeature) -> Mapping[str, mvt.Buffer]:
    feature.properties["id"] = feature.id
    return feature.properties
