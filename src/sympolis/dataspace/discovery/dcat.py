"""Partners' public catalogues, DCAT-AP in JSON-LD: read by rdflib off the event loop, since graphs cost time.

The JSON-LD context is never fetched from an address that the document names: only documents that bring their context
inside, or none, are read. Others would let a partner make this server call somebody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sympolis.dataspace.calls import Calls
from sympolis.dataspace.discovery import reading
from sympolis.dataspace.discovery.catalogues import MOST_ENTRIES, Entry
from sympolis.dataspace.partners.partner import Partner
from sympolis.domain import errors

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

_MOST_BYTES: Final = 4 << 20
_PATIENCE_S: Final = 8.0
_DCAT: Final = "http://www.w3.org/ns/dcat#"
_DCT: Final = "http://purl.org/dc/terms/"
_KINDS: Final = {f"{_DCAT}Dataset": "dataset", f"{_DCAT}DataService": "service"}


class DcatCatalogues:
    """Fetches and reads; it is a ``catalogues.DcatCatalogue``."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def __call__(self, partner: Partner) -> list[Entry]:
        """The entries of the partner's catalogue. Raises ``SourceFailed``."""
        if find_spec("rdflib") is None:
            raise errors.SourceFailed("DCAT-AP needs the extra `rdf`", where=partner.id)
        url = f"{partner.base_url}/catalogue?f=jsonld"
        headers = (("Accept", "application/ld+json"),)
        answer = await self._calls("GET", url, headers=headers, timeout_s=_PATIENCE_S, most_bytes=_MOST_BYTES)
        if answer.status != 200:
            raise errors.SourceFailed(f"the catalogue answered {answer.status}", where=url)
        return await asyncio.to_thread(entries, answer.body, partner.base_url, url)


def entries(body: bytes, base_url: str, where: str) -> list[Entry]:
    """The datasets and services of a catalogue. Raises ``SourceFailed`` for what cannot be read."""
    from rdflib import RDF, URIRef

    graph = _graph(body, where)
    found: list[Entry] = []
    for kind_iri, kind in _KINDS.items():
        for subject in graph.subjects(RDF.type, URIRef(kind_iri)):
            if isinstance(subject, URIRef) and len(found) < MOST_ENTRIES:
                found.append(_entry(graph, subject, kind, base_url))
    return found


def _graph(body: bytes, where: str) -> Graph:
    from rdflib import Graph
    from rdflib.plugins.parsers.jsonld import to_rdf

    try:
        document = msgspec.json.decode(body)
        if _names_contexts(document):
            raise errors.SourceFailed("its catalogue names a context elsewhere", where=where)
        graph = Graph()
        to_rdf(document, graph)  # what Graph.parse does, without its deprecated detour
        return graph
    except errors.SourceFailed:
        raise
    except Exception as problem:  # rdflib raises whatever its parsers do
        raise errors.SourceFailed("its catalogue cannot be read", where=where) from problem


def _names_contexts(document: Any) -> bool:
    """Whether any @context in a document is an address."""
    waiting = [document]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            context = one.get("@context")
            given = context if isinstance(context, list) else [context]
            if any(isinstance(each, str) for each in given):
                return True
            if any(isinstance(each, dict) and "@import" in each for each in given):
                return True
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return False


def _entry(graph: Graph, subject: Node, kind: str, base_url: str) -> Entry:
    identifier = reading.text(str(subject), 500)
    return Entry(
        id=identifier,
        kind=kind,
        title=_texts(graph, subject, f"{_DCT}title"),
        description=_texts(graph, subject, f"{_DCT}description"),
        keywords=tuple(dict.fromkeys(_plain(graph, subject, f"{_DCAT}keyword")))[:50],
        licence=next(_licences(graph, subject), ""),
        formats=tuple(dict.fromkeys(_formats(graph, subject)))[:20],
        page=reading.address(identifier, base_url),
        via=("dcat-ap",),
    )


def _texts(graph: Graph, subject: Node, predicate: str) -> dict[str, str]:
    from rdflib import Literal, URIRef

    found = {}
    for value in graph.objects(subject, URIRef(predicate)):
        if isinstance(value, Literal):
            found[reading.text(value.language or "", 10)] = reading.text(str(value))
    return found


def _plain(graph: Graph, subject: Node, predicate: str) -> Iterator[str]:
    from rdflib import URIRef

    for value in graph.objects(subject, URIRef(predicate)):
        if said := reading.text(str(value), 200):
            yield said


def _licences(graph: Graph, subject: Node) -> Iterator[str]:
    from rdflib import URIRef

    yield from _plain(graph, subject, f"{_DCT}license")
    for distribution in graph.objects(subject, URIRef(f"{_DCAT}distribution")):
        yield from _plain(graph, distribution, f"{_DCT}license")


def _formats(graph: Graph, subject: Node) -> Iterator[str]:
    from rdflib import URIRef

    for distribution in graph.objects(subject, URIRef(f"{_DCAT}distribution")):
        for value in _plain(graph, distribution, f"{_DCAT}mediaType"):
            yield value.rpartition("/media-types/")[2] or value
