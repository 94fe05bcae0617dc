"""The smallest model that a runtime takes, written here so that its answers are known; needs the package onnx."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def linear(folder: Path, *, weights_at: str = "") -> Path:
    """y = x · [2, -1]; with ``weights_at`` the weights are said to lie in that file."""
    import onnx

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
"""Its answer is 0.75."""
