"""Where entity maps outlive the process: a port, its form in memory, and how a map is written down."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, runtime_checkable

import msgspec

_LEVEL: Final = 1
"""Ids have much in common: the quickest level already makes a tenth of them."""


class KeptMap(msgspec.Struct, frozen=True):
    """An entity map as it is kept; see ``EntityMap`` for the members."""

    id: str
    tenant: str
    expires_at: datetime
    sources: dict[str, tuple[str, ...]]
    linked: dict[str, str]


@dataclass(frozen=True, slots=True)
class MapLimits:
    """What is kept at most, of all tenants together: so many maps, with so many entities."""

    maps: int
    entities: int


class MapShelf(Protocol):
    """Keeps entity maps. Every call is durable when it returns, and may take its time."""

    def read(self, tenant: str, map_id: str) -> tuple[KeptMap, int] | None:
        """A map and its revision, which grows with every change."""
        ...

    def revision(self, tenant: str, map_id: str) -> int | None:
        """The revision of a map; None where it is not there."""
        ...

    def keep(self, kept: KeptMap) -> int:
        """Keep a new or changed map; its revision."""
        ...

    def drop(self, tenant: str, map_id: str) -> None:
        """Let go of a map."""
        ...

    def forget(self, tenant: str) -> None:
        """Let go of all maps of a tenant."""
        ...

    def trim(self, now: datetime, limits: MapLimits) -> None:
        """Let go of what has expired, then of what would expire first, until the limits hold."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


@runtime_checkable
class KeepsMaps(Protocol):
    """A store that keeps entity maps itself, for all processes that use it."""

    def map_shelf(self) -> MapShelf:
        """The shelf; it ends with the store."""
        ...


class MemoryMapShelf:
    """``MapShelf`` without files."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[KeptMap, int]] = {}

    def read(self, tenant: str, map_id: str) -> tuple[KeptMap, int] | None:
        """See ``MapShelf``."""
        return self._kept.get((tenant, map_id))

    def revision(self, tenant: str, map_id: str) -> int | None:
        """See ``MapShelf``."""
        found = self._kept.get((tenant, map_id))
        return None if found is None else found[1]

    def keep(self, kept: KeptMap) -> int:
        """See ``MapShelf``."""
        revision = (self.revision(kept.tenant, kept.id) or 0) + 1
        self._kept[kept.tenant, kept.id] = (kept, revision)
        return revision

    def drop(self, tenant: str, map_id: str) -> None:
        """See ``MapShelf``."""
        self._kept.pop((tenant, map_id), None)

    def forget(self, tenant: str) -> None:
        """See ``MapShelf``."""
        self._kept = {key: one for key, one in self._kept.items() if key[0] != tenant}

    def trim(self, now: datetime, limits: MapLimits) -> None:
        """See ``MapShelf``."""
        living = [one for one in self._kept.items() if one[1][0].expires_at > now]
        living.sort(key=lambda one: one[0])
        living.sort(key=lambda one: one[1][0].expires_at, reverse=True)
        together = 0
        self._kept = {}
        for place, (key, one) in enumerate(living):
            together += len(one[0].sources)
            if place < limits.maps and together <= limits.entities:
                self._kept[key] = one

    def close(self) -> None:
        """See ``MapShelf``."""


def encode_map(kept: KeptMap) -> bytes:
    """A map as bytes."""
    return zlib.compress(msgspec.msgpack.encode(kept), _LEVEL)


def decode_map(body: bytes) -> KeptMap:
    """A map from its bytes."""
    return msgspec.msgpack.decode(zlib.decompress(body), type=KeptMap)
