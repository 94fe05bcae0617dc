"""Short ways to say things in RDF as DCAT-AP wants them said: codes with their tables, agents, places, times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from rdflib import DCTERMS, FOAF, RDF, RDFS, SKOS, XSD, BNode, Graph, Literal, Namespace, URIRef

from sympolis.governance.catalogue.licences import LICENCES
from sympolis.governance.catalogue.model import Agent, Texts

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
_EU_LANGUAGES: Final = {"it": "ITA", "de": "DEU", "en": "ENG", "fr": "FRA", "es": "SPA", "nl": "NLD"}


def say(graph: Graph, subject: Subject, name: URIRef, value: Object | None) -> None:
    """Say something, unless there is nothing to say."""
    if value is not None:
        graph.add((subject, name, value))


def each(graph: Graph, subject: Subject, name: URIRef, values: Iterable[Object]) -> None:
    """Say each of these."""
    for value in values:
        graph.add((subject, name, value))


def texts(graph: Graph, subject: Subject, name: URIRef, by_language: Texts) -> None:
    """Say a text in each of its languages."""
    each(graph, subject, name, (Literal(text, lang=language) for language, text in by_language.items()))


def typed(graph: Graph, iri: str, kind: Any) -> URIRef:
    """A thing by its IRI, with its class."""
    node = URIRef(iri)
    graph.add((node, RDF.type, kind))
    return node


def code(graph: Graph, table: str, value: str, kind: Any) -> URIRef:
    """A code of an EU authority table, with the table that it is in, so that validators need not look it up."""
    node = typed(graph, f"{_EU}{table}/{value}", kind)
    graph.add((node, RDF.type, SKOS.Concept))
    graph.add((node, SKOS.prefLabel, Literal(value, lang="en")))
    graph.add((node, SKOS.inScheme, URIRef(_EU + table)))
    return node


def address(graph: Graph, url: str) -> URIRef:
    """A page or an interface."""
    return typed(graph, url, RDFS.Resource)


def language(graph: Graph, name: str) -> Object | None:
    """A language of the EU vocabulary by its two letters; None where it has none of these."""
    found = _EU_LANGUAGES.get(name)
    return None if found is None else code(graph, "language", found, DCTERMS.LinguisticSystem)


def agent(graph: Graph, who: Agent) -> BNode:
    """An organisation, with its page where it has one."""
    node = BNode()
    graph.add((node, RDF.type, FOAF.Agent))
    graph.add((node, FOAF.name, Literal(who.name)))
    if who.page is not None:
        graph.add((node, FOAF.homepage, typed(graph, who.page, FOAF.Document)))
    return node


def instant(at: datetime | None) -> Literal | None:
    """A time; None where it is not known."""
    return None if at is None else Literal(at.isoformat(), datatype=XSD.dateTime)


def place(graph: Graph, bbox: tuple[float, float, float, float] | None) -> BNode | None:
    """A box as DCAT 3 writes it: WKT in WGS84, longitude first (CRS84 is GeoSPARQL's default)."""
    if bbox is None:
        return None
    west, south, east, north = bbox
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    ring = ", ".join(f"{x} {y}" for x, y in corners)
    node = BNode()
    graph.add((node, RDF.type, DCTERMS.Location))
    box = Literal(f"POLYGON(({ring}))", datatype=GEOSPARQL.wktLiteral)
    graph.add((node, DCAT.bbox, box))
    middle = f"POINT({round((west + east) / 2, 6)} {round((south + north) / 2, 6)})"
    graph.add((node, DCAT.centroid, Literal(middle, datatype=GEOSPARQL.wktLiteral)))
    return node


def licence(graph: Graph, iri: str) -> URIRef:
    """A licence with its name; ``dcterms:title`` is the one by which CKAN's register knows it, where it does."""
    node = typed(graph, iri, DCTERMS.LicenseDocument)
    known = next((one for one in LICENCES.values() if one.iri == iri), None)
    if known is not None:
        graph.add((node, DCTERMS.title, Literal(known.register_title or known.title)))
        graph.add((node, RDFS.label, Literal(known.title)))
    return node


def rights(graph: Graph, *, restricted: bool) -> URIRef:
    """Who may have it, as the EU vocabulary of access rights says it."""
    return code(graph, "access-right", "RESTRICTED" if restricted else "PUBLIC", DCTERMS.RightsStatement)


def contact(graph: Graph, who: Agent) -> BNode | None:
    """Whom to turn to; None where there is no page for it."""
    if who.page is None:
        return None
    node = BNode()
    graph.add((node, RDF.type, VCARD.Kind))
    graph.add((node, VCARD.fn, Literal(who.name)))
    graph.add((node, VCARD.hasURL, address(graph, who.page)))
    return node
