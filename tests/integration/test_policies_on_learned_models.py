"""Whom a policy keeps from a learned model, it keeps from its weights, too."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sympolis.analysis.learned.life import Stage, Step
from sympolis.api.inference.protocol import MOST_LISTS, Inference, _refuse_lists
from sympolis.api.twin.learned import Learned
from sympolis.context.gated import read_as
from sympolis.domain import errors
from sympolis.governance.identity.subject import Proof, Subject
from sympolis.governance.policy.book import PolicyBook
from sympolis.governance.policy.gate import Circumstances, Gate
from sympolis.governance.policy.reader import PolicyReader
from sympolis.governance.policy.reading import read_policy
from sympolis.governance.roles.table import default_table
from sympolis.stores.embedded.identity import EmbeddedDirectory
from sympolis.testing.asgi_client import exchange
from sympolis.testing.small_twin import small_twin

WEIGHTS = b"a file that nobody has to load for this"
CARD = f"""
name = "next-hour"
version = "1.0.0"
owner = "The test"
licence = "Apache-2.0"
format = "onnx"
file = "model.onnx"
sha256 = "{hashlib.sha256(WEIGHTS).hexdigest()}"
title = {{ en = "Next hour" }}
description = {{ en = "A regression." }}
intended_use = {{ en = "Tests." }}
limits = {{ en = "Anything else." }}
inputs = [{{ name = "x", datatype = "FP32", shape = [1] }}]
outputs = [{{ name = "y", datatype = "FP32", shape = [1] }}]
metrics = [{{ name = "mae", value = 0.1, split = "held-out" }}]
[assessment]
class = "minimal"
reasons = {{ en = "It decides nothing about people." }}
oversight = {{ en = "A planner reads it." }}
[training]
datasets = ["air"]
method = "least squares"
"""
RULE = {
    "action": "execute",
    "target": "urn:sympolis:model:next-hour",
    "assignee": "urn:sympolis:role:planner",
}


class NothingReleased:
    def is_released(self, dataset: str) -> bool:
        return False


def package() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as bundle:
        bundle.writestr("model.toml", CARD)
        bundle.writestr("model.onnx", WEIGHTS)
        bundle.writestr("examples.json", '[{"inputs": [], "outputs": []}]')
    return content.getvalue()


def test_weights_are_for_those_who_may_run_the_model(tmp_path: Path) -> None:
    book = PolicyBook([read_policy({"permission": [RULE]})], EmbeddedDirectory.in_memory())
    gate = Gate(book, default_table(), NothingReleased(), lambda: ())
    with small_twin(tmp_path) as twin:

        async def fetched(role: str) -> tuple[int, bytes]:
            read_as(PolicyReader(gate, Subject(role, frozenset({role}), Proof.KEY), Circumstances(), "en"))
            found = await exchange(
                twin.api,
                "GET",
                "/api/ai-models/next-hour/versions/1.0.0/package",
                headers={"host": "127.0.0.1"},
            )
            return found.status, found.body

        run = twin.client.loop.run_until_complete
        run(twin.desk.learned.hand_in(package(), by="somebody", why="a test"))
        assert run(fetched("citizen"))[0] == 403
        status, body = run(fetched("planner"))
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(body)) as bundle:
        assert bundle.read("next-hour/1/model.onnx") == WEIGHTS


def _asking(role: str, **arguments: str) -> Any:
    return SimpleNamespace(subject=Subject(role, frozenset({role}), Proof.KEY), arguments=arguments)


def test_what_nobody_has_signed_for_is_known_to_those_who_look_after_models_alone(tmp_path: Path) -> None:
    governed = cast("Any", SimpleNamespace(gate=SimpleNamespace(roles=default_table())))
    with small_twin(tmp_path) as twin:
        desk, run = twin.desk.learned, twin.client.loop.run_until_complete
        kept = run(desk.hand_in(package(), by="somebody", why="a test"))
        cards, protocol = Learned(desk, governed), Inference(desk, governed)
        named = {"model": "next-hour", "version": "1.0.0"}

        def known(role: str) -> list[str]:
            return [one["version"] for one in json.loads(run(cards.list(_asking(role))).body)["models"]]

        assert (known("citizen"), known("analyst"), known("technical-steward")) == ([], ["1.0.0"], ["1.0.0"])
        with pytest.raises(errors.NotFound):
            run(cards.get(_asking("citizen", **named)))
        staged = desk._stepped(kept, Step(Stage.STAGED, desk._now(), "somebody", "for the test"))
        with pytest.raises(errors.Conflict, match="is staged and does not answer"):
            run(protocol.model_ready(_asking("citizen", **named)))
        assert json.loads(run(protocol.model_ready(_asking("analyst", **named))).body)["ready"]
        desk._stepped(staged, Step(Stage.DEPLOYED, desk._now(), "somebody else", "looked at it"))
        assert known("citizen") == ["1.0.0"]
        assert json.loads(run(protocol.model_ready(_asking("citizen", **named))).body)["ready"]


def test_lists_are_counted_before_they_are_decoded() -> None:
    _refuse_lists(b'{"inputs": [{"data": [' + b"[1.0]," * (MOST_LISTS - 10) + b"[1.0]]}]}")
    with pytest.raises(errors.PayloadTooLarge):
        _refuse_lists(b"[],[]" * MOST_LISTS)
