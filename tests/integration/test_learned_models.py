"""A learned model from its package to retirement, asked by the Open Inference Protocol on the way."""

from __future__ import annotations

import hashlib
import io
import json
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sympolis.analysis.learned import tensors
from sympolis.analysis.learned.bill import kserve_package
from sympolis.analysis.learned.card import Card, read_card
from sympolis.domain import errors
from sympolis.testing.asgi_client import Answer
from sympolis.testing.small_twin import SmallTwin, small_twin

pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
onnx = pytest.importorskip("onnx", reason="onnx is not installed")

NAME, HERE = "next-hour", "/api/ai-models/next-hour/versions/1.0.0"


def trained(slope: float = 2.0) -> bytes:
    """A regression as ONNX: fitted here by least squares, so that its answers are known."""
    x = np.random.default_rng(1).uniform(0, 1, (50, 2))
    y = x @ np.array([slope, -1.0]) + 0.5
    weights = np.linalg.lstsq(np.c_[x, np.ones(50)], y, rcond=None)[0].astype(np.float32)
    make, kinds = onnx.helper, onnx.TensorProto
    graph = make.make_graph(
        [make.make_node("MatMul", ["x", "w"], ["xw"]), make.make_node("Add", ["xw", "b"], ["y"])],
        "regression",
        [make.make_tensor_value_info("x", kinds.FLOAT, ["n", 2])],
        [make.make_tensor_value_info("y", kinds.FLOAT, ["n", 1])],
        [
            make.make_tensor("w", kinds.FLOAT, [2, 1], weights[:2]),
            make.make_tensor("b", kinds.FLOAT, [1], weights[2:]),
        ],
    )
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def card(model: bytes, version: str = "1.0.0", **changes: str) -> str:
    text = f"""
name = "{NAME}"
version = "{version}"
owner = "The test"
licence = "Apache-2.0"
format = "onnx"
file = "model.onnx"
sha256 = "{hashlib.sha256(model).hexdigest()}"
title = {{ en = "Next hour", it = "Ora successiva" }}
description = {{ en = "A regression." }}
intended_use = {{ en = "Tests." }}
limits = {{ en = "Anything else." }}
inputs = [{{ name = "x", datatype = "FP32", shape = [-1, 2] }}]
outputs = [{{ name = "y", datatype = "FP32", shape = [-1, 1], unit = "µg/m³" }}]
metrics = [{{ name = "mae", value = 0.1, unit = "µg/m³", split = "held-out", low = 0.05, high = 0.2 }}]
dependencies = [{{ name = "numpy", version = "2.0", licence = "BSD-3-Clause" }}]
[assessment]
class = "minimal"
reasons = {{ en = "It decides nothing about people." }}
oversight = {{ en = "A planner reads it." }}
[training]
datasets = ["air"]
method = "least squares"
seed = 1
energy_wh = 0.01
"""
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


EXAMPLES = [{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [0.5, 0.25]}],
             "outputs": [{"name": "y", "data": [1.25]}]}]  # fmt: skip


def damaged(content: bytes) -> bytes:
    """The zip's directory says that it begins where it cannot."""
    end = content.rindex(b"PK\x05\x06")
    return content[: end + 16] + b"\xff\xff\xff\x7f" + content[end + 20 :]


def package(
    model: bytes, text: str, examples: Any = None, packing: int = zipfile.ZIP_DEFLATED, **more: bytes
) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", packing) as bundle:
        bundle.writestr("model.toml", text)
        bundle.writestr("model.onnx", model)
        bundle.writestr("examples.json", json.dumps(EXAMPLES if examples is None else examples))
        for name, one in more.items():
            bundle.writestr(name, one)
    return content.getvalue()


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[SmallTwin]:
    with small_twin(tmp_path) as found:
        yield found


def hand_in(twin: SmallTwin, content: bytes) -> Answer:
    return twin.client.request(
        "POST", "/api/ai-models?why=first%20try", body=content, headers={"content-type": "application/zip"}
    )


def move(twin: SmallTwin, stage: str, where: str = HERE) -> Answer:
    if stage == "deployed":
        return twin.client.post(f"{where}/deployment", {"why": "looked at it"})
    return twin.client.post(f"{where}/stage", {"stage": stage, "why": "looked at it"})


def deployed(twin: SmallTwin, version: str = "1.0.0", slope: float = 2.0) -> None:
    model = trained(slope)
    examples = [{**EXAMPLES[0], "outputs": [{"name": "y", "data": [0.5 * slope - 0.25 + 0.5]}]}]
    assert hand_in(twin, package(model, card(model, version), examples)).status == 201
    where = f"/api/ai-models/{NAME}/versions/{version}"
    for stage in ("validated", "staged", "deployed"):
        answer = move(twin, stage, where)
        assert answer.status == 200, answer.body


def infer(twin: SmallTwin, path: str = f"/v2/models/{NAME}/infer", **members: Any) -> Answer:
    tensor = {"name": "x", "datatype": "FP32", "shape": [2, 2], "data": [[0.5, 0.25], [1, 0]]}
    return twin.client.post(path, {"inputs": [tensor], **members})


def test_a_model_answers_once_it_was_validated_staged_and_signed_for(twin: SmallTwin) -> None:
    model = trained()
    handed = hand_in(twin, package(model, card(model)))
    assert handed.status == 201 and handed.header("location") == HERE
    assert infer(twin).status == 409
    assert move(twin, "deployed").status == 409, "a draft cannot be deployed"
    assert move(twin, "validated").json["stage"] == "validated"
    assert move(twin, "staged").status == 200
    assert infer(twin).status == 409, "by its name only the deployed version answers"
    assert infer(twin, f"/v2/models/{NAME}/versions/1.0.0/infer").status == 200
    assert move(twin, "deployed").json["stage"] == "deployed"
    answer = infer(twin, id="q1")
    assert answer.status == 200
    assert {**answer.json, "outputs": []} == {
        "model_name": NAME, "model_version": "1.0.0", "id": "q1", "outputs": []
    }  # fmt: skip
    [output] = answer.json["outputs"]
    assert output["shape"] == [2, 1] and output["datatype"] == "FP32"
    assert output["data"] == pytest.approx([1.25, 2.5], abs=1e-5)
    found = twin.client.get(HERE).json
    assert [step["stage"] for step in found["steps"]] == ["draft", "validated", "staged", "deployed"]
    assert found["usage"]["requests"] == 2 and found["usage"]["cost_cpu_s"] > 0
    assert move(twin, "retired").status == 200 and infer(twin).status == 409


def test_metadata_and_readiness_are_those_of_the_protocol(twin: SmallTwin) -> None:
    deployed(twin)
    client = twin.client
    assert client.get("/v2").json == {"name": "sympolis", "version": "2", "extensions": []}
    assert client.get("/v2/health/live").json == {"live": True}
    assert client.get("/v2/health/ready").json == {"ready": True}
    assert client.get(f"/v2/models/{NAME}").json == {
        "name": NAME, "versions": ["1.0.0"], "platform": "onnxruntime_onnx",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, 1]}],
    }  # fmt: skip
    assert client.get(f"/v2/models/{NAME}/ready").json == {"name": NAME, "ready": True}
    missing = client.get("/v2/models/other")
    assert missing.status == 404 and missing.json["error"] == "there is no learned model 'other'"


def test_the_next_version_takes_the_place_and_gives_it_back(twin: SmallTwin) -> None:
    deployed(twin)
    deployed(twin, "1.1.0", slope=3.0)
    assert infer(twin).json["model_version"] == "1.1.0"
    assert twin.client.get(HERE).json["stage"] == "staged"
    assert move(twin, "deployed").status == 200
    assert infer(twin).json["model_version"] == "1.0.0"
    assert twin.client.get(f"/v2/models/{NAME}").json["versions"] == ["1.0.0", "1.1.0"]


def test_a_model_that_is_not_what_was_tested_is_not_validated(twin: SmallTwin) -> None:
    model = trained()
    wrong = [{**EXAMPLES[0], "outputs": [{"name": "y", "data": [9.0]}]}]
    hand_in(twin, package(model, card(model), wrong))
    answer = move(twin, "validated")
    assert answer.status == 400 and "where 9.0 was expected" in answer.json["detail"]
    assert twin.client.get(HERE).json["stage"] == "draft"


def test_a_card_that_says_otherwise_than_the_file_is_not_validated(twin: SmallTwin) -> None:
    model = trained()
    text = card(model).replace('datatype = "FP32", shape = [-1, 2]', 'datatype = "FP64", shape = [-1, 2]')
    hand_in(twin, package(model, text))
    answer = move(twin, "validated")
    assert answer.status == 400 and "the model's x is FP32" in answer.json["detail"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda m: b"no zip", "not a zip"),
        (lambda m: package(m, "name = 1"), "expected"),
        (lambda m: package(m, card(m).replace('class = "minimal"', 'class = "unacceptable"')), "unacceptable"),
        (lambda m: package(m + b"x", card(m)), "has the hash"),
        (lambda m: package(m, card(m), []), "0 examples"),
        (lambda m: package(m, card(m), **{"../../evil.py": b"x"}), "no place in it"),
        (lambda m: package(m, card(m).replace("model.onnx", "../model.onnx")), "does not look like"),
        (lambda m: package(m, card(m).replace("model.onnx", "..")), "does not look like"),
        (lambda m: package(m, card(m).replace("model.onnx", "record.json")), "does not look like"),
        (lambda m: damaged(package(m, card(m))), "not a zip"),
        (lambda m: package(bytes(2**24), card(bytes(2**24))), "inflates to more than 100 times"),
        (lambda m: package(m, card(m), packing=zipfile.ZIP_LZMA), "packed in a rare way"),
    ],
)  # fmt: skip
def test_a_package_that_is_none_is_refused_with_the_reason(twin: SmallTwin, content: Any, words: str) -> None:
    answer = hand_in(twin, content(trained()))
    assert answer.status == 400 and words in answer.json["detail"], answer.json
    assert twin.client.get("/api/ai-models").json == {"models": []}


def test_a_version_never_changes(twin: SmallTwin) -> None:
    model = trained()
    hand_in(twin, package(model, card(model)))
    again = hand_in(twin, package(trained(3.0), card(trained(3.0))))
    assert again.status == 409 and "hand in the next one" in again.json["hint"]


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        ({"name": "z"}, "do not fit: x, z"),
        ({"datatype": "FP64"}, "expected datatype FP32"),
        ({"shape": [1, 3]}, "expected shape"),
        ({"shape": [3, 2]}, "has 6 values, not 2"),
        ({"data": [1, "a"]}, "'a' is no FP32"),
        ({"data": [1, True]}, "True is no FP32"),
        ({"data": 7}, "as a list"),
        ({"shape": "x"}, "a list of lengths"),
    ],
)  # fmt: skip
def test_inputs_that_do_not_fit_are_named(twin: SmallTwin, tensor: dict[str, Any], words: str) -> None:
    deployed(twin)
    whole = {"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [0.5, 1.0], **tensor}
    answer = twin.client.post(f"/v2/models/{NAME}/infer", {"inputs": [whole]})
    assert answer.status == 400 and words in answer.json["error"], answer.json


def test_the_exported_folder_holds_the_model_and_who_made_it(twin: SmallTwin) -> None:
    deployed(twin)
    answer = twin.client.get(f"{HERE}/package")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as bundle:
        names = set(bundle.namelist())
        assert bundle.read(f"{NAME}/1/model.onnx") == trained()
        service = bundle.read("inferenceservice.yaml").decode()
        bill = json.loads(bundle.read("sbom.cdx.json"))
        assert tomllib.loads(bundle.read("model.toml").decode())["name"] == NAME
    assert {"README.md", f"{NAME}/config.pbtxt"} < names
    assert "protocolVersion: v2" in service and f"name: {NAME}" in service
    component = bill["metadata"]["component"]
    assert bill["bomFormat"] == "CycloneDX" and component["type"] == "machine-learning-model"
    assert component["hashes"][0]["content"] == hashlib.sha256(trained()).hexdigest()
    assert [one["name"] for one in bill["components"]] == ["numpy", "air"]
    assert twin.client.get(f"{HERE}/sbom").json == bill


def test_models_survive_a_restart(tmp_path: Path) -> None:
    with small_twin(tmp_path) as twin:
        deployed(twin)
        infer(twin)
        before = twin.client.get(HERE).json
    with small_twin(tmp_path) as twin:
        assert twin.client.get(HERE).json == before
        assert infer(twin).status == 200


def test_who_handed_a_model_in_does_not_sign_for_it(twin: SmallTwin) -> None:
    model = trained()
    hand_in(twin, package(model, card(model)))
    move(twin, "validated")
    move(twin, "staged")
    twin.desk.learned.known = True
    answer = move(twin, "deployed")
    assert answer.status == 403 and "somebody else" in answer.json["hint"]


@pytest.mark.parametrize(
    "data", [[[]] * 1000, [0.5] * 1000, [[0.5, 1.0], [[]] * 1000], [[0.5] * 1000], [[0.5], 1.0]]
)
def test_data_cost_no_more_than_their_shape(data: Any) -> None:
    found = read_card(card(b""))
    with pytest.raises(errors.BadRequestData, match=r"the shape (has|says)"):
        tensors.read_inputs([{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": data}], found)


def test_nested_and_flat_data_are_the_same() -> None:
    found: Card = read_card(card(b""))
    tensor = {"name": "x", "datatype": "FP32", "shape": [2, 2]}
    nested = tensors.read_inputs([{**tensor, "data": [[1, 2], [3, 4]]}], found)
    assert nested == tensors.read_inputs([{**tensor, "data": [1, 2, 3, 4]}], found)
    with pytest.raises(errors.BadRequestData, match="a list of tensors"):
        tensors.read_inputs({}, found)


def test_the_manifest_is_yaml_that_names_the_model() -> None:
    yaml = pytest.importorskip("yaml")
    document = yaml.safe_load(kserve_package(read_card(card(b"")), b"", "")["inferenceservice.yaml"])
    assert document["kind"] == "InferenceService"
    assert document["spec"]["predictor"]["model"]["protocolVersion"] == "v2"
