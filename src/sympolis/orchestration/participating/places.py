"""Where a contribution lies: drawn inside the project's outline, or picked by name, for those who draw nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sympolis.context.broker import Broker
from sympolis.context.geometry import from_geojson
from sympolis.decision.participation.bounds import checked_place
from sympolis.decision.participation.project import ProjectPlan
from sympolis.decision.participation.representing import Group
from sympolis.domain import errors
from sympolis.domain.entity import Entity
from sympolis.orchestration import gather
from sympolis.orchestration.atlas import LOCATION, AreaSetup

MOST_PICKS: Final = 400
_AREA: Final = "area:"


class Thing(Protocol):
    """A street, or whatever else a register knows by name and place."""

    id: str
    name: str
    position: tuple[float, float] | None


class Registers(Protocol):
    """The master data of the city, as far as places need them."""

    def kinds(self) -> Sequence[Any]: ...

    def things(self, kind: str) -> Sequence[Any]: ...

    def thing(self, kind: str, thing_id: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Pick:
    """A place by name: ``position`` is longitude, latitude in degrees."""

    id: str
    name: str
    kind: str
    position: tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Area:
    id: str
    name: str
    population: float
    geometry: Mapping[str, Any]


class Places:
    """See the module. ``broker`` shows what whoever asks may see; ``bbox`` is the city's, in degrees."""

    def __init__(
        self,
        broker: Broker,
        names: gather.Names,
        areas: AreaSetup,
        registers: Registers,
        bbox: tuple[float, float, float, float],
    ) -> None:
        self._broker = broker
        self._names = names
        self._setup = areas
        self._registers = registers
        self._city = _box(bbox)

    def outline(self, plan: ProjectPlan) -> Mapping[str, Any]:
        """The project's area (GeoJSON), or the city's bounding box."""
        return plan.area or self._city

    def drawn(self, plan: ProjectPlan, place: Any) -> dict[str, Any]:
        """A geometry inside the outline. Raises ``BadRequestData``."""
        return checked_place(place, self.outline(plan))

    async def picks(self, plan: ProjectPlan) -> list[Pick]:
        """Areas and named things inside the outline, by name; at most 400 things beside the areas."""
        areas = [_pick(one) for one in await self._areas()]
        found = [*areas, *self._things()]
        inside = await asyncio.to_thread(_inside, self.outline(plan), found)
        kept = [one for one in inside if one.kind == "area"]
        kept += [one for one in inside if one.kind != "area"][:MOST_PICKS]
        return sorted(kept, key=lambda one: (one.kind != "area", one.name.casefold()))

    async def picked(self, plan: ProjectPlan, pick: str) -> tuple[dict[str, Any], str]:
        """Geometry and name of a place that was picked. Raises ``BadRequestData``."""
        found = await self._find(pick)
        if found is None:
            raise errors.BadRequestData(
                "there is no such place", where="pick", hint="ask for the project's places"
            )
        place = self.drawn(plan, {"type": "Point", "coordinates": list(found.position)})
        return place, found.name

    async def groups(self) -> list[Group]:
        """The city's areas with who lives there; empty where whoever asks may not see them."""
        return [Group(one.id, one.name, one.population) for one in await self._areas() if one.population > 0]

    async def counted(self, places: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        """How many of these geometries lie in each area, by their middle; by area id."""
        areas = await self._areas()
        return await asyncio.to_thread(_counted, areas, places) if areas and places else {}

    async def _areas(self) -> list[_Area]:
        type_iri = self._names.expand(self._setup.type)
        found = [self._area(entity) async for entity in gather.entities(self._broker, type_iri)]
        return [one for one in found if one is not None]

    def _area(self, entity: Entity) -> _Area | None:
        def value(name: str) -> Any:
            return entity.value(self._names.expand(name))

        geometry, people = entity.value(self._names.expand(LOCATION)), value(self._setup.population)
        if not isinstance(geometry, Mapping) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
            return None
        known = float(people) if isinstance(people, int | float) else 0.0
        return _Area(entity.id, str(value(self._setup.name) or entity.id), known, geometry)

    def _things(self) -> list[Pick]:
        return [
            Pick(f"{kind.id}:{thing.id}", thing.name, kind.id, thing.position)
            for kind in self._registers.kinds()
            for thing in self._registers.things(kind.id)
            if thing.position is not None and thing.valid_to is None
        ]

    async def _find(self, pick: str) -> Pick | None:
        if pick.startswith(_AREA):
            wanted = pick.removeprefix(_AREA)
            return next((_pick(one) for one in await self._areas() if one.id == wanted), None)
        kind, _, thing_id = pick.partition(":")
        try:
            thing = self._registers.thing(kind, thing_id)
        except errors.NotFound:
            return None
        return None if thing.position is None else Pick(pick, thing.name, kind, thing.position)


def _pick(area: _Area) -> Pick:
    (shape,) = from_geojson([area.geometry])
    middle = shape.representative_point()
    return Pick(_AREA + area.id, area.name, "area", (round(middle.x, 6), round(middle.y, 6)))


def _inside(outline: Mapping[str, Any], picks: Sequence[Pick]) -> list[Pick]:
    import shapely

    (whole,) = from_geojson([outline])
    if not picks:
        return []
    shapely.prepare(whole)
    held = shapely.covers(whole, shapely.points([one.position for one in picks]))
    return [one for one, is_inside in zip(picks, held, strict=True) if is_inside]


def _counted(areas: Sequence[_Area], places: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    import shapely

    shapes = from_geojson([one.geometry for one in areas])
    middles = shapely.point_on_surface(from_geojson(list(places)))
    _, hits = shapely.STRtree(shapes).query(middles, predicate="intersects")
    counts: dict[str, int] = {}
    for hit in hits:
        counts[areas[hit].id] = counts.get(areas[hit].id, 0) + 1
    return counts


def _box(bbox: tuple[float, float, float, float]) -> dict[str, Any]:
    west, south, east, north = bbox
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}
