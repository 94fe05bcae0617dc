"""Lineage in the words of PROV-O, and failures in those of OpenLineage."""

from __future__ import annotations

from typing import Any

from sympolis.governance import openlineage
from sympolis.governance.lineage import Graph, Kind, Node
from sympolis.governance.provenance import prov_document

GRAPH = Graph(
    "run-1",
    (
        Node("source:a", Kind.SOURCE, {"it": "Spire"}, detail={"owner": "Comune"}),
        Node("dataset:a", Kind.DATASET, "a", version="v1", at="2026-01-01T00:00:00Z"),
        Node("mapping:a", Kind.MAPPING, "a", version="2"),
        Node("run-1", Kind.RUN, "run", at="2026-01-02T00:00:00Z"),
        Node("run-1/indicators/co2", Kind.INDICATOR, "CO2"),
    ),
    (
        ("source:a", "dataset:a"),
        ("dataset:a", "mapping:a"),
        ("mapping:a", "run-1"),
        ("run-1", "run-1/indicators/co2"),
    ),
)


def test_each_edge_becomes_the_property_for_its_ends() -> None:
    nodes = {
        one["@id"].partition("/api/lineage/")[2]: one for one in prov_document(GRAPH, "http://t")["@graph"]
    }
    base = "http://t/api/lineage/"
    assert nodes["dataset:a"]["wasDerivedFrom"] == [base + "source:a"]
    assert nodes["mapping:a"]["used"] == [base + "dataset:a"]
    assert nodes["run-1"]["wasInformedBy"] == [base + "mapping:a"]
    assert nodes["run-1/indicators/co2"]["wasGeneratedBy"] == [base + "run-1"]
    assert nodes["source:a"]["wasAttributedTo"]["title"] == {"en": "Comune"}
    assert "endedAtTime" in nodes["run-1"] and "generatedAtTime" in nodes["dataset:a"]


def test_the_document_is_rdf_with_every_edge() -> None:
    from pyld import jsonld

    [expanded] = [jsonld.expand(prov_document(GRAPH, "http://t"))]
    prov = "http://www.w3.org/ns/prov#"
    edges = [
        (node["@id"], target["@id"])
        for node in expanded
        for name in ("used", "wasDerivedFrom", "wasGeneratedBy", "wasInformedBy")
        for target in node.get(prov + name, ())
    ]
    assert len(edges) == len(GRAPH.edges)


def failed(**members: Any) -> dict[str, Any]:
    run = {"id": "r1", "state": "failed", "started_at": "2026-01-01T00:00:00Z", "read": 3, "accepted": 0}
    return {
        "id": "a",
        "title": {"en": "A"},
        "url": "https://portal.example/a.csv",
        "owner": "City",
        "entity_type": "Loop",
        "runs": [{**run, "data_version": "", "error": "half a file", **members}],
    }


def test_a_failed_run_says_why() -> None:
    start, end = openlineage.source_events(failed(finished_at="2026-01-01T00:01:00Z"), "http://t")
    assert (start["eventType"], end["eventType"]) == ("START", "FAIL")
    assert end["run"]["facets"]["errorMessage"]["message"] == "half a file"
    assert start["run"]["runId"] == end["run"]["runId"] and start["outputs"] == []


def test_a_run_that_goes_on_has_only_started() -> None:
    [event] = openlineage.source_events(failed(finished_at=None), "http://t")
    assert event["eventType"] == "START"
