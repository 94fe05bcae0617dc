"""OGC API – Processes: what a client such as Hamburg's Urban Model Platform does, and what it must not do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from sympolis.testing.small_city import street_id
from sympolis.testing.small_twin import SmallTwin, small_twin

MODEL, SERVICE = "/ogc/processes/model-toy", "/ogc/processes/service-entry-charge"
CLOSE = {"measure": "close_street", "where": {"segments": [street_id(1)]}}
QUICK = {"members": 2, "seed": 5}


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    with small_twin(tmp_path_factory.mktemp("processes")) as found:
        yield found


def over(twin: SmallTwin, job: str) -> None:
    async def wait() -> None:
        async for _ in twin.desk.run_events(job.removesuffix(".document")):
            pass

    twin.client.loop.run_until_complete(wait())


def execute(twin: SmallTwin, process: str, document: Any, **headers: str) -> Any:
    return twin.client.post(f"{process}/execution", document, **headers)


def test_the_landing_page_and_the_conformance_say_so(twin: SmallTwin) -> None:
    relations = {one["rel"]: one["href"] for one in twin.client.get("/ogc").json["links"]}
    assert relations["http://www.opengis.net/def/rel/ogc/1.0/processes"].endswith("/ogc/processes")
    conforms = twin.client.get("/ogc/conformance").json["conformsTo"]
    for name in ("core", "ogc-process-description", "json", "job-list", "dismiss"):
        assert f"http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/{name}" in conforms


def test_models_and_services_are_listed_and_described(twin: SmallTwin) -> None:
    listed = twin.client.get("/ogc/processes?f=json").json["processes"]
    assert {one["id"] for one in listed} == {"model-toy", "service-entry-charge"}
    for one in listed:
        assert {"version", "title", "jobControlOptions", "outputTransmission", "links"} <= one.keys()
        described = twin.client.get(f"/ogc/processes/{one['id']}").json
        assert described["outputs"].keys() == {"result"}
        for given in described["inputs"].values():
            assert jsonschema_rs.meta.is_valid(given["schema"])
            assert given["title"] and given["minOccurs"] == 0


def test_the_schema_of_overrides_takes_what_the_engine_takes(twin: SmallTwin) -> None:
    schema = twin.client.get(MODEL).json["inputs"]["overrides"]["schema"]
    validator = jsonschema_rs.validator_for(schema)
    assert validator.is_valid([CLOSE])
    assert not validator.is_valid([{"measure": "close_street", "where": {"area": "x"}}])
    assert not validator.is_valid([{"measure": "open_street", "where": {"segments": ["x"]}}])
    charge = {"measure": "charge_entry", "where": {}, "parameters": {"charge_eur": 25.0}}
    assert not validator.is_valid([charge]), "the bounds of the model's parameter are in the schema"


def test_an_execution_as_a_job_from_201_to_its_features(twin: SmallTwin) -> None:
    inputs = {"overrides": [CLOSE], "start_hour": 7, "end_hour": 9, **QUICK}
    answer = execute(twin, MODEL, {"inputs": inputs}, prefer="respond-async")
    assert answer.status == 201 and answer.header("preference-applied") == "respond-async"
    assert {"jobID", "status", "type", "processID"} <= answer.json.keys()
    location = (answer.header("location") or "").split("http://127.0.0.1")[-1]
    path = location[location.index("/ogc/jobs/") :]
    over(twin, answer.json["jobID"])
    status = twin.client.get(f"{path}?f=json").json
    assert (status["status"], status["progress"], status["processID"]) == ("successful", 100, "model-toy")
    assert any(one["rel"].endswith("/results") for one in status["links"])
    found = twin.client.get(f"{path}/results?f=json")
    assert found.header("content-type") == "application/geo+json"
    features = found.json["features"]
    assert len(features) == 16 and {one["properties"]["hour"] for one in features} == {7, 8}
    closed = next(one for one in features if one["properties"]["entity"] == street_id(1))
    assert closed["geometry"]["type"] == "LineString" and closed["properties"]["flow"] == 0
    assert {"flow_low", "flow_high", "nox"} <= closed["properties"].keys()
    assert found.json["indicators"]["nox"]["interval"]["level"] == 0.9
    assert found.json["changes"]["nox"]["verdict"] in ("likely better", "no clear change")


def test_a_service_at_once_and_as_a_document(twin: SmallTwin) -> None:
    answer = execute(twin, SERVICE, {"inputs": {"charge": {"value": 4.0}, **QUICK}})
    assert answer.status == 200 and answer.json["type"] == "FeatureCollection"
    again = execute(
        twin, SERVICE, {"inputs": {"charge": 4.0, **QUICK}, "response": "document", "outputs": {"result": {}}}
    )
    assert again.json["result"]["value"] == answer.json
    job = execute(
        twin, SERVICE, {"inputs": {"charge": 4.0, **QUICK}, "response": "document"}, prefer="respond-async"
    )
    assert twin.client.get(f"/ogc/jobs/{job.json['jobID']}/results").json == again.json
    listed = twin.client.get("/ogc/jobs?processID=service-entry-charge&status=successful").json["jobs"]
    assert [one["jobID"] for one in listed] == [answer.json["run"]]


@pytest.mark.parametrize(
    ("process", "document", "where"),
    [
        (MODEL, {"input": {}}, "input"),
        (MODEL, {"inputs": []}, "inputs"),
        (MODEL, {"inputs": {"overrrides": []}}, "inputs.overrrides"),
        (MODEL, {"inputs": {"members": 1}}, "inputs.members"),
        (MODEL, {"inputs": {"members": True}}, "inputs.members"),
        (MODEL, {"inputs": {"mode": "guess"}}, "inputs.mode"),
        (MODEL, {"inputs": {"start_hour": 9, "end_hour": 9}}, "inputs.end_hour"),
        (MODEL, {"inputs": {"overrides": [{"measure": "fly"}]}}, "inputs.overrides[0].measure"),
        (MODEL, {"inputs": {"overrides": [CLOSE, {"measure": "close_street", "where": {"segments": ["x"]}}]}},
         "inputs.overrides[1].where.segments"),
        (SERVICE, {"inputs": {"charge": 11.0}}, "inputs.charge"),
        (SERVICE, {"inputs": {"charge": "4"}}, "inputs.charge"),
        (SERVICE, {"inputs": {}, "outputs": {"map": {}}}, "outputs.map"),
        (SERVICE, {"inputs": {}, "outputs": {"result": {"transmissionMode": "reference"}}},
         "outputs.result.transmissionMode"),
        (SERVICE, {"inputs": {}, "response": "table"}, "response"),
    ],
)  # fmt: skip
def test_bad_inputs_are_400_with_their_place(
    twin: SmallTwin, process: str, document: Any, where: str
) -> None:
    answer = execute(twin, process, document)
    assert (answer.status, answer.json.get("where")) == (400, where), answer.json


def test_what_is_not_offered_is_501_and_what_is_not_there_404(twin: SmallTwin) -> None:
    assert execute(twin, MODEL, {"inputs": {}, "subscriber": {"successUri": "http://x"}}).status == 501
    for path in ("/ogc/processes/x", "/ogc/processes/model-x", "/ogc/jobs/x", "/ogc/jobs/x/results"):
        assert twin.client.get(path).status == 404, path
    assert execute(twin, "/ogc/processes/service-x", {"inputs": {}}).status == 404


def test_a_job_can_be_dismissed_and_a_finished_one_stays(twin: SmallTwin) -> None:
    slow = {"measure": "trouble", "where": {}, "parameters": {"kind": "slow"}}
    job = execute(twin, MODEL, {"inputs": {"overrides": [slow], **QUICK}}, prefer="respond-async").json[
        "jobID"
    ]
    assert twin.client.get(f"/ogc/jobs/{job}/results").status == 404
    dismissed = twin.client.request("DELETE", f"/ogc/jobs/{job}")
    assert (dismissed.status, dismissed.json["status"]) == (200, "dismissed")
    over(twin, job)
    assert twin.client.get(f"/ogc/jobs/{job}").json["status"] == "dismissed"
    done = execute(twin, MODEL, {"inputs": QUICK}).json["run"]
    assert twin.client.request("DELETE", f"/ogc/jobs/{done}").status == 409


def test_a_failed_job_says_why(twin: SmallTwin) -> None:
    bad = {"measure": "trouble", "where": {}, "parameters": {"kind": "raise"}}
    job = execute(twin, MODEL, {"inputs": {"overrides": [bad], **QUICK}}, prefer="respond-async").json[
        "jobID"
    ]
    over(twin, job)
    status = twin.client.get(f"/ogc/jobs/{job}").json
    assert status["status"] == "failed" and "a street of no length" in status["message"]
    assert twin.client.get(f"/ogc/jobs/{job}/results").status == 502
