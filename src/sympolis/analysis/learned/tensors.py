"""Tensors as the Open Inference Protocol v2 writes them in JSON, checked against what a model's card says it takes.

Data may come flat, in row-major order, or nested as the shape has it. Everything that does not fit is told by the
input's name before a model sees it: shape, number of values, kind and range of each value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

from sympolis.analysis.learned.card import Card, Tensor
from sympolis.domain import errors

MOST_VALUES: Final = 1_000_000
_BITS: Final = {name: int(name.lstrip("UINT")) for name in ("UINT8", "UINT16", "UINT32", "UINT64")} | {
    name: int(name.removeprefix("INT")) for name in ("INT8", "INT16", "INT32", "INT64")
}
_NESTING: Final = 16

Json = dict[str, Any]


def read_inputs(document: Any, card: Card) -> list[Json]:
    """The tensors of an inference request, as ``card`` wants them. Raises as ``read_tensors``."""
    return read_tensors(document, card.inputs)


def read_tensors(document: Any, wanted: Sequence[Tensor]) -> list[Json]:
    """The tensors of a request in the order ``wanted``: ``[{"name", "datatype", "shape", "data"}]``, flat.

    Raises ``BadRequestData`` naming the input and what is wrong with it.
    """
    if not isinstance(document, Sequence) or isinstance(document, str):
        raise errors.BadRequestData("expected a list of tensors", where="inputs")
    given: dict[str, Mapping[str, Any]] = {}
    for place, one in enumerate(document):
        if not isinstance(one, Mapping) or not isinstance(one.get("name"), str):
            raise errors.BadRequestData("a tensor is an object with a name", where=f"inputs[{place}]")
        given[one["name"]] = one
    names = [tensor.name for tensor in wanted]
    odd = sorted(given.keys() ^ set(names))
    if odd or len(given) != len(document):
        hint = f"the model takes {', '.join(names)}, each once"
        raise errors.BadRequestData(
            f"the inputs do not fit: {', '.join(odd) or 'repeated'}", where="inputs", hint=hint
        )
    return [_read(given[tensor.name], tensor) for tensor in wanted]


def wanted_outputs(given: Any, known: Sequence[str]) -> frozenset[str]:
    """The names of the outputs that a request wants: all, where it does not say. Raises ``BadRequestData``."""
    if given is None:
        return frozenset(known)
    names = (
        [one.get("name") for one in given if isinstance(one, Mapping)] if isinstance(given, list) else [None]
    )
    odd = [name for name in names if name not in known]
    if odd:
        raise errors.BadRequestData(
            f"there is no output {odd[0]!r}", where="outputs", hint=f"known: {', '.join(known)}"
        )
    return frozenset(name for name in names if isinstance(name, str))


def _read(given: Mapping[str, Any], wanted: Tensor) -> Json:
    where = f"inputs.{wanted.name}"
    if given.get("datatype") != wanted.datatype:
        text = f"expected datatype {wanted.datatype}, not {given.get('datatype')!r}"
        raise errors.BadRequestData(text, where=where)
    shape = _shape(given.get("shape"), wanted, where)
    if "data" not in given:
        raise errors.BadRequestData("has no data", where=where, hint="binary data are not offered: send JSON")
    most = min(math.prod(max(length, 1) for length in shape), MOST_VALUES)
    data = _flat(given["data"], where, most)
    if len(data) != math.prod(shape):
        text = f"a shape of {shape} has {math.prod(shape)} values, not {len(data)}"
        raise errors.BadRequestData(text, where=where)
    for value in data:
        if not _fits(value, wanted.datatype):
            raise errors.BadRequestData(f"{value!r} is no {wanted.datatype}", where=where)
    return {"name": wanted.name, "datatype": wanted.datatype, "shape": shape, "data": data}


def _shape(given: Any, wanted: Tensor, where: str) -> list[int]:
    whole = isinstance(given, Sequence) and all(isinstance(n, int) and not isinstance(n, bool) for n in given)
    if not whole or any(n < 0 for n in given):
        raise errors.BadRequestData("expected a shape: a list of lengths", where=where)
    fits = len(given) == len(wanted.shape) and all(
        length in (-1, n) for n, length in zip(given, wanted.shape, strict=True)
    )
    if not fits:
        hint = "-1 stands for any length"
        raise errors.BadRequestData(
            f"expected shape {list(wanted.shape)}, not {given}", where=where, hint=hint
        )
    if math.prod(given) > MOST_VALUES:
        raise errors.PayloadTooLarge(f"more than {MOST_VALUES:,} values in one tensor", where=where)
    return list(given)


def _flat(data: Any, where: str, most: int = MOST_VALUES) -> list[Any]:
    """The values one behind the other; level by level, so that lists in lists cost no more than ``most`` values."""
    for _ in range(_NESTING):
        if not isinstance(data, list | tuple):
            break
        if len(data) > most:
            raise errors.BadRequestData(f"more values than the {most} that the shape has", where=where)
        nested = [isinstance(one, list | tuple) for one in data]
        if not any(nested):
            return list(data)
        if not all(nested) or sum(map(len, data)) > most:
            break
        data = list(chain.from_iterable(data))
    raise errors.BadRequestData("expected data as a list, flat or nested as the shape says", where=where)


def _fits(value: Any, datatype: str) -> bool:
    if datatype == "BOOL":
        return isinstance(value, bool)
    if datatype == "BYTES":
        return isinstance(value, str)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if datatype.startswith("FP"):
        return math.isfinite(value)
    return isinstance(value, int) and _in_range(value, datatype)


def _in_range(value: int, datatype: str) -> bool:
    bits = _BITS[datatype]
    low, high = (0, 1 << bits) if datatype.startswith("U") else (-(1 << bits - 1), 1 << bits - 1)
    return low <= value < high


def close(found: Sequence[Json], expected: Sequence[Mapping[str, Any]], tolerance: float) -> str:
    """Why outputs are not those expected; empty where they are. ``tolerance`` is relative, and absolute near 0."""
    known = {one["name"]: one for one in found}
    for one in expected:
        name = str(one.get("name"))
        if name not in known:
            return f"there is no output {name}"
        values, wanted = known[name]["data"], _flat(one.get("data"), f"outputs.{name}")
        if len(values) != len(wanted):
            return f"output {name} has {len(values)} values, {len(wanted)} were expected"
        for value, other in zip(values, wanted, strict=True):
            if not _same(value, other, tolerance):
                return f"output {name} gives {value!r} where {other!r} was expected"
    return ""


def _same(value: Any, wanted: Any, tolerance: float) -> bool:
    if isinstance(value, int | float) and isinstance(wanted, int | float) and not isinstance(value, bool):
        return math.isclose(value, wanted, rel_tol=tolerance, abs_tol=tolerance)
    return bool(value == wanted)
