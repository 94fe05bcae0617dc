"""A service of one city called by another under contract: once agreed on, as often as agreed on, and by nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from sympolis.dataspace.dsp.processes import Transfer
from sympolis.plugins import loader
from sympolis.testing.asgi_client import Answer, exchange
from sympolis.testing.offering import MODEL, SERVICE, simulators_with_toy, write_offering
from sympolis.testing.trading import AREAS, Pair, two_twins

RESEARCH = "https://w3id.org/dpv#ResearchAndDevelopment"
QUICK = {"charge": 4.0, "members": 2, "seed": 5}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("calls")
    registry = simulators_with_toy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loader, "simulators", lambda: registry)
        for name in ("a", "b"):
            write_offering(folder / name)
        with two_twins(folder) as found:
            yield found


def call(pair: Pair, asset: str = SERVICE, wait: int = 60, **more: Any) -> Answer:
    asked = {"partner": pair.provider.id, "asset": asset, **more}
    return pair.ask(pair.consumer, "POST", f"/calls?wait_s={wait}", asked)


def agreed(pair: Pair, asset: str) -> str:
    found = pair.agree(asset)
    assert found["state"] == "FINALIZED", found
    return str(found["agreement"])


def test_only_what_policies_let_out_is_on_offer(pair: Pair) -> None:
    offered = pair.ask(pair.consumer, "GET", f"/partners/{quote(pair.provider.id, safe='')}/offers").json
    by_id = {one["@id"]: one for one in offered["datasets"]}
    assert {SERVICE, MODEL, AREAS} <= by_id.keys()
    assert [one["format"] for one in by_id[SERVICE]["distribution"]] == ["OGC-Processes"]
    assert by_id[SERVICE]["dct:type"] == "service" and by_id[MODEL]["dct:type"] == "model"
    assert "urn:sympolis:service:ogc" not in by_id, "interfaces of the twin are no service to be called"


def test_without_an_agreement_nothing_is_called(pair: Pair) -> None:
    answer = call(pair)
    assert answer.status == 409 and "negotiate" in answer.json["hint"]


def test_a_call_comes_back_with_interval_lineage_and_calibration(pair: Pair) -> None:
    agreement = agreed(pair, SERVICE)
    found = call(pair, inputs=QUICK, agreement=agreement).json
    assert (found["state"], found["progress"], found["agreement"]) == ("done", 100, agreement), found["why"]
    result = pair.ask(pair.consumer, "GET", f"/calls/{found['id']}/result")
    assert result.header("content-type") == "application/geo+json"
    nox = result.json["indicators"]["nox"]
    assert nox["interval"]["low"] <= nox["value"] <= nox["interval"]["high"]
    said = found["provenance"]
    assert (said["service"], said["model"], said["model_version"]) == ("entry-charge", "toy", "1.0.0")
    assert said["members"] == 2 and "calibration" in said and said["data_version"]
    sources = {one["kind"] for one in said["lineage"]["nodes"]}
    assert {"dataset", "run"} <= sources, sources


def test_both_accounts_of_a_call_agree(pair: Pair) -> None:
    call(pair, inputs=QUICK, agreement=agreed(pair, SERVICE))
    transfer = pair.ask(pair.consumer, "GET", "/calls").json["calls"][0]["transfer"]
    compared = pair.ask(pair.consumer, "GET", f"/transfers/{transfer}/comparison").json
    assert compared["agree"], compared
    assert compared["uses"] >= 4, "execution, status, results, lineage"
    targets = [one["target"] for one in pair.ask(pair.provider, "GET", "/usage?limit=1000").json["uses"]]
    assert any(one.endswith("/execution") for one in targets)


def test_only_as_often_as_was_agreed_on(pair: Pair) -> None:
    agreement = agreed(pair, SERVICE)
    states = [call(pair, inputs=QUICK, agreement=agreement).json for _ in range(4)]
    assert [one["state"] for one in states] == ["done", "done", "done", "failed"], [
        one["why"] for one in states
    ]
    assert "403" in states[-1]["why"]


def test_only_for_the_purpose_that_was_agreed_on(pair: Pair) -> None:
    agreement = agreed(pair, MODEL)
    inputs = {"members": 2, "seed": 5}
    assert "403" in call(pair, MODEL, inputs=inputs, agreement=agreement).json["why"]
    found = call(pair, MODEL, inputs=inputs, agreement=agreement, purposes=[RESEARCH]).json
    assert found["state"] == "done", found["why"]


def test_what_the_service_refuses_is_said(pair: Pair) -> None:
    found = call(pair, inputs={"charge": 99.0}, agreement=agreed(pair, SERVICE)).json
    assert found["state"] == "failed" and "400" in found["why"] and "charge" in found["why"]


def test_an_agreement_on_one_service_opens_nothing_else(pair: Pair) -> None:
    agreement = agreed(pair, SERVICE)
    found = call(pair, inputs=QUICK, agreement=agreement).json
    transfer = found["transfer"]
    for path in (
        "/ogc/processes/model-toy",
        "/ogc/jobs",
        "/ogc/jobs/run-0",
        "/ngsi-ld/v1/entities",
        "/api/runs",
        "/api/lineage/areas",
        "/v2/models/toy",
    ):
        assert pair.get(transfer, path).status in (401, 403, 404), path
    assert pair.get(transfer, f"/ogc/jobs/{found['job']}").status == 200


def test_a_job_of_another_agreement_is_not_shown(pair: Pair) -> None:
    first = call(pair, inputs={**QUICK, "seed": 11}, agreement=agreed(pair, SERVICE)).json
    second = call(pair, inputs={**QUICK, "seed": 12}, agreement=agreed(pair, SERVICE)).json
    assert pair.get(second["transfer"], f"/ogc/jobs/{first['job']}/results").status == 404


def test_nobody_calls_with_a_foreign_token(pair: Pair) -> None:
    found = call(pair, inputs=QUICK, agreement=agreed(pair, SERVICE)).json
    peer = pair.consumer.desk.book.find(Transfer, found["transfer"]).peer  # type: ignore[union-attr]
    path = f"/dsp/data/{peer}/ogc/processes/service-entry-charge/execution"
    given = {"host": pair.provider.host, "authorization": "Bearer dst_guessed"}
    answer = pair.run(exchange(pair.provider.twin.asgi, "POST", path, json={"inputs": {}}, headers=given))
    assert answer.status == 401


def test_after_the_end_of_the_agreement_nothing_is_called(pair: Pair) -> None:
    agreement = agreed(pair, SERVICE)
    found = call(pair, inputs=QUICK, agreement=agreement).json
    pair.ask(pair.consumer, "POST", f"/agreements/{agreement}/decision", {"act": "terminate"})
    assert call(pair, inputs=QUICK, agreement=agreement).status == 409
    pair.settle()
    assert pair.get(found["transfer"], f"/ogc/jobs/{found['job']}").status == 403


def test_a_call_that_goes_on_can_be_stopped(pair: Pair) -> None:
    trouble = {"measure": "trouble", "where": {}, "parameters": {"kind": "slow"}}
    inputs = {"overrides": [trouble], "members": 2, "seed": 7}
    agreement = agreed(pair, MODEL)
    begun = call(pair, MODEL, wait=1, inputs=inputs, agreement=agreement, purposes=[RESEARCH]).json
    assert begun["state"] in ("begun", "running")
    stopped = pair.ask(pair.consumer, "DELETE", f"/calls/{begun['id']}").json
    assert stopped["state"] == "stopped"
    assert pair.ask(pair.consumer, "DELETE", f"/calls/{begun['id']}").status == 409
    if begun["job"]:
        assert pair.run(_last(pair, begun["job"]))["status"] == "cancelled"


async def _last(pair: Pair, job: str) -> Any:
    """The provider's run once it has ended."""
    return [one async for one in pair.provider.twin.desk.run_events(job)][-1]


@pytest.mark.parametrize(
    "document",
    [{}, {"partner": 3}, {"asset": ""}, {"inputs": []}, {"purposes": "x"}, {"more": 1}],
)
def test_what_is_no_call_is_refused(pair: Pair, document: dict[str, Any]) -> None:
    asked = {"partner": pair.provider.id, "asset": SERVICE, **document} if document else {}
    assert pair.ask(pair.consumer, "POST", "/calls", asked).status == 400
