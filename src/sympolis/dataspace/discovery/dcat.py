"""Partners' public catalogues, DCAT-AP: read by rdflib off the event loop, since graphs cost time.

Twins give theirs in JSON-LD. Portals (CKAN, piveau and others) give it in any form of RDF, page by page as Hydra has
it, and have it at the addresses that are tried here in turn. A JSON-LD context is never fetched from an address that
the document names: only documents that bring their context inside, or none, are read. Others would let a partner make
this server call somebody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

import msgspec

from sympolis.dataspace.calls import Answer, Calls
from sympolis.dataspace.discovery import reading
from sympolis.dataspace.discovery.catalogues import MOST_ENTRIES, Entry
from sympolis.dataspace.partners.partner import Partner
from sympolis.domain import errors

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

_MOST_BYTES: Final = 4 << 20
_MOST_IN_ALL: Final = 16 << 20
_MOST_PAGES: Final = 20
_PATIENCE_S: Final = 8.0
_ACCEPT: Final = (("Accept", "application/ld+json, text/turtle;q=0.9, application/rdf+xml;q=0.8"),)
_FORMS: Final = {
    "text/turtle": "turtle",
    "application/x-turtle": "turtle",
    "application/n-triples": "nt",
    "application/rdf+xml": "xml",
    "text/xml": "xml",
    "application/xml": "xml",
}
_USUAL: Final = ("", "/catalog.jsonld", "/catalog.ttl", "/catalogue?f=jsonld")
"""Below the address that somebody gave; the second and third are CKAN's."""
_HYDRA: Final = "http://www.w3.org/ns/hydra/core#"
_NEXT: Final = (f"{_HYDRA}next", f"{_HYDRA}nextPage")
_DCAT: Final = "http://www.w3.org/ns/dcat#"
_DCT: Final = "http://purl.org/dc/terms/"
_KINDS: Final = {f"{_DCAT}Dataset": "dataset", f"{_DCAT}DataService": "service"}


class DcatCatalogues:
    """Fetches and reads; it is a ``catalogues.DcatCatalogue``."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def __call__(self, partner: Partner) -> list[Entry]:
        """The entries of the partner's catalogue, of all its pages. Raises ``SourceFailed``."""
        url: str | None = partner.catalogue_url or f"{partner.base_url}/catalogue?f=jsonld"
        found: list[Entry] = []
        read, seen = 0, set[str]()
        while url is not None and url not in seen and len(seen) < _MOST_PAGES and read < _MOST_IN_ALL:
            seen.add(url)
            answer = await _asked(self._calls, url)
            read += len(answer.body)
            form = _form(answer)
            more, url = await asyncio.to_thread(_page, answer.body, partner.base_url, url, form)
            found += more
        return found[:MOST_ENTRIES]


async def find(calls: Calls, base_url: str) -> tuple[str, dict[str, str]]:
    """Where the catalogue at or below an address is, and its title. Raises ``SourceFailed`` where none is."""
    why = ""
    for end in _USUAL:
        url = base_url + end
        try:
            answer = await _asked(calls, url)
            return url, await asyncio.to_thread(_title, answer.body, url, _form(answer))
        except errors.SourceFailed as problem:
            why = why or problem.message
    raise errors.SourceFailed(why, where=base_url)


async def _asked(calls: Calls, url: str) -> Answer:
    if find_spec("rdflib") is None:
        raise errors.SourceFailed("DCAT-AP needs the extra `rdf`", where=url)
    answer = await calls("GET", url, headers=_ACCEPT, timeout_s=_PATIENCE_S, most_bytes=_MOST_BYTES)
    if answer.status != 200:
        raise errors.SourceFailed(f"the catalogue answered {answer.status}", where=url)
    return answer


def _form(answer: Answer) -> str:
    """The form of RDF, as rdflib calls it; JSON-LD where nothing is said."""
    media = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return _FORMS.get(media, "json-ld")


def _page(body: bytes, base_url: str, url: str, form: str) -> tuple[list[Entry], str | None]:
    """The entries of a page, and where the next one is: at the same server, or nowhere."""
    from rdflib import URIRef

    graph = _graph(body, url, form)
    following = [one for name in _NEXT for one in graph.objects(None, URIRef(name))]
    address = reading.address(urljoin(url, str(following[0])), base_url) if following else ""
    return _entries(graph, base_url), address or None


def _title(body: bytes, url: str, form: str) -> dict[str, str]:
    """What the catalogue is called. Raises ``SourceFailed`` where this is none."""
    from rdflib import RDF, URIRef

    graph = _graph(body, url, form)
    subject = next(graph.subjects(RDF.type, URIRef(f"{_DCAT}Catalog")), None)
    if subject is None:
        raise errors.SourceFailed("there is no dcat:Catalog", where=url)
    return _texts(graph, subject, f"{_DCT}title")


def entries(body: bytes, base_url: str, where: str) -> list[Entry]:
    """The datasets and services of a catalogue in JSON-LD. Raises ``SourceFailed`` for what cannot be read."""
    return _entries(_graph(body, where, "json-ld"), base_url)


def _entries(graph: Graph, base_url: str) -> list[Entry]:
    from rdflib import RDF, URIRef

    found: list[Entry] = []
    for kind_iri, kind in _KINDS.items():
        for subject in graph.subjects(RDF.type, URIRef(kind_iri)):
            if isinstance(subject, URIRef) and len(found) < MOST_ENTRIES:
                found.append(_entry(graph, subject, kind, base_url))
    return found


def _graph(body: bytes, where: str, form: str) -> Graph:
    from rdflib import Graph

    try:
        if form == "json-ld":
            return _linked(body, where)
        if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
            raise errors.SourceFailed("its catalogue declares entities", where=where)
        return Graph().parse(data=body, format=form, publicID=where)
    except errors.SourceFailed:
        raise
    except Exception as problem:  # rdflib raises whatever its parsers do
        raise errors.SourceFailed("its catalogue cannot be read", where=where) from problem


def _linked(body: bytes, where: str) -> Graph:
    from rdflib import Graph
    from rdflib.plugins.parsers.jsonld import to_rdf

    document = msgspec.json.decode(body)
    if _names_contexts(document):
        raise errors.SourceFailed("its catalogue names a context elsewhere", where=where)
    graph = Graph()
    to_rdf(document, graph)  # what Graph.parse does, without its deprecated detour
    return graph


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
        for value in _plain(graph, distribution, f"{_DCT}format"):
            yield value.rpartition("/")[2] or value
