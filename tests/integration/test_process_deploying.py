"""OGC API – Processes, Part 2: what may be deployed is a chain of what is there, and everything else is refused."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.test_api_processes import over

from sympolis.domain import errors
from sympolis.orchestration.desk import Desk
from sympolis.testing.small_twin import SmallTwin, small_twin

PATH, MEDIA = "/ogc/processes", "application/ogcapppkg+json"
ID = "service-cheap-charge"
PACKAGE: dict[str, Any] = {
    "processDescription": {
        "process": {
            "id": ID,
            "version": "2.1.0",
            "title": "A cheap charge",
            "description": "What would a charge of at most three euros do?",
            "inputs": {
                "euros": {"title": "Charge", "schema": {"type": "number", "minimum": 1, "maximum": 3}}
            },
            "outputs": {"result": {"schema": {"type": "object"}}},
        }
    },
    "executionUnit": {
        "type": "chain",
        "steps": [{"process": "model-toy"}],
        "indicators": ["nox"],
        "bindings": {"inputBindings": {"euros": {"measure": "charge_entry", "parameter": "charge_eur"}}},
    },
}


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    with small_twin(tmp_path_factory.mktemp("deploying")) as found:
        yield found


def send(twin: SmallTwin, method: str, path: str, package: Any, media: str = MEDIA) -> Any:
    return twin.client.request(method, path, json=package, headers={"content-type": media})


def altered(*where: Any, value: Any) -> dict[str, Any]:
    found = copy.deepcopy(PACKAGE)
    place: Any = found
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = value
    return found


def test_a_chain_is_deployed_executed_replaced_and_undeployed(twin: SmallTwin) -> None:
    answer = send(twin, "POST", PATH, PACKAGE)
    assert answer.status == 201 and (answer.header("location") or "").endswith(f"{PATH}/{ID}")
    assert (answer.json["id"], answer.json["version"], answer.json["mutable"]) == (ID, "2.1.0", True)
    described = twin.client.get(f"{PATH}/{ID}").json
    assert described["inputs"]["euros"]["schema"] | {"title": ""} == {
        "title": "", "type": "number", "minimum": 1.0, "maximum": 3.0
    }  # fmt: skip
    assert twin.client.get(f"{PATH}/{ID}/package").json == PACKAGE

    job = twin.client.post(
        f"{PATH}/{ID}/execution", {"inputs": {"euros": 2, "members": 2}}, prefer="respond-async"
    )
    over(twin, job.json["jobID"])
    found = twin.client.get(f"/ogc/jobs/{job.json['jobID']}/results").json
    assert found["changes"]["nox"]["verdict"] in ("likely better", "no clear change")
    assert twin.client.post(f"{PATH}/{ID}/execution", {"inputs": {"euros": 5}}).status == 400

    dearer = altered("processDescription", "process", "inputs", "euros", "schema", "maximum", value=9)
    assert send(twin, "PUT", f"{PATH}/{ID}", dearer).status == 204
    inputs = twin.client.get(f"{PATH}/{ID}").json["inputs"]
    assert inputs["euros"]["schema"]["maximum"] == 9
    assert twin.client.request("DELETE", f"{PATH}/{ID}").status == 204
    gone = twin.client.get(f"{PATH}/{ID}")
    assert gone.status == 404 and gone.json["type"].endswith("ogcapi-processes-1/1.0/no-such-process")
    kept = twin.client.get(f"/ogc/jobs/{job.json['jobID']}")
    assert kept.json["status"] == "successful", "what was computed stays on record"


def test_what_is_listed_says_whether_it_can_be_changed_and_the_conformance_says_so(twin: SmallTwin) -> None:
    send(twin, "POST", PATH, PACKAGE)
    listed = {one["id"]: one["mutable"] for one in twin.client.get(PATH).json["processes"]}
    assert listed == {"model-toy": False, "service-entry-charge": False, ID: True}
    conforms = twin.client.get("/ogc/conformance").json["conformsTo"]
    for name in ("deploy-replace-undeploy", "ogcapppkg"):
        assert f"http://www.opengis.net/spec/ogcapi-processes-2/1.0/conf/{name}" in conforms
    twin.client.request("DELETE", f"{PATH}/{ID}")


def test_refusals_say_the_types_of_the_standard(twin: SmallTwin) -> None:
    def refused(answer: Any) -> tuple[int, str]:
        return answer.status, answer.json["type"].rpartition("ogcapi-processes-2/1.0/")[2]

    send(twin, "POST", PATH, PACKAGE)
    assert refused(send(twin, "POST", PATH, PACKAGE)) == (409, "duplicated-process")
    for name in ("model-toy", "service-entry-charge"):
        package = altered("processDescription", "process", "id", value=name)
        assert refused(send(twin, "POST", PATH, package)) == (403, "immutable-process")
        assert refused(send(twin, "PUT", f"{PATH}/{name}", package)) == (403, "immutable-process")
        assert refused(twin.client.request("DELETE", f"{PATH}/{name}")) == (403, "immutable-process")
    assert refused(send(twin, "POST", PATH, PACKAGE, "application/cwl+json")) == (
        415,
        "unsupported-media-type",
    )
    assert send(twin, "PUT", f"{PATH}/service-none", PACKAGE).status == 404
    assert twin.client.request("DELETE", f"{PATH}/service-none").status == 404
    assert twin.client.get(f"{PATH}/service-entry-charge/package").status == 404
    twin.client.request("DELETE", f"{PATH}/{ID}")


PROCESS = ("processDescription", "process")
BOUND = ("executionUnit", "bindings", "inputBindings", "euros")


@pytest.mark.parametrize(
    ("package", "status", "where"),
    [
        ([], 400, "body"),
        (altered("processDescription", value=None), 400, "processDescription"),
        (altered(*PROCESS, "id", value="Cheap Charge"), 400, "processDescription.process.id"),
        (altered(*PROCESS, "id", value="service-../../x"), 400, "processDescription.process.id"),
        (altered(*PROCESS, "title", value=""), 400, "processDescription.process.title"),
        (altered(*PROCESS, "outputs", value={"map": {}}), 400, "processDescription.process.outputs.map"),
        (altered(*PROCESS, "inputs", value={}), 400, "executionUnit.bindings.inputBindings.euros"),
        (altered(*PROCESS, "inputs", "euros", "schema", "type", value="file"), 400,
         "processDescription.process.inputs.euros.schema.type"),
        (altered("executionUnit", value={"type": "docker", "image": "x"}), 501, "executionUnit.type"),
        (altered("executionUnit", value={"href": "https://example.org/a.cwl"}), 501, "executionUnit.type"),
        (altered("executionUnit", "type", value="python"), 400, "executionUnit.type"),
        (altered("executionUnit", "command", value="rm"), 400, "executionUnit.command"),
        (altered("executionUnit", "steps", value=[]), 400, "executionUnit"),
        (altered("executionUnit", "steps", value=[{"process": "model-none"}]), 400, "executionUnit.steps"),
        (altered("executionUnit", "steps", value=[{"process": "service-x"}]), 400, "executionUnit.steps[0].process"),
        (altered("executionUnit", "scenarios", value=["none"]), 400, "executionUnit.scenarios[0]"),
        (altered("executionUnit", "indicators", value=["none"]), 400, "executionUnit.indicators"),
        (altered(*BOUND, "measure", value="fly"), 400, "executionUnit.bindings.inputBindings.euros.measure"),
        (altered(*BOUND, "parameter", value="x"), 400, "executionUnit.bindings.inputBindings.euros.parameter"),
        (altered(*BOUND, "where", value={"segments": ["x"]}), 400, "executionUnit.bindings.inputBindings.euros.where"),
    ],
)  # fmt: skip
def test_what_is_not_a_chain_that_fits_is_refused_with_its_place(
    twin: SmallTwin, package: Any, status: int, where: str
) -> None:
    answer = send(twin, "POST", PATH, package)
    assert (answer.status, answer.json.get("where")) == (status, where), answer.json
    assert {one["id"] for one in twin.client.get(PATH).json["processes"]} == {
        "model-toy",
        "service-entry-charge",
    }


def test_what_was_deployed_is_there_after_a_restart_unless_it_no_longer_fits(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with small_twin(tmp_path) as first:
        assert send(first, "POST", PATH, PACKAGE).status == 201
    folder = tmp_path / "desk" / "deployed"
    (folder / "service-broken.json").write_text('{"package": {"executionUnit": {}}, "by": "x", "at": 3}')
    with small_twin(tmp_path) as second:
        listed = {one["id"] for one in second.client.get(PATH).json["processes"]}
        assert listed == {"model-toy", "service-entry-charge", ID}
    assert any("left aside" in one.message for one in caplog.records)


def test_only_so_many_are_taken(twin: SmallTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sympolis.orchestration.deploying.MOST", 0)
    assert send(twin, "POST", PATH, PACKAGE).status == 409
    assert isinstance(twin.desk, Desk)
    with pytest.raises(errors.NotFound):
        twin.desk.deployed.package(ID)
