"""Tiles that have been drawn, for as long as the change log says nothing against them.

A tile holds good until something that is seen in it changes, or something that changed is seen in it now: both are
told from the log, so that a city of a million things keeps its tiles while one sensor reports every second.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from sympolis.api.ogc.tiling import MARGIN, TileAddress
from sympolis.context import gated
from sympolis.context.broker import Broker
from sympolis.context.codec import LOCATION
from sympolis.context.query import Query
from sympolis.domain.changes import Change
from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np
    import shapely
else:
    np = later("numpy")
    shapely = later("shapely")

_MOST_BYTES: Final = 96 * 1024 * 1024
_MOST_CHANGES: Final = 2_000
"""After more than this all tiles are drawn anew: to look at each change would take longer."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A drawn tile: its bytes, their tag, and whether features were left out because there are too many."""

    body: bytes
    etag: str
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class TileKey:
    """What a tile shows: the type, the request's conditions as they were written, and the place.

    ``mark`` is the same for all who may see the same (``context.gated``).
    """

    type_iri: str
    conditions: bytes
    address: TileAddress
    mark: object = None


@dataclass(frozen=True, slots=True)
class _Kept:
    tile: Tile
    seen: np.ndarray[Any, Any]
    """Marks of the ids seen in it, sorted."""

    @property
    def size(self) -> int:
        return len(self.tile.body) + int(self.seen.nbytes)


class TileCache:
    """See the module. At most ``most_bytes`` are kept, those longest unused go first."""

    def __init__(self, broker: Broker, most_bytes: int = _MOST_BYTES) -> None:
        self._broker = broker
        self._most_bytes = most_bytes
        self._kept: OrderedDict[TileKey, _Kept] = OrderedDict()
        self._bytes = 0
        self.position = -1
        """The number of the newest change that was looked at."""

    async def find(self, key: TileKey) -> Tile | None:
        """The tile, if one is known that still holds good."""
        await self._catch_up()
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found.tile

    def keep(self, key: TileKey, tile: Tile, seen: np.ndarray[Any, Any], *, drawn_at: int) -> None:
        """Keep a tile that was drawn when ``position`` was ``drawn_at``; in vain where the log has moved on since.

        ``seen``: the ``marks`` of what is seen in it.
        """
        if drawn_at != self.position:
            return
        kept = _Kept(tile, np.sort(seen))
        self._drop(key)
        self._kept[key] = kept
        self._bytes += kept.size
        while self._bytes > self._most_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: TileKey) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._bytes -= gone.size

    async def _catch_up(self) -> None:
        position = (await self._broker.status()).position
        if position == self.position:
            return
        if not self._kept or not 0 <= position - self.position <= _MOST_CHANGES:
            self._clear()
        else:
            with gated.everything():
                changes = await self._broker.store.changes(self.position, limit=_MOST_CHANGES)
                await self._drop_changed(changes)
            position = max([position, *[change.number for change in changes]])
        self.position = position

    def _clear(self) -> None:
        self._kept.clear()
        self._bytes = 0

    async def _drop_changed(self, changes: Sequence[Change]) -> None:
        types = {name for change in changes for name in change.types}
        at_stake = [key for key in self._kept if key.type_iri in types]
        if not at_stake:
            return
        ids = {change.entity_id for change in changes}
        hashes, places = marks(ids), await self._places(ids)
        for key in at_stake:
            kept = self._kept.get(key)
            if kept is not None and (_any_in(hashes, kept.seen) or _is_seen(places, key.address)):
                self._drop(key)

    async def _places(self, ids: Iterable[str]) -> np.ndarray[Any, Any]:
        """West, south, east and north of each of these entities that has a location."""
        page = await self._broker.query(Query(ids=tuple(ids), limit=_MOST_CHANGES))
        found = [
            _bounds(one.value) for entity in page.entities for one in entity.attributes.get(LOCATION, ())
        ]
        return np.array(found, dtype=float).reshape(-1, 4)


def _bounds(geometry: Mapping[str, Any]) -> tuple[float, ...]:
    from shapely.geometry import shape

    return tuple(shapely.bounds(shape(geometry)).tolist())


def marks(ids: Iterable[str]) -> np.ndarray[Any, Any]:
    """A number for each id, by which it is found again; that others may have the same costs a tile now and then."""
    return np.array([crc32(one.encode()) for one in ids], dtype=np.uint32)


def _any_in(hashes: np.ndarray[Any, Any], seen: np.ndarray[Any, Any]) -> bool:
    if not len(seen):
        return False
    places = np.minimum(np.searchsorted(seen, hashes), len(seen) - 1)
    return bool((seen[places] == hashes).any())


def _is_seen(places: np.ndarray[Any, Any], address: TileAddress) -> bool:
    west, south, east, north = address.bounds(MARGIN)
    near = (places[:, 0] <= east) & (places[:, 2] >= west) & (places[:, 1] <= north) & (places[:, 3] >= south)
    return bool(near.any())
