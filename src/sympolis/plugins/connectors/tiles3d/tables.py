"""What is known of each feature: property tables of EXT_structural_metadata, batch tables of 3D Tiles 1.0.

Single values are read (texts, numbers, truth, words of an enumeration); vectors, matrices and arrays are left out.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from sympolis.plugins.connectors.tiles3d.gltf import Gltf, Unreadable
from sympolis.plugins.connectors.tiles3d.volumes import Array

Columns = Mapping[str, Sequence[Any]]

_KINDS: Final = {
    "INT8": "<i1", "UINT8": "<u1", "INT16": "<i2", "UINT16": "<u2", "INT32": "<i4", "UINT32": "<u4",
    "INT64": "<i8", "UINT64": "<u8", "FLOAT32": "<f4", "FLOAT64": "<f8",
}  # fmt: skip
_BATCH_KINDS: Final = {
    "BYTE": "<i1", "UNSIGNED_BYTE": "<u1", "SHORT": "<i2", "UNSIGNED_SHORT": "<u2", "INT": "<i4",
    "UNSIGNED_INT": "<u4", "FLOAT": "<f4", "DOUBLE": "<f8",
}  # fmt: skip


def property_tables(model: Gltf) -> list[Columns]:
    """Every property table of a model, column by column. Raises ``Unreadable`` and the like for nonsense."""
    told = (model.document.get("extensions") or {}).get("EXT_structural_metadata")
    if told is None:
        return []
    if "schemaUri" in told:
        raise Unreadable("its schema is in another file (schemaUri), which is not read")
    schema = told["schema"]
    return [_table(model, one, schema) for one in told.get("propertyTables") or ()]


def _table(model: Gltf, told: Mapping[str, Any], schema: Mapping[str, Any]) -> Columns:
    kinds = schema["classes"][told["class"]].get("properties") or {}
    count = told["count"]
    found = {}
    for name, where in (told.get("properties") or {}).items():
        kind = kinds[name]
        if not kind.get("array") and (values := _values(model, where, kind, count, schema)) is not None:
            found[str(name)] = [_absent(one, kind) for one in values]
    return found


def _values(
    model: Gltf, where: Mapping[str, Any], kind: Mapping[str, Any], count: int, schema: Mapping[str, Any]
) -> Sequence[Any] | None:
    """A column; None for types that have no single value."""
    content = model.view(where["values"])
    match kind["type"]:
        case "STRING":
            offsets = _numbers(
                model.view(where["stringOffsets"]), where.get("stringOffsetType", "UINT32"), count + 1
            )
            return _texts(content, offsets)
        case "SCALAR":
            return _scaled(_numbers(content, kind["componentType"], count), where, kind)
        case "BOOLEAN":
            bits = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")[:count]
            return [bool(one) for one in _enough(bits, count)]
        case "ENUM":
            listed = schema["enums"][kind["enumType"]]
            words = {one["value"]: one["name"] for one in listed["values"]}
            codes = _numbers(content, listed.get("valueType", "UINT16"), count).tolist()
            return [words.get(code) for code in codes]
    return None


def _numbers(content: bytes, kind: str, count: int) -> Array:
    size = np.dtype(_KINDS[kind]).itemsize
    return _enough(np.frombuffer(content[: len(content) // size * size], _KINDS[kind])[:count], count)


def _enough(values: Array, count: int) -> Array:
    if len(values) < count:
        raise Unreadable(f"a property has {len(values)} values for {count} features")
    return values


def _texts(content: bytes, offsets: Array) -> list[str]:
    places = offsets.astype(np.int64)
    if places[0] < 0 or (np.diff(places) < 0).any() or places[-1] > len(content):
        raise Unreadable("the texts of a property are longer than their buffer view")
    return [content[a:b].decode("utf-8", "replace") for a, b in itertools.pairwise(places.tolist())]


def _scaled(values: Array, where: Mapping[str, Any], kind: Mapping[str, Any]) -> list[Any]:
    """Whole numbers may stand for parts of 1; scale and offset of the table come before those of the class."""
    scale, offset = (where.get(name, kind.get(name)) for name in ("scale", "offset"))
    if kind.get("normalized") and values.dtype.kind in "iu":
        values = values / np.iinfo(values.dtype).max
    if scale is not None or offset is not None:
        values = values * (1.0 if scale is None else scale) + (0.0 if offset is None else offset)
    found: list[Any] = values.tolist()
    return found


def _absent(value: Any, kind: Mapping[str, Any]) -> Any:
    """The value; None for what stands for none, and for no number."""
    if "noData" in kind and value == kind["noData"]:
        return kind.get("default")
    return None if isinstance(value, float) and not math.isfinite(value) else value


def batch_table(document: object, binary: bytes, count: int) -> Columns:
    """The batch table of a ``b3dm``: lists in the document, or numbers in what follows it."""
    if not isinstance(document, Mapping):
        raise Unreadable("its batch table is no object")
    found: dict[str, Sequence[Any]] = {}
    for name, told in document.items():
        if isinstance(told, list):
            found[str(name)] = told[:count]
        elif isinstance(told, Mapping) and told.get("type") == "SCALAR" and "byteOffset" in told:
            kind = _BATCH_KINDS[told["componentType"]]
            values = np.frombuffer(binary, kind, count, told["byteOffset"])
            found[str(name)] = values.tolist()
    return found


def row(columns: Columns, number: int) -> dict[str, Any]:
    """What the columns say of a feature; lists and objects are left out."""
    told = {name: values[number] for name, values in columns.items() if number < len(values)}
    return {
        name: value for name, value in told.items() if value is None or isinstance(value, str | int | float)
    }
