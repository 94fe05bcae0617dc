"""Asks models with ONNX Runtime. For workers only: the runtime and its memory have no place in the server.

ONNX is what every training library writes, and a graph of known operators where a pickle could run anything; its
runtime is MIT and released monthly. Sessions use one thread: there are as many workers as the machine should give.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import numpy as np
import onnxruntime

from sympolis.domain import errors

_KEPT: Final = 8
_KINDS: Final[Mapping[str, Any]] = {
    "BOOL": np.bool_, "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64,
    "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64,
    "FP16": np.float16, "FP32": np.float32, "FP64": np.float64, "BYTES": np.object_,
}  # fmt: skip
_ONNX: Final = {
    "tensor(bool)": "BOOL", "tensor(uint8)": "UINT8", "tensor(uint16)": "UINT16", "tensor(uint32)": "UINT32",
    "tensor(uint64)": "UINT64", "tensor(int8)": "INT8", "tensor(int16)": "INT16", "tensor(int32)": "INT32",
    "tensor(int64)": "INT64", "tensor(float16)": "FP16", "tensor(float)": "FP32", "tensor(double)": "FP64",
    "tensor(string)": "BYTES",
}  # fmt: skip


@functools.lru_cache(maxsize=_KEPT)
def _session(path: str) -> onnxruntime.InferenceSession:
    return opened(path)


def opened(source: str | bytes) -> onnxruntime.InferenceSession:
    """A session of a model's file, or of its bytes. Raises ``ModelFailed``."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(source, settings, providers=["CPUExecutionProvider"])
    except Exception as cause:  # the runtime has a dozen kinds, none of which a caller could tell apart
        raise errors.ModelFailed(
            f"not a model that ONNX Runtime can load: {cause}"[:500], where="file"
        ) from cause


def signature(*, path: str) -> dict[str, list[dict[str, Any]]]:
    """What the file itself says it takes and gives: ``{"inputs", "outputs"}`` of ``{"name", "datatype", "shape"}``."""
    return signature_of(_session(path))


def signature_of(session: onnxruntime.InferenceSession) -> dict[str, list[dict[str, Any]]]:
    """The same of a session."""
    return {"inputs": _described(session.get_inputs()), "outputs": _described(session.get_outputs())}


def _described(nodes: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": node.name,
            "datatype": _ONNX.get(node.type, node.type),
            "shape": [length if isinstance(length, int) else -1 for length in node.shape],
        }
        for node in nodes
    ]


def infer(*, path: str, inputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The outputs for checked inputs (``tensors.read_inputs``), data flat. Raises ``ModelFailed``."""
    return infer_with(_session(path), inputs)


def infer_with(
    session: onnxruntime.InferenceSession, inputs: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The same of a session."""
    names = [node.name for node in session.get_outputs()]
    try:
        found = session.run(names, {one["name"]: _array(one) for one in inputs})
    except Exception as cause:  # likewise
        raise errors.ModelFailed(f"the model could not answer: {cause}"[:500], where="inputs") from cause
    return [_tensor(name, np.asarray(values)) for name, values in zip(names, found, strict=True)]


def warm_up() -> None:
    """Have the runtime look at the machine once, for a process that may not look any more when a model comes."""
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    with suppress(Exception):
        onnxruntime.InferenceSession(b"", settings, providers=["CPUExecutionProvider"])


def _array(tensor: Mapping[str, Any]) -> Any:
    return np.array(tensor["data"], dtype=_KINDS[tensor["datatype"]]).reshape(tensor["shape"])


def _tensor(name: str, values: Any) -> dict[str, Any]:
    kind = next((kind for kind, dtype in _KINDS.items() if values.dtype == dtype), "BYTES")
    if kind.startswith("FP") and not np.isfinite(values).all():
        raise errors.ModelFailed(f"output {name} is not a number for these inputs", where=name)
    data = [str(one) for one in values.ravel()] if kind == "BYTES" else values.ravel().tolist()
    return {"name": name, "datatype": kind, "shape": list(values.shape), "data": data}
