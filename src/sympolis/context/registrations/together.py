"""What a process knows of registrations that others may change, too (see ``SharedRegistrationBooks``).

Books that are this process's alone have no versions: nothing is ever refused, and nothing heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from sympolis.context.hearing import Hearing
from sympolis.context.registrations.books import (
    KeptRegistration,
    RegistrationBooks,
    RegistrationNews,
    SharedRegistrationBooks,
)

Refresh = Callable[[str | None], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Learned:
    """What was new to this process: registrations that came or changed, and ids of those that are gone."""

    kept: tuple[KeptRegistration, ...] = ()
    gone: tuple[str, ...] = ()


class Together:
    """Keeps registrations on top of what this process knows, and hears of what others keep."""

    def __init__(self, books: RegistrationBooks) -> None:
        self._books = books
        self._shared = books if isinstance(books, SharedRegistrationBooks) else None
        self._known: dict[str, int] = {}
        self._hearing: Hearing | None = None

    def watch(self, refresh: Refresh) -> None:
        """Call ``refresh(tenant)`` in this event loop when others changed its registrations; None: any tenant's."""
        if self._shared is None:
            return
        self._hearing = Hearing(self._shared.watch, refresh)

    def version(self, tenant: str) -> int:
        """Which change of the tenant's registrations is the last that this process knows; 0 where it is alone."""
        return self._known.get(tenant, 0)

    async def close(self) -> None:
        """Hear of nothing more."""
        if self._hearing is not None:
            await self._hearing.close()

    async def tenants(self) -> list[str]:
        """The tenants that have registrations, and those that had some which this process knows."""
        return sorted({*await asyncio.to_thread(self._books.tenants), *self._known})

    async def learn(self, tenant: str, ids: Collection[str]) -> Learned:
        """What this process does not know yet, which knows registrations of these ``ids``."""
        if self._shared is None:
            return Learned(tuple(await asyncio.to_thread(self._books.registrations, tenant)))
        news: RegistrationNews = await asyncio.to_thread(
            self._shared.news, tenant, self._known.get(tenant, 0)
        )
        gone: tuple[str, ...] = ()
        if len({*ids, *(one.id for one in news.kept)}) != news.count:
            left = await asyncio.to_thread(self._shared.ids, tenant)
            gone = tuple(one for one in ids if one not in left)
        self._known[tenant] = news.version
        return Learned(news.kept, gone)

    async def keep(self, tenant: str, registration: KeptRegistration) -> bool:
        """Keep it; False, and it is not kept, where there is something to ``learn`` before."""
        if self._shared is None:
            await asyncio.to_thread(self._books.keep, tenant, registration)
            return True
        version = self._known.get(tenant, 0)
        return self._moved(
            tenant, await asyncio.to_thread(self._shared.keep_after, tenant, registration, version)
        )

    async def drop(self, tenant: str, registration_id: str) -> bool:
        """Let go of it, under the same condition."""
        if self._shared is None:
            await asyncio.to_thread(self._books.drop, tenant, registration_id)
            return True
        version = self._known.get(tenant, 0)
        return self._moved(
            tenant, await asyncio.to_thread(self._shared.drop_after, tenant, registration_id, version)
        )

    def _moved(self, tenant: str, done: bool) -> bool:
        if done:
            self._known[tenant] = self._known.get(tenant, 0) + 1
        return done
