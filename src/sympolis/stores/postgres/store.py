"""The PostgreSQL store: many processes, one database; what was acknowledged has been confirmed by the server.

What is where: ``address`` reads the URL, ``server`` holds the connections, ``schema`` migrates, ``writer``
commits in groups what ``group`` and ``points`` prepare, ``compile``, ``reader`` and ``history`` answer,
``listening`` wakes followers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from sympolis.context import effects
from sympolis.context.documents import DocumentForm, DocumentPage
from sympolis.context.profiles import Profile
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.store import History, Interest, Page, Retraction, StoreStatus, Write
from sympolis.context.terms import Terms
from sympolis.domain.changes import Change, Observation, Outcome
from sympolis.domain.entity import Entity
from sympolis.domain.errors import NonexistentTenant, StoreUnavailable
from sympolis.stores import sql
from sympolis.stores.bodies import decode_entity
from sympolis.stores.documents import document_writer
from sympolis.stores.following import Bell, follow
from sympolis.stores.outlines import decode_profile
from sympolis.stores.postgres import dropping, history, reader, schema, trimming, troubles
from sympolis.stores.postgres import still as stills
from sympolis.stores.postgres.address import Address, parse
from sympolis.stores.postgres.books import PostgresBooks
from sympolis.stores.postgres.calls import Calls
from sympolis.stores.postgres.compile import names_in
from sympolis.stores.postgres.group import TenantDropped, Wishes
from sympolis.stores.postgres.listening import Listener
from sympolis.stores.postgres.maps import PostgresMapShelf
from sympolis.stores.postgres.months import Partitions
from sympolis.stores.postgres.names import Names
from sympolis.stores.postgres.server import About, Connection, Server, connect, connect_once, examine
from sympolis.stores.postgres.shelf import PostgresShelf
from sympolis.stores.postgres.sources import PostgresSourceBooks
from sympolis.stores.postgres.statistics import Statistics
from sympolis.stores.postgres.watching import PostgresWatchingBooks
from sympolis.stores.postgres.writer import Tools, Writer

_SQL = sql.load("sympolis.stores.postgres", "store.sql")
_T = TypeVar("_T")


@dataclass(slots=True)
class _Place:
    """A tenant: its number, its writer and the bell of its followers."""

    key: int
    writer: Writer
    bell: Bell = field(default_factory=Bell)


class _Behind(Exception):
    """A replica has not seen yet what this process has acknowledged."""


class PostgresStore:
    """A ``Store`` in a PostgreSQL database, opened by ``await PostgresStore.open(url)``; bound to one event loop."""

    def __init__(self, server: Server, now: Callable[[], datetime]) -> None:
        self._server = server
        self._names = Names(server)
        self._statistics = Statistics(server)
        self._tools = Tools(server, self._names, Partitions(), self._statistics, now)
        self._places: dict[str, _Place] = {}
        self._opening = asyncio.Lock()
        self._interest: Interest | None = None
        self._known: dict[str, int] = {}
        self._calls = Calls(server.address, server.about.search_path)
        self._listener = Listener(server, self._changed)

    @classmethod
    async def open(
        cls, url: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> PostgresStore:
        """Open (or begin) the store at ``postgresql://…`` (see ``address`` for the options in its query).

        Raises ``SettingsInvalid`` for a URL that cannot be used, ``StoreUnavailable`` for a server that cannot.
        """
        address = parse(url)
        store = cls(await connect(address, await _prepared(address)), now)
        try:
            await store._place("", create=True)
        except BaseException:
            await store.close()
            raise
        return store

    async def write(self, writes: Sequence[Write], *, tenant: str = "", cause: str = "") -> list[Outcome]:
        """See ``Store.write``."""
        outcomes: list[Outcome] = await self._changed_by(
            tenant, lambda place: place.writer.write(writes, cause), create=True
        )
        return outcomes

    async def observe(self, observations: Sequence[Observation], *, tenant: str = "", cause: str = "") -> int:
        """See ``Store.observe``."""
        effects.check_observations(observations)
        accepted: int = await self._changed_by(
            tenant, lambda place: place.writer.observe(observations, cause), create=True
        )
        return accepted

    async def retract(self, retraction: Retraction, *, tenant: str = "", cause: str = "") -> int:
        """See ``Retracting.retract``."""
        gone: int = await self._changed_by(tenant, lambda place: place.writer.retract(retraction, cause))
        return gone

    async def trim(self, types: Sequence[str], before: datetime, *, tenant: str = "", cause: str = "") -> int:
        """See ``Trimming.trim``."""
        place = await self._place(tenant)
        months = await self._server.read(lambda db: trimming.months(db, before))
        total = last = 0
        while found := await self._older(place.key, types, before, last):
            for portion in trimming.portions(found, months):
                total += await self._trim_all(tenant, portion, cause)
            last = found[-1].key
        return total

    async def _older(
        self, key: int, types: Sequence[str], before: datetime, after: int
    ) -> list[trimming.Series]:
        return await self._server.read(lambda db: trimming.series(db, key, types, before, after))

    async def _trim_all(self, tenant: str, portion: trimming.Portion, cause: str) -> int:
        total, more = 0, True
        while more:
            gone = await self._changed_by(tenant, lambda place: place.writer.trim(portion, cause))
            total += gone
            more = gone == trimming.MOST
        return total

    async def drop(self, tenant: str) -> None:
        """See ``Dropping.drop``."""
        place = self._places.pop(tenant, None) if tenant else None
        if place is not None:
            await place.writer.close()
            place.bell.close()
        if tenant and not self._server.closed:
            try:
                await dropping.drop(self._server, tenant)
            except troubles.ANY as error:
                raise self._server.trouble(error, doing="write") from error

    async def profiles(self, *, tenant: str = "") -> list[Profile]:
        """See ``Profiling.profiles``."""
        place = await self._place(tenant)
        rows = await self._read(place, lambda db: db.fetch(_SQL["profiles"], place.key))
        return [decode_profile(row["outline"], row["count"]) for row in rows]

    async def get(self, entity_id: str, *, tenant: str = "") -> Entity | None:
        """See ``Store.get``. Always from the primary."""
        place = await self._place(tenant)
        body = await self._server.read(lambda db: reader.get_body(db, place.key, entity_id))
        return None if body is None else decode_entity(body)

    async def query(self, query: Query, *, tenant: str = "") -> Page:
        """See ``Store.query``."""
        place = await self._place(tenant)
        keys = await self._numbers(names_in(query))
        return await self._read(place, lambda db: reader.query(db, place.key, keys, query))

    async def document(
        self, entity_id: str, terms: Terms, form: DocumentForm, *, tenant: str = ""
    ) -> bytes | None:
        """See ``Documents.document``. Always from the primary."""
        place = await self._place(tenant)
        body = await self._server.read(lambda db: reader.get_body(db, place.key, entity_id))
        return None if body is None else document_writer(terms, form).write(body)

    async def documents(
        self, query: Query, terms: Terms, form: DocumentForm, *, tenant: str = ""
    ) -> DocumentPage:
        """See ``Documents.documents``."""
        place = await self._place(tenant)
        keys = await self._numbers(names_in(query))
        found = await self._read(place, lambda db: reader.query_bodies(db, place.key, keys, query))
        return DocumentPage(tuple(map(document_writer(terms, form).write, found.bodies)), found.total)

    async def history(self, query: HistoryQuery, *, tenant: str = "") -> History:
        """See ``Store.history``."""
        place = await self._place(tenant)
        keys = await self._numbers({*names_in(query.entities), *query.names})
        return await self._read(place, lambda db: history.history(db, place.key, keys, query))

    async def changes(
        self, after: int, *, limit: int = 1000, states: bool = False, tenant: str = ""
    ) -> list[Change]:
        """See ``Store.changes``."""
        place = await self._place(tenant)
        if states:  # from the primary: who tells of changes must not wait for a replica that is behind
            return await self._server.read(lambda db: reader.changes_with_states(db, place.key, after, limit))
        return await self._read(place, lambda db: reader.changes(db, place.key, after, limit))

    def keep_states(self, interest: Interest | None) -> None:
        """See ``Store.keep_states``. For the changes that this process makes; other processes see to theirs."""
        self._interest = interest

    def subscription_books(self) -> PostgresBooks:
        """See ``KeepsBooks``: the subscriptions of all processes on this database."""
        return PostgresBooks(self._server.address, self._server.about.search_path, self._known)

    def watching_books(self) -> PostgresWatchingBooks:
        """See ``KeepsWatching``: the subscriptions to context sources of all processes on this database."""
        return PostgresWatchingBooks(self._server.address, self._server.about.search_path, {})

    def source_books(self) -> PostgresSourceBooks:
        """See ``KeepsSources``."""
        return PostgresSourceBooks(self._calls)

    def context_shelf(self) -> PostgresShelf:
        """See ``KeepsContexts``."""
        return PostgresShelf(self._calls)

    def map_shelf(self) -> PostgresMapShelf:
        """See ``KeepsMaps``."""
        return PostgresMapShelf(self._calls)

    async def forget_states(self, up_to: int, *, tenant: str = "") -> None:
        """See ``Store.forget_states``."""
        place = await self._place(tenant)
        await self._server.read(lambda db: db.execute(_SQL["forget_states"], place.key, up_to))

    async def follow(self, after: int, *, tenant: str = "") -> AsyncIterator[Change]:
        """See ``Store.follow``. Goes on after an outage of the server."""
        if self._server.closed:
            return
        place = await self._place(tenant)

        async def read(number: int, limit: int) -> list[Change]:
            try:
                return await self._server.read(lambda db: reader.changes(db, place.key, number, limit))
            except StoreUnavailable:
                if self._server.closed:
                    raise
                return []  # the listener rings when the server is back

        async for change in follow(place.bell, read, after):
            yield change

    async def status(self, *, tenant: str = "") -> StoreStatus:
        """See ``Store.status``."""
        place = await self._place(tenant)
        row = await self._server.read(lambda db: db.fetchrow(_SQL["tenant_status"], place.key))
        about = self._server.about
        detail = {
            "database": str(self._server.address),
            "postgresql": about.version,
            "postgis": about.postgis,
            "replicas": str(len(self._server.address.replicas)),
            "durable": "yes" if about.durable else "no: fsync or full_page_writes is off on the server",
        }
        return StoreStatus("postgresql", row["position"], row["entities"], row["observations"], detail)

    async def tenants(self) -> list[str]:
        """See ``Dumping.tenants``."""
        return await stills.tenants(self._server)

    @asynccontextmanager
    async def still(self, *, tenant: str = "") -> AsyncIterator[stills.PostgresStill]:
        """See ``Dumping.still``."""
        place = await self._place(tenant)
        async with stills.still(self._server, place.key, self._numbers) as found:
            yield found

    async def close(self) -> None:
        """See ``Store.close``."""
        if self._server.closed:
            return
        for place in self._places.values():
            await place.writer.close()
        await self._statistics.close()
        self._server.closed = True
        for place in self._places.values():
            place.bell.close()
        await asyncio.to_thread(self._calls.close)
        await self._listener.close()
        await self._server.close()

    # --- parts

    async def _numbers(self, iris: set[str]) -> reader.Keys:
        try:
            return await self._names.look_up(iris)
        except troubles.ANY as error:
            raise self._server.trouble(error) from error

    async def _read(self, place: _Place, read: Callable[[Connection], Awaitable[_T]]) -> _T:
        """From a replica that knows all that this process has acknowledged, else from the primary."""
        if not self._server.replicated:
            return await self._server.read(read)

        async def from_replica(db: Connection) -> _T:
            position = await db.fetchval(_SQL["position"], place.key)
            if position is None or position < place.writer.position:
                raise _Behind
            return await read(db)

        try:
            return await self._server.read(from_replica, replica=True)
        except (_Behind, StoreUnavailable):
            return await self._server.read(read)

    async def _changed_by(
        self, tenant: str, change: Callable[[_Place], Awaitable[Any]], *, create: bool = False
    ) -> Any:
        """Do it, once more where another process has dropped the tenant meanwhile; wake the followers."""
        for last in (False, True):
            place = await self._place(tenant, create=create)
            try:
                result = await change(place)
            except TenantDropped as error:
                self._forget(place.key)
                if last:
                    raise StoreUnavailable("the tenant is being dropped", where="NGSILD-Tenant") from error
            else:
                place.bell.ring()
                return result
        raise AssertionError("the loop returns or raises")

    def _changed(self, key: int | None) -> None:
        if key is not None and key < 0:
            self._forget(-key)
        for place in self._places.values():
            if key is None or place.key == key:
                place.bell.ring()

    def _forget(self, key: int) -> None:
        """A tenant is no more: whoever follows it comes to the end."""
        for tenant, place in list(self._places.items()):
            if place.key == key:
                del self._places[tenant]
                place.bell.close()

    async def _place(self, tenant: str, *, create: bool = False) -> _Place:
        if self._server.closed:
            raise StoreUnavailable("the store is closed")
        found = self._places.get(tenant)
        return found if found is not None else await self._opened(tenant, create)

    async def _opened(self, tenant: str, create: bool) -> _Place:
        async with self._opening:
            if tenant not in self._places:
                key = await self._tenant_key(tenant, create)
                if key is None:
                    raise NonexistentTenant(f"there is no tenant {tenant!r}", where="NGSILD-Tenant")
                wishes = Wishes(partial(self._wants, tenant), lambda: self._known.get(tenant, 0))
                self._places[tenant] = _Place(key, Writer(self._tools, key, wishes))
            return self._places[tenant]

    async def _tenant_key(self, tenant: str, create: bool) -> int | None:
        try:
            async with self._server.side() as connection:
                if create:
                    await connection.execute(_SQL["add_tenant"], tenant)
                key: int | None = await connection.fetchval(_SQL["tenant_key"], tenant)
                return key
        except troubles.ANY as error:
            raise self._server.trouble(error) from error

    def _wants(self, tenant: str, change: Change) -> bool:
        return self._interest is not None and self._interest(tenant, change)


async def _prepared(address: Address) -> About:
    """Check the server and bring its schema up to date."""
    connection = await connect_once(address)
    try:
        about = await examine(connection, address)
        await connection.execute("SELECT set_config('search_path', $1, false)", about.search_path)
        await schema.prepare(connection, address)
        return about
    except troubles.ANY as error:
        raise troubles.translated(error, str(address), doing="migrate") from error
    finally:
        await connection.close()
