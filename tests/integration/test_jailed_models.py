"""A model that came from a stranger answers as any other, locked in; what it reaches for outside, it does not get."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from sympolis.analysis.learned import jailed, runner  # noqa: E402 - only with the extra
from sympolis.domain import errors  # noqa: E402


def linear(folder: Path, *, weights_at: str = "") -> Path:
    """y = x · [2, -1]; with ``weights_at`` the weights are said to lie in that file."""
    make, kinds = onnx.helper, onnx.TensorProto
    weights = make.make_tensor("w", kinds.FLOAT, [2, 1], np.array([2, -1], np.float32).tobytes(), raw=True)
    if weights_at:
        weights.ClearField("raw_data")
        weights.data_location = kinds.EXTERNAL
        entry = weights.external_data.add()
        entry.key, entry.value = "location", weights_at
    graph = make.make_graph(
        [make.make_node("MatMul", ["x", "w"], ["y"])],
        "linear",
        [make.make_tensor_value_info("x", kinds.FLOAT, ["n", 2])],
        [make.make_tensor_value_info("y", kinds.FLOAT, ["n", 1])],
        [weights],
    )
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=9)
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


QUESTION = [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [0.5, 0.25]}]


def test_locked_in_it_says_the_same(tmp_path: Path) -> None:
    path = str(linear(tmp_path))
    assert jailed.signature(path=path) == runner.signature(path=path)
    assert jailed.infer(path=path, inputs=QUESTION) == runner.infer(path=path, inputs=QUESTION)


@pytest.mark.parametrize("place", ["../../../../../../etc/hostname", "/etc/hostname", "beside.bin"])
def test_weights_from_files_outside_are_not_had(tmp_path: Path, place: str) -> None:
    (tmp_path / "beside.bin").write_bytes(np.array([2, -1], np.float32).tobytes())
    path = str(linear(tmp_path, weights_at=place))
    with pytest.raises(errors.ModelFailed):
        jailed.infer(path=path, inputs=QUESTION)


def test_what_is_no_model_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(hashlib.sha256(b"noise").digest() * 100)
    with pytest.raises(errors.ModelFailed, match="not a model"):
        jailed.signature(path=str(path))
