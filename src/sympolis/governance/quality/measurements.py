"""Quality as RDF by the W3C Data Quality Vocabulary: measurements with metric, dimension, value, unit and time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from rdflib import DCTERMS, RDF, SKOS, XSD, BNode, Graph, Literal, Namespace, URIRef

from sympolis.governance.quality.metrics import DIMENSIONS, METRICS

if TYPE_CHECKING:
    from rdflib.graph import _ObjectType as Object

Json = Mapping[str, Any]
DQV = Namespace("http://www.w3.org/ns/dqv#")
SDMX = Namespace("http://purl.org/linked-data/sdmx/2009/attribute#")
_UNITS: Final = {
    "1": "http://qudt.org/vocab/unit/UNITLESS",
    "rows": "http://qudt.org/vocab/unit/NUM",
    "h": "http://qudt.org/vocab/unit/HR",
}


def quality_graph(dataset: str, evaluations: Iterable[Json], vocabulary: str) -> Graph:
    """All measurements of a dataset (its IRI), newest and older; metrics are defined below ``vocabulary``."""
    graph = Graph()
    graph.bind("dqv", DQV)
    graph.bind("dcterms", DCTERMS)
    graph.bind("sdmx-attribute", SDMX)
    for evaluation in evaluations:
        add_measurements(graph, URIRef(dataset), evaluation, vocabulary)
    return graph


def add_measurements(graph: Graph, dataset: URIRef, evaluation: Json, vocabulary: str) -> None:
    """Add the figures of one evaluation, with what their metrics mean."""
    at = Literal(str(evaluation["at"]).replace(" ", "T"), datatype=XSD.dateTime)
    for measure in evaluation["measures"]:
        node = BNode()
        metric = _metric(graph, measure, vocabulary)
        graph.add((dataset, DQV.hasQualityMeasurement, node))
        for name, value in _said(measure, dataset, metric, at):
            graph.add((node, name, value))


def _said(measure: Json, dataset: URIRef, metric: URIRef, at: Literal) -> list[tuple[URIRef, Object]]:
    return [
        (RDF.type, DQV.QualityMeasurement),
        (DQV.computedOn, dataset),
        (DQV.isMeasurementOf, metric),
        (DQV.value, Literal(round(float(measure["value"]), 6), datatype=XSD.double)),
        (SDMX.unitMeasure, URIRef(_UNITS[measure["unit"]])),
        (DCTERMS.created, at),
    ]


def _metric(graph: Graph, measure: Json, vocabulary: str) -> URIRef:
    """The metric's IRI, defined in the graph; one about an attribute is narrower than the metric itself."""
    known = METRICS[measure["metric"]]
    metric = URIRef(f"{vocabulary}#metric-{known.id}")
    _define(graph, metric, known.id, vocabulary)
    if not measure["attribute"]:
        return metric
    narrower = URIRef(f"{vocabulary}#metric-{known.id}-{measure['attribute']}")
    _define(graph, narrower, known.id, vocabulary, of=f" ({measure['attribute']})")
    graph.add((narrower, SKOS.broader, metric))
    return narrower


def _define(graph: Graph, node: URIRef, metric: str, vocabulary: str, *, of: str = "") -> None:
    known = METRICS[metric]
    dimension = URIRef(f"{vocabulary}#dimension-{known.dimension}")
    graph.add((node, RDF.type, DQV.Metric))
    graph.add((node, SKOS.definition, Literal(known.definition, lang="en")))
    graph.add((node, DQV.expectedDataType, XSD.double))
    graph.add((node, DQV.inDimension, dimension))
    graph.add((dimension, RDF.type, DQV.Dimension))
    for language, text in known.title.items():
        graph.add((node, SKOS.prefLabel, Literal(text + of, lang=language)))
    for language, text in DIMENSIONS[known.dimension].items():
        graph.add((dimension, SKOS.prefLabel, Literal(text, lang=language)))
