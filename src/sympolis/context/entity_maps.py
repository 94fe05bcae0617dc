"""Entity maps: what a query once selected, kept for a while so that its pages stay the same (clauses 5.5.9.3, 5.14).

A map names candidates, entities by their ids, each with the registrations of the context sources that hold it
(``@none``: this broker itself). Maps are bounded in number, size and lifetime: one that is gone is made anew by the
next query that asks for it. A shelf keeps them through a restart, and for other processes of the same broker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from uuid import uuid4

from sympolis.context.map_shelves import KeptMap, MapLimits, MapShelf
from sympolis.context.parsing import check_uri
from sympolis.context.periods import Duration
from sympolis.domain.errors import NotFound, TooManyResults

_T = TypeVar("_T")

LOCAL: Final = "@none"
"""Stands for this broker where a map says who holds an entity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapBounds:
    """How many maps there may be at once, how many entities they may have, and how long they may live."""

    maps: int = 1_000
    entities: int = 100_000
    """Of one map; ``entities_together`` of all."""
    entities_together: int = 1_000_000
    lifetime: timedelta = timedelta(hours=1)
    """Where nothing else was asked for."""
    longest: timedelta = timedelta(days=1)


@dataclass(slots=True)
class EntityMap:
    """One map (clause 5.2.39). ``ids`` are its entities in their order, ``sources`` who holds each."""

    id: str
    tenant: str
    expires_at: datetime
    sources: dict[str, tuple[str, ...]]
    linked: Mapping[str, str] = field(default_factory=dict)
    """The maps that context sources made for their parts, by registration."""
    revision: int = 0
    """Of what is kept."""
    kept: int = -1
    """How many entities what is kept has."""

    @property
    def ids(self) -> list[str]:
        """The candidates in their order."""
        return list(self.sources)

    def drop(self, ids: Iterable[str]) -> None:
        """Let go of entities that do not fit the query, or no longer (clause 5.5.9.3)."""
        for one in ids:
            self.sources.pop(one, None)


class EntityMaps:
    """The maps of all tenants, those in use in memory. ``now`` gives the time.

    ``create``, ``drop`` and ``prolong`` change what is in memory; ``keep`` what is on the shelf.
    """

    def __init__(
        self,
        shelf: MapShelf | None = None,
        *,
        bounds: MapBounds | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.bounds = bounds or MapBounds()
        self._now = now
        self._maps: dict[tuple[str, str], EntityMap] = {}
        self._shelf = shelf
        self._keeping = asyncio.Lock()

    def create(
        self,
        sources: Mapping[str, Sequence[str]],
        *,
        tenant: str = "",
        linked: Mapping[str, str] | None = None,
        lifetime: Duration | None = None,
    ) -> EntityMap:
        """Keep a new map. Raises ``TooManyResults`` for more entities than a map may have."""
        self.check_size(len(sources))
        found = EntityMap(
            f"urn:ngsi-ld:EntityMap:{uuid4()}",
            tenant,
            self._end(lifetime),
            {one: tuple(held) for one, held in sources.items()},
            linked or {},
        )
        self._make_room(len(sources))
        self._maps[tenant, found.id] = found
        return found

    def check_size(self, entities: int) -> None:
        """Raise ``TooManyResults`` for more entities than a map may have."""
        if entities > self.bounds.entities:
            raise TooManyResults(
                f"an entity map may have at most {self.bounds.entities} entities",
                where="entityMap",
                hint="narrow the query",
            )

    def find(self, reference: str, *, tenant: str = "") -> EntityMap | None:
        """The map that an id or an address ending in one names, if it is there and has not expired."""
        key = (tenant, map_id(reference))
        found = self._maps.get(key)
        if found is not None and found.expires_at <= self._now():
            del self._maps[key]
            return None
        return found

    async def look_up(self, reference: str, *, tenant: str = "") -> EntityMap | None:
        """Like ``find``, also on the shelf. Raises ``StoreUnavailable``."""
        known = self.find(reference, tenant=tenant)
        if self._shelf is None:
            return known
        key = (tenant, map_id(reference))
        if known is not None and await asyncio.to_thread(self._shelf.revision, *key) == known.revision:
            return known
        kept = await asyncio.to_thread(self._shelf.read, *key)
        self._maps.pop(key, None)
        if kept is None or kept[0].expires_at <= self._now():
            return None
        found = _from_shelf(*kept)
        self._make_room(len(found.sources))
        self._maps[key] = found
        return found

    async def keep(self, found: EntityMap, *, changed: bool = False) -> None:
        """Keep a map that is new, has lost entities or was ``changed``. Raises ``StoreUnavailable``."""
        if self._shelf is None:
            return
        async with self._keeping:
            entities, new = len(found.sources), found.kept < 0
            if not new and self._maps.get((found.tenant, found.id)) is not found:
                return  # deleted meanwhile
            if changed or entities != found.kept:
                found.revision = await asyncio.to_thread(self._shelf.keep, _for_shelf(found))
                found.kept = entities
            if new:
                limits = MapLimits(self.bounds.maps, self.bounds.entities_together)
                await asyncio.to_thread(self._shelf.trim, self._now(), limits)

    async def require(self, reference: str, *, tenant: str = "") -> EntityMap:
        """Like ``look_up``. Raises ``NotFound``."""
        found = await self.look_up(reference, tenant=tenant)
        if found is None:
            raise NotFound(f"there is no entity map {map_id(reference)}", where="entityMapId")
        return found

    async def discard(self, reference: str, *, tenant: str = "") -> None:
        """Delete EntityMap (clause 5.14.3), on the shelf as well. Raises ``NotFound``."""
        found = await self.require(reference, tenant=tenant)
        self._maps.pop((tenant, found.id), None)
        if self._shelf is not None:
            await asyncio.to_thread(self._shelf.drop, tenant, found.id)

    async def leave(self, tenant: str) -> None:
        """Let go of all maps of a tenant, on the shelf as well."""
        self.forget(tenant)
        if self._shelf is not None:
            await asyncio.to_thread(self._shelf.forget, tenant)

    def close(self) -> None:
        """Let go of the shelf's files."""
        if self._shelf is not None:
            self._shelf.close()

    def get(self, reference: str, *, tenant: str = "") -> EntityMap:
        """Like ``find``. Raises ``NotFound``."""
        found = self.find(reference, tenant=tenant)
        if found is None:
            raise NotFound(f"there is no entity map {map_id(reference)}", where="entityMapId")
        return found

    def prolong(self, found: EntityMap, until: datetime) -> None:
        """Let a map expire at this time, or as late as a map may (clause 5.14.2)."""
        found.expires_at = min(until, self._now() + self.bounds.longest)

    def delete(self, reference: str, *, tenant: str = "") -> None:
        """Delete EntityMap (clause 5.14.3). Raises ``NotFound``."""
        del self._maps[tenant, self.get(reference, tenant=tenant).id]

    def forget(self, tenant: str) -> None:
        """Let go of all maps of a tenant."""
        for key in [key for key in self._maps if key[0] == tenant]:
            del self._maps[key]

    @property
    def count(self) -> int:
        """How many maps are kept."""
        return len(self._maps)

    def _end(self, lifetime: Duration | None) -> datetime:
        now = self._now()
        if not lifetime:
            return now + self.bounds.lifetime
        try:
            return min(lifetime.after(now), now + self.bounds.longest)
        except OverflowError:
            return now + self.bounds.longest

    def _make_room(self, entities: int) -> None:
        """Let go of what has expired, then of what would expire next, until a map of this size fits."""
        waiting = sorted(self._maps, key=lambda key: self._maps[key].expires_at, reverse=True)
        together = sum(len(one.sources) for one in self._maps.values())
        now = self._now()
        while waiting:
            first = self._maps[waiting[-1]]
            fits = len(self._maps) < self.bounds.maps
            if first.expires_at > now and fits and together + entities <= self.bounds.entities_together:
                return
            together -= len(first.sources)
            del self._maps[waiting.pop()]


def _for_shelf(found: EntityMap) -> KeptMap:
    return KeptMap(found.id, found.tenant, found.expires_at, dict(found.sources), dict(found.linked))


def _from_shelf(kept: KeptMap, revision: int) -> EntityMap:
    entities = len(kept.sources)
    return EntityMap(
        kept.id, kept.tenant, kept.expires_at, kept.sources, kept.linked, revision=revision, kept=entities
    )


def map_id(reference: str) -> str:
    """The id in what a client gives as a map: the id itself or the resource's address. Raises ``BadRequestData``."""
    return check_uri(reference.rstrip("/").rpartition("/")[2], "NGSILD-EntityMap")


async def take_page(
    found: EntityMap,
    offset: int,
    limit: int,
    fetch: Callable[[Sequence[str]], Awaitable[Mapping[str, _T]]],
) -> tuple[list[_T], bool]:
    """A page of a map's entities, and whether there is another behind it (clause 5.5.9.3).

    ``fetch`` gives those of some candidates that fit the query now; the others leave the map, and what comes after
    them fills the page.
    """
    items: list[_T] = []
    position = offset
    while len(items) <= limit and (chunk := found.ids[position : position + limit + 1 - len(items)]):
        fitting = await fetch(chunk)
        found.drop(one for one in chunk if one not in fitting)
        items += [fitting[one] for one in chunk if one in fitting]
        position += sum(1 for one in chunk if one in fitting)
    return items[:limit], len(items) > limit
