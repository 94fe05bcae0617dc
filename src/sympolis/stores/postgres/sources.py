"""The books of registrations in the database, for all processes of a broker: each knows them all.

A change is made on top of what a process knows: where another one was quicker, it is refused, so that what was checked
(ids, conflicts between registrations) holds for what is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import astuple, replace
from typing import Any, Final

import msgspec

from sympolis.context.distributed.relays import Relay
from sympolis.context.registrations.books import KeptRegistration, RegistrationNews
from sympolis.context.registrations.registration import Fared
from sympolis.stores import sql
from sympolis.stores.postgres.calls import Calls
from sympolis.stores.postgres.months import aware
from sympolis.stores.postgres.server import Connection

_SQL = sql.load("sympolis.stores.postgres", "sources.sql")
_REGISTRATIONS: Final = "registrations"
_RELAYS: Final = "relays"
_decode = msgspec.json.Decoder(KeptRegistration).decode


class PostgresSourceBooks:
    """See ``SharedRegistrationBooks`` and ``SharedRelayBooks``."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._noted: dict[tuple[str, str], Fared] = {}
        """How requests fared as this process last read or kept it: what came since is added to what is kept."""

    # --- registrations

    def tenants(self) -> list[str]:
        """See ``RegistrationBooks``."""
        return [row[0] for row in self._calls.ask(lambda db: db.fetch(_SQL["tenants"]))]

    def registrations(self, tenant: str) -> list[KeptRegistration]:
        """See ``RegistrationBooks``."""
        rows = self._calls.ask(lambda db: db.fetch(_SQL["registrations"], tenant))
        return [self._read(tenant, row) for row in rows]

    def news(self, tenant: str, since: int) -> RegistrationNews:
        """See ``SharedRegistrationBooks``."""

        async def found(db: Connection) -> tuple[int, int, list[Any]]:
            async with db.transaction(isolation="repeatable_read", readonly=True):
                version, count = await db.fetchrow(_SQL["standing"], tenant) or (0, 0)
                return version, count, await db.fetch(_SQL["changed"], tenant, since)

        version, count, rows = self._calls.ask(found)
        return RegistrationNews(version, tuple(self._read(tenant, row) for row in rows), count)

    def ids(self, tenant: str) -> set[str]:
        """See ``SharedRegistrationBooks``."""
        found = {row[0] for row in self._calls.ask(lambda db: db.fetch(_SQL["ids"], tenant))}
        for key in [key for key in self._noted if key[0] == tenant and key[1] not in found]:
            del self._noted[key]
        return found

    def keep(self, tenant: str, registration: KeptRegistration) -> None:
        """See ``RegistrationBooks``."""
        self._keep(tenant, registration, None)

    def drop(self, tenant: str, registration_id: str) -> None:
        """See ``RegistrationBooks``."""
        self._drop(tenant, registration_id, None)

    def keep_after(self, tenant: str, registration: KeptRegistration, version: int) -> bool:
        """See ``SharedRegistrationBooks``."""
        return self._keep(tenant, registration, version)

    def drop_after(self, tenant: str, registration_id: str, version: int) -> bool:
        """See ``SharedRegistrationBooks``."""
        return self._drop(tenant, registration_id, version)

    def note(self, fared: Mapping[tuple[str, str], Fared]) -> None:
        """See ``RegistrationBooks``."""
        rows = [_added(key, one, self._noted.get(key, Fared())) for key, one in fared.items()]
        columns = [list(column) for column in zip(*rows, strict=True)]
        if columns:
            self._calls.ask(lambda db: db.execute(_SQL["add_fared"], *columns))
            self._noted.update(fared)

    def watch(self, heard: Callable[[str | None], None]) -> None:
        """See ``SharedRegistrationBooks``."""
        self._calls.listen(_REGISTRATIONS, heard)

    def close(self) -> None:
        """See ``RegistrationBooks``: the connection is the store's."""

    # --- subscriptions passed on

    def relays(self) -> list[Relay]:
        """See ``RelayBooks``."""
        return [Relay(*row) for row in self._calls.ask(lambda db: db.fetch(_SQL["relays"]))]

    def relay(self, key: str) -> Relay | None:
        """See ``SharedRelayBooks``."""
        row = self._calls.ask(lambda db: db.fetchrow(_SQL["relay"], key))
        return None if row is None else Relay(*row)

    def keep_relay(self, relay: Relay) -> None:
        """See ``RelayBooks``."""
        self._change_relay("keep_relay", *astuple(relay))

    def drop_relay(self, key: str) -> None:
        """See ``RelayBooks``."""
        self._change_relay("drop_relay", key)

    def watch_relays(self, heard: Callable[[str | None], None]) -> None:
        """See ``SharedRelayBooks``."""
        self._calls.listen(_RELAYS, heard)

    # --- who this broker is to others

    def identity(self, fresh: str) -> str:
        """The identity of all processes on this database; ``fresh`` where there is none yet."""

        async def found(db: Connection) -> str:
            await db.execute(_SQL["add_identity"], fresh)
            return str(await db.fetchval(_SQL["identity"]))

        return self._calls.ask(found)

    def known_identity(self) -> str | None:
        """The identity, where there is one."""
        found: str | None = self._calls.ask(lambda db: db.fetchval(_SQL["identity"]))
        return found

    def put_identity(self, identity: str) -> None:
        """Be this one from the next start on: what was restored is."""
        self._calls.ask(lambda db: db.execute(_SQL["put_identity"], identity))

    # --- parts

    def _keep(self, tenant: str, registration: KeptRegistration, after: int | None) -> bool:
        body = msgspec.json.encode(replace(registration, fared=Fared())).decode()

        async def kept(db: Connection, version: int) -> None:
            await db.execute(_SQL["keep"], tenant, registration.id, body, version)

        return self._turn(tenant, after, kept)

    def _drop(self, tenant: str, registration_id: str, after: int | None) -> bool:
        async def gone(db: Connection, _: int) -> None:
            await db.execute(_SQL["drop"], tenant, registration_id)

        self._noted.pop((tenant, registration_id), None)
        return self._turn(tenant, after, gone)

    def _turn(self, tenant: str, after: int | None, change: Callable[[Connection, int], Any]) -> bool:
        """Change a tenant's registrations, if they are what they were ``after`` that change, and say so."""

        async def turned(db: Connection) -> bool:
            await db.execute(_SQL["begin"], tenant)
            version = await db.fetchval(_SQL["turn"], tenant, after)
            if version is None:
                return False
            await change(db, version)
            await self._calls.say(db, _REGISTRATIONS, tenant)
            return True

        return self._calls.together(turned)

    def _change_relay(self, statement: str, key: str, *more: str) -> None:
        async def done(db: Connection) -> None:
            await db.execute(_SQL[statement], key, *more)
            await self._calls.say(db, _RELAYS, key)

        self._calls.together(done)

    def _read(self, tenant: str, row: Any) -> KeptRegistration:
        fared = _fared(row)
        self._noted.setdefault((tenant, row["id"]), fared)
        return replace(_decode(row["body"]), fared=fared)


def _fared(row: Any) -> Fared:
    success, failure = row["last_success"], row["last_failure"]
    return Fared(
        times_sent=row["times_sent"],
        times_failed=row["times_failed"],
        last_success=None if success is None else aware(success),
        last_failure=None if failure is None else aware(failure),
        failed=row["failed"],
    )


def _added(key: tuple[str, str], now: Fared, before: Fared) -> tuple[Any, ...]:
    sent, failures = now.times_sent - before.times_sent, now.times_failed - before.times_failed
    return (*key, sent, failures, now.last_success, now.last_failure, now.failed)
