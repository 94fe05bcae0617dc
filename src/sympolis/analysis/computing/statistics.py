"""Declared statistics on columns: by group, regressions, means of a model's answers. Runs in the locked process.

Every row of an output carries ``n``, of how many entities or observations it is made: by it small groups are found.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sympolis.analysis.computing.declaration import (
    Declaration,
    GroupStatistics,
    Measure,
    ModelMeans,
    Regression,
)
from sympolis.domain import errors

Floats = NDArray[np.float64]
Rows = list[dict[str, Any]]
_MOST_GROUPS: Final = 10_000


class Data:
    """The columns of a ``Frame`` as arrays, and how groups are counted."""

    def __init__(self, document: Mapping[str, Any], declaration: Declaration) -> None:
        texts = {one.name for one in declaration.columns if one.type == "text"}
        self.texts = {name: found for name, found in document["values"].items() if name in texts}
        self.numbers = {
            name: np.asarray(found, dtype=np.float64)
            for name, found in document["values"].items()
            if name not in texts
        }
        self.entity = np.asarray(document["entity"], dtype=np.int64)
        self.time = np.asarray(document["time"], dtype=np.float64)
        self._by_entity = declaration.counted == "entity"

    def count(self, rows: NDArray[Any]) -> int:
        """Of how many these rows are made."""
        return int(np.unique(self.entity[rows]).size) if self._by_entity else int(rows.size)

    def groups(
        self, names: Sequence[str], among: NDArray[Any]
    ) -> Iterator[tuple[dict[str, str], NDArray[Any]]]:
        """The rows of each combination of values. Raises ``ModelFailed`` for more groups than anybody reads."""
        if not names:
            yield {}, among
            return
        found: dict[tuple[str, ...], list[int]] = {}
        lists = [self.texts[name] if name in self.texts else self.numbers[name].tolist() for name in names]
        for row in among.tolist():
            key = tuple(_label(one[row]) for one in lists)
            found.setdefault(key, []).append(row)
            if len(found) > _MOST_GROUPS:
                raise errors.ModelFailed(f"more than {_MOST_GROUPS} groups", where="group_by")
        for key, rows in sorted(found.items()):
            yield dict(zip(names, key, strict=True)), np.asarray(rows)

    def whole(self, names: Sequence[str]) -> NDArray[Any]:
        """The rows that have all of these numbers."""
        ok = np.ones(self.entity.size, dtype=bool)
        for name in names:
            ok &= np.isfinite(self.numbers[name])
        return np.flatnonzero(ok)


def _label(value: Any) -> str:
    """A group's name: whole numbers as such, other numbers as they are."""
    if isinstance(value, float):
        return str(int(value)) if np.isfinite(value) and value == int(value) else str(value)
    return str(value)


def group_statistics(data: Data, how: GroupStatistics) -> dict[str, Rows]:
    """Each group with its measures; a measure is of those rows that have its column."""
    rows: Rows = []
    for key, among in data.groups(how.group_by, np.arange(data.entity.size)):
        used = [
            among if one.statistic == "count" else _having(data, one.column, among) for one in how.measures
        ]
        n = min(data.count(one) for one in used)
        figures = {one.name: _measured(data, one, part) for one, part in zip(how.measures, used, strict=True)}
        rows.append({**key, "n": n, **figures})
    return {"groups": rows}


def _having(data: Data, column: str, among: NDArray[Any]) -> NDArray[Any]:
    found: NDArray[Any] = among[np.isfinite(data.numbers[column][among])]
    return found


def _measured(data: Data, one: Measure, rows: NDArray[Any]) -> float:
    if one.statistic == "count":
        return data.count(rows) + _noise(1.0, one.epsilon)
    values = data.numbers[one.column][rows]
    if one.low is not None or one.high is not None:
        values = np.clip(values, one.low, one.high)
    if values.size == 0:
        return 0.0
    reach = 0.0 if one.low is None or one.high is None else max(abs(one.low), abs(one.high))
    if one.statistic == "sum":
        return float(values.sum()) + _noise(reach, one.epsilon)
    if one.statistic == "mean":
        width = 0.0 if one.low is None or one.high is None else one.high - one.low
        return float(values.mean()) + _noise(width / values.size, one.epsilon)
    return float(values.std(ddof=1)) if values.size > 1 else 0.0


def _noise(sensitivity: float, epsilon: float | None) -> float:
    """Laplace noise of scale sensitivity / epsilon (Dwork et al. 2006, doi:10.1007/11681878_14)."""
    if epsilon is None:
        return 0.0
    generator = np.random.default_rng(secrets.randbits(128))
    return float(generator.laplace(0.0, sensitivity / epsilon))


def regression(data: Data, how: Regression) -> dict[str, Rows]:
    """Coefficients with standard errors (of plain least squares), and how well they fit.

    Raises ``ModelFailed`` where there are fewer than ten rows for each coefficient: so few would show through.
    """
    among = data.whole((how.target, *how.features))
    x = np.column_stack([np.ones(among.size), *(data.numbers[name][among] for name in how.features)])
    y = data.numbers[how.target][among]
    if among.size < 10 * x.shape[1]:
        text = f"{among.size} rows are too few for {x.shape[1]} coefficients"
        raise errors.ModelFailed(text, where="rows", hint="ten rows for each are wanted")
    penalty = np.eye(x.shape[1]) * how.ridge
    penalty[0, 0] = 0.0
    inverse = np.linalg.pinv(x.T @ x + penalty)
    weights = inverse @ (x.T @ y)
    left = y - x @ weights
    spread = float(((y - y.mean()) ** 2).sum())
    variance = float((left**2).sum()) / max(among.size - x.shape[1], 1)
    errors_of = np.sqrt(np.maximum(np.diag(inverse), 0.0) * variance)
    n = data.count(among)
    return {
        "coefficients": [
            {"term": name, "n": n, "value": float(value), "standard_error": float(error)}
            for name, value, error in zip(("intercept", *how.features), weights, errors_of, strict=True)
        ],
        "fit": [
            {
                "n": n,
                "r2": 1.0 - float((left**2).sum()) / spread if spread > 0 else 0.0,
                "rmse": float(np.sqrt((left**2).mean())),
            }
        ],
    }


def model_means(data: Data, how: ModelMeans, ask: Callable[[Floats], Floats]) -> dict[str, Rows]:
    """The mean of a model's clipped answers by group. ``ask`` gives one answer for each row of features."""
    among = data.whole(how.features)
    answers = np.full(data.entity.size, np.nan)
    if among.size:
        said = ask(np.column_stack([data.numbers[name][among] for name in how.features]))
        if said.shape != (among.size,):
            raise errors.ModelFailed("the model gives one answer for each row", where="model")
        answers[among] = np.clip(said, how.low, how.high)
    rows = [
        {**key, "n": data.count(part), "mean": float(answers[part].mean())}
        for key, part in data.groups(how.group_by, among)
        if part.size
    ]
    return {"groups": rows}
