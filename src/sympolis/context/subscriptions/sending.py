"""What the worker needs of the world: someone who carries notifications, and a clock."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from sympolis.context.subscriptions.notice import Notice


class Notifier(Protocol):
    """Carries notifications to their endpoints; one adapter per scheme of the URI."""

    async def send(self, notice: Notice) -> None:
        """Deliver one; returns when the receiver has accepted it.

        Raises ``DeliveryFailed``, or ``DeliveryRefused`` where trying again makes no sense.
        """
        ...

    async def close(self) -> None:
        """Let go of all connections."""
        ...


class Time(Protocol):
    """A clock that one can also wait by."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        ...


class WallTime:
    """The time of this machine."""

    def now(self) -> datetime:
        """See ``Time``."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """See ``Time``."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPolicy:
    """How hard to try. Waiting doubles from ``first_wait_s`` to ``longest_wait_s``, each time shortened by chance.

    With these defaults a notification is given up after about ten minutes at the head of its queue.
    """

    attempts: int = 10
    first_wait_s: float = 1.0
    longest_wait_s: float = 120.0
    jitter: float = 0.5
    """The share of a wait that is left to chance, so that endpoints that failed together are not tried together."""
    queue: int = 10_000
    """Notifications waiting for one endpoint; what comes on top of that becomes a dead letter."""
    concurrent: int = 64
    """Notifications under way at once, over all endpoints."""
