"""The subscriptions' books in a SQLite file of their own beside the store.

Apart from the store's files because another thread writes them, at its own pace: the store's log is the source, and
these books say how far it has been told on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from sympolis.context.subscriptions.books import (
    MOST_DEAD_LETTERS,
    DeadLetter,
    KeptSubscription,
    Pending,
    Settlement,
)
from sympolis.context.subscriptions.subscription import Record
from sympolis.stores.embedded.book import Book


class EmbeddedBooks(Book):
    """See ``SubscriptionBooks``."""

    FILE = "subscriptions.sqlite"
    STATEMENTS = "subscriptions.sql"

    def subscriptions(self, tenant: str) -> list[KeptSubscription]:
        """See ``SubscriptionBooks``."""
        return [_subscription(*row) for row in self._rows("subscriptions", tenant=tenant)]

    def keep(self, tenant: str, subscription: KeptSubscription) -> None:
        """See ``SubscriptionBooks``."""
        self._rows("keep", tenant=tenant, id=subscription.id, body=_json(subscription))

    def drop(self, tenant: str, subscription_id: str) -> None:
        """See ``SubscriptionBooks``."""
        with self._at_once() as connection:
            for name in ("drop_subscription", "drop_pending", "drop_dead_letters"):
                connection.execute(self._sql[name], {"tenant": tenant, "id": subscription_id})

    def position(self, tenant: str) -> int | None:
        """See ``SubscriptionBooks``."""
        found = self._rows("position", tenant=tenant)
        return found[0][0] if found else None

    def pending(self, tenant: str) -> list[Pending]:
        """See ``SubscriptionBooks``."""
        return [
            Pending(number, of, subscription, entity, datetime.fromisoformat(at), element)
            for number, of, subscription, entity, at, element in self._rows("pending", tenant=tenant)
        ]

    def last_number(self) -> int:
        """See ``SubscriptionBooks``."""
        found: int = self._rows("last_number")[0][0]
        return found

    def settle(self, step: Settlement) -> None:
        """See ``SubscriptionBooks``. Raises ``StoreUnavailable`` where it cannot be made durable."""
        with self._at_once():
            self._settle(step)

    def _settle(self, step: Settlement) -> None:
        self._many("move", list(step.positions.items()))
        self._many("add_pending", [_pending_row(one) for one in step.added.values()])
        self._many("remove_pending", [(number,) for number in step.removed])
        records = [(_json(record), tenant, one) for (tenant, one), record in step.records.items()]
        self._many("set_record", records)
        self._many("add_dead_letter", [_letter_row(one) for one in step.dead])
        for tenant in {one.tenant for one in step.dead}:
            values = {"tenant": tenant, "most": MOST_DEAD_LETTERS}
            self._connection.execute(self._sql["trim_dead_letters"], values)

    def dead_letters(
        self, tenant: str, *, subscription: str | None = None, limit: int = 20, offset: int = 0
    ) -> tuple[int, list[DeadLetter]]:
        """See ``SubscriptionBooks``."""
        [(total,)] = self._rows("count_dead_letters", tenant=tenant, subscription=subscription)
        found = self._rows(
            "dead_letters", tenant=tenant, subscription=subscription, limit=limit, offset=offset
        )
        return total, [_letter(row) for row in found]

    def _many(self, name: str, rows: list[Any]) -> None:
        if rows:
            self._connection.executemany(self._sql[name], rows)


def _json(value: Record | KeptSubscription) -> str:
    if isinstance(value, KeptSubscription):
        value = replace(value, record=Record())
    return msgspec.json.encode(value).decode()


def _subscription(body: str, record: str | None) -> KeptSubscription:
    found = msgspec.json.decode(body, type=KeptSubscription)
    return found if record is None else replace(found, record=msgspec.json.decode(record, type=Record))


def _pending_row(one: Pending) -> tuple[Any, ...]:
    return (one.number, one.tenant, one.subscription, one.entity_id, one.at.isoformat(), one.element)


def _letter_row(one: DeadLetter) -> tuple[Any, ...]:
    elements = msgspec.json.encode([msgspec.Raw(element) for element in one.elements]).decode()
    return (
        one.tenant, one.subscription, one.number, one.uri, one.at.isoformat(),
        one.reason, one.attempts, elements,
    )  # fmt: skip


def _letter(row: Sequence[Any]) -> DeadLetter:
    number, tenant, subscription, uri, at, reason, attempts, elements = row
    parts = tuple(bytes(part) for part in msgspec.json.decode(elements, type=list[msgspec.Raw]))
    return DeadLetter(number, tenant, subscription, uri, datetime.fromisoformat(at), reason, attempts, parts)
