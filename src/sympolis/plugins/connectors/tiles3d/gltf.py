"""The triangles of a glTF 2.0 model, where its nodes put them (ISO/IEC 12113): as far as buildings need it.

Materials, textures, animations are passed over. A model that packs its geometry (Draco, meshopt) is refused by name.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from sympolis.plugins.connectors.tiles3d.volumes import Array, moved, numbers

_TYPES: Final = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_MOST: Final = 20_000_000
"""Values of one accessor, and nodes of one scene."""
_KNOWN: Final = (
    "CESIUM_RTC", "CESIUM_primitive_outline", "EXT_mesh_features", "EXT_structural_metadata",
    "KHR_lights_punctual", "KHR_mesh_quantization", "KHR_xmp_json_ld", "MSFT_texture_dds",
)  # fmt: skip
_LOOKS: Final = ("KHR_materials_", "KHR_texture_", "EXT_texture_", "AGI_")
"""Extensions of how things look begin so."""
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_UPRIGHT: Final = {
    "Y": np.array([(1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)]),
    "X": np.array([(0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)]),
    "Z": np.eye(3),
}
"""From the model's axes to those of tiles, in which z points up (3D Tiles 1.1, section 6.7.1)."""

Beside = Callable[[str], bytes]
"""The bytes of what a model names by a uri."""


class Unreadable(ValueError):
    """What is wrong with a model, in words."""


@dataclass(frozen=True, slots=True)
class Primitive:
    """Triangles as a node places them: ``corners`` of shape (n, 3, 3), and the primitive's own document."""

    corners: Array
    vertices: Array
    """Of each triangle its first vertex, by number: feature ids are told by it."""
    document: Mapping[str, Any]
    node: str


@dataclass(frozen=True, slots=True)
class Gltf:
    """A model: its document and the bytes of its buffers."""

    document: Mapping[str, Any]
    buffers: Sequence[bytes]

    def view(self, number: int) -> bytes:
        """The bytes of a buffer view."""
        told = self.document["bufferViews"][_index(number)]
        start, size = told.get("byteOffset", 0), told["byteLength"]
        whole = self.buffers[_index(told["buffer"])]
        if start < 0 or size < 0 or start + size > len(whole):
            raise Unreadable(f"buffer view {number} is longer than its buffer")
        return whole[start : start + size]

    def accessor(self, number: int) -> Array:
        """The values of an accessor, shape (n, width); whole numbers that stand for parts of 1 are turned to them."""
        told = self.document["accessors"][_index(number)]
        kind, width, count = np.dtype(_TYPES[told["componentType"]]), _WIDTHS[told["type"]], told["count"]
        if not isinstance(count, int) or not 0 <= count <= _MOST:
            raise Unreadable(f"accessor {number} has {count!r} values")
        if "sparse" in told:
            raise Unreadable("it keeps values sparsely, which is not read")
        if "bufferView" not in told:
            return np.zeros((count, width))
        found = self._strided(told, kind, width, count)
        return found / np.iinfo(kind).max if told.get("normalized") and kind.kind in "iu" else found

    def _strided(self, told: Mapping[str, Any], kind: Any, width: int, count: int) -> Array:
        content = self.view(told["bufferView"])
        view = self.document["bufferViews"][told["bufferView"]]
        size = kind.itemsize * width
        start, stride = told.get("byteOffset", 0), view.get("byteStride", size)
        if not count:
            return np.zeros((0, width), kind)
        if start < 0 or stride < size or start + stride * (count - 1) + size > len(content):
            raise Unreadable("an accessor is longer than its buffer view")
        return np.ndarray((count, width), kind, content, start, (stride, kind.itemsize))


def _index(number: Any) -> int:
    if not isinstance(number, int) or number < 0:
        raise Unreadable(f"{number!r} is no number of a part")
    return number


def packed(content: bytes) -> tuple[Mapping[str, Any], bytes | None]:
    """The document and the binary chunk of a ``.glb``. Raises ``Unreadable``."""
    _, version, length = struct.unpack_from("<4sII", content)
    if version != 2:
        raise Unreadable(f"it is glTF {version}, which is not read")
    if length > len(content):
        raise Unreadable("it is cut off")
    size, kind = struct.unpack_from("<I4s", content, 12)
    if kind != b"JSON":
        raise Unreadable("its first chunk is not JSON")
    document, rest = described(content[20 : 20 + size]), content[20 + size : length]
    if len(rest) < 8:
        return document, None
    size, kind = struct.unpack_from("<I4s", rest)
    return document, rest[8 : 8 + size] if kind == b"BIN\0" else None


def described(content: bytes) -> Mapping[str, Any]:
    """A model's document, with nothing required that is not read. Raises ``Unreadable``."""
    try:
        document: Any = msgspec.json.decode(content.rstrip(b" \0"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as cause:
        raise Unreadable(f"its document is not JSON: {cause}") from cause
    version = document.get("asset", {}).get("version") if isinstance(document, Mapping) else None
    if not str(version).startswith("2."):
        raise Unreadable(f"it is glTF {version}, which is not read")
    required = document.get("extensionsRequired") or ()
    unknown = sorted(str(one) for one in required if one not in _KNOWN and not str(one).startswith(_LOOKS))
    if unknown:
        raise Unreadable(f"it requires {', '.join(unknown)[:200]}, which is not read")
    found: Mapping[str, Any] = document
    return found


def named_buffers(document: Mapping[str, Any]) -> list[str]:
    """What a model keeps in files beside it."""
    uris = [one.get("uri") for one in document.get("buffers") or ()]
    return [uri for uri in uris if isinstance(uri, str) and not uri.startswith("data:")]


def opened(document: Mapping[str, Any], binary: bytes | None, beside: Beside) -> Gltf:
    """The model with its buffers: the binary chunk, data within the document, files beside it."""
    buffers = []
    for told in document.get("buffers") or ():
        uri = told.get("uri")
        if uri is None:
            buffers.append(binary or b"")
        elif uri.startswith("data:"):
            buffers.append(_data(uri))
        else:
            buffers.append(beside(uri))
    return Gltf(document, buffers)


def _data(uri: str) -> bytes:
    head, _, body = uri.partition(",")
    if not head.endswith(";base64"):
        raise Unreadable("a buffer within the document is not base64")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as cause:
        raise Unreadable(f"a buffer within the document is not base64: {cause}") from cause


def primitives(model: Gltf, up: str) -> Iterator[Primitive]:
    """Every mesh of triangles of the scene, in the axes of tiles: ``up`` is the model's own axis that points up."""
    upright = np.eye(4)
    upright[:3, :3] = _UPRIGHT.get(up, _UPRIGHT["Y"])
    upright[:3, 3] = numbers(_centre(model.document), 3, "CESIUM_RTC")
    for name, mesh, transform in _placed(model.document):
        for told in model.document["meshes"][mesh]["primitives"]:
            if told.get("mode", _TRIANGLES) in (_TRIANGLES, _STRIP, _FAN):
                yield _primitive(model, told, upright @ transform, name)


def _centre(document: Mapping[str, Any]) -> Any:
    told = (document.get("extensions") or {}).get("CESIUM_RTC")
    return [0.0, 0.0, 0.0] if told is None else told["center"]


def _placed(document: Mapping[str, Any]) -> Iterator[tuple[str, int, Array]]:
    """Name, mesh and transform of every node that has a mesh."""
    nodes = document.get("nodes") or ()
    waiting = [(_index(number), np.eye(4)) for number in reversed(_roots(document))]
    visited = 0
    while waiting:
        number, above = waiting.pop()
        node = nodes[number]
        visited += 1
        if visited > len(nodes):
            raise Unreadable("its nodes lead back to themselves")
        transform = above @ _local(node)
        if "mesh" in node:
            yield str(node.get("name") or f"node-{number}"), _index(node["mesh"]), transform
        waiting += [(_index(child), transform) for child in reversed(node.get("children") or ())]


def _roots(document: Mapping[str, Any]) -> Sequence[Any]:
    scenes = document.get("scenes") or ()
    if scenes:
        return list(scenes[_index(document.get("scene", 0))].get("nodes") or ())
    nodes = document.get("nodes") or ()
    below = {child for node in nodes for child in node.get("children") or ()}
    return [number for number in range(len(nodes)) if number not in below]


def _local(node: Mapping[str, Any]) -> Array:
    """A node's own transform: its matrix, or scale, then rotation (a quaternion), then translation."""
    if "matrix" in node:
        return numbers(node["matrix"], 16, "matrix").reshape(4, 4).T
    found = np.eye(4)
    x, y, z, w = numbers(node.get("rotation", (0, 0, 0, 1)), 4, "rotation")
    found[:3, :3] = np.array([
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    ]) * numbers(node.get("scale", (1, 1, 1)), 3, "scale")  # fmt: skip
    found[:3, 3] = numbers(node.get("translation", (0, 0, 0)), 3, "translation")
    return found


def _primitive(model: Gltf, told: Mapping[str, Any], transform: Array, name: str) -> Primitive:
    positions = model.accessor(told["attributes"]["POSITION"]).astype(float)
    if positions.shape[1] != 3:
        raise Unreadable("its positions have not three coordinates")
    indices = _triangles(model, told, len(positions))
    if len(indices) and indices.max() >= len(positions):
        raise Unreadable("a triangle names a vertex that is not there")
    return Primitive(moved(positions, transform)[indices], indices[:, 0], told, name)


def _triangles(model: Gltf, told: Mapping[str, Any], count: int) -> Array:
    """Three vertices by number for each triangle, also of strips and fans."""
    found = model.accessor(told["indices"])[:, 0].astype(np.int64) if "indices" in told else np.arange(count)
    mode = told.get("mode", _TRIANGLES)
    if mode == _TRIANGLES:
        return found[: len(found) // 3 * 3].reshape(-1, 3)
    if len(found) < 3:
        return np.zeros((0, 3), np.int64)
    first = found[:-2] if mode == _STRIP else np.full(len(found) - 2, found[0])
    return np.column_stack([first, found[1:-1], found[2:]])
