"""Subscriptions to context sources: kept, and told of registrations that come, change and go (clause 5.11).

What is to be told goes through the same queues as notifications of entities: durable, in order for each endpoint, tried
again until delivered or given up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Any
from uuid import uuid4

import msgspec

from sympolis.context.core_context import CORE_URL
from sympolis.context.instants import format_instant
from sympolis.context.parsing import check_entity_id
from sympolis.context.registrations import wanting
from sympolis.context.registrations.document import render
from sympolis.context.registrations.matching import matching_places
from sympolis.context.registrations.registration import Registration
from sympolis.context.registrations.service import Found, Registrations
from sympolis.context.registrations.wanting import SourceSubscription
from sympolis.context.store import Store
from sympolis.context.subscriptions.books import Pending, Settlement, SubscriptionBooks
from sympolis.context.subscriptions.lanes import Lanes, Parcel, Settler, parcel_of
from sympolis.context.subscriptions.notice import CONTEXT_RELATION, JSON, LD_JSON, Notice
from sympolis.context.subscriptions.sending import DeliveryPolicy, Notifier, Time, WallTime
from sympolis.context.subscriptions.subscription import Record, Status
from sympolis.context.subscriptions.worker import without
from sympolis.context.terms import Contexts, Terms
from sympolis.domain.errors import AlreadyExists, ContextNotAvailable, NotFound

log = logging.getLogger(__name__)


class Reason(StrEnum):
    """Why registrations are told of (clause 5.3.3)."""

    NEWLY_MATCHING = "newlyMatching"
    UPDATED = "updated"
    NO_LONGER_MATCHING = "noLongerMatching"


class _Tenant:
    """The subscriptions of one tenant, with what has become of each."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, SourceSubscription] = {}
        self.records: dict[str, Record] = {}
        self.terms: dict[str, Terms] = {}
        self.periodic: dict[str, asyncio.Task[None]] = {}

    def drop(self, subscription_id: str) -> None:
        task = self.periodic.pop(subscription_id, None)
        if task is not None:
            task.cancel()
        for held in (self.subscriptions, self.records, self.terms):
            held.pop(subscription_id, None)


class SourceSubscriptions:
    """Keeps subscriptions to context sources. ``open`` it after the registrations, ``close`` it before them."""

    def __init__(
        self,
        registrations: Registrations,
        store: Store,
        contexts: Contexts,
        books: SubscriptionBooks,
        notifier: Notifier,
        *,
        time: Time | None = None,
        policy: DeliveryPolicy | None = None,
    ) -> None:
        self._registrations = registrations
        self._store = store
        self._contexts = contexts
        self._books = books
        self._time = time or WallTime()
        self._settler = Settler(books, _nothing, self._time)
        self._lanes = Lanes(self, notifier, self._settler, time=self._time, policy=policy or DeliveryPolicy())
        self._tenants: dict[str, _Tenant] = {}
        self._numbers = count(1)

    async def open(self) -> None:
        """Read what is kept, and go on where the last process stopped."""
        self._numbers = count(self._books.last_number() + 1)
        self._settler.start()
        for tenant in self._books.tenants():
            mine = self._tenants.setdefault(tenant, _Tenant())
            for kept in self._books.subscriptions(tenant):
                found = wanting.build(kept)
                mine.records[found.id] = kept.record
                self._put(tenant, found, await self._terms_if_possible(found))
            for one in self._books.pending(tenant):
                if one.subscription in mine.subscriptions:
                    self._lanes.put(parcel_of([one]), self._endpoint(mine, one.subscription))
        self._registrations.listen(self, everywhere=True)

    async def close(self) -> None:
        """Stop; what is left to tell stays in the books."""
        tasks = [task for mine in self._tenants.values() for task in mine.periodic.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._lanes.close()
        await self._settler.close()
        self._books.close()

    async def settled(self) -> None:
        """Wait until all that has been done is in the books."""
        await self._settler.flush()

    def now(self) -> datetime:
        """The time by which subscriptions expire."""
        return self._time.now()

    def waiting(self) -> int:
        """Notifications queued or under way."""
        return self._lanes.waiting()

    # --- operations

    async def create(
        self, document: Mapping[str, Any], terms: Terms, context: Any, *, tenant: str = ""
    ) -> SourceSubscription:
        """Create Context Source Registration Subscription (clause 5.11.2)."""
        given = document.get("id")
        wanted = f"urn:ngsi-ld:Subscription:{uuid4()}" if given is None else check_entity_id(given)
        found = wanting.parse(document, terms, subscription_id=wanted, context=context, now=self._time.now())
        own = await self._terms_for(found)
        await self._store.write((), tenant=tenant)
        mine = self._tenants.setdefault(tenant, _Tenant())
        if wanted in mine.subscriptions:
            raise AlreadyExists(f"subscription {wanted} exists already", where="id")
        await self._keep(tenant, found, own)
        return found

    async def update(
        self, subscription_id: str, fragment: Mapping[str, Any], terms: Terms, *, tenant: str = ""
    ) -> SourceSubscription:
        """Update Context Source Registration Subscription (clause 5.11.3)."""
        present, _ = await self.get(subscription_id, tenant=tenant)
        found = wanting.change(present, fragment, terms, now=self._time.now())
        await self._keep(tenant, found, await self._terms_for(found))
        return found

    async def delete(self, subscription_id: str, *, tenant: str = "") -> None:
        """Delete Context Source Registration Subscription (clause 5.11.6). Raises ``NotFound``."""
        await self.get(subscription_id, tenant=tenant)
        self._tenants[tenant].drop(subscription_id)
        without(self._settler.step, tenant, subscription_id)
        await self._settler.do(lambda: self._books.drop(tenant, subscription_id))

    async def get(self, subscription_id: str, *, tenant: str = "") -> tuple[SourceSubscription, Record]:
        """Retrieve Context Source Registration Subscription (clause 5.11.4). Raises ``NotFound``."""
        mine = await self._find(tenant)
        found = None if mine is None else mine.subscriptions.get(subscription_id)
        if mine is None or found is None:
            raise NotFound(f"there is no subscription {subscription_id}", where="id")
        return found, mine.records[subscription_id]

    async def page(
        self, *, limit: int, offset: int, tenant: str = ""
    ) -> tuple[int, list[tuple[SourceSubscription, Record]]]:
        """Query Context Source Registration Subscriptions (clause 5.11.5): how many there are, and some by id."""
        mine = await self._find(tenant)
        if mine is None:
            return 0, []
        ids = sorted(mine.subscriptions)
        chosen = ids[offset : offset + limit]
        return len(ids), [(mine.subscriptions[one], mine.records[one]) for one in chosen]

    # --- changes of registrations

    async def changed(self, tenant: str, before: Registration | None, after: Registration | None) -> None:
        """See ``service.Listener``."""
        mine = self._tenants.get(tenant)
        for found in () if mine is None else tuple(mine.subscriptions.values()):
            if found.subscription.interval_s is None:
                self._hold(tenant, found, before, after)

    def _hold(
        self, tenant: str, found: SourceSubscription, before: Registration | None, after: Registration | None
    ) -> None:
        was = [] if before is None else matching_places(before, found.wanted)
        now = [] if after is None else matching_places(after, found.wanted)
        if after is not None and now:
            self._queue(tenant, found, Reason.UPDATED if was else Reason.NEWLY_MATCHING, [(after, now)])
        elif before is not None and was:
            told: Found = (before, was) if after is None else (after, list(range(len(after.information))))
            self._queue(tenant, found, Reason.NO_LONGER_MATCHING, [told])

    def _tell_all(self, tenant: str, found: SourceSubscription) -> None:
        """All registrations that match now; nothing where none does."""
        matching = self._registrations.find(found.wanted, tenant=tenant)
        if matching:
            self._queue(tenant, found, Reason.NEWLY_MATCHING, matching)

    def _queue(
        self, tenant: str, found: SourceSubscription, reason: Reason, matching: Iterable[Found]
    ) -> None:
        if found.subscription.status(self._time.now()) is not Status.ACTIVE:
            return
        mine = self._tenants[tenant]
        terms = mine.terms[found.id]
        data = [render(one, terms, only=places) for one, places in matching]
        told = msgspec.json.encode({"triggerReason": reason.value, "data": data})
        pending = Pending(next(self._numbers), tenant, found.id, data[0]["id"], self._time.now(), told)
        self._settler.step.added[pending.number] = pending
        self._settler.wake()
        self._lanes.put(parcel_of([pending]), found.subscription.endpoint)

    async def _tell_periodically(self, tenant: str, found: SourceSubscription) -> None:
        """Clause 5.11.7, ``timeInterval``: all that match, whether anything changed or not."""
        gap = timedelta(seconds=found.subscription.interval_s or 0)
        due = self._time.now() + gap
        while True:
            await self._time.sleep(max(0.0, (due - self._time.now()).total_seconds()))
            due = max(due + gap, self._time.now())
            if not self._lanes.holds(tenant, found.id):
                self._tell_all(tenant, found)

    # --- for the lanes

    def notice(self, parcel: Parcel) -> Notice | None:
        """See ``lanes.Sender``."""
        mine = self._tenants.get(parcel.tenant)
        found = None if mine is None else mine.subscriptions.get(parcel.subscription)
        now = self._time.now()
        if mine is None or found is None or found.subscription.status(now) is not Status.ACTIVE:
            return None
        return _notice(found, mine.terms[found.id], parcel, now)

    def record(self, parcel: Parcel, change: Callable[[Record], Record]) -> None:
        """See ``lanes.Sender``."""
        mine = self._tenants.get(parcel.tenant)
        if mine is not None and parcel.subscription in mine.records:
            record = mine.records[parcel.subscription] = change(mine.records[parcel.subscription])
            self._settler.step.records[parcel.tenant, parcel.subscription] = record
            self._settler.wake()

    # --- parts

    async def _keep(self, tenant: str, found: SourceSubscription, terms: Terms) -> None:
        await self._settler.do(lambda: self._books.keep(tenant, wanting.kept(found)))
        self._put(tenant, found, terms)
        self._tell_all(tenant, found)

    def _put(self, tenant: str, found: SourceSubscription, terms: Terms) -> None:
        mine = self._tenants[tenant]
        record = mine.records.get(found.id, Record())
        mine.drop(found.id)
        mine.subscriptions[found.id] = found
        mine.records[found.id] = record
        mine.terms[found.id] = terms
        if found.subscription.interval_s is not None:
            mine.periodic[found.id] = asyncio.create_task(self._tell_periodically(tenant, found))

    @staticmethod
    def _endpoint(mine: _Tenant, subscription_id: str) -> Any:
        return mine.subscriptions[subscription_id].subscription.endpoint

    async def _find(self, tenant: str) -> _Tenant | None:
        if tenant not in self._tenants:
            await self._store.status(tenant=tenant)
        return self._tenants.get(tenant)

    async def _terms_for(self, found: SourceSubscription) -> Terms:
        terms = await self._contexts.resolve(found.subscription.context)
        linkable = bool(terms.links) and sum(url != CORE_URL for url in terms.links) <= 1
        in_body = found.subscription.endpoint.accept == LD_JSON
        return terms if linkable or in_body else self._contexts.core()

    async def _terms_if_possible(self, found: SourceSubscription) -> Terms:
        try:
            return await self._terms_for(found)
        except ContextNotAvailable:
            log.warning(
                "the @context of %s cannot be had: full names are used", found.id, extra={"action": "notify"}
            )
            return self._contexts.core()


def _nothing(_step: Settlement) -> None:
    """Nobody else waits for what is in the books."""


def _notice(found: SourceSubscription, terms: Terms, parcel: Parcel, now: datetime) -> Notice:
    """The ContextSourceNotification (clauses 5.3.2 and 6.3.8)."""
    subscription = found.subscription
    told = msgspec.json.decode(parcel.elements[0])
    body = {
        "id": f"urn:ngsi-ld:ContextSourceNotification:{uuid4()}",
        "type": "ContextSourceNotification",
        "subscriptionId": found.id,
        "notifiedAt": format_instant(now),
        **told,
    }
    headers = [*subscription.endpoint.receiver_info]
    if parcel.tenant:
        headers.append(("NGSILD-Tenant", parcel.tenant))
    media = LD_JSON if subscription.endpoint.accept == LD_JSON else JSON
    if media == LD_JSON:
        body["@context"] = terms.document
    else:
        own = [url for url in terms.links if url != CORE_URL]
        link = own[0] if own else CORE_URL
        headers.append(("Link", f'<{link}>; rel="{CONTEXT_RELATION}"; type="{LD_JSON}"'))
    return Notice(subscription.endpoint, media, tuple(headers), msgspec.json.encode(body))
