"""Subscriptions over HTTP (GS CIM 009, clauses 6.10, 6.11), and what could not be delivered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from sympolis.api.http import JSON, Reply, Request, json_reply
from sympolis.api.ngsi_ld.answers import ROOT, tenant_of
from sympolis.api.ngsi_ld.forwarding import Forwarding
from sympolis.api.ngsi_ld.linking import Inbox
from sympolis.api.ngsi_ld.managing import (
    OPTIONS,
    Managed,
    SubscriptionReader,
    View,
    created,
    done,
    page_of,
    read_whole,
)
from sympolis.api.ngsi_ld.reading import COUNT, LIMIT, OFFSET
from sympolis.api.parameters import Parameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import OBJECT, TEXT, Schema, reference, several, structure
from sympolis.api.vocabulary import Vocabulary
from sympolis.context.core_context import is_core_url
from sympolis.context.distributed.wording import Journey
from sympolis.context.instants import format_instant
from sympolis.context.subscriptions import document as documents
from sympolis.context.subscriptions.books import DeadLetter
from sympolis.context.subscriptions.service import Subscriptions
from sympolis.context.subscriptions.subscription import Record, Subscription

DEAD_LETTERS_PATH = "/api/subscriptions/dead-letters"

SUBSCRIPTION = Parameter(name="subscription", text="Only those of this subscription.", max_length=2048)

_KIND = Managed(
    path=f"{ROOT}/subscriptions",
    tag="NGSI-LD subscriptions",
    argument="subscriptionId",
    argument_text="The subscription's URI, percent-encoded.",
    schema="Subscription",
    example={
        "id": "urn:ngsi-ld:Subscription:slow-roads",
        "type": "Subscription",
        "entities": [{"type": "RoadSegment"}],
        "watchedAttributes": ["maximumAllowedSpeed"],
        "q": "maximumAllowedSpeed<=30",
        "notification": {
            "format": "keyValues",
            "endpoint": {"uri": "https://city.example/notify", "accept": "application/json"},
        },
    },
    change={"isActive": False},
    noun="Subscription",
    verbs={
        "create": ("Subscribe to changes", "5.8.1"),
        "query": ("List subscriptions", "5.8.4"),
        "retrieve": ("Retrieve a subscription", "5.8.3"),
        "update": ("Change a subscription", "5.8.2"),
        "delete": ("End a subscription", "5.8.5"),
    },
    listed="A page of subscriptions.",
    shown="The subscription, with how its notifications fared.",
)
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


class SubscriptionHandlers(SubscriptionReader):
    """Handlers of ``/subscriptions``, ``/subscriptions/{subscriptionId}`` and of the dead letters."""

    kind = _KIND

    def __init__(self, parts: ApiParts, subscriptions: Subscriptions) -> None:
        super().__init__(Vocabulary(parts), subscriptions)
        self._inbox = Inbox(self._vocabulary)
        self._subscriptions = subscriptions
        self._library = parts.library
        self._forwarding = Forwarding(parts)
        self._remote = parts.remote_subscriptions

    async def create(self, request: Request) -> Reply:
        """Create Subscription, clause 5.8.1."""
        tenant = tenant_of(request)
        document, terms, context = await read_whole(self._inbox, request)
        if "jsonldContext" not in document and _has_no_address(context) and self._library is not None:
            document["jsonldContext"] = (await self._library.implicit(context, request.base_url)).url
        found = await self._subscriptions.create(document, terms, context, tenant=tenant)
        if (journey := self._journey(request, tenant)) is not None and self._remote is not None:
            await self._remote.created(found, journey, request.base_url)
        return created(_KIND.path, found.id, tenant)

    async def update(self, request: Request) -> Reply:
        """Update Subscription, clause 5.8.2."""
        tenant = tenant_of(request)
        fragment, terms, _ = await read_whole(self._inbox, request)
        found = await self._subscriptions.update(_KIND.id_of(request), fragment, terms, tenant=tenant)
        if (journey := self._journey(request, tenant)) is not None and self._remote is not None:
            await self._remote.updated(found, journey, request.base_url)
        return done(tenant)

    async def delete(self, request: Request) -> Reply:
        """Delete Subscription, clause 5.8.5."""
        tenant = tenant_of(request)
        await self._subscriptions.delete(_KIND.id_of(request), tenant=tenant)
        if (journey := self._journey(request, tenant)) is not None and self._remote is not None:
            await self._remote.deleted(_KIND.id_of(request), journey)
        return done(tenant)

    async def dead_letters(self, request: Request) -> Reply:
        """Notifications that were given up, newest first: a service of this broker, not of the standard."""
        tenant = tenant_of(request)
        limit, offset = page_of(request)
        total, found = await self._subscriptions.dead_letters(
            subscription=SUBSCRIPTION.raw(request), limit=limit, offset=offset, tenant=tenant
        )
        return json_reply({"total": total, "letters": [_letter(one) for one in found]})

    def _journey(self, request: Request, tenant: str) -> Journey | None:
        """The journey of a subscription that other brokers may get copies of; None where none does."""
        if self._remote is None or not self._remote.concerns(tenant):
            return None
        return self._forwarding.journey(request, tenant)

    def _show(self, view: View, found: Subscription, record: Record) -> dict[str, Any]:
        sys_attrs, now = view.sys_attrs, self._subscriptions.now()
        document = documents.render(found, record, view.terms, now=now, sys_attrs=sys_attrs)
        return view.with_context(document)


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
    routes = _KIND.routes(handlers, querying=(LIMIT, OFFSET, COUNT, OPTIONS), retrieving=(OPTIONS,))
    return (*routes, _dead_letters(handlers))


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
        tag=_KIND.tag,
        parameters=(SUBSCRIPTION, LIMIT, OFFSET),
        answers={200: Answer("A page of them, newest first.", {JSON: answer})},
    )


def _letter(letter: DeadLetter) -> Mapping[str, Any]:
    return {
        "subscriptionId": letter.subscription,
        "endpoint": letter.uri,
        "at": format_instant(letter.at),
        "reason": letter.reason,
        "attempts": letter.attempts,
        "data": [msgspec.Raw(element) for element in letter.elements],
    }
