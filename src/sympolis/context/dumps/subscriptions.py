"""The part of a dump with subscriptions, what is still to be told to them, and what could not be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final, TypeVar

import msgspec

from sympolis.context.dumps.files import DumpReader, DumpWriter
from sympolis.context.dumps.tenants import TenantFacts, folder_of, tenants_in
from sympolis.context.store import Store
from sympolis.context.subscriptions.books import (
    MOST_DEAD_LETTERS,
    DeadLetter,
    KeptSubscription,
    Pending,
    Settlement,
    SubscriptionBooks,
)
from sympolis.domain.errors import DumpInvalid

T = TypeVar("T")
_FILES: Final = ("subscriptions", "pending", "dead-letters")


class SubscriptionsPart:
    """See the module. ``target`` is the store that the restored subscriptions will watch, restored before them."""

    name = "subscriptions"

    def __init__(self, books: SubscriptionBooks, target: Store | None = None) -> None:
        self._books = books
        self._target = target

    async def dump(self, out: DumpWriter) -> None:
        """See ``Part.dump``."""
        for tenant in self._books.tenants():
            lines: dict[str, list[Any]] = {
                "subscriptions": list(self._books.subscriptions(tenant)),
                "pending": list(self._books.pending(tenant)),
                "dead-letters": self._books.dead_letters(tenant, limit=MOST_DEAD_LETTERS)[1],
            }
            for name, found in lines.items():
                with out.lines(_file(tenant, name)) as file:
                    for one in found:
                        file.add(msgspec.to_builtins(one))

    async def present(self) -> str:
        """See ``Part.present``."""
        count = sum(len(self._books.subscriptions(tenant)) for tenant in self._books.tenants())
        return f"{count} subscriptions" if count else ""

    async def restore(self, dump: DumpReader) -> None:
        """See ``Part.restore``. They watch from here on: that entities came back is no news to anyone."""
        for facts in tenants_in(dump):
            if dump.has(_file(facts.name, "subscriptions")):
                await self._restore(dump, facts)

    async def _restore(self, dump: DumpReader, facts: TenantFacts) -> None:
        assert self._target is not None
        tenant = facts.name
        position = (await self._target.status(tenant=tenant)).position
        found = list(_read(dump, tenant, "subscriptions", KeptSubscription))
        for one in found:
            self._books.keep(tenant, replace(one, since=position))
        self._books.settle(
            Settlement(
                positions={tenant: position},
                added={one.number: one for one in _read(dump, tenant, "pending", Pending)},
                records={(tenant, one.id): one.record for one in found},
                dead=sorted(_read(dump, tenant, "dead-letters", DeadLetter), key=lambda one: one.number),
            )
        )


def _file(tenant: str, name: str) -> str:
    return f"{folder_of(tenant)}/{name}.jsonl.gz"


def _read(dump: DumpReader, tenant: str, name: str, kind: type[T]) -> Iterator[T]:
    for number, document in enumerate(dump.lines(_file(tenant, name)), 1):
        try:
            yield msgspec.convert(document, kind)
        except msgspec.ValidationError as problem:
            raise DumpInvalid(f"line {number}: {problem}", where=_file(tenant, name)) from problem
