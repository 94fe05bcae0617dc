"""A service asked by the Open Inference Protocol v2: levers in, figures with their interval out, a run behind."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sympolis.api.inference.native import Native
from sympolis.api.inference.protocol import Inference
from sympolis.domain import errors
from sympolis.governance.identity.subject import Proof, Subject
from sympolis.governance.roles.table import default_table
from sympolis.testing.asgi_client import Answer
from sympolis.testing.small_twin import SmallTwin, small_twin

HERE = "/v2/models/service-entry-charge"
QUICK = {"members": 2, "seed": 5}


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    with small_twin(tmp_path_factory.mktemp("native")) as found:
        yield found


def charge(value: Any = 4.0, **other: Any) -> dict[str, Any]:
    return {"name": "charge", "datatype": "FP64", "shape": [1], "data": [value], **other}


def infer(twin: SmallTwin, *inputs: Any, **members: Any) -> Answer:
    return twin.client.post(f"{HERE}/infer", {"inputs": list(inputs), "parameters": QUICK, **members})


def test_a_service_is_described_as_a_model_is(twin: SmallTwin) -> None:
    found = twin.client.get(HERE).json
    assert found["name"] == "service-entry-charge" and found["platform"] == "sympolis_service"
    assert found["inputs"] == [{"name": "charge", "datatype": "FP64", "shape": [1]}]
    assert found["outputs"] == [
        {"name": name, "datatype": "FP64", "shape": [1, 3]} for name in ("nox", "travel")
    ]
    [version] = found["versions"]
    assert twin.client.get(f"{HERE}/versions/{version}").json == found
    assert twin.client.get(f"{HERE}/ready").json == {"name": found["name"], "ready": True}


def test_its_figures_are_those_of_the_run_behind_the_answer(twin: SmallTwin) -> None:
    answer = infer(twin, charge(), id="q7")
    assert answer.status == 200, answer.body
    assert (answer.json["model_name"], answer.json["id"]) == ("service-entry-charge", "q7")
    run = twin.client.get(f"/api/runs/{answer.json['parameters']['run']}").json
    assert (run["service"], run["members"], run["seed"]) == ("entry-charge", 2, 5)
    figures = {one["name"]: one for one in run["indicators"]}
    assert [one["name"] for one in answer.json["outputs"]] == ["nox", "travel"]
    for one in answer.json["outputs"]:
        figure = figures[one["name"]]
        low, middle, high = one["data"]
        assert low <= middle <= high
        assert (low, middle, high) == (
            figure["interval"]["low"], figure["value"], figure["interval"]["high"]
        )  # fmt: skip
        assert one["parameters"] == {"unit": figure["unit"]}


def test_what_was_asked_before_is_found_again_and_only_what_is_wanted_comes(twin: SmallTwin) -> None:
    first = infer(twin, charge())
    again = infer(twin, charge(), outputs=[{"name": "nox"}])
    assert again.json["parameters"] == first.json["parameters"]
    assert [one["name"] for one in again.json["outputs"]] == ["nox"]


def test_a_lever_that_is_not_sent_stays_as_the_service_has_it(twin: SmallTwin) -> None:
    answer = infer(twin)
    assert answer.status == 200
    assert answer.json["parameters"]["run"] != infer(twin, charge()).json["parameters"]["run"]


@pytest.mark.parametrize(
    ("document", "where", "words"),
    [
        ({}, "inputs", "list of tensors"),
        ({"inputs": [charge("4")]}, "inputs.charge", "is no FP64"),
        ({"inputs": [charge(11.0)]}, "inputs.charge", "from 0"),
        ({"inputs": [charge(shape=[2], data=[1.0, 2.0])]}, "inputs.charge", "expected shape"),
        ({"inputs": [charge(datatype="FP32")]}, "inputs.charge", "FP64"),
        ({"inputs": [charge(), charge()]}, "inputs", "repeated"),
        ({"inputs": [{"name": "toll"}]}, "inputs", "no input 'toll'"),
        ({"inputs": [{"name": ["toll"]}]}, "inputs", "no input"),
        ({"inputs": ["charge"]}, "inputs[0]", "an object"),
        ({"inputs": [], "outputs": [{"name": "x"}]}, "outputs", "no output 'x'"),
        ({"inputs": [], "parameters": {"members": 1}}, "parameters.members", "from 2"),
        ({"inputs": [], "parameters": {"members": True}}, "parameters.members", "expected int"),
        ({"inputs": [], "parameters": {"speed": 1}}, "parameters.speed", "not a parameter"),
        ({"inputs": [], "parameters": [1]}, "parameters", "an object"),
        ({"inputs": [], "more": 1}, "more", "unknown member"),
    ],
)
def test_what_does_not_fit_is_named(twin: SmallTwin, document: Any, where: str, words: str) -> None:
    answer = twin.client.post(f"{HERE}/infer", document)
    assert answer.status == 400, answer.body
    assert answer.json["where"] == where and words in answer.json["error"]


def test_what_is_not_there_is_404(twin: SmallTwin) -> None:
    for path in ("/v2/models/service-other", f"{HERE}/versions/9.9.9", "/v2/models/service-"):
        assert twin.client.get(path).status == 404, path
        assert twin.client.post(f"{path}/infer", {"inputs": []}).status == 404, path


def test_asking_a_service_takes_the_right_that_runs_take(twin: SmallTwin) -> None:
    governed = cast("Any", SimpleNamespace(gate=SimpleNamespace(roles=default_table())))
    protocol = Inference(twin.desk.learned, governed, Native(twin.desk))

    async def body() -> bytes:
        return b'{"inputs": []}'

    def asked(subject: Subject) -> Any:
        arguments = {"model": "service-entry-charge"}
        asking = SimpleNamespace(
            subject=subject, arguments=arguments, body=body, media_type="application/json"
        )
        return twin.client.loop.run_until_complete(protocol.infer(cast("Any", asking)))

    with pytest.raises(errors.Forbidden, match=r"scenarios\.run"):
        asked(Subject("reader", frozenset({"citizen"}), Proof.KEY))
    assert asked(Subject("planner", frozenset({"planner"}), Proof.KEY)).status == 200
