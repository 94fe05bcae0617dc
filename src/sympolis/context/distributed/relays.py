"""Where it is kept which subscriptions were passed on to which sources: a port, and its form in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


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
