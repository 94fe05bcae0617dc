"""What Hamburg's Urban Model Platform does with a provider, step by step, as its client does it.

Learned from its source of February 2026 (github.com/citysciencelab/urban-model-platform): it lists, describes, checks
inputs against the description, executes with ``mode: async`` in the body and ``Prefer: respond-async``, takes the job's
id from ``Location``, polls with ``f=json`` until ``finished`` or a last status, and loads the result as a table of
features.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.integration.test_api_processes import over

from sympolis.testing.small_city import street_id
from sympolis.testing.small_twin import SmallTwin, small_twin

HEADERS = {"content_type": "application/json", "accept": "application/json"}
JSON = re.compile(r"application/(?:[\w.+-]+?\+)?json")
"""What its HTTP library takes for JSON."""


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    with small_twin(tmp_path_factory.mktemp("ump")) as found:
        yield found


def get(twin: SmallTwin, path: str) -> Any:
    answer = twin.client.get(path, **HEADERS)
    assert answer.status == 200 and JSON.match(answer.header("content-type") or ""), (path, answer.status)
    return answer.json


def test_processes_are_listed_under_ids_that_it_can_prefix(twin: SmallTwin) -> None:
    for process in get(twin, "/ogc/processes")["processes"]:
        assert ":" not in process["id"], "it writes provider:process itself"
        assert {"id", "title", "version", "description", "jobControlOptions"} <= process.keys()
        assert "async-execute" in process["jobControlOptions"]


def test_inputs_are_described_so_that_it_can_check_them(twin: SmallTwin) -> None:
    for process in get(twin, "/ogc/processes")["processes"]:
        described = get(twin, f"/ogc/processes/{process['id']}")
        assert isinstance(described["version"], str), "it is part of the platform's cache key"
        for name, given in described["inputs"].items():
            assert "minOccurs" in given, "else everything would be required"
            if given["schema"]["type"] == "array":
                assert "type" in given["schema"]["items"], f"it looks at the type of {name}'s items"


@pytest.mark.parametrize(
    ("process", "inputs"),
    [
        ("model-toy", {"overrides": [{"measure": "close_street", "where": {"segments": [street_id(1)]}}]}),
        ("service-entry-charge", {"charge": 3}),
    ],
)
def test_a_job_from_its_request_to_the_table_of_features(
    twin: SmallTwin, process: str, inputs: dict[str, Any]
) -> None:
    body = {"inputs": {**inputs, "members": 2}, "mode": "async"}
    accepted = twin.client.post(
        f"/ogc/processes/{process}/execution", body, accept="application/json", prefer="respond-async"
    )
    assert accepted.status == 201
    found = re.search(r"/jobs/([^/]+)", accepted.header("location") or "")
    assert found is not None
    job = found[1]
    first = get(twin, f"/ogc/jobs/{job}?f=json")
    assert first["status"] in ("accepted", "running", "successful")
    over(twin, job)
    last = get(twin, f"/ogc/jobs/{job}?f=json")
    assert last["status"] == "successful" and last["finished"] and last["progress"] == 100
    assert {"created", "started", "updated", "message"} <= last.keys()
    table = get(twin, f"/ogc/jobs/{job}/results?f=json")
    assert table["type"] == "FeatureCollection" and table["features"]
    columns = {frozenset(one["properties"]) for one in table["features"]}
    assert len(columns) == 1, "every feature has the same columns"
    for feature in table["features"]:
        assert feature["geometry"]["type"] in ("LineString", "Polygon", "MultiPolygon", "Point")
        assert all(isinstance(one, str | int | float | None) for one in feature["properties"].values())


def test_the_member_of_drafts_alone_makes_a_job_too_and_a_wrong_one_is_refused(twin: SmallTwin) -> None:
    path = "/ogc/processes/service-entry-charge/execution"
    assert twin.client.post(path, {"inputs": {"members": 2}, "mode": "async"}).status == 201
    refused = twin.client.post(path, {"inputs": {}, "mode": "later"})
    assert (refused.status, refused.json["where"]) == (400, "mode")


def test_what_is_not_there_is_told_in_the_types_that_it_knows(twin: SmallTwin) -> None:
    kinds = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"
    assert twin.client.get("/ogc/processes/model-none").json["type"] == f"{kinds}no-such-process"
    assert twin.client.get("/ogc/jobs/none").json["type"] == f"{kinds}no-such-job"
    slow = {"measure": "trouble", "where": {}, "parameters": {"kind": "slow"}}
    body = {"inputs": {"overrides": [slow], "members": 2}, "mode": "async"}
    job = twin.client.post("/ogc/processes/model-toy/execution", body).json["jobID"]
    assert twin.client.get(f"/ogc/jobs/{job}/results").json["type"] == f"{kinds}result-not-ready"
    twin.client.request("DELETE", f"/ogc/jobs/{job}")
    over(twin, job)
