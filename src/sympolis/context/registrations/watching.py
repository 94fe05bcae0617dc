"""What a process holds of subscriptions to context sources, and of the changes that they may still have to be told of.

Where several processes serve one store, one of them tells. When it ends, another goes on: it has heard of the same
changes of registrations, and the books say up to which of them was told.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from sympolis.context.registrations import wanting
from sympolis.context.registrations.registration import Registration
from sympolis.context.registrations.wanting import SourceSubscription
from sympolis.context.subscriptions.books import KeptSubscription, Pending, SubscriptionBooks
from sympolis.context.subscriptions.subscription import Record
from sympolis.context.terms import Terms

_REMEMBERED: Final = 10_000
"""Changes that a process remembers for the case that it has to tell of them; a takeover takes a second or two."""


class Watched:
    """The subscriptions of one tenant, with what has become of each."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, SourceSubscription] = {}
        self.records: dict[str, Record] = {}
        self.terms: dict[str, Terms] = {}
        self.periodic: dict[str, asyncio.Task[None]] = {}

    def put(self, found: SourceSubscription, terms: Terms) -> None:
        """Hold it in place of the one with its id; how that one's notifications fared stays."""
        record = self.records.get(found.id, Record())
        self.drop(found.id)
        self.subscriptions[found.id] = found
        self.records[found.id] = record
        self.terms[found.id] = terms

    def drop(self, subscription_id: str) -> None:
        """Hold it no more."""
        task = self.periodic.pop(subscription_id, None)
        if task is not None:
            task.cancel()
        for held in (self.subscriptions, self.records, self.terms):
            held.pop(subscription_id, None)

    def holds(self, kept: KeptSubscription) -> bool:
        """Whether it is held as it is kept."""
        present = self.subscriptions.get(kept.id)
        return present is not None and wanting.kept(present) == replace(kept, record=Record())

    def is_owed(self, found: SourceSubscription) -> bool:
        """Whether nothing was told since it was made or changed: then all that matches is (5.11.2, 5.11.3)."""
        last = self.records[found.id].last_notification
        return last is None or last < found.subscription.modified_at


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a tenant's registrations, and its number among them."""

    tenant: str
    number: int
    before: Registration | None
    after: Registration | None


class Recent:
    """The last changes that this process heard of."""

    def __init__(self) -> None:
        self._changes: deque[Change] = deque(maxlen=_REMEMBERED)

    def add(self, change: Change) -> None:
        """Remember one; the oldest makes room."""
        self._changes.append(change)

    def after(self, tenant: str, number: int) -> Iterator[Change]:
        """Those of a tenant after this one, in order."""
        return (one for one in tuple(self._changes) if one.tenant == tenant and one.number > number)


@dataclass(frozen=True, slots=True)
class Left:
    """What the process that told before left of a tenant."""

    kept: tuple[KeptSubscription, ...]
    pending: tuple[Pending, ...]
    position: int
    """The last change that was told of."""


def left(books: SubscriptionBooks, tenant: str) -> Left:
    """Read it."""
    position = books.position(tenant)
    return Left(tuple(books.subscriptions(tenant)), tuple(books.pending(tenant)), position or 0)
