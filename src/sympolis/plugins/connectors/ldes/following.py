"""Which pages of a stream are to be read: those that relations lead to, each once unless it may still grow.

The bookmark is what was read: pages said to be immutable by their first letters of a digest, others by address and
digest of what they held, so that the next delivery begins at these.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urldefrag

import msgspec

from sympolis.domain import errors
from sympolis.plugins.connector import Page
from sympolis.plugins.connectors.ldes.settings import LdesSettings

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

NOTES: Final = "pages.json"
TREE: Final = "https://w3id.org/tree#"
LDES: Final = "https://w3id.org/ldes#"
ACCEPT: Final = "text/turtle, application/n-triples, application/trig;q=0.9, application/n-quads;q=0.8"
_FORMATS: Final = {
    "text/turtle": "turtle",
    "application/n-triples": "nt",
    "application/trig": "trig",
    "application/n-quads": "nquads",
}
_BEFORE: Final = frozenset({TREE + "LessThanRelation", TREE + "LessThanOrEqualToRelation"})
_IMMUTABLE: Final = re.compile(r"\bimmutable\b")
_LETTERS: Final = 16


class Read(msgspec.Struct, frozen=True):
    """A page that was read: its file, where it came from, how to parse it, whether it may still change."""

    file: str
    url: str
    format: str
    immutable: bool
    digest: str


class Bookmark(msgspec.Struct):
    """See the module."""

    done: list[str] = []
    open: dict[str, str] = {}


@dataclass(slots=True)
class Frontier:
    """What is still to be read."""

    settings: LdesSettings
    done: set[str]
    pages: deque[str]
    seen: set[str] = field(default_factory=set)
    read: list[Read] = field(default_factory=list)

    @classmethod
    def begin(cls, url: str, bookmark: str | None, settings: LdesSettings) -> Frontier:
        """At the pages that may have grown; at ``url`` where there are none."""
        known = msgspec.json.decode(bookmark, type=Bookmark) if bookmark else Bookmark()
        found = cls(settings, set(known.done), deque())
        for one in known.open or (url,):
            found.add(one)
        return found

    def add(self, url: str) -> None:
        """Read it, unless that was done."""
        plain = urldefrag(url)[0]
        if plain not in self.seen and mark(plain) not in self.done:
            self.seen.add(plain)
            self.pages.append(plain)

    def note(self, page: Page, url: str) -> None:
        """Take a page in: remember it and where it leads. Raises ``SourceFailed``."""
        content = page.path.read_bytes()
        form = form_of(page.headers, url)
        graph = parse(content, form, url)
        immutable = _IMMUTABLE.search(page.headers.get("cache-control", "")) is not None or _says_so(
            graph, url
        )
        digest = hashlib.sha256(content).hexdigest()[:_LETTERS]
        self.read.append(Read(page.path.name, url, form, immutable, digest))
        for following in _leads(graph, url, self.settings):
            self.add(following)


def mark(url: str) -> str:
    """A page, in a few letters."""
    return hashlib.sha256(url.encode()).hexdigest()[:_LETTERS]


def advanced(before: str | None, read: list[Read], waiting: list[str]) -> str:
    """The bookmark after these pages; ``waiting`` are those that were not read any more."""
    known = msgspec.json.decode(before, type=Bookmark) if before else Bookmark()
    done = [*known.done, *(mark(one.url) for one in read if one.immutable)]
    still = {one.url: one.digest for one in read if not one.immutable}
    return msgspec.json.encode(Bookmark(done, {**still, **dict.fromkeys(waiting, "")})).decode()


def form_of(headers: Mapping[str, str], url: str) -> str:
    """The parser for an answer. JSON-LD is not taken: its contexts would be fetched past the guard."""
    media = headers.get("content-type", "text/turtle").partition(";")[0].strip().lower()
    if media in _FORMATS:
        return _FORMATS[media]
    hint = "the stream has to offer Turtle, TriG, N-Triples or N-Quads"
    raise errors.SourceFailed(f"answers with {media}, asked for Turtle", where=url, hint=hint)


def parse(content: bytes, form: str, where: str) -> Graph:
    """The page's triples. Raises ``SourceFailed``."""
    try:
        from rdflib import Dataset, Graph
    except ImportError as cause:
        raise errors.SourceFailed(
            "the parser is not installed", where=where, hint="pip install 'sympolis[rdf]'"
        ) from cause
    quads = form in ("trig", "nquads")
    graph: Graph = Dataset(default_union=True) if quads else Graph()
    try:
        graph.parse(data=content, format=form, publicID=where)
    except Exception as cause:  # each of its parsers raises another
        told = " ".join(str(cause).split())[:200]
        raise errors.SourceFailed(
            f"is not {form}: {told}", where=where, hint="is the page cut off?"
        ) from cause
    return graph


def _says_so(graph: Graph, url: str) -> bool:
    from rdflib import Literal, URIRef

    return (URIRef(url), URIRef(LDES + "immutable"), Literal(True)) in graph


def _leads(graph: Graph, url: str, settings: LdesSettings) -> list[str]:
    """Where relations lead, and from the stream itself its view."""
    from rdflib import URIRef

    found = []
    for relation in graph.objects(None, URIRef(TREE + "relation")):
        node = graph.value(relation, URIRef(TREE + "node"))
        if node is not None and not _is_before(graph, relation, settings):
            found.append(str(node))
    views = [str(view) for view in graph.objects(None, URIRef(TREE + "view"))]
    return found if url in views or found else [*found, *views[:1]]


def _is_before(graph: Graph, relation: Node, settings: LdesSettings) -> bool:
    """Whether all members behind a relation are older than wanted."""
    from rdflib import RDF, URIRef

    kinds = {str(kind) for kind in graph.objects(relation, RDF.type)}
    value: Any = graph.value(relation, URIRef(TREE + "value"))
    if not settings.since or value is None or not kinds & _BEFORE:
        return False
    try:
        return moment(str(value)) <= moment(settings.since)
    except ValueError:
        return False


def moment(text: str) -> datetime:
    """A time that can be compared; without a zone it is UTC. Raises ``ValueError``."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
