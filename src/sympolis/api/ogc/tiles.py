"""Drawing a collection's tiles: what is asked of the store, how much at most, and what is said where that is cut."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sympolis.api.http import Request, encode, weak_tag
from sympolis.api.ogc import mvt
from sympolis.api.ogc.collections import Collection
from sympolis.api.ogc.filtering import find_features
from sympolis.api.ogc.items import ItemReader, Wanted, intersecting
from sympolis.api.ogc.tile_cache import Tile, TileCache, TileKey, marks
from sympolis.api.ogc.tiling import MARGIN, TileAddress, draw, draw_patches
from sympolis.context import gated
from sympolis.context.broker import Broker
from sympolis.context.patches import Patches
from sympolis.context.terms import Terms
from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np
else:
    np = later("numpy")

MOST_FEATURES: Final = 20_000
"""So many features are in a tile at most: with few properties each a megabyte, about what a phone can show."""
_HERE: Final = 200
"""Fewer features are drawn sooner than handed to another thread."""


class _Identified(msgspec.Struct):
    id: str


_decode_ids = msgspec.json.Decoder(list[_Identified]).decode


class Tiles:
    """Draws tiles and keeps them as long as they hold good."""

    def __init__(self, broker: Broker, terms: Terms, reader: ItemReader) -> None:
        self._broker = broker
        self._terms = terms
        self._reader = reader
        self._cache = TileCache(broker)

    async def tile(self, request: Request, collection: Collection, address: TileAddress) -> Tile:
        """The tile, from those kept or drawn anew. Raises ``InvalidRequest``, ``TooComplexQuery``."""
        key = TileKey(collection.type_iri, request.query_string, address, gated.mark())
        known = await self._cache.find(key)
        if known is not None:
            return known
        position = self._cache.position
        tile, seen = await self.drawn(request, collection, address)
        self._cache.keep(key, tile, seen, drawn_at=position)
        return tile

    async def drawn(
        self, request: Request, collection: Collection, address: TileAddress
    ) -> tuple[Tile, np.ndarray[Any, Any]]:
        """The tile, drawn now, and the marks of the features looked at (``tile_cache.marks``)."""
        box = intersecting(*address.bounds(MARGIN))
        wanted = self._reader.within(request, collection, box, MOST_FEATURES)
        return await self._from_patches(wanted, collection, address) or await self._from_documents(
            wanted, collection, address
        )

    async def _from_patches(
        self, wanted: Wanted, collection: Collection, address: TileAddress
    ) -> tuple[Tile, np.ndarray[Any, Any]] | None:
        """The same where the store has columns of all that is seen; None elsewhere."""
        store = self._broker.store
        if wanted.rest is not None or not isinstance(store, Patches):
            return None
        found = await store.patches(wanted.query, self._terms)
        if found is None:
            return None
        drawn = await asyncio.to_thread(draw_patches, address, collection.id, found)
        if drawn.total > MOST_FEATURES:
            return None
        body = await asyncio.to_thread(lambda: mvt.tile([drawn.layer]))
        return Tile(body, weak_tag(body)), np.concatenate([drawn.marks, marks(_ids(found.documents))])

    async def _from_documents(
        self, wanted: Wanted, collection: Collection, address: TileAddress
    ) -> tuple[Tile, np.ndarray[Any, Any]]:
        page = await find_features(self._broker, wanted, self._terms)
        if len(page.features) > _HERE:
            layer = await asyncio.to_thread(draw, address, collection.id, page.features)
        else:
            layer = draw(address, collection.id, page.features)
        body = mvt.tile([layer, *([_notice(len(page.features))] if page.more else [])])
        return Tile(body, weak_tag(body), page.more), marks(_ids(page.features))


def _ids(documents: Sequence[bytes]) -> list[str]:
    return [one.id for one in _decode_ids(b"[%b]" % b",".join(documents))]


def _notice(shown: int) -> mvt.Layer:
    """A layer ``truncated`` of one area, the whole tile, that a map can hatch: it does not show all there is."""
    layer = mvt.Layer("truncated")
    corners = np.array([(0, 0), (mvt.EXTENT, 0), (mvt.EXTENT, mvt.EXTENT), (0, mvt.EXTENT)])
    layer.add(mvt.POLYGON, mvt.rings([corners]), {"shown": encode(shown)})
    return layer
