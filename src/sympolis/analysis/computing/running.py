"""Runs a declared algorithm, a model or a script on columns; for the locked process, which has imported it before."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from sympolis.analysis.computing import rounds, statistics
from sympolis.analysis.computing.declaration import (
    Declaration,
    ForecastLearning,
    GroupStatistics,
    ModelMeans,
    Regression,
    Script,
)
from sympolis.domain import errors

_FOR_SCRIPTS: Final = (
    *(
        "math",
        "statistics",
        "itertools",
        "functools",
        "collections",
        "datetime",
        "random",
        "re",
        "json",
        "bisect",
    ),
    *("numpy.random", "numpy.linalg", "numpy.fft", "numpy.ma"),
)
"""What a script may import: nothing else can be, for there is no file to be opened any more."""


def prepare(declaration: Declaration) -> None:
    """Import what may be needed, while that is still possible."""
    for name in _FOR_SCRIPTS:
        importlib.import_module(name)
    np.linalg.solve(np.eye(2), np.ones(2))
    if isinstance(declaration.algorithm, ModelMeans):
        from sympolis.analysis.learned import runner

        runner.warm_up()


def run(declaration: Declaration, question: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs by name. Raises ``ModelFailed``, and whatever a script raises."""
    algorithm = declaration.algorithm
    if isinstance(algorithm, Script):
        return _scripted(question)
    data = statistics.Data(question["frame"], declaration)
    if isinstance(algorithm, GroupStatistics):
        return statistics.group_statistics(data, algorithm)
    if isinstance(algorithm, Regression):
        return statistics.regression(data, algorithm)
    if isinstance(algorithm, ForecastLearning):
        return rounds.learning(data, algorithm, question["parameters"])
    return statistics.model_means(data, algorithm, _asking(question["model"]))


def _scripted(question: Mapping[str, Any]) -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": "algorithm"}
    exec(compile(question["script"], "algorithm.py", "exec"), space)  # noqa: S102 - what the jail is for
    columns = {
        name: np.asarray(one) if _numbers(one) else one for name, one in question["frame"]["values"].items()
    }
    columns |= {
        "entity": np.asarray(question["frame"]["entity"]),
        "time": np.asarray(question["frame"]["time"]),
    }
    found = space["compute"](columns, question["parameters"])
    if not isinstance(found, dict):
        raise errors.ModelFailed("compute gives its outputs by name", where="algorithm.py")
    return {str(name): _plain(rows) for name, rows in found.items()}


def _numbers(values: Any) -> bool:
    return not values or not isinstance(values[0], str)


def _plain(rows: Any) -> Any:
    """Numbers of numpy as plain ones."""
    if isinstance(rows, list | tuple):
        return [_plain(one) for one in rows]
    if isinstance(rows, dict):
        return {str(name): _plain(one) for name, one in rows.items()}
    return rows.item() if isinstance(rows, np.generic) else rows


def _asking(model: bytes) -> Any:
    """Asks an ONNX model whose first input takes rows of features, and whose first output is one number for each."""
    from sympolis.analysis.learned import runner

    session = runner.opened(model)
    first = session.get_inputs()[0]

    def ask(features: Any) -> Any:
        kind = np.float64 if first.type == "tensor(double)" else np.float32
        said = session.run([session.get_outputs()[0].name], {first.name: features.astype(kind)})[0]
        return np.asarray(said, dtype=np.float64).reshape(features.shape[0], -1)[:, 0]

    return ask
