"""The routes of ``/ldes``: the streams there are, and their pages (LDES 1.0, TREE hypermedia)."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from sympolis.api.http import Reply, Request, weak_tag
from sympolis.api.ldes.members import IS_VERSION_OF, MODIFIED, write_deletion, write_version
from sympolis.api.ldes.streams import StreamPage, read_page
from sympolis.api.ldes.triples import RDF_TYPE, Term, Writer, iri, number_literal
from sympolis.api.negotiation import preferred
from sympolis.api.parameters import IntegerParameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import TEXT
from sympolis.api.type_index import TypeIndex
from sympolis.api.vocabulary import city_terms
from sympolis.context import gated
from sympolis.domain import errors

ROOT: Final = "/ldes"
_LDES: Final = "https://w3id.org/ldes#"
_TREE: Final = "https://w3id.org/tree#"
_TURTLE, _TRIPLES = "text/turtle", "application/n-triples"
_OFFERS: Final = (_TURTLE, _TRIPLES)
"""N-Triples are Turtle, too: one document serves both."""
_TAG: Final = "Linked data event streams"
_FINISHED: Final = "public, max-age=604800, immutable"
"""Of a page that leads on: who has read it once need not read it again, later changes stand on later pages."""
_OPEN: Final = "public, max-age=5"

AFTER = IntegerParameter(
    name="after", text="The page that begins after this number of the change log.", high=2**53
)


class EventStreams:
    """Handlers of ``/ldes``."""

    def __init__(self, parts: ApiParts) -> None:
        self._broker = parts.broker
        self._terms = city_terms(parts)
        self._index = TypeIndex(parts.broker)

    async def index(self, request: Request) -> Reply:
        """Every stream, with the page at which a reader begins."""
        writer = Writer()
        for type_iri in await self._index.types():
            self._describe(writer, self._address(request, type_iri))
        return _reply(request, writer, _OPEN)

    async def stream(self, request: Request) -> Reply:
        """A page of a stream; the first one describes the stream, too. Raises ``NotFound``."""
        type_iri = await self._type(request.arguments["stream"])
        after = AFTER.of(request)
        page = await read_page(self._broker, type_iri, after)
        writer = Writer()
        address = self._address(request, type_iri)
        self._describe(writer, address)
        _write_page(writer, page, address, after)
        return _reply(request, writer, _OPEN if page.next is None else _FINISHED)

    async def _type(self, name: str) -> str:
        try:
            type_iri = self._terms.expand(name)
        except errors.BadRequestData:
            type_iri = ""
        gated.ask_for(type_iri)
        if type_iri not in await self._index.types():
            raise errors.NotFound(f"there is no stream {name}", where="stream", hint=f"see {ROOT}")
        return type_iri

    def _address(self, request: Request, type_iri: str) -> str:
        return f"{request.base_url}{ROOT}/{quote(self._terms.compact(type_iri), safe='')}"

    def _describe(self, writer: Writer, address: str) -> None:
        stream = iri(f"{address}#stream")
        writer.add(stream, RDF_TYPE, iri(_LDES + "EventStream"))
        writer.add(stream, _LDES + "versionOfPath", iri(IS_VERSION_OF))
        writer.add(stream, _LDES + "timestampPath", iri(MODIFIED))
        writer.add(stream, _TREE + "view", iri(address))
        policy = writer.blank()
        writer.add(iri(address), _LDES + "retentionPolicy", policy)
        writer.add(policy, RDF_TYPE, iri(_LDES + "LatestVersionSubset"))
        writer.add(policy, _LDES + "amount", number_literal(1))


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes of the streams."""
    streams = EventStreams(parts)
    content = {_TURTLE: TEXT, _TRIPLES: TEXT}
    return (
        Operation(
            method="GET",
            path=ROOT,
            handle=streams.index,
            name="listStreams",
            title="The event streams",
            tag=_TAG,
            answers={200: Answer("The streams.", content), 304: Answer("Unchanged.")},
        ),
        Operation(
            method="GET",
            path=ROOT + "/{stream}",
            handle=streams.stream,
            name="getStream",
            title="A page of an event stream",
            tag=_TAG,
            text="Follow `tree:relation` to the last page, then poll that one.",
            parameters=(AFTER,),
            path_texts={"stream": "The short name of an entity type."},
            answers={200: Answer("The page.", content), 304: Answer("Unchanged.")},
        ),
    )


def _write_page(writer: Writer, page: StreamPage, address: str, after: int) -> None:
    stream, node = iri(f"{address}#stream"), iri(address if after == 0 else f"{address}?after={after}")
    writer.add(node, RDF_TYPE, iri(_TREE + "Node"))
    for entity, change in page.entities:
        at = entity.modified_at or entity.created_at or change.at
        writer.add(stream, _TREE + "member", write_version(writer, entity, at))
    for change in page.deletions:
        writer.add(stream, _TREE + "member", write_deletion(writer, change))
    if page.next is not None:
        _write_relation(writer, node, f"{address}?after={page.next}")


def _write_relation(writer: Writer, node: Term, following: str) -> None:
    relation = writer.blank()
    writer.add(node, _TREE + "relation", relation)
    writer.add(relation, RDF_TYPE, iri(_TREE + "Relation"))
    writer.add(relation, _TREE + "node", iri(following))


def _reply(request: Request, writer: Writer, cache: str) -> Reply:
    media = preferred(request.header(b"accept"), _OFFERS)
    body = writer.document()
    return Reply(body=body, media=media, etag=weak_tag(body), cache=cache, headers=((b"vary", b"accept"),))
