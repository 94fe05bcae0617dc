"""From a figure back to the portal: who made it, of what, with which version."""

from typing import Any

from sympolis.governance import lineage
from sympolis.governance.lineage import Kind


def source(name: str, entity_type: str, *, run: bool = True) -> dict[str, Any]:
    last = {
        "data_version": f"v-{name}",
        "finished_at": "2024-06-01T00:00:00Z",
        "read": 5,
        "accepted": 4,
        "quarantined": 1,
    }
    return {
        "id": name,
        "title": {"en": name.title()},
        "owner": "City",
        "url": f"https://data.example/{name}",
        "licence": "CC-BY-4.0",
        "entity_type": entity_type,
        "last_run": last if run else None,
        "mapping": {"id": name, "version": "1", "entity_type": entity_type, "mode": "entities"},
    }


SOURCES = [
    source("roads", "RoadSegment"),
    source("counts", "ItemFlowObserved"),
    source("air", "AirQualityObserved"),
]
MODEL = {
    "id": "traffic",
    "title": {"en": "Traffic"},
    "version": "1.2.0",
    "needs": [
        {"name": "roads", "type": "RoadSegment"},
        {"name": "counts", "type": "ItemFlowObserved", "history": True},
    ],
}
CALIBRATION = {
    "id": "cal-1",
    "data_version": "d1",
    "at": "2024-06-01T01:00:00Z",
    "figures": {"held_out": {"r2": 0.8}},
}
RUN = {
    "id": "run-1",
    "scenario": "close",
    "model_version": "1.2.0",
    "seed": 7,
    "indicators": [
        {
            "name": "co2",
            "title": {"en": "CO2"},
            "unit": "kg",
            "value": 5.0,
            "interval": {"low": 4, "high": 6},
        },
        {"name": "speed", "title": {"en": "Speed"}, "unit": "km/h", "value": 20.0, "interval": None},
    ],
}


def kinds(graph: lineage.Graph) -> dict[str, Kind]:
    return {node.id: node.kind for node in graph.nodes}


def test_a_source_leads_from_the_portal_to_the_mapping() -> None:
    graph = lineage.of_source(SOURCES[0])
    assert list(kinds(graph).values()) == [Kind.SOURCE, Kind.DATASET, Kind.MAPPING]
    assert graph.edges == (("source:roads", "dataset:roads"), ("dataset:roads", "mapping:roads"))
    dataset = graph.nodes[1]
    assert (dataset.version, dataset.licence, dataset.detail["quarantined"]) == ("v-roads", "CC-BY-4.0", 1)


def test_a_source_that_was_never_read_stands_alone() -> None:
    graph = lineage.of_source(source("roads", "RoadSegment", run=False))
    assert kinds(graph) == {"source:roads": Kind.SOURCE}
    assert graph.edges == ()


def test_an_entity_hangs_on_the_sources_that_gave_its_values() -> None:
    graph = lineage.of_entity("urn:x:1", "Via A", {"roads": ["length"], "air": ["no2"]}, SOURCES)
    assert {"mapping:roads", "mapping:air"} == {start for start, end in graph.edges if end == "urn:x:1"}
    assert "source:counts" not in kinds(graph)


def test_a_run_uses_the_model_its_calibration_and_only_the_sources_it_needs() -> None:
    graph = lineage.of_run(RUN, MODEL, SOURCES, CALIBRATION)
    assert "source:air" not in kinds(graph)
    assert {("mapping:roads", "run-1"), ("model:traffic", "run-1"), ("cal-1", "run-1")} <= set(graph.edges)
    assert ("mapping:counts", "cal-1") in graph.edges
    assert ("mapping:counts", "run-1") not in graph.edges


def test_without_calibration_observations_feed_the_run() -> None:
    assert ("mapping:counts", "run-1") in lineage.of_run(RUN, MODEL, SOURCES).edges


def test_every_edge_joins_two_nodes_of_the_graph() -> None:
    graph = lineage.of_run(RUN, MODEL, SOURCES, CALIBRATION)
    ids = set(kinds(graph))
    assert all(start in ids and end in ids for start, end in graph.edges)


def test_a_figure_has_its_own_graph_without_its_siblings() -> None:
    run = lineage.of_run(RUN, MODEL, SOURCES, CALIBRATION)
    graph = lineage.of_indicator(run, "co2")
    assert graph is not None
    assert graph.id == "run-1/indicators/co2"
    assert "run-1/indicators/speed" not in kinds(graph)
    assert {"source:roads", "source:counts", "cal-1", "model:traffic"} <= set(kinds(graph))
    assert lineage.of_indicator(run, "noise") is None


def test_the_json_is_the_published_form() -> None:
    shown = lineage.of_run(RUN, MODEL, SOURCES, CALIBRATION).to_json()
    assert set(shown) == {"id", "nodes", "edges"}
    assert {frozenset(node) for node in shown["nodes"]} == {
        frozenset({"id", "kind", "title", "version", "at", "licence", "detail"})
    }
    assert all(isinstance(edge, list) and len(edge) == 2 for edge in shown["edges"])
