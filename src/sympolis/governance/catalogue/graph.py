"""The catalogue as RDF: Turtle, JSON-LD and RDF/XML. rdflib is loaded only here, when somebody asks.

Vocabularies: DCAT 3 and DCAT-AP 3.0.1 (which terms are mandatory), DQV for quality, EU authority tables for codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from rdflib import DCTERMS, FOAF, RDF, RDFS, SKOS, XSD, BNode, Graph, Literal, Namespace, URIRef

from sympolis.governance.catalogue.model import (
    Agent,
    Catalogue,
    DataService,
    Dataset,
    Distribution,
    Quality,
    Texts,
)
from sympolis.governance.lifecycle.stages import Stage
from sympolis.governance.quality.measurements import add_measurements

if TYPE_CHECKING:
    from rdflib.graph import _ObjectType as Object
    from rdflib.graph import _SubjectType as Subject

DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCATAP = Namespace("http://data.europa.eu/r5r/")
DQV = Namespace("http://www.w3.org/ns/dqv#")
ADMS = Namespace("http://www.w3.org/ns/adms#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
ELI = Namespace("http://data.europa.eu/eli/ontology#")
GEOSPARQL = Namespace("http://www.opengis.net/ont/geosparql#")
_EU: Final = "http://publications.europa.eu/resource/authority/"
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
_EU_LANGUAGES: Final = {"it": "ITA", "de": "DEU", "en": "ENG", "fr": "FRA", "es": "SPA", "nl": "NLD"}
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
    _texts(graph, node, DCTERMS.title, catalogue.title)
    _texts(graph, node, DCTERMS.description, catalogue.description)
    _say(graph, node, DCTERMS.publisher, _agent(graph, catalogue.publisher))
    _say(graph, node, FOAF.homepage, _typed(graph, catalogue.homepage, FOAF.Document))
    _say(graph, node, DCTERMS.license, _typed(graph, catalogue.licence, DCTERMS.LicenseDocument))
    _say(graph, node, DCTERMS.modified, _instant(catalogue.modified))
    _say(graph, node, DCTERMS.spatial, _place(graph, catalogue.bbox))
    for language in catalogue.languages:
        _say(graph, node, DCTERMS.language, _language(graph, language))
    for dataset in catalogue.datasets:
        graph.add((node, DCAT.dataset, _dataset(graph, dataset)))
    for metric in sorted({one.quality.metric for one in catalogue.datasets if one.quality is not None}):
        _metric(graph, URIRef(metric))
    for service in catalogue.services:
        graph.add((node, DCAT.service, _service(graph, service)))
    return graph


def dataset_graph(dataset: Dataset) -> Graph:
    """One dataset with its distributions."""
    graph = _new_graph()
    _dataset(graph, dataset)
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
    }.items():
        graph.bind(prefix, namespace)
    return graph


def _dataset(graph: Graph, dataset: Dataset) -> URIRef:
    node = URIRef(dataset.iri)
    graph.add((node, RDF.type, DCAT.Dataset))
    _texts(graph, node, DCTERMS.title, dataset.title)
    _texts(graph, node, DCTERMS.description, dataset.description)
    _say(graph, node, DCTERMS.identifier, Literal(dataset.id))
    _say(graph, node, DCTERMS.publisher, _agent(graph, dataset.publisher))
    _say(graph, node, DCTERMS.creator, _agent(graph, dataset.creator))
    _say(graph, node, DCAT.landingPage, _typed(graph, dataset.landing_page, FOAF.Document))
    _say(
        graph,
        node,
        DCTERMS.accessRights,
        _code(graph, "access-right", _access(dataset), DCTERMS.RightsStatement),
    )
    _say(graph, node, ADMS.status, _code(graph, "dataset-status", _STATUS[dataset.stage], SKOS.Concept))
    _say(graph, node, DCTERMS.spatial, _place(graph, dataset.bbox))
    _dates(graph, node, dataset)
    _each(graph, node, DCAT.keyword, (Literal(word) for word in dataset.keywords))
    _each(
        graph, node, DCAT.theme, (_code(graph, "data-theme", code, SKOS.Concept) for code in dataset.themes)
    )
    _say(graph, node, DQV.hasQualityMeasurement, _quality(graph, node, dataset.quality))
    if dataset.evaluation is not None:
        add_measurements(graph, node, dataset.evaluation, dataset.iri.rpartition("/datasets/")[0])
    _say(graph, node, DCAT.contactPoint, _contact(graph, dataset.publisher))
    _high_value(graph, node, dataset.high_value)
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
    _say(graph, node, DCTERMS.modified, _instant(dataset.modified))
    if dataset.frequency is not None:
        code = _code(graph, "frequency", dataset.frequency, DCTERMS.Frequency)
        _say(graph, node, DCTERMS.accrualPeriodicity, code)
    if dataset.version is not None:
        _say(graph, node, DCAT.version, Literal(dataset.version))
    if dataset.newest_observation is not None:
        period = BNode()
        graph.add((period, RDF.type, DCTERMS.PeriodOfTime))
        _say(graph, period, DCAT.endDate, _instant(dataset.newest_observation))
        _say(graph, node, DCTERMS.temporal, period)


def _distribution(graph: Graph, distribution: Distribution) -> URIRef:
    node = URIRef(distribution.iri)
    graph.add((node, RDF.type, DCAT.Distribution))
    _texts(graph, node, DCTERMS.title, distribution.title)
    _say(graph, node, DCAT.accessURL, _address(graph, distribution.access_url))
    _say(graph, node, DCTERMS.license, _typed(graph, distribution.licence, DCTERMS.LicenseDocument))
    _say(graph, node, DCAT.mediaType, _typed(graph, _IANA + distribution.media_type, DCTERMS.MediaType))
    if distribution.media_type in _EU_FORMATS:
        code = _code(graph, "file-type", _EU_FORMATS[distribution.media_type], DCTERMS.MediaTypeOrExtent)
        _say(graph, node, DCTERMS["format"], code)
    if distribution.download_url is not None:
        _say(graph, node, DCAT.downloadURL, _address(graph, distribution.download_url))
    if distribution.service is not None:
        _say(graph, node, DCAT.accessService, URIRef(distribution.service))
    return node


def _service(graph: Graph, service: DataService) -> URIRef:
    node = URIRef(service.iri)
    graph.add((node, RDF.type, DCAT.DataService))
    _texts(graph, node, DCTERMS.title, service.title)
    _texts(graph, node, DCTERMS.description, service.description)
    _say(graph, node, DCAT.endpointURL, _address(graph, service.endpoint_url))
    _say(graph, node, DCAT.endpointDescription, _address(graph, service.endpoint_description))
    _say(graph, node, DCTERMS.conformsTo, _typed(graph, service.conforms_to, DCTERMS.Standard))
    _each(graph, node, DCAT.servesDataset, (URIRef(iri) for iri in service.serves))
    _say(graph, node, DCTERMS.publisher, _agent(graph, service.publisher))
    _say(graph, node, DCAT.contactPoint, _contact(graph, service.publisher))
    _say(graph, node, FOAF.page, _typed(graph, service.page, FOAF.Document))
    _high_value(graph, node, service.high_value)
    return node


def _high_value(graph: Graph, node: URIRef, categories: Sequence[str]) -> None:
    """What makes a high-value dataset one (DCAT-AP HVD 3.0.0): the regulation, and the category in its annex."""
    _under_regulation(graph, node, categories)
    for category in categories:
        concept = _typed(graph, HIGH_VALUE_CATEGORIES[category], SKOS.Concept)
        graph.add((concept, SKOS.prefLabel, Literal(category, lang="en")))
        graph.add((concept, SKOS.inScheme, URIRef(_HIGH_VALUE_SCHEME)))
        graph.add((node, DCATAP.hvdCategory, concept))


def _under_regulation(graph: Graph, node: URIRef, categories: Sequence[str]) -> None:
    if categories:
        graph.add(
            (node, DCATAP.applicableLegislation, _typed(graph, _HIGH_VALUE_REGULATION, ELI.LegalResource))
        )


def _contact(graph: Graph, agent: Agent) -> BNode | None:
    if agent.page is None:
        return None
    node = BNode()
    graph.add((node, RDF.type, VCARD.Kind))
    graph.add((node, VCARD.fn, Literal(agent.name)))
    graph.add((node, VCARD.hasURL, _address(graph, agent.page)))
    return node


def _quality(graph: Graph, dataset: URIRef, quality: Quality | None) -> Object | None:
    """The share of rows that passed the gate, as a DQV measurement."""
    if quality is None:
        return None
    node = BNode()
    graph.add((node, RDF.type, DQV.QualityMeasurement))
    graph.add((node, DQV.computedOn, dataset))
    graph.add((node, DQV.isMeasurementOf, URIRef(quality.metric)))
    graph.add((node, DQV.value, Literal(round(quality.accepted, 6), datatype=XSD.double)))
    _say(graph, node, DCTERMS.created, _instant(quality.at))
    return node


def _metric(graph: Graph, node: URIRef) -> None:
    graph.add((node, RDF.type, DQV.Metric))
    graph.add((node, SKOS.definition, Literal(Quality.MEANING, lang="en")))
    graph.add((node, DQV.expectedDataType, XSD.double))


# --- words


def _say(graph: Graph, subject: Subject, name: URIRef, value: Object | None) -> None:
    if value is not None:
        graph.add((subject, name, value))


def _each(graph: Graph, subject: Subject, name: URIRef, values: Iterable[Object]) -> None:
    for value in values:
        graph.add((subject, name, value))


def _texts(graph: Graph, subject: Subject, name: URIRef, texts: Texts) -> None:
    _each(graph, subject, name, (Literal(text, lang=language) for language, text in texts.items()))


def _typed(graph: Graph, iri: str, kind: Any) -> URIRef:
    node = URIRef(iri)
    graph.add((node, RDF.type, kind))
    return node


def _code(graph: Graph, table: str, code: str, kind: Any) -> URIRef:
    """A code of an EU authority table, with the table that it is in, so that validators need not look it up."""
    node = _typed(graph, f"{_EU}{table}/{code}", kind)
    graph.add((node, RDF.type, SKOS.Concept))
    graph.add((node, SKOS.prefLabel, Literal(code, lang="en")))
    graph.add((node, SKOS.inScheme, URIRef(_EU + table)))
    return node


def _address(graph: Graph, url: str) -> URIRef:
    return _typed(graph, url, RDFS.Resource)


def _language(graph: Graph, language: str) -> Object | None:
    code = _EU_LANGUAGES.get(language)
    return None if code is None else _code(graph, "language", code, DCTERMS.LinguisticSystem)


def _agent(graph: Graph, agent: Agent) -> BNode:
    node = BNode()
    graph.add((node, RDF.type, FOAF.Agent))
    graph.add((node, FOAF.name, Literal(agent.name)))
    if agent.page is not None:
        graph.add((node, FOAF.homepage, _typed(graph, agent.page, FOAF.Document)))
    return node


def _instant(at: datetime | None) -> Literal | None:
    return None if at is None else Literal(at.isoformat(), datatype=XSD.dateTime)


def _place(graph: Graph, bbox: tuple[float, float, float, float] | None) -> BNode | None:
    """A box as DCAT 3 writes it: WKT in WGS84, longitude first (CRS84 is GeoSPARQL's default)."""
    if bbox is None:
        return None
    west, south, east, north = bbox
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    ring = ", ".join(f"{x} {y}" for x, y in corners)
    node = BNode()
    graph.add((node, RDF.type, DCTERMS.Location))
    graph.add((node, DCAT.bbox, Literal(f"POLYGON(({ring}))", datatype=GEOSPARQL.wktLiteral)))
    middle = f"POINT({round((west + east) / 2, 6)} {round((south + north) / 2, 6)})"
    graph.add((node, DCAT.centroid, Literal(middle, datatype=GEOSPARQL.wktLiteral)))
    return node
