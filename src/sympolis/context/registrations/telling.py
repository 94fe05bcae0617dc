"""Subscriptions to context sources: kept, and told of registrations that come, change and go (clause 5.11).

What is to be told goes through the same queues as notifications of entities: durable, in order for each endpoint, tried
again until delivered or given up. Where several processes serve one store, all know the subscriptions and one of them
tells, as with those to entities (``Colleagues``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any
from uuid import uuid4

import msgspec

from sympolis.context.core_context import CORE_URL
from sympolis.context.parsing import check_entity_id
from sympolis.context.registrations import wanting
from sympolis.context.registrations.document import render
from sympolis.context.registrations.matching import matching_places
from sympolis.context.registrations.noticing import Reason, notice_of
from sympolis.context.registrations.registration import Registration
from sympolis.context.registrations.service import Found, Registrations
from sympolis.context.registrations.wanting import SourceSubscription
from sympolis.context.registrations.watching import Change, Left, Recent, Watched, left
from sympolis.context.store import Store
from sympolis.context.subscriptions.books import (
    KeptSubscription,
    Pending,
    Settlement,
    SharedBooks,
    SubscriptionBooks,
)
from sympolis.context.subscriptions.colleagues import Colleagues
from sympolis.context.subscriptions.lanes import Lanes, Parcel, Settler, parcel_of
from sympolis.context.subscriptions.notice import LD_JSON, Notice
from sympolis.context.subscriptions.sending import DeliveryPolicy, Notifier, Time, WallTime
from sympolis.context.subscriptions.subscription import Record, Status
from sympolis.context.subscriptions.worker import without
from sympolis.context.terms import Contexts, Terms
from sympolis.domain.errors import AlreadyExists, ContextNotAvailable, NotFound, StoreUnavailable

log = logging.getLogger(__name__)


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
        self._tenants: dict[str, Watched] = {}
        self._numbers = count(1)
        self._shared = books if isinstance(books, SharedBooks) else None
        self._tells = self._shared is None
        self._settler.resting = not self._tells
        self._changing = asyncio.Lock()
        """Held while subscriptions change, here or by what another process has kept: in the order of the books."""
        self._recent = Recent()
        self._colleagues: Colleagues | None = None

    async def open(self) -> None:
        """Read what is kept, and go on where the last process stopped: at once, or when it is our turn."""
        self._settler.start()
        if self._shared is not None:
            self._registrations.listen(self, everywhere=True)
            await self.refresh_all()
            self._colleagues = Colleagues(self._shared, self, self._settler, self._time)
            return
        self._numbers = count(self._books.last_number() + 1)
        for tenant in self._books.tenants():
            found = left(self._books, tenant)
            for kept in found.kept:
                subscription = wanting.build(kept)
                self._watched(tenant).put(subscription, await self._terms_if_possible(subscription))
            self._resume(tenant, found)
        self._registrations.listen(self, everywhere=True)

    async def close(self) -> None:
        """Stop; what is left to tell stays in the books."""
        if self._colleagues is not None:
            await self._colleagues.close()
        await self._end_periods()
        await self._lanes.close()
        await self._settler.close()
        self._books.close()

    async def settled(self) -> None:
        """Wait until all that has been done is in the books."""
        await self._settler.flush()

    def now(self) -> datetime:
        """The time by which subscriptions expire."""
        return self._time.now()

    @property
    def tells(self) -> bool:
        """Whether it is this process that tells."""
        return self._tells

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
        found = wanting.parse(
            document,
            terms,
            subscription_id=wanted,
            context=context,
            now=self._time.now(),
            since=self._registrations.version(tenant),
        )
        own = await self._terms_for(found)
        await self._store.write((), tenant=tenant)
        await self.refresh(tenant)
        if wanted in self._watched(tenant).subscriptions:
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
        async with self._changing:
            self._tenants[tenant].drop(subscription_id)
            without(self._settler.step, tenant, subscription_id)
            await self._settler.do(lambda: self._books.drop(tenant, subscription_id))

    async def get(self, subscription_id: str, *, tenant: str = "") -> tuple[SourceSubscription, Record]:
        """Retrieve Context Source Registration Subscription (clause 5.11.4). Raises ``NotFound``."""
        mine = await self._find(tenant)
        found = None if mine is None else mine.subscriptions.get(subscription_id)
        if mine is None or found is None:
            raise NotFound(f"there is no subscription {subscription_id}", where="id")
        await self._read_records(tenant, [subscription_id])
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
        await self._read_records(tenant, chosen)
        return len(ids), [(mine.subscriptions[one], mine.records[one]) for one in chosen]

    # --- changes of registrations

    async def changed(self, tenant: str, before: Registration | None, after: Registration | None) -> None:
        """See ``service.Listener``."""
        change = Change(tenant, self._registrations.version(tenant), before, after)
        if self._shared is not None:
            self._recent.add(change)
            if not self._tells:
                return
            with suppress(StoreUnavailable):  # then to those that are known
                await self.refresh(tenant)
        mine = self._tenants.get(tenant)
        if mine is None or not self._tells:
            return
        for found in tuple(mine.subscriptions.values()):
            if found.subscription.interval_s is None:
                self._hold(tenant, found, before, after)
        self._move(change)

    def _move(self, change: Change) -> None:
        """Remember, for whichever process tells next, that this change is told of."""
        if change.number and self._tenants[change.tenant].subscriptions:
            positions = self._settler.step.positions
            positions[change.tenant] = max(change.number, positions.get(change.tenant, 0))
            self._settler.wake()

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

    # --- together with other processes: see ``colleagues.Teller``

    async def refresh(self, tenant: str) -> None:
        """Know a tenant's subscriptions as they are kept; cheap where nothing has changed."""
        books = self._shared
        if books is None:
            return
        async with self._changing:
            known = books.known(tenant)
            if await self._settler.do(lambda: books.version(tenant)) == known:
                return
            news = await self._settler.do(lambda: books.news(tenant, known))
            self._let_go(tenant, await self._settler.do(lambda: books.ids(tenant)))
            await self._adopt(tenant, news.kept)
            books.knows(tenant, news.version)

    async def refresh_all(self) -> None:
        """Know every tenant's subscriptions as they are kept."""
        for tenant in {*await self._settler.do(self._books.tenants), *self._tenants}:
            await self.refresh(tenant)

    async def take_over(self) -> None:
        """Tell from now on, beginning with what the last process left."""
        await self.refresh_all()
        if self._tells:
            return
        async with self._changing:
            number = await self._settler.do(self._books.last_number)
            found = {one: await self._settler.do(partial(left, self._books, one)) for one in self._tenants}
            self._numbers = count(number + 1)
            self._tells, self._settler.resting = True, False
            for tenant, of_tenant in found.items():
                self._resume(tenant, of_tenant)

    async def rest(self) -> None:
        """Tell no more: another process does."""
        self._tells, self._settler.resting = False, True
        await self._end_periods()
        await self._lanes.rest()

    async def _adopt(self, tenant: str, kept: Sequence[KeptSubscription]) -> None:
        """Serve what another process has kept; where this one tells, tell what is owed to it."""
        mine = self._watched(tenant)
        new = [one for one in kept if not mine.holds(one)]
        found = [wanting.build(one) for one in new]
        terms = await asyncio.gather(*map(self._terms_if_possible, found))
        pending = await self._settler.do(lambda: self._books.pending(tenant)) if new and self._tells else []
        for one, subscription, own in zip(new, found, terms, strict=True):
            unknown = one.id not in mine.subscriptions
            mine.put(subscription, own)
            if unknown:
                mine.records[one.id] = one.record
            if self._tells:
                self._serve(tenant, subscription, pending if unknown else ())

    def _serve(self, tenant: str, found: SourceSubscription, pending: Iterable[Pending]) -> bool:
        """Begin to tell one of a tenant, with what waits in the books; whether it was told all that matches."""
        self._begin_period(tenant, found)
        waiting = [one for one in pending if one.subscription == found.id]
        for one in waiting:
            self._lanes.put(parcel_of([one]), found.subscription.endpoint)
        owed = not waiting and self._tenants[tenant].is_owed(found)
        if owed:
            self._tell_all(tenant, found)
        return owed

    def _let_go(self, tenant: str, left_over: set[str]) -> None:
        """Serve no more what another process has dropped."""
        mine = self._watched(tenant)
        for gone in mine.subscriptions.keys() - left_over:
            mine.drop(gone)
            without(self._settler.step, tenant, gone)

    def _resume(self, tenant: str, what: Left) -> None:
        """Tell from now on: what waits in the books, and what nobody has told of since the last process stopped."""
        mine = self._tenants[tenant]
        mine.records.update({one.id: one.record for one in what.kept if one.id in mine.subscriptions})
        missed = list(self._recent.after(tenant, what.position))
        for found in tuple(mine.subscriptions.values()):
            if self._serve(tenant, found, what.pending) or found.subscription.interval_s is not None:
                continue
            for one in missed:
                if one.number > found.subscription.since:
                    self._hold(tenant, found, one.before, one.after)
        for one in missed[-1:]:
            self._move(one)

    # --- for the lanes

    def notice(self, parcel: Parcel) -> Notice | None:
        """See ``lanes.Sender``."""
        mine = self._tenants.get(parcel.tenant)
        found = None if mine is None else mine.subscriptions.get(parcel.subscription)
        now = self._time.now()
        if mine is None or found is None or found.subscription.status(now) is not Status.ACTIVE:
            return None
        return notice_of(found, mine.terms[found.id], parcel, now)

    def record(self, parcel: Parcel, change: Callable[[Record], Record]) -> None:
        """See ``lanes.Sender``."""
        mine = self._tenants.get(parcel.tenant)
        if mine is not None and parcel.subscription in mine.records:
            record = mine.records[parcel.subscription] = change(mine.records[parcel.subscription])
            self._settler.step.records[parcel.tenant, parcel.subscription] = record
            self._settler.wake()

    # --- parts

    async def _keep(self, tenant: str, found: SourceSubscription, terms: Terms) -> None:
        async with self._changing:
            await self._settler.do(lambda: self._books.keep(tenant, wanting.kept(found)))
            self._watched(tenant).put(found, terms)
            if self._tells:
                self._begin_period(tenant, found)
                self._tell_all(tenant, found)

    def _watched(self, tenant: str) -> Watched:
        return self._tenants.setdefault(tenant, Watched())

    def _begin_period(self, tenant: str, found: SourceSubscription) -> None:
        if found.subscription.interval_s is not None:
            task = asyncio.create_task(self._tell_periodically(tenant, found))
            self._tenants[tenant].periodic[found.id] = task

    async def _end_periods(self) -> None:
        tasks = [task for mine in self._tenants.values() for task in mine.periodic.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read_records(self, tenant: str, ids: Sequence[str]) -> None:
        """What the process that tells has written down of these."""
        books = self._shared
        if books is not None and not self._tells and ids:
            found = await self._settler.do(lambda: books.records(tenant, ids))
            self._watched(tenant).records.update(found)

    async def _find(self, tenant: str) -> Watched | None:
        await self.refresh(tenant)
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
