"""`sympolis federation compute …|bring|learn`, against two twins that trade."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sympolis.cli import computing
from sympolis.cli.client import Client, InProcess
from sympolis.cli.verbs import app
from sympolis.testing.trading import Pair, TradingTwin, two_twins

pytest.importorskip("numpy", reason="the extra models is not installed")

PACKAGE = """
name = "capacity"
version = "1.0.0"
licence = "CC0-1.0"
min_group = 5
columns = [{ name = "capacity", attribute = "capacity" }]
[title]
en = "Capacity of streets"
[algorithm]
kind = "group-statistics"
measures = [{ name = "mean", statistic = "mean", column = "capacity" }, { name = "count", statistic = "count" }]
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with two_twins(tmp_path_factory.mktemp("computing-verbs")) as found:
        yield found


class Shell:
    """Runs verbs as one twin's operator."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, pair: Pair) -> None:
        self._patch, self._pair = monkeypatch, pair

    def __call__(self, *verb: str, twin: TradingTwin | None = None, code: int = 0) -> str:
        at = twin or self._pair.consumer

        @contextmanager
        def connect(_settings: Any) -> Iterator[Client]:
            yield Client(InProcess(self._pair.runner.get_loop(), at.twin.asgi))

        self._patch.setattr(computing, "connect", connect)
        done = CliRunner().invoke(app, ["federation", *verb])
        assert done.exit_code == code, done.output
        return done.output

    def json(self, *verb: str, **more: Any) -> Any:
        return json.loads(self(*verb, "--format", "json", **more))


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, pair: Pair) -> Shell:
    return Shell(monkeypatch, pair)


def test_a_package_goes_its_way_by_verbs(shell: Shell, pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "package.toml").write_text(PACKAGE, "utf-8")
    package = str(tmp_path / "package.toml")
    begun = shell.json("compute", "submit", pair.provider.id, "streets", package, "--agree")
    assert begun["state"] == "submitted"
    waiting = shell("compute", "list", "--served", twin=pair.provider)
    assert "capacity" in waiting and "subm" in waiting  # a narrow terminal cuts words
    short = begun["peer"].removeprefix("urn:uuid:")[:8]
    shell("compute", "decide", short, "maybe", twin=pair.provider, code=2)
    said = shell("compute", "decide", short, "approve", "--why", "means", twin=pair.provider)
    assert "released" in said
    own = begun["id"].removeprefix("urn:uuid:")[:8]
    assert "535" in shell("compute", "show", own, "--wait")
    [listed] = shell.json("compute", "list")
    assert listed["state"] == "released"


def test_what_is_refused_is_the_answer_no(shell: Shell, pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "package.toml").write_text(PACKAGE.replace("1.0.0", "2.0.0"), "utf-8")
    begun = shell.json(
        "compute", "submit", pair.provider.id, "streets", str(tmp_path / "package.toml"), "--agree"
    )
    shell("compute", "decide", begun["peer"], "refuse", "--why", "not for this", twin=pair.provider)
    assert "not for this" in shell("compute", "show", begun["id"], code=1)


def test_a_model_is_brought_under_an_agreement_alone(shell: Shell, pair: Pair) -> None:
    assert "no agreement" in shell("bring", pair.provider.id, "next-hour", code=3)


def test_a_plan_that_leaves_the_partner_open_takes_the_one_that_is_named(
    shell: Shell, pair: Pair, tmp_path: Path
) -> None:
    columns = [{"name": "cars", "attribute": "intensity"}]
    plan = {
        "name": "cars", "title": {"en": "Cars"}, "target": "cars", "features": [{"name": "cars", "column": "cars"}],
        "members": [{"dataset": "counts", "columns": columns},
                    {"partner": "*", "dataset": "counts", "columns": columns}],
    }  # fmt: skip
    (tmp_path / "plan.json").write_text(json.dumps(plan), "utf-8")
    said = shell("learn", str(tmp_path / "plan.json"), "--with", pair.provider.id, "--agree", code=1)
    assert "failed" in said and "too few" in said.replace("\n", " "), "three days are no history"
    [listed] = shell.json("learned")
    assert listed["members"][1]["partner"] == pair.provider.id
