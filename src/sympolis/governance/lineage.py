"""Where a number comes from, drawn as a graph of sources, datasets, mappings, entities, models, runs and figures.

Pure: callers hand over what they know as the JSON of ``docs/reference/twin-api.md`` and get nodes and edges back. An
edge runs from what was used to what was made of it (the inverse of PROV-O's ``prov:wasDerivedFrom``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Any

Json = Mapping[str, Any]
Edge = tuple[str, str]


class Kind(StrEnum):
    """What a node stands for."""

    SOURCE = "source"
    DATASET = "dataset"
    MAPPING = "mapping"
    ENTITY = "entity"
    MODEL = "model"
    CALIBRATION = "calibration"
    RUN = "run"
    INDICATOR = "indicator"


@dataclass(frozen=True, slots=True)
class Node:
    """One thing in the graph. ``title`` is a text or a text per language; ``at`` an ISO time or datetime."""

    id: str
    kind: Kind
    title: Any
    version: str | None = None
    at: Any = None
    licence: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Graph:
    """The lineage of ``id``: every node that leads to it, origins first, and how they hang together."""

    id: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        nodes = [{**asdict(node), "kind": str(node.kind)} for node in self.nodes]
        return {"id": self.id, "nodes": nodes, "edges": [list(edge) for edge in self.edges]}


def fed(graph: Graph, before: Iterable[Graph]) -> Graph:
    """The graph of a run that others feed: each of theirs leads into it; what both have stands there once."""
    nodes, edges = list[Node](), list[Edge]()
    for one in before:
        nodes += one.nodes
        edges += [*one.edges, (one.id, graph.id)]
    unique = {node.id: node for node in (*nodes, *graph.nodes)}
    return Graph(graph.id, tuple(unique.values()), tuple(dict.fromkeys((*edges, *graph.edges))))


def of_source(source: Json) -> Graph:
    """A source as ``GET /api/sources/{id}`` gives it: the portal, the dataset as last read, the mapping used."""
    nodes, edges = _source_parts(source)
    return _graph(nodes[-1].id, nodes, edges)


def of_entity(
    entity_id: str, title: Any, provided_by: Mapping[str, Sequence[str]], sources: Iterable[Json]
) -> Graph:
    """An entity: ``provided_by`` maps a source's id to the short names of the attributes it gave (``providedBy``)."""
    nodes: list[Node] = []
    edges: list[Edge] = []
    for source in sources:
        if source["id"] in provided_by:
            own, between = _source_parts(source)
            nodes += own
            edges += [*between, (own[-1].id, entity_id)]
    detail = {"attributes": {source: list(names) for source, names in provided_by.items()}}
    nodes.append(Node(entity_id, Kind.ENTITY, title, detail=detail))
    return _graph(entity_id, nodes, edges)


def of_run(run: Json, model: Json, sources: Iterable[Json], calibration: Json | None = None) -> Graph:
    """A run: the model, its calibration, every source whose entities the model needs, and the figures it gave.

    ``model`` and ``calibration`` are as in ``GET /api/models``; only sources whose ``entity_type`` is among the model's
    needs take part. Observed series (needs with ``history``) feed the calibration, current state feeds the run.
    """
    run_id = str(run["id"])
    nodes, edges = _inputs(run_id, model, sources, calibration)
    nodes.append(_model_node(model))
    edges.append((_model_id(model), run_id))
    if calibration is not None:
        nodes.append(_calibration_node(calibration))
        edges += [(_model_id(model), str(calibration["id"])), (str(calibration["id"]), run_id)]
    nodes.append(_run_node(run))
    for indicator in run.get("indicators") or ():
        node = _indicator_node(run_id, indicator)
        nodes.append(node)
        edges.append((run_id, node.id))
    return _graph(run_id, nodes, edges)


def of_indicator(run_graph: Graph, name: str) -> Graph | None:
    """One figure of a run: its graph without the other figures; None where the run has no such figure."""
    wanted = indicator_id(run_graph.id, name)
    if all(node.id != wanted for node in run_graph.nodes):
        return None
    return _graph(wanted, *leading_to(wanted, run_graph.nodes, run_graph.edges))


def indicator_id(run: str, name: str) -> str:
    """The id of a run's figure in the graph, e.g. ``run-1/indicators/co2``."""
    return f"{run}/indicators/{name}"


def leading_to(wanted: str, nodes: Iterable[Node], edges: Iterable[Edge]) -> tuple[list[Node], list[Edge]]:
    """The part of a graph from which ``wanted`` can be reached."""
    edges = list(edges)
    before: dict[str, list[str]] = {}
    for start, end in edges:
        before.setdefault(end, []).append(start)
    kept, ahead = {wanted}, [wanted]
    while ahead:
        fresh = [start for start in before.get(ahead.pop(), ()) if start not in kept]
        kept.update(fresh)
        ahead += fresh
    return [node for node in nodes if node.id in kept], [edge for edge in edges if kept.issuperset(edge)]


def _graph(wanted: str, nodes: Iterable[Node], edges: Iterable[Edge]) -> Graph:
    unique = {node.id: node for node in nodes}
    return Graph(wanted, tuple(unique.values()), tuple(dict.fromkeys(edges)))


def _inputs(
    run_id: str, model: Json, sources: Iterable[Json], calibration: Json | None
) -> tuple[list[Node], list[Edge]]:
    needs = {need["type"]: bool(need.get("history")) for need in model.get("needs", ())}
    nodes: list[Node] = []
    edges: list[Edge] = []
    for source in sources:
        if source.get("entity_type") in needs:
            own, between = _source_parts(source)
            observed = needs[source["entity_type"]] and calibration is not None
            target = str(calibration["id"]) if observed and calibration is not None else run_id
            nodes += own
            edges += [*between, (own[-1].id, target)]
    return nodes, edges


_COUNTS = ("read", "accepted", "unchanged", "duplicates", "quarantined", "observations")


def _source_parts(source: Json) -> tuple[list[Node], list[Edge]]:
    """source → dataset (as last read) → mapping; without a run, only the source."""
    origin = Node(
        f"source:{source['id']}",
        Kind.SOURCE,
        source["title"],
        licence=source.get("licence"),
        detail={
            name: source.get(name)
            for name in ("owner", "url", "dataset", "attribution", "schedule", "status")
        },
    )
    last = source.get("last_run")
    if not last:
        return [origin], []
    parts = [origin, _dataset_node(source, last)]
    mapping = source.get("mapping")
    if isinstance(mapping, Mapping):
        parts.append(_mapping_node(mapping))
    return parts, [(first.id, then.id) for first, then in pairwise(parts)]


def _dataset_node(source: Json, last: Json) -> Node:
    return Node(
        f"dataset:{source['id']}",
        Kind.DATASET,
        source["title"],
        version=last.get("data_version"),
        at=last.get("finished_at"),
        licence=source.get("licence"),
        detail={
            **{name: last.get(name) for name in _COUNTS},
            "newest_observation": source.get("newest_observation"),
            "quarantine": f"/api/sources/{source['id']}/quarantine",
        },
    )


def _mapping_node(mapping: Json) -> Node:
    return Node(
        f"mapping:{mapping['id']}",
        Kind.MAPPING,
        mapping["id"],
        version=str(mapping["version"]),
        detail={"entity_type": mapping["entity_type"], "mode": mapping.get("mode")},
    )


def _model_id(model: Json) -> str:
    return f"model:{model['id']}"


def _model_node(model: Json) -> Node:
    detail = {"validity": model.get("validity"), "parameters": model.get("parameters")}
    return Node(_model_id(model), Kind.MODEL, model["title"], version=model.get("version"), detail=detail)


def _calibration_node(calibration: Json) -> Node:
    detail = {name: calibration.get(name) for name in ("figures", "window", "notes", "cost_cpu_s")}
    return Node(
        str(calibration["id"]),
        Kind.CALIBRATION,
        str(calibration["id"]),
        version=calibration.get("data_version"),
        at=calibration.get("at"),
        detail=detail,
    )


_RUN_DETAIL = (
    "scenario",
    "scenario_version",
    "mode",
    "window",
    "seed",
    "members",
    "key",
    "data_version",
    "cost_cpu_s",
)


def _run_node(run: Json) -> Node:
    return Node(
        str(run["id"]),
        Kind.RUN,
        run.get("scenario_title") or str(run.get("scenario") or run["id"]),
        version=run.get("model_version"),
        at=run.get("finished_at"),
        detail={name: run.get(name) for name in _RUN_DETAIL},
    )


def _indicator_node(run_id: str, indicator: Json) -> Node:
    return Node(
        indicator_id(run_id, indicator["name"]),
        Kind.INDICATOR,
        indicator["title"],
        detail={name: indicator.get(name) for name in ("value", "unit", "interval", "direction")},
    )
