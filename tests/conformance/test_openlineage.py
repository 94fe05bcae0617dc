"""The twin's lineage events against the OpenLineage schemas, which lie beside the project."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from sympolis.testing.small_twin import SmallTwin, small_twin

SPEC = Path(__file__).parents[2].parent / "shared" / "conformance" / "openlineage" / "spec"

pytestmark = [
    pytest.mark.pack,
    pytest.mark.skipif(not SPEC.exists(), reason="the conformance packs are not beside the project"),
]


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    return {
        found["$id"]: found
        for path in (SPEC / "OpenLineage.json", *(SPEC / "facets").glob("*.json"))
        if "$id" in (found := json.loads(path.read_text()))
    }


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, Any]]]:
    with small_twin(tmp_path_factory.mktemp("lineage")) as twin:
        let_a_model_run(twin)
        yield twin.client.get("/api/lineage/events?limit=1000").json["events"]


def let_a_model_run(twin: SmallTwin) -> None:
    """So that its events are among the others."""
    [scenario, *_] = twin.client.get("/api/scenarios").json["scenarios"]
    answer = twin.client.post(f"/api/scenarios/{scenario['id']}/runs", {"members": 3})

    async def wait() -> None:
        async for _ in twin.desk.run_events(answer.json["id"]):
            pass

    twin.client.loop.run_until_complete(wait())


def validator(schemas: dict[str, Any], reference: str) -> jsonschema_rs.Draft202012Validator:
    registry = jsonschema_rs.Registry(list(schemas.items()))
    return jsonschema_rs.Draft202012Validator({"$ref": reference}, registry=registry, validate_formats=True)


def facets(event: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    holders = [event["run"], event["job"], *event["inputs"], *event["outputs"]]
    for holder in holders:
        for member in ("facets", "inputFacets", "outputFacets"):
            yield from holder.get(member, {}).items()


def test_events_meet_the_schema(events: list[dict[str, Any]], schemas: dict[str, Any]) -> None:
    event_schema = validator(schemas, events[0]["schemaURL"])
    for event in events:
        event_schema.validate(event)
    assert {event["eventType"] for event in events} == {"START", "COMPLETE"}
    assert {event["job"]["name"].partition(".")[0] for event in events} == {"source", "model"}


def test_every_facet_meets_the_schema_that_it_names(
    events: list[dict[str, Any]], schemas: dict[str, Any]
) -> None:
    found = [facet for event in events for facet in facets(event)]
    assert {name for name, _ in found} >= {
        "dataSource",
        "ownership",
        "version",
        "jobType",
        "processing_engine",
    }
    for _, facet in found:
        assert facet["_schemaURL"].partition("#")[0] in schemas
        validator(schemas, facet["_schemaURL"]).validate(facet)


def test_each_run_starts_before_it_ends(events: list[dict[str, Any]]) -> None:
    runs: dict[str, list[str]] = {}
    for event in events:
        runs.setdefault(event["run"]["runId"], []).append(event["eventType"])
    assert set(map(tuple, runs.values())) == {("START", "COMPLETE")}
