"""The books of registrations in a SQLite file of their own beside the store, whatever the store is.

Who is asked for what is no part of what is known: it is neither in the change log nor in the history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

import msgspec

from sympolis.context.distributed.relays import Relay
from sympolis.context.registrations.books import KeptRegistration
from sympolis.context.registrations.registration import Fared
from sympolis.stores.embedded.book import Book


class EmbeddedRegistrationBooks(Book):
    """See ``RegistrationBooks`` and ``RelayBooks``."""

    FILE = "registrations.sqlite"
    STATEMENTS = "registrations.sql"

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
        with self._at_once() as connection:
            connection.executemany(self._sql["set_fared"], rows)

    def relays(self) -> list[Relay]:
        """See ``RelayBooks``."""
        return [Relay(*row) for row in self._rows("relays")]

    def keep_relay(self, relay: Relay) -> None:
        """See ``RelayBooks``."""
        self._rows("keep_relay", **asdict(relay))

    def drop_relay(self, key: str) -> None:
        """See ``RelayBooks``."""
        self._rows("drop_relay", key=key)


def _registration(body: str, fared: str | None) -> KeptRegistration:
    found = msgspec.json.decode(body, type=KeptRegistration)
    return found if fared is None else replace(found, fared=msgspec.json.decode(fared, type=Fared))
