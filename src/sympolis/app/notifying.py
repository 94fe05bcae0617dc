"""Subscriptions with everything they need of this machine: their books beside the store, and a way out."""

from __future__ import annotations

from pathlib import Path

from sympolis.context.store import Store
from sympolis.context.subscriptions.books import KeepsBooks, MemoryBooks, SubscriptionBooks
from sympolis.context.subscriptions.service import Subscriptions
from sympolis.context.terms import Contexts
from sympolis.egress import EgressPolicy, Guard
from sympolis.notify import EndpointNotifier
from sympolis.settings import Settings
from sympolis.stores.embedded.subscriptions import EmbeddedBooks


async def open_subscriptions(
    settings: Settings, store: Store, contexts: Contexts, folder: Path
) -> Subscriptions:
    """The subscriptions to ``store``, at work. Call it before anything is written to the store.

    They are kept by the store itself where several processes may use it, else in ``folder``.
    """
    books = _books(settings, store, folder)
    guard = Guard(EgressPolicy(allow_loopback=settings.allow_loopback, allowed=settings.allow_hosts))
    found = Subscriptions(store, contexts, books, EndpointNotifier(guard))
    await found.open()
    return found


def _books(settings: Settings, store: Store, folder: Path) -> SubscriptionBooks:
    if isinstance(store, KeepsBooks):
        return store.subscription_books()
    return MemoryBooks() if settings.store == "memory" else EmbeddedBooks.open(folder)
