"""The @contexts that this broker keeps and serves (GS CIM 009, clause 5.13).

*Hosted* ones were handed over by clients and survive restarts, as do *ImplicitlyCreated* ones, which stand for inline
contexts and lists of subscriptions; *Cached* ones were fetched from their own address. How often one was used is
counted since the start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, Protocol, runtime_checkable
from uuid import NAMESPACE_URL, uuid4, uuid5

from msgspec.json import encode

from sympolis.context import core_context
from sympolis.context.core_context import CORE_URL
from sympolis.context.hearing import Heard, Hearing
from sympolis.context.terms import Contexts
from sympolis.domain.errors import (
    BadRequestData,
    ContextNotAvailable,
    InvalidRequest,
    NotFound,
)

_IMPLICIT_UNSWEPT = 256
"""So many implicit contexts may stand unused before they are looked through."""
_NAMED_BY = timedelta(minutes=1)
"""By then a new implicit context is named by its subscription in every process that shares the shelf."""
PATH = "/ngsi-ld/v1/jsonldContexts"
"""Where they are served; a hosted context's local id follows."""


class ContextKind(StrEnum):
    """How a context came here (clause 5.2.36)."""

    HOSTED = "Hosted"
    CACHED = "Cached"
    IMPLICITLY_CREATED = "ImplicitlyCreated"


@dataclass(frozen=True, slots=True)
class KeptContext:
    """One context. ``url`` is the address it is fetched from, or under which it is served here."""

    local_id: str
    url: str
    kind: ContextKind
    context: Any
    """The value of ``@context``."""
    created_at: datetime


class Shelf(Protocol):
    """Where hosted contexts outlive the process."""

    def load(self) -> Iterable[KeptContext]:
        """All that were kept."""
        ...

    def keep(self, kept: KeptContext) -> None:
        """Keep one, durable when this returns."""
        ...

    def drop(self, local_id: str) -> None:
        """Let go of one."""
        ...


@runtime_checkable
class SharedShelf(Shelf, Protocol):
    """Where the hosted contexts of several processes are."""

    def find(self, local_id: str) -> KeptContext | None:
        """The one of this local id."""
        ...

    def watch(self, heard: Heard) -> None:
        """From now on, in any thread, call ``heard(local id)`` when it came or went; None: any may have."""
        ...


@runtime_checkable
class KeepsContexts(Protocol):
    """A store that keeps hosted contexts itself."""

    def context_shelf(self) -> SharedShelf:
        """The shelf; it ends with the store."""
        ...


class ContextLibrary:
    """Adds, tells and deletes contexts on behalf of clients; ``contexts`` resolves them."""

    def __init__(
        self,
        contexts: Contexts,
        shelf: Shelf | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._contexts = contexts
        self._shelf = shelf
        self._now = now
        self._started = now()
        self._pinned: dict[str, KeptContext] = {}
        self._hosted: dict[str, KeptContext] = {}
        self._needed: list[Callable[[], Iterable[Any]]] = []
        self._sweep_at = _IMPLICIT_UNSWEPT
        self._hearing: Hearing | None = None
        for kept in shelf.load() if shelf is not None else ():
            self._register(kept)

    def watch(self) -> None:
        """Hear in this event loop, until ``close``, of contexts that other processes add and delete."""
        if isinstance(self._shelf, SharedShelf):
            self._hearing = Hearing(self._shelf.watch, partial(self._refresh, self._shelf))

    async def close(self) -> None:
        """Hear of nothing more."""
        if self._hearing is not None:
            await self._hearing.close()

    async def add(self, document: Any) -> KeptContext:
        """Host a context (5.13.2). Raises ``InvalidRequest`` or ``BadRequestData`` where it is none."""
        if not isinstance(document, dict) or "@context" not in document:
            raise InvalidRequest("expected an object with @context", where="body")
        self._check(document["@context"])
        local_id = str(uuid4())
        kept = KeptContext(
            local_id, f"{PATH}/{local_id}", ContextKind.HOSTED, document["@context"], self._now()
        )
        await self._keep(kept)
        return kept

    async def implicit(self, context: Any, base_url: str) -> KeptContext:
        """A context made from one that no single address names, so that a Link can (5.8.1): the same for the same.

        ``base_url`` is where this broker is reached.
        """
        local_id = str(uuid5(NAMESPACE_URL, encode(context).decode()))
        if (known := self._hosted.get(local_id)) is not None:
            return known
        kept = KeptContext(
            local_id,
            f"{base_url}{PATH}/{local_id}",
            ContextKind.IMPLICITLY_CREATED,
            context,
            self._now(),
        )
        await self._keep(kept)
        await self._sweep(kept)
        return kept

    def needed_by(self, contexts_in_use: Callable[[], Iterable[Any]]) -> None:
        """Ask ``contexts_in_use`` for the addresses that subscriptions name before an implicit context is let go of."""
        self._needed.append(contexts_in_use)

    async def _sweep(self, newest: KeptContext) -> None:
        """Let go of implicit contexts that nobody names any more, once there are many: they can be made again."""
        implicit = [one for one in self._hosted.values() if one.kind is ContextKind.IMPLICITLY_CREATED]
        if len(implicit) <= self._sweep_at or not self._needed:
            return
        needed = {url for ask in self._needed for url in ask() if isinstance(url, str)}
        for kept in implicit:
            if kept is not newest and not self._may_be_named(kept) and needed.isdisjoint(_addresses(kept)):
                await self._let_go(kept)
        left = sum(one.kind is ContextKind.IMPLICITLY_CREATED for one in self._hosted.values())
        self._sweep_at = max(_IMPLICIT_UNSWEPT, 2 * left)

    def _may_be_named(self, kept: KeptContext) -> bool:
        """Whether a subscription that another process takes just now may name it."""
        return isinstance(self._shelf, SharedShelf) and self._now() - kept.created_at < _NAMED_BY

    def list(self, kind: ContextKind | None = None) -> list[KeptContext]:
        """The contexts of a kind, or of any (5.13.3): the oldest first."""
        found = [*self._hosted.values(), self._core(), *self._cached()]
        chosen = (one for one in found if kind in (None, one.kind))
        return sorted(chosen, key=lambda one: one.created_at)

    def get(self, name: str) -> KeptContext:
        """The context of this local id or URL (5.13.4). Raises ``NotFound``."""
        local = name.rpartition(f"{PATH}/")[2] if PATH in name else name
        if (hosted := self._hosted.get(local)) is not None:
            return hosted
        for one in (self._core(), *self._cached()):
            if name in (one.url, one.local_id):
                return one
        raise NotFound("there is no such @context here", where="contextId")

    async def delete(self, name: str) -> None:
        """Let go of a context (5.13.5). Raises ``NotFound``, or ``BadRequestData`` for the core context."""
        kept = self.get(name)
        if core_context.is_core_url(kept.url):
            raise BadRequestData("the core @context cannot be deleted", where="contextId")
        if kept.url in self._pinned:
            raise BadRequestData(
                "this @context is a local copy that the server's settings name",
                where="contextId",
                hint="take it out of the setting `contexts`",
            )
        await self._let_go(kept)

    async def _keep(self, kept: KeptContext) -> None:
        if self._shelf is not None:
            await asyncio.to_thread(self._shelf.keep, kept)
        self._register(kept)

    async def _let_go(self, kept: KeptContext) -> None:
        if kept.kind is not ContextKind.CACHED and self._shelf is not None:
            await asyncio.to_thread(self._shelf.drop, kept.local_id)
        self._unregister(kept)

    def _unregister(self, kept: KeptContext) -> None:
        self._hosted.pop(kept.local_id, None)
        for url in _addresses(kept):
            self._contexts.unregister(url)

    async def reload(self, name: str) -> None:
        """Fetch a cached context again (5.13.5); the copy that is here stays where that fails.

        Raises ``NotFound``, ``BadRequestData`` (not a cached one) or ``ContextNotAvailable``.
        """
        kept = self.get(name)
        if kept.kind is not ContextKind.CACHED:
            raise BadRequestData("only a cached @context can be loaded again", where="reload")
        if not core_context.is_core_url(kept.url) and kept.url not in self._pinned:
            await self._contexts.refresh(kept.url)

    def uses(self, kept: KeptContext) -> tuple[int, datetime | None]:
        """How often it was used since the start, and when last."""
        found = self._contexts.usage.get(kept.url)
        return (0, None) if found is None else (found.hits, found.last)

    def served(self, kept: KeptContext) -> None:
        """Count that a context was given to somebody (5.13.4): that is a use, too."""
        self._contexts.used(kept.url)

    def pin(self, url: str, document: Any) -> None:
        """Show a local copy, which the operator chose, among the cached contexts; ``Contexts.pin`` makes it hold."""
        local_id = str(uuid5(NAMESPACE_URL, url))
        self._pinned[url] = KeptContext(local_id, url, ContextKind.CACHED, document, self._started)

    def _register(self, kept: KeptContext) -> None:
        self._hosted[kept.local_id] = kept
        for url in _addresses(kept):
            self._contexts.register(url, kept.context)

    async def _refresh(self, shelf: SharedShelf, local_id: str | None) -> None:
        """Know one context as it is on the shelf, or all of them."""
        if local_id is None:
            names = set(self._hosted)
            found = {one.local_id: one for one in await asyncio.to_thread(lambda: list(shelf.load()))}
            names.update(found)
        else:
            one = await asyncio.to_thread(shelf.find, local_id)
            found, names = {} if one is None else {local_id: one}, {local_id}
        for name in names:
            known, kept = self._hosted.get(name), found.get(name)
            if known is not None and known != kept:
                self._unregister(known)
            if kept is not None and known != kept:
                self._register(kept)

    def _check(self, context: Any) -> None:
        try:
            self._contexts.resolve_local(context)
        except ContextNotAvailable:
            return  # names another context, which is fetched when it is used

    def _core(self) -> KeptContext:
        document = core_context.document()
        return KeptContext(
            str(uuid5(NAMESPACE_URL, CORE_URL)), CORE_URL, ContextKind.CACHED, document, self._started
        )

    def _cached(self) -> Iterable[KeptContext]:
        yield from self._pinned.values()
        for url, context in self._contexts.fetched():
            usage = self._contexts.usage.get(url)
            since = self._started if usage is None else usage.since
            yield KeptContext(str(uuid5(NAMESPACE_URL, url)), url, ContextKind.CACHED, context, since)


def _addresses(kept: KeptContext) -> tuple[str, ...]:
    """Under which names a context is resolved: one that is served here may be meant by its path alone."""
    path = kept.url.find(PATH)
    return (kept.url,) if kept.kind is ContextKind.CACHED or path < 1 else (kept.url, kept.url[path:])
