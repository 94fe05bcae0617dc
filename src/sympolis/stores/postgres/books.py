"""The subscriptions' books in the database, for all processes of a twin: each knows them all, one of them tells.

Who tells holds an advisory lock; it is freed with the connection, so that another process takes over when the first
one ends in whatever way. What has been told is kept over that same connection: a process that has lost its turn cannot
write over what its successor does. The port is called without awaiting, so a thread with an event loop of its own
talks to the server.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar, Final, TypeVar

import msgspec

from sympolis.context.subscriptions.books import (
    MOST_DEAD_LETTERS,
    DeadLetter,
    KeptSubscription,
    News,
    Pending,
    Settlement,
)
from sympolis.context.subscriptions.subscription import Record
from sympolis.domain.errors import StoreUnavailable, SympolisError
from sympolis.stores import sql
from sympolis.stores.postgres import troubles
from sympolis.stores.postgres.address import Address
from sympolis.stores.postgres.months import aware
from sympolis.stores.postgres.server import Connection, connect_once

_TEXTS = sql.load("sympolis.stores.postgres", "books.sql")
_TURN_S: Final = 1.0
"""How often a process asks whether it is its turn to tell: so long a takeover takes at most."""
_PROBE_S: Final = 20.0
_PAUSE_S: Final = 0.2
_decode_kept = msgspec.json.Decoder(KeptSubscription).decode
_decode_record = msgspec.json.Decoder(Record).decode
_T = TypeVar("_T")

Heard = Callable[[str | None], None]
Lead = Callable[[bool], None]


class PostgresBooks:
    """See ``SharedBooks``. ``known``: the number of the last change of its subscriptions that this process knows, by
    tenant; shared with the store, which keeps the states around every change of a tenant until it knows the newest.
    """

    OF: ClassVar[str] = ""
    """What the names of its tables begin with."""

    def __init__(self, address: Address, search_path: str, known: dict[str, int]) -> None:
        self._sql = {name: text.replace("{of}", self.OF) for name, text in _TEXTS.items()}
        self._channel = channel(address.schema, self.OF)
        self._address = address
        self._search_path = search_path
        self._known = known
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sympolis-books", daemon=True)
        self._thread.start()
        self._lock = asyncio.Lock()
        self._side: Connection | None = None
        self._leading: Connection | None = None
        self._watching: asyncio.Task[None] | None = None
        self._closed = False

    # --- together with other processes

    def watch(self, heard: Heard, lead: Lead) -> None:
        """See ``SharedBooks.watch``."""

        async def begin() -> None:
            self._watching = asyncio.create_task(self._watch(heard, lead))

        self._run(begin())

    def version(self, tenant: str) -> int:
        """See ``SharedBooks.version``."""
        return self._ask(lambda db: db.fetchval(self._sql["version"], tenant)) or 0

    def known(self, tenant: str) -> int:
        """See ``SharedBooks.known``."""
        return self._known.get(tenant, 0)

    def knows(self, tenant: str, version: int) -> None:
        """See ``SharedBooks.knows``."""
        self._known[tenant] = version

    def news(self, tenant: str, since: int) -> News:
        """See ``SharedBooks.news``."""

        async def found(db: Connection) -> News:
            async with db.transaction(isolation="repeatable_read", readonly=True):
                version, count = await db.fetchrow(self._sql["standing"], tenant) or (0, 0)
                rows = await db.fetch(self._sql["changed"], tenant, since)
                return News(version, tuple(map(_kept, rows)), count)

        return self._ask(found)

    def ids(self, tenant: str) -> set[str]:
        """See ``SharedBooks.ids``."""
        return {row[0] for row in self._ask(lambda db: db.fetch(self._sql["ids"], tenant))}

    def records(self, tenant: str, ids: Sequence[str]) -> dict[str, Record]:
        """See ``SharedBooks.records``."""
        rows = self._ask(lambda db: db.fetch(self._sql["records"], tenant, list(ids)))
        return {row["id"]: _record(row["record"]) for row in rows}

    # --- what is kept

    def tenants(self) -> list[str]:
        """See ``SubscriptionBooks``."""
        return [row[0] for row in self._ask(lambda db: db.fetch(self._sql["tenants"]))]

    def subscriptions(self, tenant: str) -> list[KeptSubscription]:
        """See ``SubscriptionBooks``."""
        rows = self._ask(lambda db: db.fetch(self._sql["subscriptions"], tenant))
        return list(map(_kept, rows))

    def keep(self, tenant: str, subscription: KeptSubscription) -> None:
        """See ``SubscriptionBooks``."""
        body = msgspec.json.encode(replace(subscription, record=Record())).decode()
        self._turn(tenant, lambda db: db.execute(self._sql["keep"], tenant, subscription.id, body))

    def drop(self, tenant: str, subscription_id: str) -> None:
        """See ``SubscriptionBooks``."""

        async def gone(db: Connection) -> None:
            for name in ("drop_subscription", "drop_pending", "drop_dead_letters"):
                await db.execute(self._sql[name], tenant, subscription_id)

        self._turn(tenant, gone)

    def position(self, tenant: str) -> int | None:
        """See ``SubscriptionBooks``."""
        found: int | None = self._ask(lambda db: db.fetchval(self._sql["position"], tenant))
        return found

    def pending(self, tenant: str) -> list[Pending]:
        """See ``SubscriptionBooks``."""
        rows = self._ask(lambda db: db.fetch(self._sql["pending"], tenant))
        return [
            Pending(number, of, subscription, entity, aware(at), element)
            for number, of, subscription, entity, at, element in rows
        ]

    def last_number(self) -> int:
        """See ``SubscriptionBooks``."""
        found: int = self._ask(lambda db: db.fetchval(self._sql["last_number"]))
        return found

    def settle(self, step: Settlement) -> None:
        """See ``SubscriptionBooks``. Raises ``StoreUnavailable``, also where another process tells by now."""

        async def kept() -> None:
            async with self._lock:
                if self._leading is None:
                    raise StoreUnavailable("another process delivers notifications", where=str(self._address))
                async with self._leading.transaction():
                    await self._settle(self._leading, step)

        self._run(kept())

    async def _settle(self, db: Connection, step: Settlement) -> None:
        if step.positions:
            await db.execute(self._sql["move"], list(step.positions), list(step.positions.values()))
        if step.added:
            await db.execute(self._sql["add_pending"], *columns(map(pending_row, step.added.values())))
        if step.removed:
            await db.execute(self._sql["remove_pending"], step.removed)
        if step.records:
            rows = ((*key, msgspec.json.encode(record).decode()) for key, record in step.records.items())
            await db.execute(self._sql["set_records"], *columns(rows))
        if step.dead:
            await db.execute(self._sql["add_dead_letters"], *columns(map(letter_row, step.dead)))
            for tenant in {one.tenant for one in step.dead}:
                await db.execute(self._sql["trim_dead_letters"], tenant, MOST_DEAD_LETTERS)

    def dead_letters(
        self, tenant: str, *, subscription: str | None = None, limit: int = 20, offset: int = 0
    ) -> tuple[int, list[DeadLetter]]:
        """See ``SubscriptionBooks``."""

        async def found(db: Connection) -> tuple[int, list[DeadLetter]]:
            total = await db.fetchval(self._sql["count_dead_letters"], tenant, subscription)
            rows = await db.fetch(self._sql["dead_letters"], tenant, subscription, limit, offset)
            return total, [_letter(row) for row in rows]

        return self._ask(found)

    def close(self) -> None:
        """See ``SubscriptionBooks``: another process may tell from now on."""
        if self._closed:
            return
        self._run(self._let_go())
        self._closed = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # --- the connections

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        if self._closed:
            work.close()
            raise StoreUnavailable("the store is closed")
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except troubles.ANY as error:
            raise troubles.translated(error, str(self._address), doing="write") from error

    def _ask(self, read: Callable[[Connection], Awaitable[_T]]) -> _T:
        return self._run(self._asked(read))

    async def _asked(self, read: Callable[[Connection], Awaitable[_T]]) -> _T:
        """Do something on the connection for that; once more on a new one where the old one turns out to be dead."""
        async with self._lock:
            for last in (False, True):
                if self._side is None or self._side.is_closed():
                    self._side = await connect_once(self._address, self._search_path)
                try:
                    return await read(self._side)
                except troubles.ANY as error:
                    if troubles.is_lost(error):
                        self._side.terminate()
                    if last or not troubles.is_lost(error):
                        raise
        raise AssertionError("the loop returns or raises")

    def _turn(self, tenant: str, change: Callable[[Connection], Awaitable[object]]) -> None:
        """Change a tenant's subscriptions, and say so. This process knows of its own change already."""

        async def turned(db: Connection) -> None:
            async with db.transaction():
                version = await db.fetchval(self._sql["turn"], tenant)
                await change(db)
                await db.execute(self._sql["turned"], tenant, self._channel)
            if version == self.known(tenant) + 1:
                self._known[tenant] = version

        self._ask(turned)

    async def _watch(self, heard: Heard, lead: Lead) -> None:
        while True:
            with suppress(*troubles.ANY, SympolisError):
                await self._listen(heard, lead)
            if self._leading is not None:
                self._leading = None
                lead(False)
            await asyncio.sleep(_PAUSE_S)

    async def _listen(self, heard: Heard, lead: Lead) -> None:
        """Until the connection is lost."""
        connection = await connect_once(self._address, self._search_path)
        gone = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: gone.set())
            await connection.add_listener(self._channel, lambda *said: heard(str(said[-1])))
            heard(None)
            while not gone.is_set():
                await self._take_turn(connection, lead)
                with suppress(TimeoutError):  # `wait_for` would lose a cancellation that comes with the loss
                    async with asyncio.timeout(_PROBE_S if self._leading else _TURN_S):
                        await gone.wait()
        finally:
            connection.terminate()

    async def _take_turn(self, connection: Connection, lead: Lead) -> None:
        """Ask whether it is our turn; where it is, whether the server still knows."""
        async with self._lock:
            if self._leading is not None:
                await connection.execute("SELECT 1", timeout=_PROBE_S)
            elif await connection.fetchval(self._sql["try_to_lead"], timeout=_PROBE_S):
                self._leading = connection
                lead(True)

    async def _let_go(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        self._leading = None
        if self._side is not None:
            self._side.terminate()


def channel(schema: str, of: str = "") -> str:
    """The name under which processes tell each other of changed subscriptions."""
    return f"sympolis_{schema}_{of}books"


def columns(rows: Any) -> list[list[Any]]:
    """What the statements that take whole columns are given; none of it where there are no rows."""
    return [list(column) for column in zip(*rows, strict=True)]


def pending_row(one: Pending) -> tuple[Any, ...]:
    """As ``add_pending`` takes it."""
    return (one.number, one.tenant, one.subscription, one.entity_id, one.at, one.element)


def letter_row(one: DeadLetter) -> tuple[Any, ...]:
    """As ``add_dead_letters`` takes it."""
    elements = msgspec.json.encode([msgspec.Raw(element) for element in one.elements])
    reason = one.reason.replace("\0", "")
    return (one.tenant, one.subscription, one.number, one.uri, one.at, reason, one.attempts, elements)


def _letter(row: Sequence[Any]) -> DeadLetter:
    number, tenant, subscription, uri, at, reason, attempts, elements = row
    parts = tuple(bytes(part) for part in msgspec.json.decode(elements, type=list[msgspec.Raw]))
    return DeadLetter(number, tenant, subscription, uri, aware(at), reason, attempts, parts)


def _kept(row: Any) -> KeptSubscription:
    return replace(_decode_kept(row["body"]), record=_record(row["record"]))


def _record(text: str | None) -> Record:
    return Record() if text is None else _decode_record(text)
