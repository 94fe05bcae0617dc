"""Layers of the map: GeoJSON made from the context as the city package declares it, kept until its data change.

A layer is rebuilt only when the change log names its entity type again; between changes a request costs a look at the
log. Bodies are kept compressed, because the same bytes go to every browser.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

from sympolis.api.compression import gzip_body
from sympolis.api.http import GEO_JSON, Reply, encode, weak_tag
from sympolis.api.type_index import TypeIndex
from sympolis.city.schema import City, MapLayer
from sympolis.context import gated, qlanguage
from sympolis.context.broker import Broker
from sympolis.context.query import Query, TypeIs
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.entity import Entity

_PAGE = 1000
_GZIP_LEVEL = 5
_MOST_BUILT = 256
"""Paid once per change, saved with every request."""
_ALWAYS_SHOWN = ("name",)
_RISING = "extrusion"
_CLASSES = ("roadClass",)
"""Properties by which streets are ranked: OSM's words."""


@dataclass(frozen=True, slots=True)
class BuiltLayer:
    """A layer's answer and what it was made from."""

    newest: int
    """The newest change of the layer's type when it was made."""
    count: int
    reply: Reply


class Layers:
    """The city's layers. Concurrent requests for one layer build it once."""

    def __init__(self, city: City, broker: Broker, terms: Terms, index: TypeIndex) -> None:
        self._city = city
        self._broker = broker
        self._terms = terms
        self._index = index
        self._layers = {layer.id: layer for layer in sorted(city.layers, key=lambda one: (one.order, one.id))}
        self._built: dict[tuple[str, object], BuiltLayer] = {}
        """By layer, and by what those who ask may see."""
        self._locks = {layer_id: asyncio.Lock() for layer_id in self._layers}

    def get(self, layer_id: str) -> MapLayer:
        """A layer's declaration. Raises ``NotFound``."""
        try:
            return self._layers[layer_id]
        except KeyError:
            raise errors.NotFound(
                f"there is no layer {layer_id}", where="layer", hint=f"layers: {', '.join(self._layers)}"
            ) from None

    async def describe(self) -> list[dict[str, Any]]:
        """Every layer, in the city's order."""
        shown = [one for one in self._layers.values() if gated.shows((self._terms.expand(one.entity_type),))]
        return [await self._described(layer) for layer in shown]

    async def features(self, layer_id: str) -> Reply:
        """The layer as a FeatureCollection. Raises ``NotFound``, ``InvalidRequest`` for one drawn from tiles."""
        layer = self.get(layer_id)
        if layer.kind == _RISING:
            raise errors.InvalidRequest(
                "this layer is too large to be sent whole", where="layer", hint=f"its tiles: {_tiles(layer)}"
            )
        return (await self._current(layer)).reply

    async def entities(self, layer: MapLayer) -> AsyncIterator[Entity]:
        """The layer's entities, by id."""
        query = self._query(layer)
        while True:
            page = await self._broker.query(query)
            for entity in page.entities:
                yield entity
            if len(page.entities) < query.limit:
                return
            query = _next_page(query)

    async def _current(self, layer: MapLayer) -> BuiltLayer:
        type_iri = self._terms.expand(layer.entity_type)
        gated.ask_for(type_iri)
        newest, key = await self._index.newest(type_iri), (layer.id, gated.mark())
        built = self._built.get(key)
        if built is None or built.newest != newest:
            async with self._locks[layer.id]:
                built = self._built.get(key)
                if built is None or built.newest != newest:
                    built = await self._build(layer, newest)
                    self._remember(key, built)
        return built

    def _remember(self, key: tuple[str, object], built: BuiltLayer) -> None:
        if len(self._built) >= _MOST_BUILT:
            self._built.clear()
        self._built[key] = built

    async def _build(self, layer: MapLayer, newest: int) -> BuiltLayer:
        geometry = self._terms.expand(layer.geometry)
        names = _shown(layer)
        wanted = [(name, self._terms.expand(name)) for name in names]
        features = [
            _feature(entity, geometry, wanted)
            async for entity in self.entities(layer)
            if entity.attribute(geometry) is not None
        ]
        body = encode({"type": "FeatureCollection", "features": features})
        gzipped = await asyncio.to_thread(gzip_body, body, _GZIP_LEVEL)
        return BuiltLayer(
            newest, len(features), Reply(body=body, media=GEO_JSON, etag=weak_tag(body), gzipped=gzipped)
        )

    async def _described(self, layer: MapLayer) -> dict[str, Any]:
        source = self._city.sources.get(layer.source)
        described: dict[str, Any] = {
            "id": layer.id,
            "title": layer.title,
            "kind": layer.kind,
            "url": f"/api/map/layers/{layer.id}",
            "count": await self._count(layer),
            "attribution": None if source is None else source.attribution,
            "source": layer.source or None,
            "fields": [
                {"name": one.name, "title": one.title, "unit": one.unit, "direction": one.direction}
                for one in layer.fields
            ],
            "time": layer.time,
            "default": layer.default,
            "background": layer.background,
            "role": layer.role or _role(layer),
        }
        if layer.kind == _RISING:
            described |= {"tiles": _tiles(layer), "height": layer.height}
        if layer.note:
            described["note"] = layer.note
        classes = [one.name for one in layer.fields if one.name in _CLASSES]
        return {**described, "class": classes[0]} if classes else described

    async def _count(self, layer: MapLayer) -> int:
        if layer.kind != _RISING:
            return (await self._current(layer)).count
        counted = await self._broker.query(replace(self._query(layer), limit=0, count=True))
        return counted.total or 0

    def _query(self, layer: MapLayer) -> Query:
        return Query(
            types=TypeIs(self._terms.expand(layer.entity_type)),
            q=qlanguage.parse(layer.q, self._terms) if layer.q else None,
            limit=_PAGE,
        )


def _next_page(query: Query) -> Query:
    return replace(query, offset=query.offset + query.limit)


def _shown(layer: MapLayer) -> list[str]:
    return list(dict.fromkeys([*_ALWAYS_SHOWN, *(one.name for one in layer.fields)]))


def _role(layer: MapLayer) -> str:
    return {"fill": "areas", "line": "streets", "point": "observed", _RISING: "buildings"}[layer.kind]


def _tiles(layer: MapLayer) -> str:
    """The template of the layer's vector tiles (OGC API Tiles)."""
    return f"/ogc/collections/{layer.entity_type}/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}?f=mvt"


def _feature(entity: Entity, geometry: str, wanted: list[tuple[str, str]]) -> dict[str, Any]:
    properties = {name: entity.value(iri) for name, iri in wanted if iri in entity.attributes}
    observed = [one.observed_at for _, iri in wanted if (one := entity.attribute(iri)) and one.observed_at]
    if observed:
        properties["observedAt"] = max(observed)
    return {"type": "Feature", "id": entity.id, "geometry": entity.value(geometry), "properties": properties}
