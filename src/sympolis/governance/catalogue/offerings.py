"""Models and offers in RDF: what may be run here, how well it does, and on which terms things may be had.

A model is a ``dcat:DataService`` (DCAT 3: data processing functions are services), so every DCAT-AP harvester reads it;
``mls:Implementation`` of the W3C ML Schema says that it is to be run, ``dcterms:requires`` leads to the datasets
that it works on, and DQV says how well it did against what was observed. MLDCAT-AP is for models that learned from data
and has no place for those that calculate: see decision 0031.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from rdflib import DCTERMS, FOAF, RDF, SKOS, XSD, BNode, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection

from sympolis.governance.catalogue import triples
from sympolis.governance.catalogue.licences import licence_of
from sympolis.governance.catalogue.model import Figure, Model, Need, Offer
from sympolis.governance.catalogue.triples import DCAT, DQV
from sympolis.governance.policy.vocabulary import expand

if TYPE_CHECKING:
    from rdflib.graph import _ObjectType as Object

ODRL = Namespace("http://www.w3.org/ns/odrl/2/")
MLS = Namespace("http://www.w3.org/ns/mls#")
_KINDS: Final = {
    "interface": {"it": "interfaccia", "de": "Schnittstelle", "en": "interface"},
    "service": {"it": "servizio", "de": "Dienst", "en": "service"},
    "model": {"it": "modello", "de": "Modell", "en": "model"},
}


def kind_of(graph: Graph, iri: str, kind: str) -> URIRef:
    """What sort of service it is, as a concept of the catalogue that ``iri`` is in."""
    root = iri.partition("/catalogue/")[0] + "/catalogue"
    node = triples.typed(graph, f"{root}#{kind}", SKOS.Concept)
    triples.texts(graph, node, SKOS.prefLabel, _KINDS[kind])
    return node


def add_model(graph: Graph, model: Model) -> URIRef:
    """A model with what it needs and gives, its licence and its calibration."""
    node = URIRef(model.iri)
    graph.add((node, RDF.type, DCAT.DataService))
    graph.add((node, RDF.type, MLS.Implementation))
    triples.texts(graph, node, DCTERMS.title, model.title)
    triples.texts(graph, node, DCTERMS.description, model.description)
    triples.say(graph, node, DCTERMS.identifier, Literal(model.id))
    triples.say(graph, node, DCTERMS.type, kind_of(graph, model.iri, "model"))
    triples.say(graph, node, DCAT.version, Literal(model.version))
    triples.say(graph, node, DCTERMS.publisher, triples.agent(graph, model.publisher))
    triples.say(graph, node, DCTERMS.creator, triples.agent(graph, model.creator))
    triples.say(graph, node, DCAT.contactPoint, triples.contact(graph, model.publisher))
    triples.say(graph, node, DCAT.endpointURL, triples.address(graph, model.endpoint_url))
    triples.say(graph, node, DCAT.endpointDescription, triples.address(graph, model.endpoint_description))
    triples.say(graph, node, FOAF.page, triples.typed(graph, model.page, FOAF.Document))
    triples.say(graph, node, DCTERMS.accessRights, triples.rights(graph, restricted=model.restricted))
    if model.licence:
        triples.say(graph, node, DCTERMS.license, triples.licence(graph, licence_of(model.licence).iri))
    triples.each(graph, node, DCTERMS.conformsTo, (_standard(graph, name) for name in model.standards))
    triples.each(graph, node, DCTERMS.requires, map(URIRef, sorted(_datasets(model.needs))))
    for title in model.gives:
        triples.texts(graph, node, DCAT.keyword, title)
    _calibration(graph, node, model)
    add_offers(graph, node, model.offers)
    return node


def _datasets(needs: Iterable[Need]) -> set[str]:
    return {iri for need in needs for iri in need.datasets}


def _standard(graph: Graph, name: str) -> BNode:
    """A standard of which the plugin says the name, not an IRI."""
    node = BNode()
    graph.add((node, RDF.type, DCTERMS.Standard))
    graph.add((node, DCTERMS.title, Literal(name)))
    return node


def _calibration(graph: Graph, node: URIRef, model: Model) -> None:
    for figure in model.figures:
        measured = BNode()
        graph.add((node, DQV.hasQualityMeasurement, measured))
        graph.add((measured, RDF.type, DQV.QualityMeasurement))
        graph.add((measured, DQV.computedOn, node))
        graph.add((measured, DQV.isMeasurementOf, _metric(graph, model.iri, figure)))
        graph.add((measured, DQV.value, Literal(figure.value, datatype=XSD.double)))
        triples.say(graph, measured, DCTERMS.created, triples.instant(model.calibrated))


def _metric(graph: Graph, model: str, figure: Figure) -> URIRef:
    metric = triples.typed(graph, f"{model}#{figure.part}-{figure.name}", DQV.Metric)
    meaning = f"{figure.name} of what was simulated against what was observed ({figure.part})"
    graph.add((metric, SKOS.definition, Literal(meaning, lang="en")))
    graph.add((metric, DQV.expectedDataType, XSD.double))
    return metric


# --- offers


def add_offers(graph: Graph, node: URIRef, offers: Iterable[Offer]) -> None:
    """The terms on which something may be had."""
    for offer in offers:
        graph.add((node, ODRL.hasPolicy, URIRef(offer.iri)))
        _describe(graph, URIRef(offer.iri), offer.document)


def _describe(graph: Graph, node: Any, document: Mapping[str, Any]) -> None:
    """All that a document in ODRL's JSON-LD says of a node."""
    for name, value in document.items():
        if name == "@type":
            graph.add((node, RDF.type, URIRef(expand(value))))
        elif name not in ("@context", "@id", "uid"):
            for one in value if isinstance(value, list) else [value]:
                graph.add((node, URIRef(expand(name)), _value(graph, one)))


def _value(graph: Graph, document: Mapping[str, Any]) -> Object:
    if "@value" in document:
        return Literal(document["@value"], datatype=URIRef(expand(document["@type"])))
    if "@list" in document:
        head = BNode()
        Collection(graph, head, [_value(graph, one) for one in document["@list"]])
        return head
    name = document.get("uid") or document.get("@id")
    inside = {key: value for key, value in document.items() if key not in ("uid", "@id")}
    node = URIRef(expand(name)) if name and (":" in name or not inside) else BNode()
    _describe(graph, node, inside)
    return node
