"""Where subscriptions, what is still to be told and what could not be told are kept: a port, and its form in memory.

A ``Settlement`` is one step of the worker's work, kept as one transaction: how far the change log has been read, what
that put in the queue, what has left it. So a restart goes on where the last step ended, and nothing falls between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from sympolis.context.subscriptions.subscription import Record


@dataclass(frozen=True, slots=True)
class KeptSubscription:
    """A subscription as it is kept; see ``Subscription`` for the members."""

    id: str
    document: Mapping[str, Any]
    names: Mapping[str, str]
    context: Any
    created_at: datetime
    modified_at: datetime
    since: int = 0
    record: Record = field(default_factory=Record)


@dataclass(frozen=True, slots=True)
class Pending:
    """One entity's change that one subscription is to be told. ``number`` grows with each of all tenants."""

    number: int
    tenant: str
    subscription: str
    entity_id: str
    at: datetime
    element: bytes
    """The element of ``data``, as JSON."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A notification that was given up, and why."""

    number: int
    tenant: str
    subscription: str
    uri: str
    at: datetime
    reason: str
    attempts: int
    elements: tuple[bytes, ...]


@dataclass(slots=True)
class Settlement:
    """What one step changed. ``positions`` and ``records`` by tenant, and by (tenant, subscription)."""

    positions: dict[str, int] = field(default_factory=dict)
    added: dict[int, Pending] = field(default_factory=dict)
    removed: list[int] = field(default_factory=list)
    records: dict[tuple[str, str], Record] = field(default_factory=dict)
    dead: list[DeadLetter] = field(default_factory=list)

    def remove(self, number: int) -> None:
        """Take one out of the queue: what was not kept yet needs no taking out."""
        if self.added.pop(number, None) is None:
            self.removed.append(number)

    def __bool__(self) -> bool:
        return bool(self.positions or self.added or self.removed or self.records or self.dead)


class SubscriptionBooks(Protocol):
    """Keeps subscriptions, positions, the queue and the dead letters. Every call is durable when it returns."""

    def tenants(self) -> list[str]:
        """The tenants with subscriptions."""
        ...

    def subscriptions(self, tenant: str) -> list[KeptSubscription]:
        """All of a tenant, by id."""
        ...

    def keep(self, tenant: str, subscription: KeptSubscription) -> None:
        """Keep a new or changed subscription (not its record, where it is there already)."""
        ...

    def drop(self, tenant: str, subscription_id: str) -> None:
        """Let go of a subscription, its queue and its dead letters."""
        ...

    def position(self, tenant: str) -> int | None:
        """How far the change log has been read; None before the first step."""
        ...

    def pending(self, tenant: str) -> list[Pending]:
        """The queue, in order."""
        ...

    def last_number(self) -> int:
        """The highest number ever given to something pending or dead."""
        ...

    def settle(self, step: Settlement) -> None:
        """Keep one step of the work."""
        ...

    def dead_letters(
        self, tenant: str, *, subscription: str | None = None, limit: int = 20, offset: int = 0
    ) -> tuple[int, list[DeadLetter]]:
        """How many there are, and a page of them, newest first."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


@dataclass(frozen=True, slots=True)
class News:
    """What has changed about a tenant's subscriptions: those kept since, and how many there are in all."""

    version: int
    kept: tuple[KeptSubscription, ...]
    count: int


@runtime_checkable
class SharedBooks(SubscriptionBooks, Protocol):
    """Books of several processes on one store. All know the subscriptions, one of them at a time tells.

    Every call may wait for the event loop: make none from there once the store is written to.
    """

    def watch(self, heard: Callable[[str | None], None], lead: Callable[[bool], None]) -> None:
        """From now on, in any thread, call ``heard(tenant)`` when its subscriptions changed (None: any may have), and
        ``lead`` with True when it is for this process to tell, with False when it no longer is.
        """
        ...

    def version(self, tenant: str) -> int:
        """How often the tenant's subscriptions have been changed."""
        ...

    def known(self, tenant: str) -> int:
        """The version that this process knows."""
        ...

    def knows(self, tenant: str, version: int) -> None:
        """This process knows the subscriptions as of ``version``."""
        ...

    def news(self, tenant: str, since: int) -> News:
        """What has changed since a version, as of one moment."""
        ...

    def ids(self, tenant: str) -> set[str]:
        """Which subscriptions there are."""
        ...

    def records(self, tenant: str, ids: Sequence[str]) -> Mapping[str, Record]:
        """How the notifications of these subscriptions have fared."""
        ...


@runtime_checkable
class KeepsBooks(Protocol):
    """A store that also keeps the books of the subscriptions to it."""

    def subscription_books(self) -> SharedBooks:
        """The books; close them before the store."""
        ...


MOST_DEAD_LETTERS = 10_000
"""Per tenant; older ones make room."""


class MemoryBooks:
    """``SubscriptionBooks`` without files."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, KeptSubscription]] = {}
        self._records: dict[tuple[str, str], Record] = {}
        self._positions: dict[str, int] = {}
        self._pending: dict[int, Pending] = {}
        self._dead: list[DeadLetter] = []
        self._last = 0

    def tenants(self) -> list[str]:
        """See ``SubscriptionBooks``."""
        return sorted(tenant for tenant, kept in self._kept.items() if kept)

    def subscriptions(self, tenant: str) -> list[KeptSubscription]:
        """See ``SubscriptionBooks``."""
        kept = self._kept.get(tenant, {})
        return [_with_record(kept[key], self._records.get((tenant, key), Record())) for key in sorted(kept)]

    def keep(self, tenant: str, subscription: KeptSubscription) -> None:
        """See ``SubscriptionBooks``."""
        self._kept.setdefault(tenant, {})[subscription.id] = subscription

    def drop(self, tenant: str, subscription_id: str) -> None:
        """See ``SubscriptionBooks``."""
        self._kept.get(tenant, {}).pop(subscription_id, None)
        self._records.pop((tenant, subscription_id), None)
        mine = (tenant, subscription_id)
        self._pending = {
            key: one for key, one in self._pending.items() if (one.tenant, one.subscription) != mine
        }
        self._dead = [one for one in self._dead if (one.tenant, one.subscription) != mine]

    def position(self, tenant: str) -> int | None:
        """See ``SubscriptionBooks``."""
        return self._positions.get(tenant)

    def pending(self, tenant: str) -> list[Pending]:
        """See ``SubscriptionBooks``."""
        return [self._pending[key] for key in sorted(self._pending) if self._pending[key].tenant == tenant]

    def last_number(self) -> int:
        """See ``SubscriptionBooks``."""
        return self._last

    def settle(self, step: Settlement) -> None:
        """See ``SubscriptionBooks``."""
        self._positions.update(step.positions)
        self._pending.update(step.added)
        for number in step.removed:
            self._pending.pop(number, None)
        self._records.update(
            {key: one for key, one in step.records.items() if key[1] in self._kept.get(key[0], {})}
        )
        self._dead = [*self._dead, *step.dead][-MOST_DEAD_LETTERS:]
        self._last = max([self._last, *step.added, *step.removed, *(one.number for one in step.dead)])

    def dead_letters(
        self, tenant: str, *, subscription: str | None = None, limit: int = 20, offset: int = 0
    ) -> tuple[int, list[DeadLetter]]:
        """See ``SubscriptionBooks``."""
        found = [
            one
            for one in reversed(self._dead)
            if one.tenant == tenant and subscription in (None, one.subscription)
        ]
        return len(found), found[offset : offset + limit]

    def close(self) -> None:
        """See ``SubscriptionBooks``."""


def _with_record(kept: KeptSubscription, record: Record) -> KeptSubscription:
    return KeptSubscription(
        kept.id, kept.document, kept.names, kept.context,
        kept.created_at, kept.modified_at, kept.since, record,
    )  # fmt: skip
