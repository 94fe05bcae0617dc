"""The subscriptions of all tenants: kept, listed, changed (clauses 5.8.1-5.8.5), and served by their workers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any, Protocol
from uuid import uuid4

from sympolis.context.core_context import CORE_URL
from sympolis.context.parsing import check_entity_id
from sympolis.context.store import Store
from sympolis.context.subscriptions import parsing
from sympolis.context.subscriptions.books import (
    DeadLetter,
    KeptSubscription,
    Settlement,
    SharedBooks,
    SubscriptionBooks,
)
from sympolis.context.subscriptions.colleagues import Colleagues
from sympolis.context.subscriptions.keeping import built, kept_form
from sympolis.context.subscriptions.lanes import Lanes, Parcel, Settler
from sympolis.context.subscriptions.notice import LD_JSON, Notice
from sympolis.context.subscriptions.sending import DeliveryPolicy, Notifier, Time, WallTime
from sympolis.context.subscriptions.subscription import Record, Status, Subscription
from sympolis.context.subscriptions.worker import TenantWorker, without
from sympolis.context.terms import Contexts, Terms
from sympolis.domain.changes import Change
from sympolis.domain.errors import (
    AlreadyExists,
    ContextNotAvailable,
    NotFound,
    StoreUnavailable,
    SympolisError,
)

log = logging.getLogger(__name__)

_FORGET_EVERY = 1000
"""States of changes are let go of in portions: it costs a write."""


class Owning(Protocol):
    """Knows whose subscriptions are, and what their owners may be told."""

    def owned(self, tenant: str, subscription: str) -> None:
        """Whoever asks at this moment makes or changes it: it is theirs from now on."""
        ...

    def may_manage(self, tenant: str, subscription: str) -> bool:
        """Whether whoever asks at this moment may see, change and end it."""
        ...

    def may_tell(self, tenant: str, subscription: str, types: Sequence[str]) -> bool:
        """Whether its owner may now be told of entities of these types."""
        ...


class Subscriptions:
    """Keeps subscriptions and has their notifications sent. ``open`` it before the first write to the store."""

    def __init__(
        self,
        store: Store,
        contexts: Contexts,
        books: SubscriptionBooks,
        notifier: Notifier,
        *,
        time: Time | None = None,
        policy: DeliveryPolicy | None = None,
    ) -> None:
        self._store = store
        self._contexts = contexts
        self._books = books
        self._time = time or WallTime()
        self._settler = Settler(books, self._after_step, self._time)
        self._lanes = Lanes(self, notifier, self._settler, time=self._time, policy=policy or DeliveryPolicy())
        self._tenants: dict[str, TenantWorker] = {}
        self._forgotten: dict[str, int] = {}
        self._numbers = count(1)
        self._shared = books if isinstance(books, SharedBooks) else None
        self._tells = self._shared is None
        self._settler.resting = not self._tells
        self._changing = asyncio.Lock()
        """Held while subscriptions change, here or by what another process has kept: in the order of the books."""
        self._colleagues: Colleagues | None = None
        self.owning: Owning | None = None
        """Set where people are asked who they are; else everybody is told of everything."""

    async def open(self) -> None:
        """Read what is kept, and go on where the last process stopped: at once, or when it is our turn."""
        self._settler.start()
        if self._shared is not None:
            await self.refresh_all()
            self._colleagues = Colleagues(self._shared, self, self._settler, self._time)
        else:
            self._numbers = count(self._books.last_number() + 1)
            for tenant in self._books.tenants():
                await self._open_tenant(tenant)
        self._store.keep_states(self._interest)

    async def close(self) -> None:
        """Stop serving; keep what is left to do."""
        self._store.keep_states(None)
        if self._colleagues is not None:
            await self._colleagues.close()
        for worker in self._tenants.values():
            await worker.close()
        await self._lanes.close()
        await self._settler.close()
        self._books.close()

    async def settled(self) -> None:
        """Wait until all that has been done is in the books."""
        await self._settler.flush()

    # --- operations

    async def create(
        self, document: Mapping[str, Any], terms: Terms, context: Any, *, tenant: str = ""
    ) -> Subscription:
        """Create Subscription (clause 5.8.1). Raises ``BadRequestData``, ``AlreadyExists``, ``ContextNotAvailable``."""
        worker = await self._worker(tenant)
        given = document.get("id")
        wanted = f"urn:ngsi-ld:Subscription:{uuid4()}" if given is None else check_entity_id(given)
        found = parsing.parse(
            document,
            terms,
            subscription_id=wanted,
            context=context,
            now=self._time.now(),
            since=await self._position(tenant),
        )
        own_terms = await self._terms_for(found, tenant)
        if wanted in worker.subscriptions:
            raise AlreadyExists(f"subscription {wanted} exists already", where="id")
        self._own(tenant, wanted)
        await self._install(worker, found, own_terms)
        return found

    async def update(
        self, subscription_id: str, fragment: Mapping[str, Any], terms: Terms, *, tenant: str = ""
    ) -> Subscription:
        """Update Subscription (clause 5.8.2). Raises ``NotFound``, ``BadRequestData``, ``ContextNotAvailable``."""
        present, _ = await self.get(subscription_id, tenant=tenant)
        found = parsing.change(present, fragment, terms, now=self._time.now())
        if present.status(self._time.now()) is not Status.ACTIVE:  # what happened while it slept is past
            found = replace(found, since=await self._position(tenant))
        own_terms = await self._terms_for(found, tenant)
        self._own(tenant, subscription_id)
        await self._install(self._tenants[tenant], found, own_terms)
        return found

    async def delete(self, subscription_id: str, *, tenant: str = "") -> None:
        """Delete Subscription (clause 5.8.5). Raises ``NotFound``."""
        await self.get(subscription_id, tenant=tenant)
        async with self._changing:
            self._tenants[tenant].drop(subscription_id)
            without(self._settler.step, tenant, subscription_id)
            await self._settler.do(lambda: self._books.drop(tenant, subscription_id))

    async def get(self, subscription_id: str, *, tenant: str = "") -> tuple[Subscription, Record]:
        """Retrieve Subscription (clause 5.8.3). Raises ``NotFound``."""
        if not self._may_manage(tenant, subscription_id):
            raise _missing(subscription_id)
        return await self._kept(subscription_id, tenant)

    async def _kept(self, subscription_id: str, tenant: str) -> tuple[Subscription, Record]:
        worker = await self._find(tenant)
        found = None if worker is None else worker.subscriptions.get(subscription_id)
        if worker is None or found is None:
            raise _missing(subscription_id)
        await self._read_records(worker, [subscription_id])
        return found, worker.records[subscription_id]

    async def relay(
        self, subscription_id: str, told: Sequence[tuple[str, bytes]], *, tenant: str = ""
    ) -> None:
        """Tell on what another broker told: ids of entities with their elements of ``data`` (clause 5.8.6).

        Raises ``NotFound`` where the subscription is gone.
        """
        await self._kept(subscription_id, tenant)
        self._tenants[tenant].relay(subscription_id, told)

    async def page(
        self, *, limit: int, offset: int, tenant: str = ""
    ) -> tuple[int, list[tuple[Subscription, Record]]]:
        """Query Subscriptions (clause 5.8.4): how many there are, and some of them by id."""
        worker = await self._find(tenant)
        if worker is None:
            return 0, []
        ids = sorted(one for one in worker.subscriptions if self._may_manage(tenant, one))
        chosen = ids[offset : offset + limit]
        await self._read_records(worker, chosen)
        return len(ids), [(worker.subscriptions[one], worker.records[one]) for one in chosen]

    async def dead_letters(
        self, *, subscription: str | None, limit: int, offset: int, tenant: str = ""
    ) -> tuple[int, list[DeadLetter]]:
        """Notifications that were given up, newest first."""
        await self._find(tenant)
        await self._settler.flush()
        return await self._settler.do(
            lambda: self._books.dead_letters(tenant, subscription=subscription, limit=limit, offset=offset)
        )

    def contexts_in_use(self) -> list[Any]:
        """The @contexts of all subscriptions."""
        return [one.context for worker in self._tenants.values() for one in worker.subscriptions.values()]

    def now(self) -> Any:
        """The time by which subscriptions expire."""
        return self._time.now()

    def waiting(self) -> int:
        """Notifications queued or under way."""
        return self._lanes.waiting()

    async def caught_up(self, *, tenant: str = "") -> bool:
        """Whether the log has been read to its end and nothing waits to be sent."""
        worker = self._tenants.get(tenant)
        position = (await self._store.status(tenant=tenant)).position
        if not self._tells:
            told = await self._settler.do(lambda: self._books.position(tenant))
            return told is None or told >= position
        return (worker is None or worker.position >= position) and not self.waiting()

    # --- together with other processes: see ``colleagues.Teller``

    async def refresh(self, tenant: str) -> None:
        """Know a tenant's subscriptions as they are kept; cheap where nothing has changed."""
        books = self._shared
        if books is None:
            return
        async with self._changing:
            known = books.known(tenant)
            if await self._settler.do(lambda: books.version(tenant)) != known:
                news = await self._settler.do(lambda: books.news(tenant, known))
                worker = self._tenants.get(tenant) or self._new_worker(tenant)
                self._adopt(worker, news.kept)
                if len(worker.subscriptions) != news.count:
                    self._let_go(worker, await self._settler.do(lambda: books.ids(tenant)))
                books.knows(tenant, news.version)
        if self._tells and tenant in self._tenants:
            await self._begin(self._tenants[tenant])

    async def refresh_all(self) -> None:
        """Know every tenant's subscriptions as they are kept."""
        for tenant in {*await self._settler.do(self._books.tenants), *self._tenants}:
            await self.refresh(tenant)

    async def take_over(self) -> None:
        """Tell from now on, beginning with what the last process left."""
        if not self._tells:
            self._numbers = count(await self._settler.do(self._books.last_number) + 1)
            self._tells, self._settler.resting = True, False
        await self.refresh_all()

    async def rest(self) -> None:
        """Tell no more: another process does."""
        self._tells, self._settler.resting = False, True
        for worker in self._tenants.values():
            await worker.rest()
        await self._lanes.rest()

    # --- for the lanes

    def notice(self, parcel: Parcel) -> Notice | None:
        """See ``lanes.Sender``."""
        worker = self._tenants.get(parcel.tenant)
        return None if worker is None else worker.notice(parcel)

    def record(self, parcel: Parcel, change: Callable[[Record], Record]) -> None:
        """See ``lanes.Sender``."""
        self._tenants[parcel.tenant].note(parcel.subscription, change)

    # --- parts

    def _own(self, tenant: str, subscription_id: str) -> None:
        if self.owning is not None:
            self.owning.owned(tenant, subscription_id)

    def _may_manage(self, tenant: str, subscription_id: str) -> bool:
        return self.owning is None or self.owning.may_manage(tenant, subscription_id)

    def _may_tell(self, tenant: str, subscription_id: str, types: Sequence[str]) -> bool:
        return self.owning is None or self.owning.may_tell(tenant, subscription_id, types)

    async def _install(self, worker: TenantWorker, found: Subscription, terms: Terms) -> None:
        """Wait for changes from here on, then keep it: what is accepted after the answer is told."""
        async with self._changing:
            worker.put(found, terms)
            try:
                await self._settler.do(lambda: self._books.keep(worker.tenant, kept_form(found)))
            except SympolisError:
                worker.drop(found.id)
                raise

    def _adopt(self, worker: TenantWorker, kept: Sequence[KeptSubscription]) -> None:
        """Serve what another process has kept."""
        missing = []
        for one in kept:
            present = worker.subscriptions.get(one.id)
            if present is None or kept_form(present) != replace(one, record=Record()):
                found = built(one)
                if not self._put_at_once(worker, found):
                    missing.append(found)
        if missing:
            self._settler.spawn(self._name(worker, missing))

    def _let_go(self, worker: TenantWorker, left: set[str]) -> None:
        """Serve no more what another process has dropped."""
        for gone in worker.subscriptions.keys() - left:
            worker.drop(gone)
            without(self._settler.step, worker.tenant, gone)

    async def _begin(self, worker: TenantWorker) -> None:
        """Tell of a tenant's changes, from where the last process that did so stopped."""
        if worker.telling:
            return
        tenant = worker.tenant
        kept = await self._settler.do(lambda: self._books.subscriptions(tenant))
        pending = await self._settler.do(lambda: self._books.pending(tenant))
        position = await self._settler.do(lambda: self._books.position(tenant))
        worker.records.update({one.id: one.record for one in kept if one.id in worker.subscriptions})
        if position is None:
            present = await self._position(tenant)
            position = min((one.since for one in kept), default=present)
            self._settler.step.positions.setdefault(tenant, position)
            self._settler.wake()
        if self._tells and not worker.telling:
            worker.resume(pending)
            worker.start(position)

    async def _read_records(self, worker: TenantWorker, ids: Sequence[str]) -> None:
        """What the process that tells has written down of these."""
        books = self._shared
        if books is not None and not self._tells:
            found = await self._settler.do(lambda: books.records(worker.tenant, ids))
            worker.records.update(found)

    async def _open_tenant(self, tenant: str) -> None:
        worker = self._new_worker(tenant)
        kept = self._books.subscriptions(tenant)
        missing = [one for one in map(built, kept) if not self._put_at_once(worker, one)]
        for one in kept:
            worker.records[one.id] = one.record
        worker.resume(self._books.pending(tenant))
        position = self._books.position(tenant)
        start = await self._position(tenant) if position is None else position
        self._settler.spawn(self._start(worker, start, missing))

    def _put_at_once(self, worker: TenantWorker, found: Subscription) -> bool:
        """Serve it; False where its @context must be fetched first, which the start does not wait for."""
        try:
            terms = self._contexts.resolve_local(found.context, tenant=worker.tenant)
            worker.put(found, self._usable(terms, found))
        except ContextNotAvailable:
            worker.put(found, self._contexts.core())
            return False
        return True

    async def _start(self, worker: TenantWorker, position: int, missing: list[Subscription]) -> None:
        """Follow the log once it is known by which names to tell of it."""
        await self._name(worker, missing)
        worker.start(position)

    async def _name(self, worker: TenantWorker, missing: Sequence[Subscription]) -> None:
        for one in missing:
            worker.name_by(one.id, await self._terms_if_possible(one, worker.tenant))

    def _new_worker(self, tenant: str) -> TenantWorker:
        worker = TenantWorker(
            tenant,
            self._store,
            self._lanes,
            self._settler,
            number=lambda: next(self._numbers),
            refresh=None if self._shared is None else self.refresh,
            may_tell=partial(self._may_tell, tenant),
        )
        self._tenants[tenant] = worker
        return worker

    async def _worker(self, tenant: str) -> TenantWorker:
        """The tenant's worker; the tenant is made where there is none (clause 4.14)."""
        await self.refresh(tenant)
        if tenant not in self._tenants:
            await self._store.write((), tenant=tenant)
            position = await self._position(tenant)
            if not self._tells:
                return self._tenants.get(tenant) or self._new_worker(tenant)
            if tenant not in self._tenants:
                worker = self._new_worker(tenant)
                worker.resume([])
                worker.start(position)
                self._settler.step.positions.setdefault(tenant, position)
                self._settler.wake()
            await self._settler.flush()  # a later start must know where to begin
        return self._tenants[tenant]

    async def _find(self, tenant: str) -> TenantWorker | None:
        """The tenant's worker, if it has any subscription. Raises ``NonexistentTenant``."""
        await self.refresh(tenant)
        if tenant not in self._tenants:
            await self._position(tenant)
        return self._tenants.get(tenant)

    async def _position(self, tenant: str) -> int:
        return (await self._store.status(tenant=tenant)).position

    async def _terms_for(self, subscription: Subscription, tenant: str) -> Terms:
        """The terms of its notifications. Where a Link must name them and cannot, the core's."""
        return self._usable(await self._contexts.resolve(subscription.context, tenant=tenant), subscription)

    def _usable(self, terms: Terms, subscription: Subscription) -> Terms:
        if subscription.endpoint.accept == LD_JSON or _is_linkable(terms):
            return terms
        return self._contexts.core()

    async def _terms_if_possible(self, subscription: Subscription, tenant: str) -> Terms:
        try:
            return await self._terms_for(subscription, tenant)
        except ContextNotAvailable:
            log.warning(
                "the @context of %s cannot be had: its notifications use full names until the next start",
                subscription.id,
                extra={"action": "notify"},
            )
            return self._contexts.core()

    def _interest(self, tenant: str, change: Change) -> bool:
        worker = self._tenants.get(tenant)
        return worker is not None and worker.index.touches(change)

    def _after_step(self, step: Settlement) -> None:
        for tenant, position in step.positions.items():
            if position - self._forgotten.get(tenant, 0) >= _FORGET_EVERY:
                self._forgotten[tenant] = position
                self._settler.spawn(self._forget(tenant, position))

    async def _forget(self, tenant: str, position: int) -> None:
        with suppress(StoreUnavailable):
            await self._store.forget_states(position, tenant=tenant)


def _missing(subscription_id: str) -> NotFound:
    return NotFound(f"there is no subscription {subscription_id}", where="id")


def _is_linkable(terms: Terms) -> bool:
    return bool(terms.links) and sum(url != CORE_URL for url in terms.links) <= 1
