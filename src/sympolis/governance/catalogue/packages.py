"""Assets on offer in the catalogue: each a ``dcat:Dataset`` whose distribution is its signed zip.

A package is a collection of data, published by one agent and to be had as a whole, which is what DCAT calls a dataset;
so every DCAT-AP harvester reads it, and its kind says what it really is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sympolis.governance.catalogue.licences import licence_of
from sympolis.governance.catalogue.model import Agent, Texts

if TYPE_CHECKING:
    from rdflib import Graph, URIRef

_KINDS: Final[dict[str, Texts]] = {
    "asset": {"it": "risorsa condivisa", "de": "Baustein", "en": "asset"},
}
_ZIP: Final = "application/zip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """The newest version of an asset on offer. ``sha256`` and ``bytes`` are those of the zip."""

    iri: str
    id: str
    kind: str
    version: str
    title: Texts
    description: Texts
    publisher: Agent
    licence: str
    issued: datetime
    page: str
    download_url: str
    bytes: int
    sha256: str
    keywords: tuple[str, ...] = field(default=())


def package_graph(one: Packaged) -> Graph:
    """One of them by itself."""
    from rdflib import Graph

    graph = Graph()
    add_package(graph, one)
    return graph


def add_package(graph: Graph, one: Packaged) -> URIRef:
    """An asset with its distribution."""
    from rdflib import DCTERMS, FOAF, RDF, SKOS, XSD, Literal, URIRef

    from sympolis.governance.catalogue import triples
    from sympolis.governance.catalogue.triples import DCAT

    node = URIRef(one.iri)
    graph.add((node, RDF.type, DCAT.Dataset))
    triples.texts(graph, node, DCTERMS.title, one.title)
    triples.texts(graph, node, DCTERMS.description, one.description or one.title)
    triples.say(graph, node, DCTERMS.identifier, Literal(one.id))
    triples.say(graph, node, DCAT.version, Literal(one.version))
    triples.say(graph, node, DCTERMS.issued, Literal(one.issued.isoformat(), datatype=XSD.dateTime))
    triples.say(graph, node, DCTERMS.publisher, triples.agent(graph, one.publisher))
    triples.say(graph, node, DCAT.contactPoint, triples.contact(graph, one.publisher))
    triples.say(graph, node, DCTERMS.accessRights, triples.rights(graph, restricted=False))
    triples.say(graph, node, DCAT.landingPage, triples.typed(graph, one.page, FOAF.Document))
    triples.each(graph, node, DCAT.keyword, (Literal(word) for word in (one.kind, *one.keywords)))
    kind = triples.typed(graph, f"{one.iri.partition('/catalogue/')[0]}/catalogue#asset", SKOS.Concept)
    triples.texts(graph, kind, SKOS.prefLabel, _KINDS["asset"])
    graph.add((node, DCTERMS.type, kind))
    graph.add((node, DCAT.distribution, _distribution(graph, one)))
    return node


def _distribution(graph: Graph, one: Packaged) -> URIRef:
    from rdflib import DCTERMS, RDF, XSD, BNode, Literal, Namespace, URIRef

    from sympolis.governance.catalogue import triples
    from sympolis.governance.catalogue.triples import DCAT

    spdx = Namespace("http://spdx.org/rdf/terms#")
    node = URIRef(f"{one.iri}#package")
    graph.add((node, RDF.type, DCAT.Distribution))
    triples.texts(graph, node, DCTERMS.title, one.title)
    triples.say(graph, node, DCAT.accessURL, triples.address(graph, one.download_url))
    triples.say(graph, node, DCAT.downloadURL, triples.address(graph, one.download_url))
    triples.say(graph, node, DCTERMS.license, triples.licence(graph, licence_of(one.licence).iri))
    media = triples.typed(graph, f"http://www.iana.org/assignments/media-types/{_ZIP}", DCTERMS.MediaType)
    graph.add((node, DCAT.mediaType, media))
    graph.add((node, DCAT.byteSize, Literal(one.bytes, datatype=XSD.nonNegativeInteger)))
    checksum = BNode()
    graph.add((node, spdx.checksum, checksum))
    graph.add((checksum, RDF.type, spdx.Checksum))
    algorithm = triples.typed(graph, str(spdx.checksumAlgorithm_sha256), spdx.ChecksumAlgorithm)
    graph.add((checksum, spdx.algorithm, algorithm))
    graph.add((checksum, spdx.checksumValue, Literal(one.sha256, datatype=XSD.hexBinary)))
    return node
