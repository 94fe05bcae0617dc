"""Subscriptions to context source registrations over HTTP (GS CIM 009, clauses 6.12 and 6.13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from sympolis.api.bodies import parse_json
from sympolis.api.http import JSON, LD_JSON, Headers, Reply, Request, encode
from sympolis.api.negotiation import preferred
from sympolis.api.ngsi_ld.answers import PLAIN_MEDIA, ROOT, page_links, tenant_headers, tenant_of
from sympolis.api.ngsi_ld.linking import MERGE_PATCH, Inbox, context_headers, linked_context, terms_of
from sympolis.api.ngsi_ld.reading import COUNT, LIMIT, OFFSET
from sympolis.api.ngsi_ld.sources import OPTIONS
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import OBJECT, reference, several
from sympolis.api.vocabulary import Vocabulary
from sympolis.context.codec import check_entity_id
from sympolis.context.registrations.telling import SourceSubscriptions
from sympolis.context.registrations.wanting import SourceSubscription
from sympolis.context.subscriptions import document as documents
from sympolis.context.subscriptions.subscription import Record
from sympolis.context.terms import Terms
from sympolis.domain import errors

PATH = f"{ROOT}/csourceSubscriptions"

_TAG = "NGSI-LD context sources"
_PATH_TEXTS = {"subscriptionId": "The subscription's URI, percent-encoded."}
_EXAMPLE: dict[str, Any] = {
    "type": "Subscription",
    "entities": [{"type": "Building"}],
    "notification": {"endpoint": {"uri": "https://city.example/sources", "accept": "application/json"}},
}
_BODY = Body(reference("Subscription"), (JSON, LD_JSON), _EXAMPLE)
_FRAGMENT = Body(OBJECT, (JSON, LD_JSON, MERGE_PATCH), {"isActive": False})
_ONE = {name: reference("Subscription") for name in (JSON, LD_JSON)}
_SOME = {name: several(reference("Subscription")) for name in (JSON, LD_JSON)}


class SourceSubscriptionHandlers:
    """Handlers of ``/csourceSubscriptions`` and ``/csourceSubscriptions/{subscriptionId}``."""

    def __init__(self, parts: ApiParts, subscriptions: SourceSubscriptions) -> None:
        self._vocabulary = Vocabulary(parts)
        self._inbox = Inbox(self._vocabulary)
        self._subscriptions = subscriptions

    async def create(self, request: Request) -> Reply:
        """Create Context Source Registration Subscription, clause 5.11.2."""
        tenant = tenant_of(request)
        document, terms, context = await self._read(request)
        found = await self._subscriptions.create(document, terms, context, tenant=tenant)
        location = f"{PATH}/{quote(found.id, safe=':')}".encode()
        return Reply(status=201, headers=((b"Location", location), *tenant_headers(tenant)))

    async def retrieve(self, request: Request) -> Reply:
        """Retrieve Context Source Registration Subscription, clause 5.11.4."""
        tenant, terms = tenant_of(request), await terms_of(request, self._vocabulary)
        media = preferred(request.header(b"accept"), PLAIN_MEDIA)
        found, record = await self._subscriptions.get(_id(request), tenant=tenant)
        document = self._show(request, found, record, terms, media)
        return _reply(document, terms, media, tenant_headers(tenant))

    async def query(self, request: Request) -> Reply:
        """Query Context Source Registration Subscriptions, clause 5.11.5."""
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
        shown = [self._show(request, one, record, terms, media) for one, record in found]
        return _reply(shown, terms, media, headers)

    async def update(self, request: Request) -> Reply:
        """Update Context Source Registration Subscription, clause 5.11.3."""
        tenant, subscription_id = tenant_of(request), _id(request)
        fragment, terms, _ = await self._read(request)
        await self._subscriptions.update(subscription_id, fragment, terms, tenant=tenant)
        return Reply(status=204, headers=tenant_headers(tenant))

    async def delete(self, request: Request) -> Reply:
        """Delete Context Source Registration Subscription, clause 5.11.6."""
        tenant = tenant_of(request)
        await self._subscriptions.delete(_id(request), tenant=tenant)
        return Reply(status=204, headers=tenant_headers(tenant))

    async def _read(self, request: Request) -> tuple[dict[str, Any], Terms, Any]:
        """The body's document without its @context, its terms, and the value of the @context."""
        if not request.media_type:
            parse_json(
                await request.body()
            )  # what is no JSON is told first: nobody said what else it could be
        body, terms = await self._inbox.read(request)
        document, own = await self._inbox.document(request, body, terms, "body")
        return document, own, linked_context(request) if terms is not None else body["@context"]

    def _show(
        self, request: Request, found: SourceSubscription, record: Record, terms: Terms, media: str
    ) -> dict[str, Any]:
        now, sys_attrs = self._subscriptions.now(), _sys_attrs(request)
        document = documents.render(found.subscription, record, terms, now=now, sys_attrs=sys_attrs)
        document.pop("notificationTrigger", None)  # registrations have no attributes that could change
        if not record.times_failed:
            document["notification"].pop("timesFailed", None)
        if media == LD_JSON:
            document["@context"] = terms.document
        return document


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes of subscriptions to registrations; none where the parts have none."""
    if parts.source_subscriptions is None:
        return ()
    handlers = SourceSubscriptionHandlers(parts, parts.source_subscriptions)
    return (*_collection(handlers), *_single(handlers))


def _collection(handlers: SourceSubscriptionHandlers) -> tuple[Operation, ...]:
    return (
        Operation(
            method="POST",
            path=PATH,
            handle=handlers.create,
            name="createCSourceSubscription",
            title="Subscribe to context sources",
            tag=_TAG,
            clause="5.11.2",
            body=_BODY,
            answers={201: Answer("Created; see Location.")},
        ),
        Operation(
            method="GET",
            path=PATH,
            handle=handlers.query,
            name="queryCSourceSubscription",
            title="List subscriptions to context sources",
            tag=_TAG,
            clause="5.11.5",
            parameters=(LIMIT, OFFSET, COUNT, OPTIONS),
            answers={200: Answer("A page of subscriptions.", _SOME)},
        ),
    )


def _single(handlers: SourceSubscriptionHandlers) -> tuple[Operation, ...]:
    one: Mapping[str, Any] = {"path": f"{PATH}/{{subscriptionId}}", "tag": _TAG, "path_texts": _PATH_TEXTS}
    return (
        Operation(
            **one,
            method="GET",
            handle=handlers.retrieve,
            name="retrieveCSourceSubscription",
            title="Retrieve a subscription to context sources",
            clause="5.11.4",
            parameters=(OPTIONS,),
            answers={200: Answer("The subscription, with how its notifications fared.", _ONE)},
        ),
        Operation(
            **one,
            method="PATCH",
            handle=handlers.update,
            name="updateCSourceSubscription",
            title="Change a subscription to context sources",
            clause="5.11.3",
            body=_FRAGMENT,
            answers={204: Answer("Changed.")},
        ),
        Operation(
            **one,
            method="DELETE",
            handle=handlers.delete,
            name="deleteCSourceSubscription",
            title="End a subscription to context sources",
            clause="5.11.6",
            answers={204: Answer("Ended.")},
        ),
    )


def _id(request: Request) -> str:
    return check_entity_id(request.arguments["subscriptionId"])


def _page(request: Request) -> tuple[int, int]:
    limit = LIMIT.of(request)
    if limit == 0 and not COUNT.of(request):
        raise errors.InvalidRequest("limit=0 makes sense only with count=true", where="limit")
    return limit, OFFSET.of(request)


def _sys_attrs(request: Request) -> bool:
    options = OPTIONS.of(request)
    if any(option != "sysAttrs" for option in options):
        raise errors.InvalidRequest("unknown value; known is sysAttrs", where="options")
    return bool(options)


def _reply(document: object, terms: Terms, media: str, headers: Headers) -> Reply:
    return Reply(body=encode(document), media=media, headers=(*headers, *context_headers(terms, media)))
