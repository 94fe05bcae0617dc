"""Documents that clients manage, such as subscriptions: what making, listing and changing them has in common.

Registrations and both kinds of subscriptions are resources of one shape (GS CIM 009, clauses 6.8 to 6.13): a
collection that documents are added to and listed from, and below it each of them under its id.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol
from urllib.parse import quote

from sympolis.api.http import JSON, LD_JSON, Handler, Headers, Reply, Request, encode
from sympolis.api.negotiation import preferred
from sympolis.api.ngsi_ld.answers import PLAIN_MEDIA, page_links, tenant_headers, tenant_of
from sympolis.api.ngsi_ld.linking import MERGE_PATCH, Inbox, context_headers, linked_context, terms_of
from sympolis.api.ngsi_ld.reading import COUNT, LIMIT, OFFSET
from sympolis.api.parameters import ListParameter, Parameter
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import OBJECT, reference, several
from sympolis.api.vocabulary import Vocabulary
from sympolis.context.codec import check_entity_id
from sympolis.context.subscriptions.subscription import Record
from sympolis.context.terms import Terms
from sympolis.domain import errors

OPTIONS = ListParameter(name="options", text="sysAttrs: also createdAt and modifiedAt.", max_items=4)


@dataclass(frozen=True, slots=True)
class View:
    """How a request wants documents shown: in which terms, as which media type."""

    request: Request
    tenant: str
    terms: Terms
    media: str

    @classmethod
    async def of(cls, request: Request, vocabulary: Vocabulary) -> View:
        """What the request says. Raises ``BadRequestData`` or ``NotAcceptable``."""
        tenant, terms = tenant_of(request), await terms_of(request, vocabulary)
        return cls(request, tenant, terms, preferred(request.header(b"accept"), PLAIN_MEDIA))

    @property
    def sys_attrs(self) -> bool:
        """Whether with the times of creation and change. Raises ``InvalidRequest`` for any other option."""
        options = OPTIONS.of(self.request)
        if any(option != "sysAttrs" for option in options):
            raise errors.InvalidRequest("unknown value; known is sysAttrs", where="options")
        return bool(options)

    def with_context(self, document: dict[str, Any]) -> dict[str, Any]:
        """The document with its ``@context``, where that belongs into the body."""
        if self.media == LD_JSON:
            document["@context"] = self.terms.document
        return document

    def reply(self, document: object, headers: Headers = ()) -> Reply:
        """An answer that holds this document."""
        links = context_headers(self.terms, self.media)
        return Reply(
            body=encode(document),
            media=self.media,
            headers=(*tenant_headers(self.tenant), *headers, *links),
        )

    def page(self, shown: list[dict[str, Any]], total: int) -> Reply:
        """An answer that holds a page out of ``total`` documents (clauses 6.3.10 and 6.3.13)."""
        limit, offset = LIMIT.of(self.request), OFFSET.of(self.request)
        headers = page_links(self.request, self.media, more=total > offset + limit)
        if COUNT.of(self.request):
            headers = (*headers, (b"ngsild-results-count", b"%d" % total))
        return self.reply(shown, headers)


def page_of(request: Request) -> tuple[int, int]:
    """How many documents to show at most, and how many to skip. Raises ``InvalidRequest``."""
    limit = LIMIT.of(request)
    if limit == 0 and not COUNT.of(request):
        raise errors.InvalidRequest("limit=0 makes sense only with count=true", where="limit")
    return limit, OFFSET.of(request)


def created(path: str, document_id: str, tenant: str) -> Reply:
    """201 with the address of a new document.

    The header's name is written as the standard writes it: there are clients that look for it letter by letter.
    """
    location = f"{path}/{quote(document_id, safe=':')}".encode()
    return Reply(status=201, headers=((b"Location", location), *tenant_headers(tenant)))


def done(tenant: str) -> Reply:
    """204: changed, or ended."""
    return Reply(status=204, headers=tenant_headers(tenant))


async def read_whole(inbox: Inbox, request: Request) -> tuple[dict[str, Any], Terms, Any]:
    """The body's document without its @context, its terms, and the value of the @context."""
    body, terms = await inbox.read(request)
    document, own = await inbox.document(request, body, terms, "body")
    return document, own, linked_context(request) if terms is not None else body["@context"]


class Subscribed(Protocol):
    """What keeps subscriptions, each with a record of how its notifications fared."""

    async def get(self, subscription_id: str, /, *, tenant: str) -> tuple[Any, Record]:
        """One of them. Raises ``NotFound``."""
        ...

    async def page(self, *, limit: int, offset: int, tenant: str) -> tuple[int, Sequence[tuple[Any, Record]]]:
        """How many there are, and those of the page."""
        ...


class SubscriptionReader(ABC):
    """The handlers that show subscriptions, to entities or to registrations alike."""

    kind: ClassVar[Managed]

    def __init__(self, vocabulary: Vocabulary, subscribed: Subscribed) -> None:
        self._vocabulary = vocabulary
        self._subscribed = subscribed

    async def retrieve(self, request: Request) -> Reply:
        """Retrieve (Context Source Registration) Subscription, clauses 5.8.3 and 5.11.4."""
        view = await View.of(request, self._vocabulary)
        found, record = await self._subscribed.get(self.kind.id_of(request), tenant=view.tenant)
        return view.reply(self._show(view, found, record))

    async def query(self, request: Request) -> Reply:
        """Query (Context Source Registration) Subscriptions, clauses 5.8.4 and 5.11.5."""
        view = await View.of(request, self._vocabulary)
        limit, offset = page_of(request)
        total, found = await self._subscribed.page(limit=limit, offset=offset, tenant=view.tenant)
        return view.page([self._show(view, one, record) for one, record in found], total)

    @abstractmethod
    def _show(self, view: View, found: Any, record: Record) -> dict[str, Any]:
        """The document of one."""


class Handlers(Protocol):
    """What answers the five requests of such a resource."""

    async def create(self, request: Request) -> Reply:
        """Add a document."""
        ...

    async def query(self, request: Request) -> Reply:
        """List documents."""
        ...

    async def retrieve(self, request: Request) -> Reply:
        """Give one document."""
        ...

    async def update(self, request: Request) -> Reply:
        """Change one."""
        ...

    async def delete(self, request: Request) -> Reply:
        """End one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """A kind of such documents: its path, and the routes below it.

    ``argument`` is the id's name in the path, ``schema`` that of a document, ``example`` one of them, ``change`` a
    fragment by which one may be changed. Operations are named by a verb and ``noun``; ``verbs`` gives the title and
    the clause of each. ``listed`` and ``shown`` say what a page and one document hold.
    """

    path: str
    tag: str
    argument: str
    argument_text: str
    schema: str
    example: Mapping[str, Any]
    change: Mapping[str, Any]
    noun: str
    verbs: Mapping[str, tuple[str, str]]
    listed: str
    shown: str

    def id_of(self, request: Request) -> str:
        """The id in the path. Raises ``BadRequestData`` where it is no URI."""
        return check_entity_id(request.arguments[self.argument])

    def routes(
        self, handlers: Handlers, *, querying: tuple[Parameter, ...], retrieving: tuple[Parameter, ...]
    ) -> tuple[Operation, ...]:
        """The routes, with the parameters of those that read."""
        one = reference(self.schema)
        new = Body(one, (JSON, LD_JSON), dict(self.example))
        fragment = Body(OBJECT, (JSON, LD_JSON, MERGE_PATCH), dict(self.change))
        page = Answer(self.listed, dict.fromkeys(PLAIN_MEDIA, several(one)))
        shown = Answer(self.shown, dict.fromkeys(PLAIN_MEDIA, one))
        made, changed, ended = Answer("Created; see Location."), Answer("Changed."), Answer("Ended.")
        below: dict[str, Any] = {
            "path": f"{self.path}/{{{self.argument}}}",
            "path_texts": {self.argument: self.argument_text},
        }
        return (
            self._route("POST", "create", handlers.create, body=new, answers={201: made}),
            self._route("GET", "query", handlers.query, parameters=querying, answers={200: page}),
            self._route(
                "GET", "retrieve", handlers.retrieve, **below, parameters=retrieving, answers={200: shown}
            ),
            self._route("PATCH", "update", handlers.update, **below, body=fragment, answers={204: changed}),
            self._route("DELETE", "delete", handlers.delete, **below, answers={204: ended}),
        )

    def _route(self, method: str, verb: str, handle: Handler, **rest: Any) -> Operation:
        title, clause = self.verbs[verb]
        rest = {"path": self.path, "tag": self.tag, "title": title, "clause": clause} | rest
        return Operation(method=method, handle=handle, name=f"{verb}{self.noun}", **rest)
