"""The features of a tile's content: binary or plain glTF, ``b3dm`` of 3D Tiles 1.0, several of them in a ``cmpt``.

Instances (``i3dm``) and points (``pnts``) are no buildings and passed over.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from sympolis.plugins.connectors.tiles3d import gltf
from sympolis.plugins.connectors.tiles3d.gltf import Gltf, Primitive, Unreadable
from sympolis.plugins.connectors.tiles3d.tables import Columns, batch_table, property_tables, row
from sympolis.plugins.connectors.tiles3d.volumes import Array, numbers

_DEEPEST: Final = 4
_PASSED_OVER: Final = (b"i3dm", b"pnts")
_BATCH_IDS: Final = ("_BATCHID", "BATCHID")


@dataclass(frozen=True, slots=True)
class Feature:
    """A part of a model: its number in its content, what is known of it, its triangles of shape (n, 3, 3)."""

    number: int
    name: str
    properties: Mapping[str, Any]
    corners: Array


@dataclass(frozen=True, slots=True)
class Wanted:
    """How features are told apart: by ids, or by nodes; and which axis of the models points up."""

    by_nodes: bool
    up: str


def features(content: bytes, wanted: Wanted, beside: gltf.Beside, depth: int = 0) -> Iterator[Feature]:
    """Every feature. Raises ``Unreadable`` and what nonsense raises (``ValueError``, ``KeyError`` …)."""
    magic = content[:4]
    if magic == b"cmpt":
        for inner in _inner(content, depth):
            yield from features(inner, wanted, beside, depth + 1)
    elif magic == b"b3dm":
        yield from _batched(content, wanted, beside)
    elif magic == b"glTF":
        yield from _modelled(gltf.opened(*gltf.packed(content), beside), wanted)
    elif content.lstrip()[:1] == b"{":
        yield from _modelled(gltf.opened(gltf.described(content), None, beside), wanted)
    elif magic not in _PASSED_OVER:
        raise Unreadable(f"it is no content of 3D Tiles: it begins with {magic!r}")


def beside_it(content: bytes) -> list[str]:
    """The files that a plain glTF names; none for anything else. Raises ``Unreadable``."""
    return gltf.named_buffers(gltf.described(content)) if content.lstrip()[:1] == b"{" else []


def _inner(content: bytes, depth: int) -> Iterator[bytes]:
    if depth >= _DEEPEST:
        raise Unreadable("it holds composites within composites")
    count = struct.unpack_from("<I", content, 12)[0]
    start = 16
    for _ in range(count):
        size = struct.unpack_from("<I", content, start + 8)[0]
        if size < 12 or start + size > len(content):
            raise Unreadable("it is cut off")
        yield content[start : start + size]
        start += size


def _batched(content: bytes, wanted: Wanted, beside: gltf.Beside) -> Iterator[Feature]:
    """Header, feature table, batch table, glTF (3D Tiles 1.0, section 10.2)."""
    version, length, *sizes = struct.unpack_from("<IIIIII", content, 4)
    if version != 1:
        raise Unreadable(f"it is b3dm {version}, which is not read")
    ends = (28 + np.cumsum([0, *sizes])).tolist()
    if length > len(content) or ends[-1] > length:
        raise Unreadable("it is cut off")
    about, _, told, binary = (content[a:b] for a, b in itertools.pairwise(ends))
    known = _json(about)
    count = known.get("BATCH_LENGTH", 0)
    columns = batch_table(_json(told), binary, count) if told.strip(b" \0") else {}
    model = gltf.opened(*gltf.packed(content[ends[-1] : length]), beside)
    centre = numbers(known.get("RTC_CENTER", (0, 0, 0)), 3, "RTC_CENTER")
    for one in _modelled(model, wanted, columns if count else None):
        yield Feature(one.number, one.name, one.properties, one.corners + centre)


def _json(content: bytes) -> dict[str, Any]:
    found = msgspec.json.decode(content.rstrip(b" \0") or b"{}")
    if not isinstance(found, dict):
        raise Unreadable("one of its tables is no object")
    return found


def _modelled(model: Gltf, wanted: Wanted, batch: Columns | None = None) -> Iterator[Feature]:
    """The features of a model, each with its triangles of all primitives."""
    tables = property_tables(model)
    parts: dict[tuple[object, int], list[Array]] = {}
    names: dict[tuple[object, int], str] = {}
    for primitive in gltf.primitives(model, wanted.up):
        for key, corners in _parts(model, primitive, wanted, batched=batch is not None):
            parts.setdefault(key, []).append(corners)
            names.setdefault(key, primitive.node)
    for number, (key, found) in enumerate(parts.items()):
        table, feature = key
        columns = batch if batch is not None else _columns(tables, table)
        known = row(columns or {}, feature)
        yield Feature(number if wanted.by_nodes else feature, names[key], known, np.concatenate(found))


def _columns(tables: list[Columns], table: object) -> Columns | None:
    return tables[table] if isinstance(table, int) and 0 <= table < len(tables) else None


def _parts(
    model: Gltf, primitive: Primitive, wanted: Wanted, *, batched: bool
) -> Iterator[tuple[tuple[object, int], Array]]:
    """Triangles by feature: the key is a property table (or a node) with a number in it."""
    if wanted.by_nodes:
        yield (primitive.node, 0), primitive.corners
        return
    ids, table, none = _batch_ids(model, primitive) if batched else _feature_ids(model, primitive)
    if ids is None:
        return
    order = np.argsort(ids, kind="stable")
    found, starts = np.unique(ids[order], return_index=True)
    for feature, members in zip(found.tolist(), np.split(order, starts[1:]), strict=True):
        if feature != none:
            yield (table, feature), primitive.corners[members]


_Ids = tuple[Array | None, object, int | None]
"""The feature id of each triangle, the property table, and the id that stands for none."""


def _batch_ids(model: Gltf, primitive: Primitive) -> _Ids:
    attributes = primitive.document["attributes"]
    name = next((one for one in _BATCH_IDS if one in attributes), None)
    if name is None:
        return np.zeros(len(primitive.corners), np.int64), None, None
    return _of_triangles(model.accessor(attributes[name]), primitive), None, None


def _feature_ids(model: Gltf, primitive: Primitive) -> _Ids:
    """The first set of ids with a property table, else the first; sets in textures are passed over."""
    extensions = primitive.document.get("extensions") or {}
    told = (extensions.get("EXT_mesh_features") or {}).get("featureIds") or ()
    sets = [one for one in told if "texture" not in one]
    if not sets:
        return None, None, None
    chosen = next((one for one in sets if "propertyTable" in one), sets[0])
    none = chosen.get("nullFeatureId")
    if "attribute" not in chosen:
        return primitive.vertices, chosen.get("propertyTable"), none
    values = model.accessor(primitive.document["attributes"][f"_FEATURE_ID_{chosen['attribute']}"])
    return _of_triangles(values, primitive), chosen.get("propertyTable"), none


def _of_triangles(values: Array, primitive: Primitive) -> Array:
    if len(primitive.vertices) and len(values) <= primitive.vertices.max():
        raise Unreadable("it has fewer feature ids than vertices")
    found: Array = np.rint(values[primitive.vertices, 0]).astype(np.int64)
    return found
