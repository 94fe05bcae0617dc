"""A model that came from a stranger answers as any other, locked in; what it reaches for outside, it does not get."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

from sympolis.analysis.learned import jailed, runner
from sympolis.domain import errors
from sympolis.testing.onnx_models import QUESTION, linear


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
