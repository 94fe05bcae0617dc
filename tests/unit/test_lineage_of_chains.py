"""The lineage of a run that another model's run feeds leads through that run to its sources."""

from sympolis.governance.lineage import Graph, Kind, Node, fed


def test_a_chain_leads_through_the_run_before_and_names_nothing_twice() -> None:
    source, model = Node("source:roads", Kind.SOURCE, "Roads"), Node("model:traffic", Kind.MODEL, "Traffic")
    first, last = Node("run-1", Kind.RUN, "Traffic"), Node("run-2", Kind.RUN, "Exposure")
    before = Graph("run-1", (source, model, first), (("source:roads", "run-1"), ("model:traffic", "run-1")))
    found = fed(Graph("run-2", (source, last), (("source:roads", "run-2"),)), [before])
    assert [node.id for node in found.nodes] == ["source:roads", "model:traffic", "run-1", "run-2"]
    assert ("run-1", "run-2") in found.edges and found.id == "run-2"
    assert len(set(found.edges)) == len(found.edges) == 4
