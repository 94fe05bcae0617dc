"""A tile's content as binary glTF 2.0, in which each building keeps its id and figures.

Extensions: ``EXT_mesh_features`` (whose each vertex is) and ``EXT_structural_metadata`` (what is known of each).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from sympolis.analysis.scene.solids import Mesh

MISSING: Final = -9999.0
"""In a column of numbers: nobody knows."""
_FLOAT, _UINT = 5126, 5125
_VERTICES, _INDICES = 34962, 34963
_EIGHT: Final = 8
_COLOUR: Final = (0.82, 0.80, 0.76, 1.0)

Column = Sequence[str] | Sequence[float]


@dataclass(slots=True)
class _Buffer:
    """Bytes that grow, and where each part of them is."""

    data: bytearray = field(default_factory=bytearray)
    views: list[dict[str, Any]] = field(default_factory=list)

    def add(self, content: bytes, target: int | None = None) -> int:
        """The number of the view of ``content``, which begins at a multiple of eight."""
        self.data += bytes(-len(self.data) % _EIGHT)
        view: dict[str, Any] = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(content)}
        self.views.append(view if target is None else {**view, "target": target})
        self.data += content
        return len(self.views) - 1


def content(mesh: Mesh, columns: Mapping[str, Column], *, credit: str) -> bytes:
    """The tile: texts are told apart from numbers by their first value; ``columns`` has a value for each feature.

    The mesh stays where it is; the tileset's ``transform`` takes it to its place. ``credit`` is whom viewers name.
    """
    count = len(next(iter(columns.values()), ()))
    asset = {"version": "2.0", "generator": "Sympolis", **({"copyright": credit} if credit else {})}
    document: dict[str, Any] = {"asset": asset, "scene": 0, "scenes": [{}]}
    if not count or not len(mesh.indices):
        return _packed(document, b"")
    buffer = _Buffer()
    document |= _drawn(mesh, buffer, count)
    document["scenes"] = [{"nodes": [0]}]
    document["extensionsUsed"] = ["EXT_mesh_features", "EXT_structural_metadata"]
    document["extensions"] = {"EXT_structural_metadata": _known(columns, buffer, count)}
    buffer.data += bytes(-len(buffer.data) % _EIGHT)
    document["bufferViews"], document["buffers"] = buffer.views, [{"byteLength": len(buffer.data)}]
    return _packed(document, bytes(buffer.data))


def _drawn(mesh: Mesh, buffer: _Buffer, count: int) -> dict[str, Any]:
    views = [
        buffer.add(mesh.positions.tobytes(), _VERTICES),
        buffer.add(mesh.normals.tobytes(), _VERTICES),
        buffer.add(mesh.features.tobytes(), _VERTICES),
        buffer.add(mesh.indices.ravel().tobytes(), _INDICES),
    ]
    points = {"componentType": _FLOAT, "count": len(mesh.positions)}
    low, high = mesh.positions.min(axis=0).tolist(), mesh.positions.max(axis=0).tolist()
    return {
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{
            "attributes": {"POSITION": 0, "NORMAL": 1, "_FEATURE_ID_0": 2},
            "indices": 3,
            "material": 0,
            "extensions": {"EXT_mesh_features": {"featureIds": [
                {"featureCount": count, "attribute": 0, "propertyTable": 0}
            ]}},
        }]}],
        "materials": [{"pbrMetallicRoughness": {
            "baseColorFactor": list(_COLOUR), "metallicFactor": 0.0, "roughnessFactor": 0.9,
        }}],
        "accessors": [
            {**points, "bufferView": views[0], "type": "VEC3", "min": low, "max": high},
            {**points, "bufferView": views[1], "type": "VEC3"},
            {**points, "bufferView": views[2], "type": "SCALAR"},
            {"bufferView": views[3], "componentType": _UINT, "count": mesh.indices.size, "type": "SCALAR"},
        ],
    }  # fmt: skip


def _known(columns: Mapping[str, Column], buffer: _Buffer, count: int) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {}
    tables: dict[str, dict[str, Any]] = {}
    for name, values in columns.items():
        if isinstance(values[0], str):
            kinds[name] = {"type": "STRING"}
            tables[name] = _texts([str(one) for one in values], buffer)
        else:
            kinds[name] = {"type": "SCALAR", "componentType": "FLOAT32", "noData": MISSING}
            tables[name] = {"values": buffer.add(np.array(values, "<f4").tobytes())}
    return {
        "schema": {"id": "scene", "classes": {"building": {"properties": kinds}}},
        "propertyTables": [{"class": "building", "count": count, "properties": tables}],
    }


def _texts(values: Sequence[str], buffer: _Buffer) -> dict[str, Any]:
    """One text behind the other, and where each begins; a column of empty ones still has a byte."""
    encoded = [one.encode() for one in values]
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in encoded])]).astype("<u4")
    return {
        "values": buffer.add(b"".join(encoded) or b"\0"),
        "stringOffsets": buffer.add(offsets.tobytes()),
        "stringOffsetType": "UINT32",
    }


def _packed(document: Mapping[str, Any], binary: bytes) -> bytes:
    """Header and chunks (glTF 2.0, section 4.4)."""
    plain = json.dumps(document, separators=(",", ":")).encode()
    plain += b" " * (-len(plain) % _EIGHT)
    chunks = struct.pack("<I4s", len(plain), b"JSON") + plain
    if binary:
        chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
