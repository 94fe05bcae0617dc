"""The catalogue as RDF: Turtle, JSON-LD and RDF/XML. rdflib is loaded only here, when somebody asks.

Vocabularies: DCAT 3 and DCAT-AP 3.0.1 (which terms are mandatory), DQV for quality, EU authority tables for codes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rdflib import DCTERMS, FOAF, RDF, SKOS, XSD, BNode, Graph, Literal, URIRef

from sympolis.governance.catalogue import triples
from sympolis.governance.catalogue.model import Catalogue, DataService, Dataset, Distribution, Model, Quality
from sympolis.governance.catalogue.offerings import MLS, ODRL, add_model, add_offers, kind_of
from sympolis.governance.catalogue.packages import add_package
from sympolis.governance.catalogue.triples import ADMS, DCAT, DCATAP, DQV, ELI, GEOSPARQL, VCARD
from sympolis.governance.lifecycle.stages import Stage
from sympolis.governance.quality.badge import note_on_age
from sympolis.governance.quality.measurements import add_measurements

if TYPE_CHECKING:
    from rdflib.graph import _ObjectType as Object

_IANA: Final = "http://www.iana.org/assignments/media-types/"
_HIGH_VALUE_REGULATION: Final = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
_HIGH_VALUE_SCHEME: Final = "http://data.europa.eu/bna/asd487ae75"
HIGH_VALUE_CATEGORIES: Final = {
    "geospatial": "http://data.europa.eu/bna/c_ac64a52d",
    "earth observation and environment": "http://data.europa.eu/bna/c_dd313021",
    "meteorological": "http://data.europa.eu/bna/c_164e0bf5",
    "statistics": "http://data.europa.eu/bna/c_e1da4e07",
    "companies": "http://data.europa.eu/bna/c_a9135398",
    "mobility": "http://data.europa.eu/bna/c_b79e35eb",
}
"""The thematic categories of Implementing Regulation (EU) 2023/138."""
_STATUS: Final = {
    Stage.DRAFT: "DEVELOP",
    Stage.IN_REVIEW: "DEVELOP",
    Stage.RELEASED: "COMPLETED",
    Stage.DEPRECATED: "DEPRECATED",
}
"""Codes of the EU vocabulary of the status of datasets."""
_EU_FORMATS: Final = {"application/ld+json": "JSON_LD", "application/geo+json": "GEOJSON", "text/csv": "CSV"}

FORMATS: Final[Mapping[str, str]] = {
    "text/turtle": "turtle",
    "application/ld+json": "json-ld",
    "application/rdf+xml": "pretty-xml",
}
"""The media types that can be given, and rdflib's names for them."""


def serialise(graph: Graph, media_type: str) -> bytes:
    """``graph`` in one of ``FORMATS``."""
    return graph.serialize(format=FORMATS[media_type], encoding="utf-8")


def catalogue_graph(catalogue: Catalogue) -> Graph:
    """The whole catalogue."""
    graph = _new_graph()
    node = URIRef(catalogue.iri)
    graph.add((node, RDF.type, DCAT.Catalog))
    triples.texts(graph, node, DCTERMS.title, catalogue.title)
    triples.texts(graph, node, DCTERMS.description, catalogue.description)
    triples.say(graph, node, DCTERMS.publisher, triples.agent(graph, catalogue.publisher))
    triples.say(graph, node, FOAF.homepage, triples.typed(graph, catalogue.homepage, FOAF.Document))
    triples.say(graph, node, DCTERMS.license, triples.licence(graph, catalogue.licence))
    triples.say(graph, node, DCTERMS.modified, triples.instant(catalogue.modified))
    triples.say(graph, node, DCTERMS.spatial, triples.place(graph, catalogue.bbox))
    for language in catalogue.languages:
        triples.say(graph, node, DCTERMS.language, triples.language(graph, language))
    for dataset in catalogue.datasets:
        graph.add((node, DCAT.dataset, _dataset(graph, dataset)))
    for metric in sorted({one.quality.metric for one in catalogue.datasets if one.quality is not None}):
        _metric(graph, URIRef(metric))
    for service in catalogue.services:
        graph.add((node, DCAT.service, _service(graph, service)))
    for model in catalogue.models:
        graph.add((node, DCAT.service, add_model(graph, model)))
    for asset in catalogue.assets:
        graph.add((node, DCAT.dataset, add_package(graph, asset)))
    return graph


def dataset_graph(dataset: Dataset) -> Graph:
    """One dataset with its distributions."""
    graph = _new_graph()
    _dataset(graph, dataset)
    return graph


def service_graph(service: DataService) -> Graph:
    """One interface."""
    graph = _new_graph()
    _service(graph, service)
    return graph


def model_graph(model: Model) -> Graph:
    """One model."""
    graph = _new_graph()
    add_model(graph, model)
    return graph


def _new_graph() -> Graph:
    graph = Graph()
    for prefix, namespace in {
        "dcat": DCAT,
        "dcterms": DCTERMS,
        "foaf": FOAF,
        "dqv": DQV,
        "adms": ADMS,
        "dcatap": DCATAP,
        "geo": GEOSPARQL,
        "vcard": VCARD,
        "odrl": ODRL,
        "mls": MLS,
    }.items():
        graph.bind(prefix, namespace)
    return graph


def _dataset(graph: Graph, dataset: Dataset) -> URIRef:
    node = URIRef(dataset.iri)
    graph.add((node, RDF.type, DCAT.Dataset))
    triples.texts(graph, node, DCTERMS.title, dataset.title)
    triples.texts(graph, node, DCTERMS.description, dataset.description)
    triples.say(graph, node, DCTERMS.identifier, Literal(dataset.id))
    triples.say(graph, node, DCTERMS.publisher, triples.agent(graph, dataset.publisher))
    triples.say(graph, node, DCTERMS.creator, triples.agent(graph, dataset.creator))
    triples.say(graph, node, DCAT.landingPage, triples.typed(graph, dataset.landing_page, FOAF.Document))
    triples.say(
        graph,
        node,
        DCTERMS.accessRights,
        triples.code(graph, "access-right", _access(dataset), DCTERMS.RightsStatement),
    )
    triples.say(
        graph, node, ADMS.status, triples.code(graph, "dataset-status", _STATUS[dataset.stage], SKOS.Concept)
    )
    triples.say(graph, node, DCTERMS.spatial, triples.place(graph, dataset.bbox))
    _dates(graph, node, dataset)
    triples.each(graph, node, DCAT.keyword, (Literal(word) for word in dataset.keywords))
    triples.each(
        graph,
        node,
        DCAT.theme,
        (triples.code(graph, "data-theme", code, SKOS.Concept) for code in dataset.themes),
    )
    triples.say(graph, node, DQV.hasQualityMeasurement, _quality(graph, node, dataset.quality))
    if dataset.evaluation is not None:
        add_measurements(graph, node, dataset.evaluation, dataset.iri.rpartition("/datasets/")[0])
    triples.say(graph, node, DCAT.contactPoint, triples.contact(graph, dataset.publisher))
    _high_value(graph, node, dataset.high_value)
    add_offers(graph, node, dataset.offers)
    for distribution in dataset.distributions:
        way = _distribution(graph, distribution)
        graph.add((node, DCAT.distribution, way))
        _under_regulation(graph, way, dataset.high_value)
    return node


def _access(dataset: Dataset) -> str:
    """The code of the EU vocabulary of access rights."""
    if not dataset.stage.is_public:
        return "NON_PUBLIC"
    return "RESTRICTED" if dataset.restricted else "PUBLIC"


def _dates(graph: Graph, node: URIRef, dataset: Dataset) -> None:
    triples.say(graph, node, DCTERMS.modified, triples.instant(dataset.modified))
    if dataset.frequency is not None:
        code = triples.code(graph, "frequency", dataset.frequency, DCTERMS.Frequency)
        triples.say(graph, node, DCTERMS.accrualPeriodicity, code)
    triples.texts(graph, node, ADMS.versionNotes, note_on_age(dataset.status) or {})
    if dataset.version is not None:
        triples.say(graph, node, DCAT.version, Literal(dataset.version))
    if dataset.newest_observation is not None:
        period = BNode()
        graph.add((period, RDF.type, DCTERMS.PeriodOfTime))
        triples.say(graph, period, DCAT.startDate, triples.instant(dataset.oldest_observation))
        triples.say(graph, period, DCAT.endDate, triples.instant(dataset.newest_observation))
        triples.say(graph, node, DCTERMS.temporal, period)


def _distribution(graph: Graph, distribution: Distribution) -> URIRef:
    node = URIRef(distribution.iri)
    graph.add((node, RDF.type, DCAT.Distribution))
    triples.texts(graph, node, DCTERMS.title, distribution.title)
    triples.say(graph, node, DCAT.accessURL, triples.address(graph, distribution.access_url))
    triples.say(graph, node, DCTERMS.license, triples.licence(graph, distribution.licence))
    triples.say(
        graph, node, DCAT.mediaType, triples.typed(graph, _IANA + distribution.media_type, DCTERMS.MediaType)
    )
    if distribution.media_type in _EU_FORMATS:
        code = triples.code(
            graph, "file-type", _EU_FORMATS[distribution.media_type], DCTERMS.MediaTypeOrExtent
        )
        triples.say(graph, node, DCTERMS["format"], code)
    if distribution.download_url is not None:
        triples.say(graph, node, DCAT.downloadURL, triples.address(graph, distribution.download_url))
    if distribution.service is not None:
        triples.say(graph, node, DCAT.accessService, URIRef(distribution.service))
    return node


def _service(graph: Graph, service: DataService) -> URIRef:
    node = URIRef(service.iri)
    graph.add((node, RDF.type, DCAT.DataService))
    triples.texts(graph, node, DCTERMS.title, service.title)
    triples.texts(graph, node, DCTERMS.description, service.description)
    triples.say(graph, node, DCAT.endpointURL, triples.address(graph, service.endpoint_url))
    triples.say(graph, node, DCAT.endpointDescription, triples.address(graph, service.endpoint_description))
    if service.conforms_to is not None:
        standard = triples.typed(graph, service.conforms_to, DCTERMS.Standard)
        triples.say(graph, node, DCTERMS.conformsTo, standard)
    triples.each(graph, node, DCAT.servesDataset, (URIRef(iri) for iri in service.serves))
    triples.say(graph, node, DCTERMS.publisher, triples.agent(graph, service.publisher))
    triples.say(graph, node, DCAT.contactPoint, triples.contact(graph, service.publisher))
    triples.say(graph, node, FOAF.page, triples.typed(graph, service.page, FOAF.Document))
    triples.say(graph, node, DCTERMS.identifier, Literal(service.id))
    triples.say(
        graph, node, DCTERMS.type, kind_of(graph, service.iri, "service" if service.answers else "interface")
    )
    triples.say(graph, node, DCTERMS.accessRights, triples.rights(graph, restricted=service.restricted))
    triples.each(graph, node, DCTERMS.requires, map(URIRef, service.requires))
    add_offers(graph, node, service.offers)
    _high_value(graph, node, service.high_value)
    return node


def _high_value(graph: Graph, node: URIRef, categories: Sequence[str]) -> None:
    """What makes a high-value dataset one (DCAT-AP HVD 3.0.0): the regulation, and the category in its annex."""
    _under_regulation(graph, node, categories)
    for category in categories:
        concept = triples.typed(graph, HIGH_VALUE_CATEGORIES[category], SKOS.Concept)
        graph.add((concept, SKOS.prefLabel, Literal(category, lang="en")))
        graph.add((concept, SKOS.inScheme, URIRef(_HIGH_VALUE_SCHEME)))
        graph.add((node, DCATAP.hvdCategory, concept))


def _under_regulation(graph: Graph, node: URIRef, categories: Sequence[str]) -> None:
    if categories:
        graph.add(
            (
                node,
                DCATAP.applicableLegislation,
                triples.typed(graph, _HIGH_VALUE_REGULATION, ELI.LegalResource),
            )
        )


def _quality(graph: Graph, dataset: URIRef, quality: Quality | None) -> Object | None:
    """The share of rows that passed the gate, as a DQV measurement."""
    if quality is None:
        return None
    node = BNode()
    graph.add((node, RDF.type, DQV.QualityMeasurement))
    graph.add((node, DQV.computedOn, dataset))
    graph.add((node, DQV.isMeasurementOf, URIRef(quality.metric)))
    graph.add((node, DQV.value, Literal(round(quality.accepted, 6), datatype=XSD.double)))
    triples.say(graph, node, DCTERMS.created, triples.instant(quality.at))
    return node


def _metric(graph: Graph, node: URIRef) -> None:
    graph.add((node, RDF.type, DQV.Metric))
    graph.add((node, SKOS.definition, Literal(Quality.MEANING, lang="en")))
    graph.add((node, DQV.expectedDataType, XSD.double))
