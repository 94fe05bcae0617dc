"""The registrations of all tenants: kept, found, changed (clauses 5.9, 5.10), and what requests to them came to.

A tenant without registrations costs a request one look into a dictionary (``of``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

from sympolis.context.parsing import check_entity_id
from sympolis.context.registrations import conflicts, parsing
from sympolis.context.registrations.books import KeptRegistration, RegistrationBooks
from sympolis.context.registrations.index import RegistrationIndex
from sympolis.context.registrations.matching import Wanted, matching_places
from sympolis.context.registrations.registration import Fared, Registration
from sympolis.context.registrations.together import Learned, Together
from sympolis.context.store import Store
from sympolis.context.subscriptions.sending import Time, WallTime
from sympolis.context.terms import Terms
from sympolis.domain.errors import AlreadyExists, Conflict, NotFound, StoreUnavailable

log = logging.getLogger(__name__)

_NOTE_EVERY_S = 1.0
_LONGEST_WAIT_S = 3600.0

Found = tuple[Registration, list[int]]
"""A registration and the places of its ``information`` that are about what was asked for."""


class Listener(Protocol):
    """Someone who wants to know of every change of a tenant's registrations."""

    async def changed(self, tenant: str, before: Registration | None, after: Registration | None, /) -> None:
        """One registration came (``before`` None), changed or went (``after`` None)."""
        ...


class Registrations:
    """Keeps registrations. ``open`` it before use, ``close`` it last."""

    def __init__(self, store: Store, books: RegistrationBooks, *, time: Time | None = None) -> None:
        self._store = store
        self._books = books
        self._together = Together(books)
        self._time = time or WallTime()
        self._tenants: dict[str, RegistrationIndex] = {}
        self._fared: dict[tuple[str, str], Fared] = {}
        self._noted: dict[tuple[str, str], Fared] = {}
        self._listeners: list[tuple[Listener, bool]] = []
        self._lock = asyncio.Lock()
        self._due = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Read what is kept and begin to let go of what expires."""
        await self._refresh(None)
        self._together.watch(self._refresh)
        self._tasks = [asyncio.create_task(self._expire()), asyncio.create_task(self._keep_notes())]

    async def close(self) -> None:
        """Stop, and keep what is known."""
        await self._together.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(StoreUnavailable):
            await self._write_notes()
        self._books.close()

    def listen(self, listener: Listener, *, everywhere: bool = False) -> None:
        """Tell this one of every change that this process makes from now on, or of those of other processes, too."""
        self._listeners.append((listener, everywhere))

    def version(self, tenant: str) -> int:
        """Which of the tenant's changes is the last that this process knows; 0 where no other makes any."""
        return self._together.version(tenant)

    def now(self) -> datetime:
        """The time by which registrations expire."""
        return self._time.now()

    # --- for requests

    def of(self, tenant: str) -> RegistrationIndex | None:
        """The tenant's registrations, None where there are none."""
        return self._tenants.get(tenant)

    def fared(self, tenant: str, registration_id: str) -> Fared:
        """How requests to the source went."""
        return self._fared.get((tenant, registration_id), Fared())

    def note(self, tenant: str, registration_id: str, *, at: datetime, failed: bool) -> None:
        """One more request to the source, and how it went."""
        key = (tenant, registration_id)
        found = self._fared.get(key)
        if found is None:
            return
        found = replace(found, times_sent=found.times_sent + 1, failed=failed)
        found = (
            replace(found, times_failed=found.times_failed + 1, last_failure=at)
            if failed
            else replace(found, last_success=at)
        )
        self._fared[key] = self._noted[key] = found

    # --- operations

    async def create(self, document: Mapping[str, Any], terms: Terms, *, tenant: str = "") -> Registration:
        """Register Context Source (clause 5.9.2). Raises ``BadRequestData``, ``AlreadyExists``, ``Conflict``."""
        given = document.get("id")
        wanted = f"urn:ngsi-ld:ContextSourceRegistration:{uuid4()}" if given is None else given
        found = parsing.parse(document, terms, registration_id=check_entity_id(wanted), now=self._time.now())
        async with self._lock:
            await self._store.write((), tenant=tenant)
            kept = False
            while not kept:
                index = self._tenants.get(tenant)
                if index is not None and index.get(found.id) is not None:
                    raise AlreadyExists(f"registration {found.id} exists already", where="id")
                await self._check(found, tenant)
                kept = await self._put(tenant, found)
        self._fared[tenant, found.id] = Fared()
        await self._tell(tenant, None, found)
        return found

    async def update(
        self, registration_id: str, fragment: Mapping[str, Any], terms: Terms, *, tenant: str = ""
    ) -> Registration:
        """Update Context Source Registration (clause 5.9.3). Raises ``NotFound``, ``BadRequestData``, ``Conflict``."""
        async with self._lock:
            kept = False
            while not kept:
                present = await self.get(registration_id, tenant=tenant)
                found = parsing.change(present, fragment, terms, now=self._time.now())
                await self._check(found, tenant)
                kept = await self._put(tenant, found)
        await self._tell(tenant, present, found)
        return found

    async def delete(self, registration_id: str, *, tenant: str = "") -> None:
        """Delete Context Source Registration (clause 5.9.4). Raises ``NotFound``."""
        async with self._lock:
            gone = False
            while not gone:
                present = await self.get(registration_id, tenant=tenant)
                gone = await self._drop(tenant, registration_id)
        await self._tell(tenant, present, None)

    async def get(self, registration_id: str, *, tenant: str = "") -> Registration:
        """Retrieve Context Source Registration (clause 5.10.1). Raises ``NotFound``, ``NonexistentTenant``."""
        index = self._tenants.get(tenant)
        if index is None:
            await self._store.status(tenant=tenant)
        found = None if index is None else index.get(registration_id)
        if found is None or found.expired(self._time.now()):
            raise NotFound(f"there is no registration {registration_id}", where="id")
        return found

    async def query(self, wanted: Wanted, *, tenant: str = "") -> list[Found]:
        """Query Context Source Registrations (clause 5.10.2): all that match, by id."""
        if tenant not in self._tenants:
            await self._store.status(tenant=tenant)
        return self.find(wanted, tenant=tenant)

    def find(self, wanted: Wanted, *, tenant: str = "") -> list[Found]:
        """The registrations that match, by id, with what of each does."""
        index = self._tenants.get(tenant)
        if index is None:
            return []
        now = self._time.now()
        found = (
            (one, matching_places(one, wanted))
            for one in index.candidates(wanted.selectors)
            if not one.expired(now)
        )
        return [(one, places) for one, places in found if places]

    # --- parts

    async def _check(self, found: Registration, tenant: str) -> None:
        index = self._tenants.get(tenant)
        conflicts.check_others(found, () if index is None else index.everything())
        for query in conflicts.standing_in_the_way(found):
            page = await self._store.query(query, tenant=tenant)
            if page.entities:
                raise Conflict(
                    f"entity {page.entities[0].id} is held here, and this registration says it is not",
                    where="information",
                    hint="delete what is here first, or register the source as inclusive",
                )

    async def _put(self, tenant: str, found: Registration) -> bool:
        """Keep it; False where another process was quicker, whose change is known then."""
        kept = KeptRegistration(found.id, found.document, found.created_at, found.modified_at)
        if not await self._together.keep(tenant, kept):
            await self._learn(tenant)
            return False
        self._take(tenant, found)
        return True

    def _take(self, tenant: str, found: Registration) -> None:
        self._tenants.setdefault(tenant, RegistrationIndex()).add(found)
        if found.expires_at is not None:
            self._due.set()

    async def _drop(self, tenant: str, registration_id: str) -> bool:
        """Let go of it; False as for ``_put``."""
        if not await self._together.drop(tenant, registration_id):
            await self._learn(tenant)
            return False
        self._let_go(tenant, registration_id)
        return True

    def _let_go(self, tenant: str, registration_id: str) -> None:
        index = self._tenants[tenant]
        index.discard(registration_id)
        if not len(index):
            del self._tenants[tenant]
        self._fared.pop((tenant, registration_id), None)
        self._noted.pop((tenant, registration_id), None)

    async def _tell(
        self, tenant: str, before: Registration | None, after: Registration | None, *, other: bool = False
    ) -> None:
        for listener, everywhere in self._listeners:
            if everywhere or not other:
                await listener.changed(tenant, before, after)

    # --- what other processes change

    async def _refresh(self, tenant: str | None) -> None:
        for one in await self._together.tenants() if tenant is None else [tenant]:
            async with self._lock:
                await self._learn(one)

    async def _learn(self, tenant: str) -> None:
        """Know what is kept, and tell of it."""
        index = self._tenants.get(tenant)
        ids = [] if index is None else index.ids()
        learned = await self._together.learn(tenant, ids)
        for before, after in self._apply(tenant, learned):
            await self._tell(tenant, before, after, other=True)

    def _apply(self, tenant: str, learned: Learned) -> list[tuple[Registration | None, Registration | None]]:
        changes: list[tuple[Registration | None, Registration | None]] = []
        for kept in learned.kept:
            index, found = self._tenants.get(tenant), _built(kept)
            changes.append((None if index is None else index.get(kept.id), found))
            self._take(tenant, found)
            self._fared.setdefault((tenant, kept.id), kept.fared)
        for one in learned.gone:
            changes.append((self._tenants[tenant].get(one), None))
            self._let_go(tenant, one)
        return changes

    # --- in the background

    async def _expire(self) -> None:
        """Clause 5.9.2.4: a registration is deleted when its time has come."""
        while True:
            self._due.clear()
            wait = self._next_expiry()
            sleeping = asyncio.ensure_future(self._time.sleep(wait))
            waking = asyncio.ensure_future(self._due.wait())
            _, pending = await asyncio.wait({sleeping, waking}, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            for tenant, one in self._expired():
                await self._delete_expired(tenant, one)

    def _next_expiry(self) -> float:
        times = [
            one.expires_at
            for index in self._tenants.values()
            for one in index.everything()
            if one.expires_at is not None
        ]
        if not times:
            return _LONGEST_WAIT_S
        left = (min(times) - self._time.now()) / timedelta(seconds=1)
        return min(max(left, 0.001), _LONGEST_WAIT_S)

    def _expired(self) -> list[tuple[str, Registration]]:
        now = self._time.now()
        return [
            (tenant, one)
            for tenant, index in self._tenants.items()
            for one in index.everything()
            if one.expired(now)
        ]

    async def _delete_expired(self, tenant: str, registration: Registration) -> None:
        async with self._lock:
            index = self._tenants.get(tenant)
            if index is None or index.get(registration.id) is not registration:
                return  # changed or deleted meanwhile
            if not await self._drop(tenant, registration.id):
                return  # whoever changed or deleted it elsewhere told of it
        await self._tell(tenant, registration, None)

    async def _keep_notes(self) -> None:
        while True:
            await self._time.sleep(_NOTE_EVERY_S)
            try:
                await self._write_notes()
            except StoreUnavailable:
                log.warning("how requests to sources fared could not be kept", extra={"action": "forward"})

    async def _write_notes(self) -> None:
        if self._noted:
            noted, self._noted = self._noted, {}
            await asyncio.to_thread(self._books.note, noted)


def _built(kept: KeptRegistration) -> Registration:
    return parsing.build(
        kept.document, registration_id=kept.id, created_at=kept.created_at, modified_at=kept.modified_at
    )
