"""Subscriptions to context source registrations over HTTP (GS CIM 009, clauses 6.12 and 6.13)."""

from __future__ import annotations

from typing import Any

from sympolis.api.bodies import parse_json
from sympolis.api.http import Reply, Request
from sympolis.api.ngsi_ld.answers import ROOT, tenant_of
from sympolis.api.ngsi_ld.linking import Inbox
from sympolis.api.ngsi_ld.managing import (
    OPTIONS,
    Managed,
    SubscriptionReader,
    View,
    created,
    done,
    read_whole,
)
from sympolis.api.ngsi_ld.reading import COUNT, LIMIT, OFFSET
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Operation
from sympolis.api.vocabulary import Vocabulary
from sympolis.context.registrations.telling import SourceSubscriptions
from sympolis.context.registrations.wanting import SourceSubscription
from sympolis.context.subscriptions import document as documents
from sympolis.context.subscriptions.subscription import Record
from sympolis.context.terms import Terms

_KIND = Managed(
    path=f"{ROOT}/csourceSubscriptions",
    tag="NGSI-LD context sources",
    argument="subscriptionId",
    argument_text="The subscription's URI, percent-encoded.",
    schema="Subscription",
    example={
        "type": "Subscription",
        "entities": [{"type": "Building"}],
        "notification": {"endpoint": {"uri": "https://city.example/sources", "accept": "application/json"}},
    },
    change={"isActive": False},
    noun="CSourceSubscription",
    verbs={
        "create": ("Subscribe to context sources", "5.11.2"),
        "query": ("List subscriptions to context sources", "5.11.5"),
        "retrieve": ("Retrieve a subscription to context sources", "5.11.4"),
        "update": ("Change a subscription to context sources", "5.11.3"),
        "delete": ("End a subscription to context sources", "5.11.6"),
    },
    listed="A page of subscriptions.",
    shown="The subscription, with how its notifications fared.",
)


class SourceSubscriptionHandlers(SubscriptionReader):
    """Handlers of ``/csourceSubscriptions`` and ``/csourceSubscriptions/{subscriptionId}``."""

    kind = _KIND

    def __init__(self, parts: ApiParts, subscriptions: SourceSubscriptions) -> None:
        super().__init__(Vocabulary(parts), subscriptions)
        self._inbox = Inbox(self._vocabulary)
        self._subscriptions = subscriptions

    async def create(self, request: Request) -> Reply:
        """Create Context Source Registration Subscription, clause 5.11.2."""
        tenant = tenant_of(request)
        document, terms, context = await self._read(request)
        found = await self._subscriptions.create(document, terms, context, tenant=tenant)
        return created(_KIND.path, found.id, tenant)

    async def update(self, request: Request) -> Reply:
        """Update Context Source Registration Subscription, clause 5.11.3."""
        tenant, subscription_id = tenant_of(request), _KIND.id_of(request)
        fragment, terms, _ = await self._read(request)
        await self._subscriptions.update(subscription_id, fragment, terms, tenant=tenant)
        return done(tenant)

    async def delete(self, request: Request) -> Reply:
        """Delete Context Source Registration Subscription, clause 5.11.6."""
        tenant = tenant_of(request)
        await self._subscriptions.delete(_KIND.id_of(request), tenant=tenant)
        return done(tenant)

    async def _read(self, request: Request) -> tuple[dict[str, Any], Terms, Any]:
        """See ``read_whole``; what is no JSON is told first: nobody said what else it could be."""
        if not request.media_type:
            parse_json(await request.body())
        return await read_whole(self._inbox, request)

    def _show(self, view: View, found: SourceSubscription, record: Record) -> dict[str, Any]:
        now, sys_attrs = self._subscriptions.now(), view.sys_attrs
        document = documents.render(found.subscription, record, view.terms, now=now, sys_attrs=sys_attrs)
        document.pop("notificationTrigger", None)  # registrations have no attributes that could change
        if not record.times_failed:
            document["notification"].pop("timesFailed", None)
        return view.with_context(document)


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes of subscriptions to registrations; none where the parts have none."""
    if parts.source_subscriptions is None:
        return ()
    handlers = SourceSubscriptionHandlers(parts, parts.source_subscriptions)
    return _KIND.routes(handlers, querying=(LIMIT, OFFSET, COUNT, OPTIONS), retrieving=(OPTIONS,))
