"""The embedded store: one SQLite file per tenant, no server, nothing acknowledged is ever lost.

Group commit in one writer thread, readers on their own connections (architecture.md, section 6). What is where:
``files`` opens, ``writer`` commits, ``recorder`` writes, ``compile`` and ``reader`` answer queries, ``history`` is its
own name.
"""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import apsw

from sympolis.context import effects
from sympolis.context.documents import DocumentForm, DocumentPage
from sympolis.context.patches import Patchwork
from sympolis.context.profiles import Profile
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.store import History, Interest, Page, Retraction, StoreStatus, Write
from sympolis.context.temporal_rendering import TemporalForm
from sympolis.context.terms import Terms
from sympolis.domain.changes import Change, Observation, Outcome
from sympolis.domain.entity import Entity
from sympolis.domain.errors import NonexistentTenant, StoreUnavailable
from sympolis.domain.records import evolve
from sympolis.stores.documents import document_writer
from sympolis.stores.embedded import evolutions, files, history, reader, trimming
from sympolis.stores.embedded.bodies import instant
from sympolis.stores.embedded.compile import types_in
from sympolis.stores.embedded.instances import evolution_writer
from sympolis.stores.embedded.keeping import Keeper
from sympolis.stores.embedded.months import bounds, month_at
from sympolis.stores.embedded.rolling import Rolled, Roller
from sympolis.stores.embedded.still import EmbeddedFiles, EmbeddedStill
from sympolis.stores.embedded.tenant import Tenant
from sympolis.stores.following import follow
from sympolis.stores.patches import names_of

_FILE: Final = "twin.sqlite"
_READ_THREADS: Final = 3
_BRIEF_PAGE: Final = 250
"""Larger pages take longer than a read may hold the event loop up."""
_GONE: Final = "gone"
"""The folder of what is being deleted: what a crash leaves in it goes when the store is opened next."""


class EmbeddedStore:
    """A ``Store`` in a folder. Open it with ``EmbeddedStore.open``; one process at a time may."""

    def __init__(self, folder: Path, owner: apsw.Connection, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._owner = owner
        self._now = now
        self._pool = ThreadPoolExecutor(_READ_THREADS, thread_name_prefix="sympolis-reader")
        self._lock = threading.Lock()
        self._tenants: dict[str, Tenant] = {}
        self._closed = False
        self._interest: Interest | None = None
        self._keeper: Keeper | None = None

    @classmethod
    def open(
        cls, folder: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC), hot_months: int = 0
    ) -> EmbeddedStore:
        """Open (or begin) the store in ``folder``. Raises ``StoreUnavailable`` with what to do about it.

        ``hot_months``: how many months of history, the present one included, stay in the table; older ones are
        archived in the background. 0: none is, unless ``roll`` is called.
        """
        files.check_library()
        files.bound_memory()
        try:
            store = cls(folder, files.claim(folder), now)
            shutil.rmtree(folder / _GONE, ignore_errors=True)
            store._place("", create=True)
        except (OSError, apsw.Error) as error:
            raise StoreUnavailable(f"cannot open the store: {error}", where=str(folder)) from error
        if hot_months > 0:
            store._keeper = Keeper(partial(store._roll_all, hot_months))
        return store

    async def write(self, writes: Sequence[Write], *, tenant: str = "", cause: str = "") -> list[Outcome]:
        """See ``Store.write``."""
        place = self._place(tenant, create=True)
        about = [write.entity_id for write in writes]
        found: list[Outcome] = await place.write(
            lambda recorder: recorder.write(writes, self._now(), cause), about
        )
        return found

    async def observe(self, observations: Sequence[Observation], *, tenant: str = "", cause: str = "") -> int:
        """See ``Store.observe``."""
        effects.check_observations(observations)
        place = self._place(tenant, create=True)
        found: int = await place.write(lambda recorder: recorder.observe(observations, self._now(), cause))
        return found

    async def retract(self, retraction: Retraction, *, tenant: str = "", cause: str = "") -> int:
        """See ``Retracting.retract``."""
        place = self._place(tenant)
        found: int = await place.write(lambda recorder: recorder.retract(retraction, self._now(), cause))
        return found

    async def trim(self, types: Sequence[str], before: datetime, *, tenant: str = "", cause: str = "") -> int:
        """See ``Trimming.trim``. Files with something of it are written anew, now or when the archive is next."""
        place = self._place(tenant)
        gone = await trimming.trim(place.path, place.write, types, before, (self._now, cause))
        await self._rolled(place, Roller.renew)
        return gone

    async def roll(self, before: datetime, *, tenant: str = "") -> Rolled:
        """Archive the history of every month that ended by then (see ``rolling``); nothing where that is under way."""
        return await self._rolled(self._place(tenant), lambda roller: roller.roll(before))

    async def _rolled(self, place: Tenant, work: Callable[[Roller], Awaitable[Rolled]]) -> Rolled:
        if not place.rolling.acquire(blocking=False):
            return Rolled()
        try:
            return await work(Roller(place.path, place.write))
        finally:
            place.rolling.release()

    async def _roll_all(self, hot_months: int) -> None:
        bound = month_at(self._now()) - hot_months + 1
        before = instant(bounds(bound)[0])
        for tenant in list(self._tenants):
            await self.roll(before, tenant=tenant)

    async def get(self, entity_id: str, *, tenant: str = "") -> Entity | None:
        """See ``Store.get``."""
        return self._place(tenant).read_here(lambda db: reader.get(db, entity_id))

    async def query(self, query: Query, *, tenant: str = "") -> Page:
        """See ``Store.query``."""
        return await self._place(tenant).read(lambda db: reader.query(db, query))

    async def document(
        self, entity_id: str, terms: Terms, form: DocumentForm, *, tenant: str = ""
    ) -> bytes | None:
        """See ``Documents.document``."""
        body = self._place(tenant).read_here(lambda db: reader.get_body(db, entity_id))
        return None if body is None else document_writer(terms, form).write(body)

    async def documents(
        self, query: Query, terms: Terms, form: DocumentForm, *, tenant: str = ""
    ) -> DocumentPage:
        """See ``Documents.documents``."""
        place, brief = self._place(tenant), query.limit <= _BRIEF_PAGE
        found = await place.read(lambda db: reader.query_bodies(db, query), brief=brief)
        write = document_writer(terms, form).write
        return DocumentPage(tuple(map(write, found.bodies)), found.total)

    async def patches(self, query: Query, terms: Terms, *, tenant: str = "") -> Patchwork | None:
        """See ``Patches.patches``."""
        place = self._place(tenant)
        found = await place.read(lambda db: reader.query_patches(db, query), brief=False)
        if found is None:
            return None
        place.mend(found.spoiled)
        if found.patches is None:
            return None
        writer = document_writer(terms, DocumentForm.FEATURE)
        names = writer.names(tuple(types_in(query.types)), names_of(found.patches))
        if names is None:
            return None
        return Patchwork(found.patches, tuple(map(writer.write, found.bodies)), names)

    async def profiles(self, *, tenant: str = "") -> list[Profile]:
        """See ``Profiling.profiles``."""
        return await self._place(tenant).read(reader.profiles)

    async def history(self, query: HistoryQuery, *, tenant: str = "") -> History:
        """See ``Store.history``."""
        brief = history.is_brief(query)
        return await self._place(tenant).read(lambda db: history.history(db, query), brief=brief)

    async def evolution(
        self, entity_id: str, query: HistoryQuery, terms: Terms, form: TemporalForm, *, tenant: str = ""
    ) -> bytes | None:
        """See ``Evolutions.evolution``."""
        if form is TemporalForm.AGGREGATED_VALUES:
            return None
        writer = evolution_writer(terms, form)
        return await self._place(tenant).read(lambda db: evolutions.evolution(db, entity_id, query, writer))

    async def changes(
        self, after: int, *, limit: int = 1000, states: bool = False, tenant: str = ""
    ) -> list[Change]:
        """See ``Store.changes``."""
        read = reader.changes_with_states if states else reader.changes
        return await self._place(tenant).read(lambda db: read(db, after, limit))

    def keep_states(self, interest: Interest | None) -> None:
        """See ``Store.keep_states``."""
        self._interest = interest

    async def forget_states(self, up_to: int, *, tenant: str = "") -> None:
        """See ``Store.forget_states``."""
        await self._place(tenant).write(lambda recorder: recorder.forget_states(up_to))

    def follow(self, after: int, *, tenant: str = "") -> AsyncIterator[Change]:
        """See ``Store.follow``."""

        async def read(number: int, limit: int) -> list[Change]:
            return await self.changes(number, limit=limit, tenant=tenant)

        return follow(self._place(tenant).bell, read, after)

    async def status(self, *, tenant: str = "") -> StoreStatus:
        """See ``Store.status``."""
        place = self._place(tenant)
        position, entities, observations = place.read_here(reader.tallies)
        detail = {"file": str(place.path), "sqlite": apsw.sqlite_lib_version()}
        return StoreStatus("embedded", position, entities, observations, detail)

    async def tenants(self) -> list[str]:
        """See ``Dumping.tenants``."""
        return await EmbeddedFiles(self._folder).tenants()

    def still(self, *, tenant: str = "") -> AbstractAsyncContextManager[EmbeddedStill]:
        """See ``Dumping.still``."""
        return EmbeddedFiles(self._folder).still(tenant=tenant)

    async def drop(self, tenant: str) -> None:
        """See ``Dropping.drop``."""
        if not tenant:
            return
        with self._lock:
            gone = self._tenants.pop(tenant, None)
            folder = files.tenant_folder(self._folder, tenant)
            condemned = self._folder / _GONE / folder.name
            if folder.exists():  # from here on the name is free, whatever becomes of the rest
                shutil.rmtree(condemned, ignore_errors=True)
                condemned.parent.mkdir(exist_ok=True)
                folder.rename(condemned)
        if gone is not None:
            gone.close()
        await asyncio.to_thread(shutil.rmtree, condemned, ignore_errors=True)

    async def close(self) -> None:
        """See ``Store.close``."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._let_go)

    def _let_go(self) -> None:
        if self._keeper is not None:
            self._keeper.close()
        self._pool.shutdown()
        for place in self._tenants.values():
            place.close()
        self._owner.close()

    def _wants(self, tenant: str, change: Change, before: Entity | None, after: Entity | None) -> bool:
        interest = self._interest
        return interest is not None and interest(tenant, evolve(change, before=before, after=after))

    def _place(self, tenant: str, *, create: bool = False) -> Tenant:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        found = self._tenants.get(tenant)
        if found is not None:
            return found
        with self._lock:
            if tenant not in self._tenants:
                path = files.tenant_folder(self._folder, tenant) / _FILE
                if not create and not path.exists():
                    raise NonexistentTenant(f"there is no tenant {tenant!r}", where="NGSILD-Tenant")
                self._tenants[tenant] = Tenant(path, self._pool, partial(self._wants, tenant))
            return self._tenants[tenant]
