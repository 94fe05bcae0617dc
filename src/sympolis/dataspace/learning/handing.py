"""The common model as a package like any other: an ONNX file of two operators, its card, examples that it has to meet.

The card says of whose data it was learnt and under which agreements, and how well it does in each city. It is handed in
as a draft; people deploy it.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sympolis.analysis.learned.card import CARD, EXAMPLES
from sympolis.dataspace.learning.plan import Plan
from sympolis.domain.archives import write_archive

_FILE: Final = "model.onnx"
_FLOAT: Final = 1
_OPSET: Final = 17
_IR: Final = 9
Json = Mapping[str, Any]


def natural(plan: Plan, weights: Sequence[float]) -> tuple[list[float], float]:
    """Weights for inputs in their own units, and the intercept, of those for scaled ones."""
    target = next(one for one in plan.features if one.name == plan.target)
    told = [one for _ in range(plan.lags + 1) for one in plan.features]
    scales = [(one.offset, one.scale) for one in told] + ([(0.0, 1.0)] * 2 if plan.season else [])
    slopes = [target.scale * weight / scale for weight, (_, scale) in zip(weights[1:], scales, strict=True)]
    lifted = sum(slope * offset for slope, (offset, _) in zip(slopes, scales, strict=True))
    return slopes, target.offset + target.scale * weights[0] - lifted


def package(plan: Plan, weights: Sequence[float], found: Json, *, owner: str) -> bytes:
    """The package as ``learned.package`` reads it. ``found`` is what is known of how it was learnt."""
    slopes, intercept = natural(plan, weights)
    model = linear_onnx(slopes, intercept)
    examples = json.dumps([_example(plan, slopes, intercept)]).encode()
    card = _card(plan, model, found, owner).encode()
    return write_archive({CARD: card, _FILE: model, EXAMPLES: examples})


def _example(plan: Plan, slopes: Sequence[float], intercept: float) -> dict[str, Any]:
    """A usual day in spring, and what the weights say of it."""
    told = [one.offset for _ in range(plan.lags + 1) for one in plan.features]
    told += [math.sin(math.pi / 2), 0.0] if plan.season else []
    said = intercept + sum(slope * one for slope, one in zip(slopes, told, strict=True))
    inputs = [{"name": "x", "datatype": "FP32", "shape": [1, len(told)], "data": told}]
    return {"inputs": inputs, "outputs": [{"name": "y", "data": [said]}], "tolerance": 1e-3}


def _card(plan: Plan, model: bytes, found: Json, owner: str) -> str:
    """The card's TOML; JSON texts are TOML texts."""
    members = found["members"]
    agreements = [one["agreement"] for one in members if one["agreement"]]
    lines = [
        f"name = {_text(plan.name)}", f"version = {_text(plan.version)}", f"owner = {_text(owner)}",
        f"licence = {_text(plan.licence)}", 'format = "onnx"', f"file = {_text(_FILE)}",
        f"sha256 = {_text(hashlib.sha256(model).hexdigest())}", f"title = {_texts(plan.title)}",
        f"description = {_texts(plan.description or plan.title)}",
        f"intended_use = {_texts(_USE)}", f"limits = {_texts(_LIMITS)}",
        f'inputs = [{{ name = "x", datatype = "FP32", shape = [-1, {len(plan.inputs())}],'
        f" meaning = {{ en = {_text(', '.join(plan.inputs()))} }} }}]",
        f'outputs = [{{ name = "y", datatype = "FP32", shape = [-1, 1], unit = {_text(plan.unit)} }}]',
        f"metrics = [{', '.join(_metrics(plan, members))}]",
        "[assessment]", 'class = "minimal"', f"reasons = {_texts(_REASONS)}", f"oversight = {_texts(_OVERSIGHT)}",
        "[training]", f"datasets = {json.dumps([one['dataset'] for one in members] + agreements)}",
        f"method = {_text(_method(found))}", f"until = {date.fromisoformat(found['at'][:10]).isoformat()}",
        f"data_version = {_text(found['id'])}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


_USE: Final = {"en": "Telling tomorrow's figure from today's, where a city's own history is short."}
_LIMITS: Final = {"en": "Places unlike those it was learnt in; days beyond tomorrow; warnings to the public."}
_REASONS: Final = {"en": "It tells one figure of tomorrow and decides nothing about people."}
_OVERSIGHT: Final = {"en": "Errors on held-out days are on the card, city by city; people deploy it."}


def _method(found: Json) -> str:
    how = (
        f"ridge regression by conjugate gradients: {found['rounds']} rounds, residual {found['residual']:.1e}"
    )
    if not _together(found["members"]):
        return how
    return f"federated {how}; weights travelled, gradients and errors left, data stayed"


def _together(members: Sequence[Json]) -> bool:
    return any(one["partner"] for one in members)


def _metrics(plan: Plan, members: Sequence[Json]) -> list[str]:
    found = []
    for number, one in enumerate(members, 1):
        judged = one["evaluation"]
        split = f"held-out-{number}"
        found.append(
            f'{{ name = "mae", value = {judged["mae"]}, unit = {_text(plan.unit)}, split = {_text(split)} }}'
        )
        for name in ("against_local", "against_naive") if _together(members) else ("against_naive",):
            part = judged[name]
            found.append(
                f'{{ name = "gain_{name}", value = {part["percent"]}, unit = "%", split = {_text(split)},'
                f" low = {part['low']}, high = {part['high']} }}"
            )
    return found


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _texts(values: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{key} = {_text(value)}" for key, value in sorted(values.items())) + " }"


# --- a model of two operators, as protocol buffers write it (onnx/onnx.proto3 of ONNX 1.15)


def linear_onnx(slopes: Sequence[float], intercept: float) -> bytes:
    """y = x · slopes + intercept, for rows x."""
    weights = _tensor("w", [len(slopes), 1], slopes)
    lift = _tensor("b", [1], [intercept])
    nodes = [_node("MatMul", ["x", "w"], "xw"), _node("Add", ["xw", "b"], "y")]
    graph = b"".join(_bytes(1, one) for one in nodes) + _bytes(2, b"linear")
    graph += _bytes(5, weights) + _bytes(5, lift)
    graph += _bytes(11, _value("x", len(slopes))) + _bytes(12, _value("y", 1))
    return _number(1, _IR) + _bytes(7, graph) + _bytes(8, _bytes(1, b"") + _number(2, _OPSET))


def _node(operator: str, inputs: Sequence[str], output: str) -> bytes:
    return (
        b"".join(_bytes(1, one.encode()) for one in inputs)
        + _bytes(2, output.encode())
        + _bytes(4, operator.encode())
    )


def _tensor(name: str, shape: Sequence[int], values: Sequence[float]) -> bytes:
    raw = struct.pack(f"<{len(values)}f", *values)
    return (
        b"".join(_number(1, one) for one in shape)
        + _number(2, _FLOAT)
        + _bytes(8, name.encode())
        + _bytes(9, raw)
    )


def _value(name: str, width: int) -> bytes:
    shape = _bytes(1, _bytes(2, b"n")) + _bytes(1, _number(1, width))
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, _number(1, _FLOAT) + _bytes(2, shape)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, body: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
