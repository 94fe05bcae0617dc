"""Brings the features of all tiles together as rows: the same building in several tiles is one.

Two passes: the first counts in how many tiles a building is, the second gives each row with its last part. So only the
buildings that cross a border of tiles are held.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from sympolis.domain import errors
from sympolis.plugins.buildings import Unshapely, described_mesh, number
from sympolis.plugins.connector import Record
from sympolis.plugins.connectors.tiles3d import contents
from sympolis.plugins.connectors.tiles3d.places import Place, content
from sympolis.plugins.connectors.tiles3d.settings import Tiles3dSettings
from sympolis.plugins.connectors.tiles3d.tree import Visit, Walk
from sympolis.plugins.connectors.tiles3d.volumes import Array, Nowhere, geodetic, moved

_NONSENSE: Final = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, struct.error, msgspec.DecodeError,
    RecursionError, MemoryError,
)  # fmt: skip
"""What reading a file raises that is not what it should be."""
_IDS: Final = ("id", "gml_id", "gml:id", "gmlid", "identifier", "uuid", "guid", "globalid")
_HEIGHTS: Final = ("height", "measuredheight", "measured_height", "bldg:measuredheight")
_RADIUS_M: Final = 6_371_008.8
_DECIMALS: Final = 8


@dataclass(frozen=True, slots=True)
class _Part:
    """What one tile holds of a building: ``corners`` in metres from the earth's centre."""

    key: str
    properties: Mapping[str, Any]
    tile: str
    corners: Array


def bytes_of(path: Path, name: str, settings: Tiles3dSettings, where: str) -> bytes:
    """A file of the tileset. Raises ``SourceFailed``."""
    return content(path, name, most_bytes=settings.most_mb * 1_000_000, where=where)


def named_beside(found: bytes, name: str, where: str) -> list[str]:
    """The files that a content needs besides. Raises ``SourceFailed``."""
    try:
        return contents.beside_it(found)
    except _NONSENSE as cause:
        raise _unreadable(name, cause, where) from cause


def records(place: Place, settings: Tiles3dSettings, where: str) -> Iterator[Record]:
    """Every building. Raises ``SourceFailed``."""
    shares = Counter(part.key for part in _parts(place, settings, where))
    if not shares:
        _explain(settings, where)
    waiting: dict[str, list[_Part]] = {}
    counted = 0
    for part in _parts(place, settings, where):
        held = [*waiting.pop(part.key, ()), part]
        shares[part.key] -= 1
        if shares[part.key]:
            waiting[part.key] = held
        elif (found := _record(counted + 1, held, settings)) is not None:
            counted += 1
            yield found


def _explain(settings: Tiles3dSettings, where: str) -> None:
    """Nothing was found: where that is nobody's wish, say what to do. Raises ``SourceFailed``."""
    if settings.bbox is None and settings.features == "ids":
        hint = 'features = "nodes" makes a building of each node of its models'
        raise errors.SourceFailed("its models name no features", where=where, hint=hint)
    if settings.bbox is None:
        raise errors.SourceFailed("has no models", where=where)


def _parts(place: Place, settings: Tiles3dSettings, where: str) -> Iterator[_Part]:
    wanted = settings.features == "nodes"
    walk = Walk(settings, place.beside, where).begin(place.root)
    while (visit := walk.following()) is not None:
        found = bytes_of(place.path(visit.name), visit.name, settings, where)
        if walk.take(visit, found):
            yield from _parts_of(found, visit, place, settings, contents.Wanted(wanted, visit.up))


def _parts_of(
    found: bytes, visit: Visit, place: Place, settings: Tiles3dSettings, wanted: contents.Wanted
) -> Iterator[_Part]:
    where = _place_of(place)

    def beside(uri: str) -> bytes:
        name = place.beside(visit.name, uri)
        return bytes_of(place.path(name), name, settings, where)

    try:
        for one in contents.features(found, wanted, beside):
            yield _Part(
                _key(one, visit, settings), one.properties, visit.name, moved(one.corners, visit.transform)
            )
    except _NONSENSE as cause:
        raise _unreadable(visit.name, cause, where) from cause


def _place_of(place: Place) -> str:
    return str(getattr(place, "where", place.root))


def _unreadable(name: str, cause: Exception, where: str) -> errors.SourceFailed:
    told = (
        str(cause) if isinstance(cause, ValueError) else f"it is not sound ({type(cause).__name__}: {cause})"
    )
    return errors.SourceFailed(f"{name} cannot be read: {told[:300]}", where=where)


def _key(feature: contents.Feature, visit: Visit, settings: Tiles3dSettings) -> str:
    """The building's id: a property, the node's name, or tile and number."""
    told = _property(feature.properties, settings.id, _IDS)
    if told is not None and str(told).strip():
        return str(told).strip()
    if settings.features == "nodes" and not feature.name.startswith("node-"):
        return feature.name
    path = visit.name.partition("?")[0]
    return f"{path.rpartition('/')[2].rpartition('.')[0] or path}-{feature.number}"


def _property(properties: Mapping[str, Any], name: str, usual: tuple[str, ...]) -> Any:
    if name:
        return properties.get(name)
    plain = {key.casefold(): value for key, value in reversed([*properties.items()])}
    return next((plain[one] for one in usual if plain.get(one) is not None), None)


def _record(counted: int, parts: list[_Part], settings: Tiles3dSettings) -> Record | None:
    """The row of a building; None where its middle lies outside of what is wanted."""
    first = parts[0]
    known = {name: value for part in reversed(parts) for name, value in part.properties.items()}
    height = None if settings.height == "-" else number(_property(known, settings.height, _HEIGHTS))
    fields = {**known, "id": first.key, "tile": first.tile}
    try:
        places = geodetic(np.concatenate([part.corners for part in parts]).reshape(-1, 3))
        middle = (places[:, :2].min(axis=0) + places[:, :2].max(axis=0)) / 2
        if settings.bbox is not None and not _within(middle, settings.bbox):
            return None
        found, shape = _outlined(places, middle, height)
    except (Unshapely, Nowhere) as cause:
        return Record(counted, fields, None, (f"has a geometry that cannot be read: {cause}",))
    return Record(counted, {**fields, **found}, shape)


def _within(middle: Array, bbox: tuple[float, float, float, float]) -> bool:
    lon, lat = middle.tolist()
    return bool(bbox[0] <= lon <= bbox[2] and bbox[1] <= lat <= bbox[3])


def _outlined(
    places: Array, middle: Array, height: float | None
) -> tuple[dict[str, Any], Mapping[str, Any] | None]:
    """Footprint in degrees, heights in metres: metres around the middle are made for the footprint and undone."""
    north = math.radians(1) * _RADIUS_M
    scale = np.array([north * math.cos(math.radians(middle[1])), north])
    metres = np.column_stack([(places[:, :2] - middle) * scale, places[:, 2]])
    found, shape = described_mesh(metres.reshape(-1, 3, 3), measured_height=height)
    return found, None if shape is None else _in_degrees(shape, middle, scale)


def _in_degrees(shape: Any, middle: Array, scale: Array) -> Mapping[str, Any]:
    import shapely
    from shapely.geometry import mapping

    moved_back = shapely.transform(shape, lambda xy: np.round(xy / scale + middle, _DECIMALS))
    told: Mapping[str, Any] = mapping(moved_back)
    return told
