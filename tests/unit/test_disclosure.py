"""What may leave a computation: declared statistics against known answers, and outputs held against what was agreed."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from sympolis.analysis.computing import disclosure, statistics
from sympolis.analysis.computing.declaration import Agreed, Declaration, outputs_of, read_declaration
from sympolis.domain import errors

AGREED = (Agreed(name="groups", numbers=("mean",), texts=("of",), most_rows=10),)


def rows(*sizes: int) -> dict[str, Any]:
    return {"groups": [{"of": f"g{at}", "n": n, "mean": 1.23456789} for at, n in enumerate(sizes)]}


def declared(**more: Any) -> Declaration:
    document = {
        "name": "x", "version": "1.0.0", "title": {"en": "x"}, "licence": "CC0-1.0",
        "columns": [{"name": "a", "attribute": "a"}, {"name": "b", "attribute": "b"}],
        "algorithm": {"kind": "regression", "target": "b", "features": ["a"]},
        **more,
    }  # fmt: skip
    return read_declaration(msgspec.json.encode(document))


def data(declaration: Declaration, a: list[float], b: list[float]) -> statistics.Data:
    document = {"values": {"a": a, "b": b}, "entity": list(range(len(a))), "time": [0.0] * len(a)}
    return statistics.Data(document, declaration)


def test_numbers_are_rounded_to_significant_digits() -> None:
    found = disclosure.checked(rows(20), AGREED, least=10, digits=3)
    assert found.tables["groups"][0]["mean"] == 1.23


@pytest.mark.parametrize(
    ("sizes", "kept", "gone"),
    [((20, 30), [20, 30], 0), ((20, 3, 4), [20], 2), ((20, 30, 3), [30], 2), ((20, 3), [20], 1)],
)
def test_small_groups_go_and_one_more_where_it_is_a_single_one(
    sizes: tuple[int, ...], kept: list[int], gone: int
) -> None:
    found = disclosure.checked(rows(*sizes), AGREED, least=10, digits=6)
    assert [one["n"] for one in found.tables["groups"]] == kept
    assert found.suppressed.get("groups", 0) == gone


@pytest.mark.parametrize(
    "outputs",
    [
        {"other": []},
        {"groups": "text"},
        {"groups": [{"of": "x", "mean": 1.0}]},
        {"groups": [{"of": "x", "n": 20, "mean": float("nan")}]},
        {"groups": [{"of": "x", "n": True, "mean": 1.0}]},
        {"groups": [{"of": "x" * 101, "n": 20, "mean": 1.0}]},
        {"groups": [{"of": "x", "n": 20, "mean": 1.0}] * 11},
        {"groups": [{"of": "x", "n": 3, "mean": 1.0}]},
    ],
)
def test_what_was_not_agreed_on_is_refused(outputs: dict[str, Any]) -> None:
    with pytest.raises(errors.Forbidden):
        disclosure.checked(outputs, AGREED, least=10, digits=6)


def test_a_regression_says_what_least_squares_say() -> None:
    random = np.random.default_rng(1)
    a = random.normal(size=60)
    b = 3.0 - 2.0 * a + random.normal(0, 0.1, 60)
    declaration = declared()
    found = statistics.regression(data(declaration, a.tolist(), b.tolist()), declaration.algorithm)  # type: ignore[arg-type]
    wanted = np.linalg.lstsq(np.column_stack([np.ones(60), a]), b, rcond=None)[0]
    assert [one["value"] for one in found["coefficients"]] == pytest.approx(wanted.tolist())
    assert found["fit"][0]["r2"] > 0.99


def test_a_regression_of_few_rows_is_refused() -> None:
    declaration = declared()
    with pytest.raises(errors.ModelFailed, match="too few"):
        statistics.regression(data(declaration, [1.0] * 19, [1.0] * 19), declaration.algorithm)  # type: ignore[arg-type]


def test_noise_is_of_the_scale_that_the_budget_asks_for() -> None:
    """A mean of a hundred values within [0, 1] by epsilon 1: Laplace noise of scale 1/100."""
    measure = {"name": "m", "statistic": "mean", "column": "a", "low": 0, "high": 1, "epsilon": 1}
    declaration = declared(algorithm={"kind": "group-statistics", "measures": [measure]})
    of = data(declaration, [0.5] * 100, [0.0] * 100)
    noise = [
        statistics.group_statistics(of, declaration.algorithm)["groups"][0]["m"] - 0.5 for _ in range(400)
    ]  # type: ignore[arg-type]
    assert 0.005 < float(np.abs(noise).mean()) < 0.02
    assert len({*noise}) > 300


@pytest.mark.parametrize(
    "more",
    [
        {"min_group": 4},
        {"columns": []},
        {"algorithm": {"kind": "regression", "target": "c", "features": ["a"]}},
        {"algorithm": {"kind": "everything"}},
        {"algorithm": {"kind": "group-statistics", "measures": [{"name": "m", "statistic": "max", "column": "a"}]}},
        {"algorithm": {"kind": "group-statistics",
                       "measures": [{"name": "m", "statistic": "mean", "column": "a", "epsilon": 1}]}},
        {"algorithm": {"kind": "group-statistics", "measures": [{"name": "n", "statistic": "count"}]}},
        {"surprise": 1},
    ],
)  # fmt: skip
def test_declarations_with_mistakes_are_refused(more: dict[str, Any]) -> None:
    with pytest.raises(errors.BadRequestData):
        declared(**more)


def test_what_leaves_follows_from_the_declaration() -> None:
    assert [one.name for one in outputs_of(declared())] == ["coefficients", "fit"]
