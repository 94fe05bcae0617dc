"""A scenario that assumes otherwise, from its check to the comparison and to why the answer is uncertain."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from sympolis.testing.simulators import ToySimulator
from sympolis.testing.small_twin import SmallTwin, small_twin

NAME = next(one.name for one in ToySimulator.parameters if one.plausible is not None)
FIXED = {"measure": "assume", "where": {}, "parameters": {NAME: 1.2}}


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    with small_twin(tmp_path_factory.mktemp("assuming")) as found:
        yield found


@pytest.fixture(scope="module")
def run(twin: SmallTwin) -> dict[str, Any]:
    document = {"title": "More traffic", "question": "What if there were more?", "overrides": [FIXED]}
    made = twin.client.post("/api/scenarios", document)
    assert made.status == 201, made.body
    started = twin.client.post(f"/api/scenarios/{made.json['id']}/runs", {"members": 4})

    async def wait() -> Any:
        async for found in twin.desk.run_events(started.json["id"]):
            last = found
        return last

    found: dict[str, Any] = twin.client.loop.run_until_complete(wait())
    assert found["status"] == "done", found["error"]
    return found


def test_the_model_offers_it_and_so_does_the_process(twin: SmallTwin) -> None:
    *_, offered = twin.client.get("/api/models/toy").json["measures"]
    assert offered["name"] == "assume" and NAME in [one["name"] for one in offered["parameters"]]
    process = twin.client.get("/ogc/processes/model-toy").json
    kinds = process["inputs"]["overrides"]["schema"]["items"]["oneOf"]
    assert "assume" in [one["properties"]["measure"]["const"] for one in kinds]


def test_a_check_refuses_what_is_out_of_bounds(twin: SmallTwin) -> None:
    odd = {"title": "Odd", "overrides": [{**FIXED, "parameters": {NAME: 1e9}}]}
    answer = twin.client.post("/api/scenarios/check", odd).json
    assert not answer["allowed"] and answer["reasons"][0]["where"] == f"overrides[0].parameters.{NAME}"


def test_the_run_rests_on_what_was_assumed_and_is_compared_with_the_world_as_it_is(
    twin: SmallTwin, run: dict[str, Any]
) -> None:
    assert run["parameters"]["fixed"][NAME] == 1.2 and NAME not in run["parameters"]["sampled"]
    base = twin.client.get(f"/api/runs/{run['baseline']}").json
    assert NAME in base["parameters"]["sampled"]
    compared = twin.client.get(f"/api/comparisons?base={base['id']}&with={run['id']}")
    assert compared.status == 200


def test_why_it_is_uncertain_counts_what_is_open_in_either_world(
    twin: SmallTwin, run: dict[str, Any]
) -> None:
    async def explained() -> Any:
        found = await twin.desk.analyse(run["id"], 8)
        while found["status"] == "running":
            await asyncio.sleep(0.01)
            found = await twin.desk.sensitivity(run["id"])
        return found

    found = twin.client.loop.run_until_complete(explained())
    assert found["status"] == "done", found["error"]
    inputs = [one["name"] for one in found["indicators"][0]["inputs"]]
    assert NAME in inputs, "the world as it is, which the change is from, draws it"
