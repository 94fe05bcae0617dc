"""A learned model as an asset: published as it was deployed, a validated draft where it arrives, KServe on request."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

from sympolis.analysis.learned.life import Stage
from sympolis.testing.learned import NAME, package
from sympolis.testing.trading import Pair, two_twins

ASSET = f"model.{NAME}"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("learned-assets")
    with two_twins(folder) as found:
        learned = found.provider.twin.desk.learned
        found.run(learned.hand_in(package(folder, "1.0.0"), by="ada", why="a test"))
        for stage in (Stage.VALIDATED, Stage.STAGED, Stage.DEPLOYED):
            found.run(learned.move(NAME, "1.0.0", stage, by="bo", why="a test"))
        yield found


def ask(pair: Pair, twin: Any, method: str, path: str, document: Any = None) -> Any:
    return pair.run(twin.ask(method, f"/api/assets{path}", document))


def test_it_travels_as_it_was_deployed_and_arrives_as_a_draft(pair: Pair) -> None:
    made = ask(pair, pair.provider, "POST", "/published", {"kind": "model", "name": NAME})
    assert made.status == 201, made.body
    assert made.json["tier"] in ("bronze", "listed") and made.json["mistakes"] == []
    assert {one["place"] for one in made.json["files"]} == {"model.toml", "examples.json", "model.onnx"}
    wanted = {"partner": pair.provider.id, "asset": ASSET, "version": "1.0.0"}
    report = ask(pair, pair.consumer, "POST", "/report", wanted).json
    assert report["verdict"] == "runs with adaptations" and report["adaptations"][0]["kind"] == "draft"
    taken = ask(pair, pair.consumer, "POST", "/installed", wanted)
    assert taken.status == 201 and taken.json["state"] == "kept"
    kept = pair.consumer.twin.desk.learned.get(NAME, "1.0.0")
    assert kept.record.stage is Stage.VALIDATED and kept.record.maker == pair.provider.id


def test_it_is_exported_as_kserve_serves_it(pair: Pair) -> None:
    answer = ask(pair, pair.provider, "GET", f"/published/{ASSET}/versions/1.0.0/kserve")
    assert answer.status == 200
    with zipfile.ZipFile(io.BytesIO(answer.body)) as bundle:
        service = bundle.read(f"{NAME}/inferenceservice.yaml").decode()
        assert f"{NAME}/{NAME}/1/model.onnx" in bundle.namelist()
    assert "kind: InferenceService" in service and "protocolVersion: v2" in service
