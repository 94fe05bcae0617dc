"""Subscriptions over HTTP (GS CIM 009, clauses 6.10, 6.11), and what could not be delivered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from sympolis.api.http import JSON, LD_JSON, Headers, Reply, Request, encode, json_reply
from sympolis.api.negotiation import preferred
from sympolis.api.ngsi_ld.answers import PLAIN_MEDIA, ROOT, page_links, tenant_headers, tenant_of
from sympolis.api.ngsi_ld.forwarding import Forwarding
from sympolis.api.ngsi_ld.linking import MERGE_PATCH, Inbox, context_headers, linked_context, terms_of
from sympolis.api.ngsi_ld.reading import COUNT, LIMIT, OFFSET
from sympolis.api.parameters import ListParameter, Parameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import OBJECT, TEXT, Schema, reference, several, structure
from sympolis.api.vocabulary import Vocabulary
from sympolis.context.codec import check_entity_id
from sympolis.context.core_context import is_core_url
from sympolis.context.distributed.wording import Journey
from sympolis.context.instants import format_instant
from sympolis.context.subscriptions import document as documents
from sympolis.context.subscriptions.books import DeadLetter
from sympolis.context.subscriptions.service import Subscriptions
from sympolis.context.subscriptions.subscription import Record, Subscription
from sympolis.context.terms import Terms
from sympolis.domain import errors

PATH = f"{ROOT}/subscriptions"
DEAD_LETTERS_PATH = "/api/subscriptions/dead-letters"

OPTIONS = ListParameter(name="options", text="sysAttrs: also createdAt and modifiedAt.", max_items=4)
SUBSCRIPTION = Parameter(name="subscription", text="Only those of this subscription.", max_length=2048)

_TAG = "NGSI-LD subscriptions"
_PATH_TEXTS = {"subscriptionId": "The subscription's URI, percent-encoded."}
_EXAMPLE: dict[str, Any] = {
    "id": "urn:ngsi-ld:Subscription:slow-roads",
    "type": "Subscription",
    "entities": [{"type": "RoadSegment"}],
    "watchedAttributes": ["maximumAllowedSpeed"],
    "q": "maximumAllowedSpeed<=30",
    "notification": {
        "format": "keyValues",
        "endpoint": {"uri": "https://city.example/notify", "accept": "application/json"},
    },
}
_NOTIFICATION: Schema = structure(
    {"endpoint": structure({"uri": TEXT}, required=("uri",))}, required=("endpoint",)
)
SCHEMAS: dict[str, Schema] = {
    "Subscription": {
        **structure(
            {"type": {"const": "Subscription"}, "notification": _NOTIFICATION},
            required=("type", "notification"),
        ),
        "description": "A subscription (clause 5.2.12): what to watch, and whom to tell how.",
    },
    "DeadLetter": structure(
        {
            "subscriptionId": TEXT,
            "endpoint": TEXT,
            "at": {"type": "string", "format": "date-time"},
            "reason": TEXT,
            "attempts": {"type": "integer"},
            "data": several(OBJECT),
        },
        required=("subscriptionId", "endpoint", "at", "reason", "attempts", "data"),
    ),
}
_BODY = Body(reference("Subscription"), (JSON, LD_JSON), _EXAMPLE)
_FRAGMENT = Body(OBJECT, (JSON, LD_JSON, MERGE_PATCH), {"isActive": False})
_ONE = {JSON: reference("Subscription"), LD_JSON: reference("Subscription")}
_SOME = {JSON: several(reference("Subscription")), LD_JSON: several(reference("Subscription"))}


class SubscriptionHandlers:
    """Handlers of ``/subscriptions``, ``/subscriptions/{subscriptionId}`` and of the dead letters."""

    def __init__(self, parts: ApiParts, subscriptions: Subscriptions) -> None:
        self._vocabulary = Vocabulary(parts)
        self._inbox = Inbox(self._vocabulary)
        self._subscriptions = subscriptions
        self._library = parts.library
        self._forwarding = Forwarding(parts)
        self._remote = parts.remote_subscriptions

    async def create(self, request: Request) -> Reply:
        """Create Subscription, clause 5.8.1."""
        tenant = tenant_of(request)
        document, terms, context = await self._read(request)
        if "jsonldContext" not in document and _has_no_address(context) and self._library is not None:
            document["jsonldContext"] = self._library.implicit(context, request.base_url).url
        found = await self._subscriptions.create(document, terms, context, tenant=tenant)
        if (journey := self._journey(request, tenant)) is not None and self._remote is not None:
            await self._remote.created(found, journey, request.base_url)
        location = f"{PATH}/{quote(found.id, safe=':')}".encode()
        return Reply(status=201, headers=((b"location", location), *tenant_headers(tenant)))

    async def retrieve(self, request: Request) -> Reply:
        """Retrieve Subscription, clause 5.8.3."""
        tenant, terms = tenant_of(request), await terms_of(request, self._vocabulary)
        media = preferred(request.header(b"accept"), PLAIN_MEDIA)
        found, record = await self._subscriptions.get(_id(request), tenant=tenant)
        document = self._show(request, found, record, terms, media)
        return _reply(document, terms, media, tenant_headers(tenant))

    async def query(self, request: Request) -> Reply:
        """Query Subscriptions, clause 5.8.4."""
        tenant, terms = tenant_of(request), await terms_of(request, self._vocabulary)
        media = preferred(request.header(b"accept"), PLAIN_MEDIA)
        limit, offset = _page(request)
        total, found = await self._subscriptions.page(limit=limit, offset=offset, tenant=tenant)
        headers: Headers = (
            *tenant_headers(tenant),
            *page_links(request, media, more=total > offset + limit),
        )
        if COUNT.of(request):
            headers = (*headers, (b"ngsild-results-count", b"%d" % total))
        documents = [self._show(request, one, record, terms, media) for one, record in found]
        return _reply(documents, terms, media, headers)

    async def update(self, request: Request) -> Reply:
        """Update Subscription, clause 5.8.2."""
        tenant = tenant_of(request)
        fragment, terms, _ = await self._read(request)
        found = await self._subscriptions.update(_id(request), fragment, terms, tenant=tenant)
        if (journey := self._journey(request, tenant)) is not None and self._remote is not None:
            await self._remote.updated(found, journey, request.base_url)
        return Reply(status=204, headers=tenant_headers(tenant))

    async def delete(self, request: Request) -> Reply:
        """Delete Subscription, clause 5.8.5."""
        tenant = tenant_of(request)
        await self._subscriptions.delete(_id(request), tenant=tenant)
        if (journey := self._journey(request, tenant)) is not None and self._remote is not None:
            await self._remote.deleted(_id(request), journey)
        return Reply(status=204, headers=tenant_headers(tenant))

    async def dead_letters(self, request: Request) -> Reply:
        """Notifications that were given up, newest first: a service of this broker, not of the standard."""
        tenant = tenant_of(request)
        limit, offset = _page(request)
        total, found = await self._subscriptions.dead_letters(
            subscription=SUBSCRIPTION.raw(request), limit=limit, offset=offset, tenant=tenant
        )
        return json_reply({"total": total, "letters": [_letter(one) for one in found]})

    async def _read(self, request: Request) -> tuple[dict[str, Any], Terms, Any]:
        """The body's document without its @context, its terms, and the value of the @context."""
        body, terms = await self._inbox.read(request)
        document, own = await self._inbox.document(request, body, terms, "body")
        context = linked_context(request) if terms is not None else body["@context"]
        return document, own, context

    def _journey(self, request: Request, tenant: str) -> Journey | None:
        """The journey of a subscription that other brokers may get copies of; None where none does."""
        if self._remote is None or not self._remote.concerns(tenant):
            return None
        return self._forwarding.journey(request, tenant)

    def _show(
        self, request: Request, found: Subscription, record: Record, terms: Terms, media: str
    ) -> dict[str, Any]:
        sys_attrs = _sys_attrs(request)
        now = self._subscriptions.now()
        document = documents.render(found, record, terms, now=now, sys_attrs=sys_attrs)
        if media == LD_JSON:
            document["@context"] = terms.document
        return document


def _has_no_address(context: Any) -> bool:
    """Whether no single URL names this @context beside the core's, so that notifications could not link it."""
    parts = context if isinstance(context, list) else [context]
    own = [part for part in parts if not (isinstance(part, str) and is_core_url(part)) and part is not None]
    return len(own) > 1 or any(not isinstance(part, str) for part in own)


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes of subscriptions; none where the parts have no subscriptions."""
    if parts.subscriptions is None:
        return ()
    handlers = SubscriptionHandlers(parts, parts.subscriptions)
    return (*_collection(handlers), *_single(handlers), _dead_letters(handlers))


def _collection(handlers: SubscriptionHandlers) -> tuple[Operation, ...]:
    return (
        Operation(
            method="POST",
            path=PATH,
            handle=handlers.create,
            name="createSubscription",
            title="Subscribe to changes",
            tag=_TAG,
            clause="5.8.1",
            body=_BODY,
            answers={201: Answer("Created; see Location.")},
        ),
        Operation(
            method="GET",
            path=PATH,
            handle=handlers.query,
            name="querySubscription",
            title="List subscriptions",
            tag=_TAG,
            clause="5.8.4",
            parameters=(LIMIT, OFFSET, COUNT, OPTIONS),
            answers={200: Answer("A page of subscriptions.", _SOME)},
        ),
    )


def _single(handlers: SubscriptionHandlers) -> tuple[Operation, ...]:
    return (
        Operation(
            method="GET",
            path=f"{PATH}/{{subscriptionId}}",
            handle=handlers.retrieve,
            name="retrieveSubscription",
            title="Retrieve a subscription",
            tag=_TAG,
            clause="5.8.3",
            parameters=(OPTIONS,),
            path_texts=_PATH_TEXTS,
            answers={200: Answer("The subscription, with how its notifications fared.", _ONE)},
        ),
        Operation(
            method="PATCH",
            path=f"{PATH}/{{subscriptionId}}",
            handle=handlers.update,
            name="updateSubscription",
            title="Change a subscription",
            tag=_TAG,
            clause="5.8.2",
            body=_FRAGMENT,
            path_texts=_PATH_TEXTS,
            answers={204: Answer("Changed.")},
        ),
        Operation(
            method="DELETE",
            path=f"{PATH}/{{subscriptionId}}",
            handle=handlers.delete,
            name="deleteSubscription",
            title="End a subscription",
            tag=_TAG,
            clause="5.8.5",
            path_texts=_PATH_TEXTS,
            answers={204: Answer("Ended.")},
        ),
    )


def _dead_letters(handlers: SubscriptionHandlers) -> Operation:
    answer = structure(
        {"total": {"type": "integer"}, "letters": several(reference("DeadLetter"))},
        required=("total", "letters"),
    )
    return Operation(
        method="GET",
        path=DEAD_LETTERS_PATH,
        handle=handlers.dead_letters,
        name="listDeadLetters",
        title="Notifications that could not be delivered",
        tag=_TAG,
        parameters=(SUBSCRIPTION, LIMIT, OFFSET),
        answers={200: Answer("A page of them, newest first.", {JSON: answer})},
    )


def _id(request: Request) -> str:
    return check_entity_id(request.arguments["subscriptionId"])


def _page(request: Request) -> tuple[int, int]:
    limit = LIMIT.of(request)
    if limit == 0 and request.parameters.get("count") != "true":
        raise errors.InvalidRequest("limit=0 makes sense only with count=true", where="limit")
    return limit, OFFSET.of(request)


def _sys_attrs(request: Request) -> bool:
    options = OPTIONS.of(request)
    for option in options:
        if option != "sysAttrs":
            raise errors.InvalidRequest("unknown value; known is sysAttrs", where="options")
    return bool(options)


def _reply(document: object, terms: Terms, media: str, headers: Headers) -> Reply:
    return Reply(body=encode(document), media=media, headers=(*headers, *context_headers(terms, media)))


def _letter(letter: DeadLetter) -> Mapping[str, Any]:
    return {
        "subscriptionId": letter.subscription,
        "endpoint": letter.uri,
        "at": format_instant(letter.at),
        "reason": letter.reason,
        "attempts": letter.attempts,
        "data": [msgspec.Raw(element) for element in letter.elements],
    }
