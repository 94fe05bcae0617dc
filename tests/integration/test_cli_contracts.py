"""`sympolis federation`'s contract verbs, against two twins that trade."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from typer.testing import CliRunner

from sympolis.cli import contracts
from sympolis.cli.client import Client, InProcess
from sympolis.cli.verbs import app
from sympolis.testing.trading import Pair, TradingTwin, two_twins


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with two_twins(tmp_path_factory.mktemp("verbs")) as found:
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

        self._patch.setattr(contracts, "connect", connect)
        done = CliRunner().invoke(app, ["federation", *verb])
        assert done.exit_code == code, done.output
        return done.output

    def json(self, *verb: str, **more: Any) -> Any:
        return json.loads(self(*verb, "--format", "json", **more))


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, pair: Pair) -> Shell:
    return Shell(monkeypatch, pair)


def test_from_offer_to_end(shell: Shell, pair: Pair) -> None:
    """What an operator types, from looking around to ending it."""
    assert "areas" in shell("offers", pair.provider.id)
    agreed = shell.json("negotiate", pair.provider.id, "areas")
    assert agreed["state"] == "FINALIZED"
    short = agreed["agreement"].removeprefix("urn:uuid:")[:8]
    assert short in shell("agreements")
    assert "anyone may use: areas." in shell("agreement", short)
    brought = shell.json("transfer", short, "--as", "HttpData-PULL")
    assert (brought["state"], len(brought["received"])) == ("COMPLETED", 1)
    assert brought["id"].removeprefix("urn:uuid:")[:8] in shell("transfers")
    assert "both accounts agree" in shell("usage", "--compare", brought["id"])
    assert len(shell.json("usage", "--agreement", short)) == len(brought["received"][0]["requests"])
    ended = shell.json("terminate", short, "--why", "done", twin=pair.provider)
    assert ended["why"] == "done"
    refused = shell.json("transfer", short, code=1)
    assert refused["state"] == "TERMINATED"
    assert "FINALIZED" in shell("negotiations")


def test_a_transfer_is_moved(shell: Shell, pair: Pair) -> None:
    agreed = shell.json("negotiate", pair.provider.id, "areas")
    begun = shell.json("transfer", agreed["agreement"], "--as", "LDES-PULL", "--no-take")
    assert begun["state"] == "STARTED"
    states = [shell.json("move", begun["id"], act)["state"] for act in ("suspend", "start", "complete")]
    assert states == ["SUSPENDED", "STARTED", "COMPLETED"]
    shell("move", begun["id"], "suspend", code=2)


def test_a_manual_negotiation_waits_for_a_decision(shell: Shell, pair: Pair) -> None:
    agreed = shell.json("negotiate", pair.provider.id, "areas", "--manual")
    assert agreed["state"] == "AGREED"
    assert shell.json("decide", agreed["id"], "verify")["state"] == "FINALIZED"


def test_what_there_is_not_is_said(shell: Shell, pair: Pair) -> None:
    assert "did:web:nobody" in shell("offers", "did:web:nobody", code=3)
    shell("negotiate", pair.provider.id, "nothing", code=3)
    shell("agreement", "none", code=3)
