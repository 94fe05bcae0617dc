"""The part of a dump with subscriptions, what is still to be told to them, and what could not be told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import msgspec

from sympolis.context.dumps.files import DumpReader, DumpWriter
from sympolis.context.dumps.tenants import folder_of
from sympolis.context.store import Store
from sympolis.context.subscriptions.books import (
    MOST_DEAD_LETTERS,
    DeadLetter,
    KeptSubscription,
    Pending,
    Settlement,
    SubscriptionBooks,
)


class SubscriptionsPart:
    """See the module.

    ``name`` is also that of the files. ``target``: the store that the restored subscriptions watch, restored before
    them; None where they watch no store's change log.
    """

    def __init__(self, books: SubscriptionBooks, target: Store | None, name: str = "subscriptions") -> None:
        self.name = name
        self._books = books
        self._target = target

    async def dump(self, out: DumpWriter) -> None:
        """See ``Part.dump``."""
        await asyncio.to_thread(self._dump, out)

    def _dump(self, out: DumpWriter) -> None:
        tenants = self._books.tenants()
        for tenant in tenants:
            lines: dict[str, list[Any]] = {
                "kept": list(self._books.subscriptions(tenant)),
                "pending": list(self._books.pending(tenant)),
                "dead-letters": self._letters(tenant),
            }
            for what, found in lines.items():
                with out.lines(self._file(tenant, what)) as file:
                    for one in found:
                        file.add(msgspec.to_builtins(one))
        out.facts[self.name] = tenants

    async def present(self) -> str:
        """See ``Part.present``."""
        return await asyncio.to_thread(self._present)

    def _present(self) -> str:
        count = sum(len(self._books.subscriptions(tenant)) for tenant in self._books.tenants())
        return f"{count} subscriptions" if count else ""

    async def restore(self, dump: DumpReader) -> None:
        """See ``Part.restore``. They watch from here on: that entities came back is no news to anyone."""
        for tenant in dump.tenants(self.name):
            position = None
            if self._target is not None:
                position = (await self._target.status(tenant=tenant)).position
            await asyncio.to_thread(self._restore, dump, tenant, position)

    def _restore(self, dump: DumpReader, tenant: str, position: int | None) -> None:
        found = list(dump.records(self._file(tenant, "kept"), KeptSubscription))
        for one in found:
            self._books.keep(tenant, replace(one, since=position or 0))
        known = {one.number for one in self._books.pending(tenant)}
        known |= {one.number for one in self._letters(tenant)}
        pending = dump.records(self._file(tenant, "pending"), Pending)
        letters = dump.records(self._file(tenant, "dead-letters"), DeadLetter)
        self._books.settle(
            Settlement(
                positions={} if position is None else {tenant: position},
                added={one.number: one for one in pending if one.number not in known},
                records={(tenant, one.id): one.record for one in found},
                dead=sorted((one for one in letters if one.number not in known), key=_number),
            )
        )

    def _letters(self, tenant: str) -> list[DeadLetter]:
        return self._books.dead_letters(tenant, limit=MOST_DEAD_LETTERS)[1]

    def _file(self, tenant: str, what: str) -> str:
        return f"{folder_of(tenant)}/{self.name}-{what}.jsonl.gz"


def _number(letter: DeadLetter) -> int:
    return letter.number
