"""Where it is kept which subscriptions were passed on to which sources: a port, and its form in memory.

With it, what a store keeps that several processes share: these, the registrations, and who they are to others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from sympolis.context.hearing import Heard
from sympolis.context.registrations.books import SharedRegistrationBooks


@dataclass(frozen=True, slots=True)
class Relay:
    """One subscription that a source has a copy of.

    ``key`` is what the source must name to be heard; ``remote`` the copy's id there.
    """

    key: str
    tenant: str
    subscription: str
    registration: str
    remote: str


class RelayBooks(Protocol):
    """Keeps relays. Every call is durable when it returns."""

    def relays(self) -> list[Relay]:
        """All of them, of all tenants."""
        ...

    def keep_relay(self, relay: Relay) -> None:
        """Keep a new or changed one."""
        ...

    def drop_relay(self, key: str) -> None:
        """Let go of one."""
        ...


@runtime_checkable
class SharedRelayBooks(RelayBooks, Protocol):
    """Relays of several processes on one store."""

    def relay(self, key: str) -> Relay | None:
        """The one of this key."""
        ...

    def watch_relays(self, heard: Heard) -> None:
        """From now on, in any thread, call ``heard(key)`` when that relay came, changed or went; None: any may have."""
        ...


class SourceBooks(SharedRegistrationBooks, SharedRelayBooks, Protocol):
    """All that several processes share about other brokers."""

    def identity(self, fresh: str) -> str:
        """Who all of them are to others (clause 5.2.40); ``fresh`` from now on where that was not said yet."""
        ...

    def known_identity(self) -> str | None:
        """The same, where it was said."""
        ...

    def put_identity(self, identity: str) -> None:
        """Say who they are from the next start on."""
        ...


@runtime_checkable
class KeepsSources(Protocol):
    """A store that keeps these books itself."""

    def source_books(self) -> SourceBooks:
        """The books; they end with the store."""
        ...


class MemoryRelayBooks:
    """``RelayBooks`` without files."""

    def __init__(self) -> None:
        self._relays: dict[str, Relay] = {}

    def relays(self) -> list[Relay]:
        """See ``RelayBooks``."""
        return list(self._relays.values())

    def keep_relay(self, relay: Relay) -> None:
        """See ``RelayBooks``."""
        self._relays[relay.key] = relay

    def drop_relay(self, key: str) -> None:
        """See ``RelayBooks``."""
        self._relays.pop(key, None)
