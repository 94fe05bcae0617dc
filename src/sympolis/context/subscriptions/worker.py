"""One tenant's subscriptions at work: it follows the change log and queues what each change gives to tell.

The position in the log is kept together with the queue (see ``books``), so after a stop of any kind the work goes on
where it was. A notification may then be sent twice, never not at all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import cast
from uuid import uuid4

from sympolis.context.across import holds, resolve
from sympolis.context.linked import gather
from sympolis.context.query import Query
from sympolis.context.store import Page, Store
from sympolis.context.subscriptions.books import Pending, Settlement
from sympolis.context.subscriptions.index import SubscriptionIndex
from sympolis.context.subscriptions.lanes import Lanes, Parcel, Settler, parcel_of
from sympolis.context.subscriptions.matching import Matcher, asks_across, selection
from sympolis.context.subscriptions.notice import (
    Notice,
    describe,
    describe_change,
    described_after,
    element,
    notification,
)
from sympolis.context.subscriptions.sending import Time
from sympolis.context.subscriptions.subscription import Record, Status, Subscription
from sympolis.context.subscriptions.throttle import Throttle
from sympolis.context.terms import Terms
from sympolis.domain.changes import Change
from sympolis.domain.entity import Entity
from sympolis.domain.errors import StoreUnavailable

log = logging.getLogger(__name__)

_PAGE = 500
_RETRY_S = 1.0
_MOST_PERIODIC = 1000
"""Entities in one periodic notification."""
_BREATH = 50
"""So many changes are matched before other work of the event loop gets its turn."""


class TenantWorker:
    """The subscriptions of one tenant, what they have come to, and the task that serves them."""

    def __init__(
        self,
        tenant: str,
        store: Store,
        lanes: Lanes,
        settler: Settler,
        *,
        number: Callable[[], int],
        refresh: Callable[[str], Awaitable[None]] | None = None,
        may_tell: Callable[[str, Sequence[str]], bool] = lambda _subscription, _types: True,
    ) -> None:
        """``number`` gives each thing to tell its place; ``refresh`` brings a tenant's subscriptions up to date.

        ``may_tell`` says whether a subscription's owner may be told of entities of these types.
        """
        self.tenant = tenant
        self.index = SubscriptionIndex()
        self.subscriptions: dict[str, Subscription] = {}
        self.records: dict[str, Record] = {}
        self.position = 0
        self._terms: dict[str, Terms] = {}
        self._matcher = Matcher(self.index)
        self._store = store
        self._lanes = lanes
        self._settler = settler
        self._number = number
        self._refresh = refresh
        self._may_tell = may_tell
        self._time: Time = lanes.time
        self._throttles: dict[str, Throttle] = {}
        self._periodic: dict[str, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self.telling = False
        """Whether this process tells; else it only knows who waits for what."""

    # --- what there is

    def put(self, subscription: Subscription, terms: Terms, record: Record | None = None) -> None:
        """Serve this subscription from now on, in place of the one with its id."""
        if record is not None or subscription.id not in self.records:
            self.records[subscription.id] = record or Record()
        self._put_away(subscription.id)
        self.subscriptions[subscription.id] = subscription
        self._terms[subscription.id] = terms
        if subscription.interval_s is not None:
            self._begin_period(subscription)
        elif subscription.active:
            self.index.add(subscription)

    def _begin_period(self, subscription: Subscription) -> None:
        if self.telling:
            task = asyncio.create_task(self._tell_periodically(subscription))
            self._periodic[subscription.id] = task

    def name_by(self, subscription_id: str, terms: Terms) -> None:
        """Tell a subscription of things by these terms."""
        if subscription_id in self._terms:
            self._terms[subscription_id] = terms

    def drop(self, subscription_id: str) -> None:
        """Serve it no more."""
        self._put_away(subscription_id)
        for kept in (self.subscriptions, self.records, self._terms):
            kept.pop(subscription_id, None)

    def _put_away(self, subscription_id: str) -> None:
        self.index.discard(subscription_id)
        self._matcher.forget(subscription_id)
        throttle = self._throttles.pop(subscription_id, None)
        if throttle is not None and (held := throttle.close()):
            self._pass_on(held)
        task = self._periodic.pop(subscription_id, None)
        if task is not None:
            task.cancel()

    # --- following the log

    def start(self, position: int) -> None:
        """Follow the log from ``position`` on."""
        if self._closed or not self.telling:
            return
        self.position = position
        self._task = asyncio.create_task(self._follow())

    async def rest(self) -> None:
        """Tell no more, for another process does. What is held or queued is in the books."""
        self.telling = False
        tasks = [*self._periodic.values(), *([self._task] if self._task else [])]
        for throttle in self._throttles.values():
            throttle.close()
        self._throttles.clear()
        self._periodic.clear()
        self._task = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Stop for good."""
        self._closed = True
        await self.rest()

    def resume(self, pending: list[Pending]) -> None:
        """Tell from now on: queue again what the last process left, and begin the periods."""
        self.telling = True
        for subscription in self.subscriptions.values():
            if subscription.interval_s is not None and subscription.id not in self._periodic:
                self._begin_period(subscription)
        for one in pending:
            if one.subscription in self.subscriptions:
                self._dispatch(self.subscriptions[one.subscription], one)

    async def _follow(self) -> None:
        """Read and match until ``close``; a store that is away for a while (a restarted server) is asked again."""
        while True:
            try:
                await self._read()
            except StoreUnavailable:
                log.warning("the change log cannot be read now", extra={"action": "notify"})
            except Exception:  # a defect of ours must not silence the tenant for good
                log.exception("the change log could not be followed", extra={"action": "notify"})
            await self._time.sleep(_RETRY_S)

    async def _read(self) -> None:
        while True:
            changes = await self._store.changes(self.position, limit=_PAGE, states=True, tenant=self.tenant)
            if changes:
                if self._refresh is not None:
                    await self._refresh(self.tenant)
                await self._take(changes)
            elif not await self._heard():
                return

    async def _heard(self) -> bool:
        """Wait for the next change; False where there will be none."""
        following = cast(
            "AsyncGenerator[Change, None]", self._store.follow(self.position, tenant=self.tenant)
        )
        async with aclosing(following) as changes:
            async for _ in changes:
                return True
        return False

    async def _take(self, changes: list[Change]) -> None:
        for place, change in enumerate(changes):
            if change.before is not None or change.after is not None:
                await self._match(change)
            self.position = change.number
            self._settler.step.positions[self.tenant] = change.number
            if place % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)
        self._settler.wake()

    async def _match(self, change: Change) -> None:
        for subscription in self._matcher.matches(change, self._time.now()):
            if not self._may_tell(subscription.id, _types_of(change)):
                continue
            try:
                told = await self._told(subscription, change)
            except StoreUnavailable:
                raise
            except Exception:  # one subscription that cannot be served must not stop the others
                log.exception("change could not be described", extra={"action": "notify"})
                continue
            if told is None or subscription.id not in self.subscriptions:
                continue
            pending = Pending(self._number(), self.tenant, subscription.id, change.entity_id, change.at, told)
            self._settler.step.added[pending.number] = pending
            self._dispatch(subscription, pending)

    async def _told(self, subscription: Subscription, change: Change) -> bytes | None:
        """What to tell of a change; None where its linked entities decide that it is nothing."""
        state = change.after if change.after is not None else change.before
        across, fetch = state if asks_across(subscription) else None, self._fetching(subscription)
        if across is not None and not await holds(subscription.q, across, fetch):
            return None
        linked = None
        if change.after is not None and subscription.shape.join is not None:
            shape = subscription.shape
            linked = await gather([change.after], subscription.shape.join, shape.projection, fetch)
        return describe_change(subscription, change, self._terms[subscription.id], linked)

    def _fetching(self, subscription: Subscription) -> Callable[[Query], Awaitable[Page]]:
        """Reads entities as far as the subscription's owner may be told of them."""

        async def fetch(query: Query) -> Page:
            page = await self._store.query(query, tenant=self.tenant)
            told = tuple(one for one in page.entities if self._may_tell(subscription.id, one.types))
            return page if len(told) == len(page.entities) else replace(page, entities=told)

        return fetch

    def relay(self, subscription_id: str, told: Sequence[tuple[str, bytes]]) -> None:
        """Queue what another broker told of a subscription that was passed on to it (clause 5.8.6).

        Also where another process tells: then it is not kept in its queue, and has no place there.
        """
        subscription, now = self.subscriptions[subscription_id], self._time.now()
        if not self._may_tell(subscription_id, ()):  # what others tell belongs to no dataset of ours
            return
        for entity_id, shown in told:
            number = self._number() if self.telling else 0
            pending = Pending(number, self.tenant, subscription_id, entity_id, now, shown)
            if self.telling:
                self._settler.step.added[number] = pending
            self._dispatch(subscription, pending)
        self._settler.wake()

    def _dispatch(self, subscription: Subscription, pending: Pending) -> None:
        if not subscription.throttling_s:
            self._pass_on([pending])
            return
        throttle = self._throttles.get(subscription.id)
        if throttle is None:
            throttle = self._throttles[subscription.id] = Throttle(
                subscription.throttling_s,
                time=self._time,
                last=self.records[subscription.id].last_notification,
                pass_on=self._pass_on,
                replaced=self._replaced,
            )
        throttle.put(pending)

    def _pass_on(self, pending: list[Pending]) -> None:
        subscription = self.subscriptions[pending[0].subscription]
        self._lanes.put(parcel_of(pending), subscription.endpoint)

    def _replaced(self, pending: Pending) -> None:
        self._settler.step.remove(pending.number)
        self._settler.wake()

    # --- periodic notifications

    async def _tell_periodically(self, subscription: Subscription) -> None:
        """Clause 5.2.12, ``timeInterval``: all that is there now, whether it changed or not."""
        gap = timedelta(seconds=subscription.interval_s or 0)
        due = (self.records[subscription.id].last_notification or self._time.now()) + gap
        while True:
            left = min(due - self._time.now(), gap)  # the clock may have been set back
            await self._time.sleep(max(0.0, left.total_seconds()))
            due = max(min(due, self._time.now()) + gap, self._time.now())
            try:
                await self._tell_present(subscription)
            except Exception:  # the next time may be better
                log.exception("periodic notification failed", extra={"action": "notify"})

    async def _tell_present(self, subscription: Subscription) -> None:
        waiting = self._lanes.holds(self.tenant, subscription.id)
        if waiting or subscription.status(self._time.now()) is not Status.ACTIVE:
            return
        entities = await self._present(subscription)
        if entities:
            elements = await self._elements(subscription, entities)
            self._lanes.put(Parcel(self.tenant, subscription.id, elements), subscription.endpoint)

    async def _elements(self, subscription: Subscription, entities: Sequence[Entity]) -> tuple[bytes, ...]:
        terms, shape = self._terms[subscription.id], subscription.shape
        linked = None
        if shape.join is not None:
            linked = await gather(entities, shape.join, shape.projection, self._fetching(subscription))
        own = [
            element(subscription, describe(subscription, one, terms, linked=linked), terms)
            for one in entities
        ]
        return (*own, *described_after(subscription, linked, terms))

    async def _present(self, subscription: Subscription) -> Sequence[Entity]:
        fetch = self._fetching(subscription)
        query = await resolve(replace(selection(subscription), limit=_MOST_PERIODIC), fetch)
        return () if query is None else (await fetch(query)).entities

    # --- for the lanes

    def notice(self, parcel: Parcel) -> Notice | None:
        """The Notification to send now; None where its subscription is gone or asleep."""
        subscription = self.subscriptions.get(parcel.subscription)
        now = self._time.now()
        if subscription is None or subscription.status(now) is not Status.ACTIVE:
            return None
        return notification(
            subscription,
            parcel.elements,
            self._terms[subscription.id],
            notification_id=f"urn:ngsi-ld:Notification:{uuid4()}",
            now=now,
            tenant=self.tenant,
        )

    def note(self, subscription_id: str, change: Callable[[Record], Record]) -> None:
        """Change a subscription's record."""
        if subscription_id in self.records:
            record = self.records[subscription_id] = change(self.records[subscription_id])
            self._settler.step.records[self.tenant, subscription_id] = record
            self._settler.wake()


def _types_of(change: Change) -> Sequence[str]:
    """The types before and after: neither may be kept from whoever is told."""
    before = () if change.before is None else change.before.types
    return change.types if set(before) <= set(change.types) else (*change.types, *before)


def without(step: Settlement, tenant: str, subscription_id: str) -> None:
    """Take a dropped subscription out of a step that is not kept yet."""
    step.records.pop((tenant, subscription_id), None)
    mine = (tenant, subscription_id)
    step.added = {number: one for number, one in step.added.items() if (one.tenant, one.subscription) != mine}
    step.dead = [one for one in step.dead if (one.tenant, one.subscription) != mine]
