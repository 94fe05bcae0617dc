"""Every building of the map's extruded layer: where each is and how large, kept until one of them changes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sympolis.api.twin.layers import Layers
from sympolis.api.type_index import TypeIndex
from sympolis.context import gated
from sympolis.context.broker import Broker
from sympolis.context.query import Query
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.entity import AttributeKind, Entity
from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np

    from sympolis.analysis.scene.quadtree import Node
    from sympolis.analysis.scene.solids import Frame
    from sympolis.city.schema import City, MapLayer
else:
    np = later("numpy")

MOST_BUILDINGS: Final = 500_000
LOWEST_M: Final = 3.0
"""Where nobody knows a height: one storey, as the walk draws it."""
_KEPT: Final = 16
_MISSING: Final = -9999.0


@dataclass(frozen=True, slots=True)
class Gathered:
    """The tree of tiles and what it was made from."""

    newest: int
    layer: MapLayer
    ids: Sequence[str]
    root: Node
    nodes: Mapping[str, Node]

    def frame(self, ground: float) -> Frame:
        """Where the contents' origin is: the middle of the city on the ground."""
        from sympolis.analysis.scene.solids import Frame

        west, south, east, north = self.root.box
        return Frame.at((west + east) / 2, (south + north) / 2, ground)


@dataclass(frozen=True, slots=True)
class Shown:
    """The buildings of a tile, as they are now; those that are gone since are not among them."""

    entities: Sequence[Entity]
    geometry: str
    height: str
    fields: Mapping[str, str]
    """Attributes that the layer names: short name → name."""

    def outlines(self) -> Iterator[tuple[Mapping[str, Any], float]]:
        """Each building's outline and height [m]."""
        for one in self.entities:
            yield one.value(self.geometry), _height(one, self.height)

    @property
    def keys(self) -> list[tuple[str, ...]]:
        """Of each building its id, then the things it belongs to: by these the results of a run are found."""
        return [(one.id, *_targets(one)) for one in self.entities]

    def columns(self) -> dict[str, Any]:
        """What is known of each, by name: ``id``, ``height`` and the layer's fields."""
        found: dict[str, Any] = {"id": [one.id for one in self.entities]}
        found["height"] = [_number(one.value(self.height)) for one in self.entities]
        for name, iri in self.fields.items():
            values = [one.value(iri) for one in self.entities]
            words = any(isinstance(value, str) for value in values)
            found[name] = (
                ["" if v is None else str(v) for v in values] if words else list(map(_number, values))
            )
        return found


class BuildingStock:
    """See the module."""

    def __init__(self, city: City, broker: Broker, layers: Layers, terms: Terms, index: TypeIndex) -> None:
        self._layer = next(one for one in city.layers if one.kind == "extrusion")
        self._broker = broker
        self._layers = layers
        self._terms = terms
        self._index = index
        self._gathered: dict[object, Gathered] = {}
        self._lock = asyncio.Lock()

    async def current(self) -> Gathered:
        """The tree as it is now. Raises ``NotFound`` where whoever asks sees no building, ``TooComplexQuery``."""
        type_iri = self._terms.expand(self._layer.entity_type)
        gated.ask_for(type_iri)
        async with self._lock:
            newest, mark = await self._index.newest(type_iri), gated.mark()
            known = self._gathered.get(mark)
            if known is None or known.newest != newest:
                known = await self._gather(newest)
                if len(self._gathered) >= _KEPT:
                    self._gathered.clear()
                self._gathered[mark] = known
            return known

    async def shown(self, gathered: Gathered, members: Any) -> Shown:
        """The buildings at these positions of the stock."""
        ids = tuple(gathered.ids[n] for n in members.tolist())
        page = await self._broker.query(Query(ids=ids, limit=len(ids)))
        geometry = self._terms.expand(self._layer.geometry)
        named = {one.name: self._terms.expand(one.name) for one in self._layer.fields}
        return Shown(
            [one for one in page.entities if _is_area(one.value(geometry))],
            geometry,
            self._terms.expand(self._layer.height),
            {name: iri for name, iri in named.items() if name not in ("id", "height")},
        )

    async def _gather(self, newest: int) -> Gathered:
        from sympolis.analysis.scene.quadtree import Stock, grow

        geometry, height = (self._terms.expand(one) for one in (self._layer.geometry, self._layer.height))
        ids: list[str] = []
        boxes: list[tuple[float, float, float, float]] = []
        heights: list[float] = []
        async for one in self._layers.entities(self._layer):
            outline = one.value(geometry)
            if not _is_area(outline):
                continue
            if len(ids) >= MOST_BUILDINGS:
                raise errors.TooComplexQuery(
                    f"there are more than {MOST_BUILDINGS:,} buildings", where="layer"
                )
            ids.append(one.id)
            boxes.append(_box(outline))
            heights.append(_height(one, height))
        root = await asyncio.to_thread(grow, Stock(ids, np.array(boxes), np.array(heights)))
        if root is None:
            raise errors.NotFound("there are no buildings to show", where=self._layer.id)
        return Gathered(newest, self._layer, ids, root, {node.name: node for node in root.walk()})


def _is_area(outline: Any) -> bool:
    return isinstance(outline, Mapping) and outline.get("type") in ("Polygon", "MultiPolygon")


def _box(outline: Mapping[str, Any]) -> tuple[float, float, float, float]:
    polygons = outline["coordinates"] if outline["type"] == "MultiPolygon" else [outline["coordinates"]]
    places = [place for polygon in polygons for place in polygon[0]]
    lons, lats = [place[0] for place in places], [place[1] for place in places]
    return min(lons), min(lats), max(lons), max(lats)


def _height(entity: Entity, name: str) -> float:
    value = _number(entity.value(name))
    return value if value > 0 else LOWEST_M


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else _MISSING


def _targets(entity: Entity) -> Iterator[str]:
    for instances in entity.attributes.values():
        for one in instances:
            if one.kind is AttributeKind.RELATIONSHIP and isinstance(one.value, str):
                yield one.value
