"""The books of registrations in a SQLite file of their own beside the store, whatever the store is.

Who is asked for what is no part of what is known: it is neither in the change log nor in the history.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import apsw
import msgspec

from sympolis.context.distributed.relays import Relay
from sympolis.context.registrations.books import KeptRegistration
from sympolis.context.registrations.registration import Fared
from sympolis.domain.errors import StoreUnavailable
from sympolis.stores import sql
from sympolis.stores.embedded import files

FILE = "registrations.sqlite"


class EmbeddedRegistrationBooks:
    """See ``RegistrationBooks`` and ``RelayBooks``. One call at a time; each is one durable transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._sql = sql.load(__package__ or "", "registrations.sql")
        self._lock = threading.Lock()
        files.fetch_all(connection, self._sql["schema"])

    @classmethod
    def open(cls, folder: Path) -> EmbeddedRegistrationBooks:
        """The books of a data folder, made where there are none. Raises ``StoreUnavailable``."""
        files.check_library()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / FILE
        try:
            connection = apsw.Connection(str(path))
            connection.set_busy_timeout(10_000)
            pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY"
            files.fetch_all(connection, pragmas)
            return cls(connection)
        except apsw.Error as cause:
            raise StoreUnavailable(f"cannot be opened: {cause}", where=str(path)) from cause

    def tenants(self) -> list[str]:
        """See ``RegistrationBooks``."""
        return [tenant for (tenant,) in self._rows("tenants")]

    def registrations(self, tenant: str) -> list[KeptRegistration]:
        """See ``RegistrationBooks``."""
        return [_registration(*row) for row in self._rows("registrations", tenant=tenant)]

    def keep(self, tenant: str, registration: KeptRegistration) -> None:
        """See ``RegistrationBooks``."""
        body = msgspec.json.encode(replace(registration, fared=Fared())).decode()
        self._rows("keep", tenant=tenant, id=registration.id, body=body)

    def drop(self, tenant: str, registration_id: str) -> None:
        """See ``RegistrationBooks``."""
        self._rows("drop_registration", tenant=tenant, id=registration_id)

    def note(self, fared: Mapping[tuple[str, str], Fared]) -> None:
        """See ``RegistrationBooks``. Raises ``StoreUnavailable`` where it cannot be made durable."""
        rows = [(msgspec.json.encode(one).decode(), *key) for key, one in fared.items()]
        try:
            with self._lock, self._connection:
                self._connection.executemany(self._sql["set_fared"], rows)
        except apsw.Error as cause:
            raise StoreUnavailable(
                f"cannot be kept: {cause}", where=FILE, hint="is the disk full?"
            ) from cause

    def relays(self) -> list[Relay]:
        """See ``RelayBooks``."""
        return [Relay(*row) for row in self._rows("relays")]

    def keep_relay(self, relay: Relay) -> None:
        """See ``RelayBooks``."""
        self._rows("keep_relay", **asdict(relay))

    def drop_relay(self, key: str) -> None:
        """See ``RelayBooks``."""
        self._rows("drop_relay", key=key)

    def close(self) -> None:
        """See ``RegistrationBooks``."""
        with self._lock:
            self._connection.close()

    def _rows(self, name: str, **values: Any) -> list[Any]:
        try:
            with self._lock:
                return files.fetch_all(self._connection, self._sql[name], values)
        except apsw.Error as cause:
            raise StoreUnavailable(f"cannot be used: {cause}", where=FILE) from cause


def _registration(body: str, fared: str | None) -> KeptRegistration:
    found = msgspec.json.decode(body, type=KeptRegistration)
    return found if fared is None else replace(found, fared=msgspec.json.decode(fared, type=Fared))
