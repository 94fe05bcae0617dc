"""The places that scenarios and results refer to: the model's features, and the city's areas with their people."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympolis.analysis.equity import Area
from sympolis.context.broker import Broker
from sympolis.domain import errors
from sympolis.domain.entity import Entity
from sympolis.domain.scenario import Override
from sympolis.orchestration import gather
from sympolis.orchestration.geometry import Places, is_region
from sympolis.plugins.simulator import Need, Simulator

LOCATION = "location"
SIMULATED = "simulated"
PROPERTIES: Mapping[str, str] = {
    "name": "name",
    "length": "length_m",
    "totalLaneNumber": "lanes",
    "maximumAllowedSpeed": "speed_kmh",
    "roadClass": "road_class",
    "statisticalArea": "area",
}
"""Attributes of a feature that the map shows, and what it calls them."""


@dataclass(frozen=True, slots=True)
class AreaSetup:
    """Where the split by area comes from: an entity type and its attributes (short names).

    ``fragility`` lists attributes in order of preference: cities publish one index per year.
    """

    type: str = "StatisticalArea"
    name: str = "name"
    population: str = "population"
    fragility: tuple[str, ...] = ("fragilityIndex",)


class Atlas:
    """Reads geometry from the broker and keeps what was made of it until the data change."""

    def __init__(self, broker: Broker, names: gather.Names, areas: AreaSetup) -> None:
        self._broker = broker
        self._names = names
        self._areas = areas
        self._features: dict[str, tuple[int, dict[str, Any]]] = {}
        self._places: dict[str, tuple[str, Places]] = {}

    async def features(self, model: str, simulator: type[Simulator]) -> dict[str, Any]:
        """The GeoJSON FeatureCollection of what the model's results refer to: lines, polygons or points.

        Needs no model made ready: the map draws them while the first calibration is still under way.
        """
        position = (await self._broker.status()).position
        kept = self._features.get(model)
        if kept is not None and kept[0] == position:
            return kept[1]
        found = [
            self._feature(entity)
            for need in feature_needs(simulator)
            async for entity in gather.entities_of(self._broker, self._names, need)
        ]
        collection = {"type": "FeatureCollection", "features": [feature for feature in found if feature]}
        self._features[model] = (position, collection)
        return collection

    async def places(self, model: str, simulator: type[Simulator], data_version: str) -> Places:
        """The same features, ready for spatial questions."""
        kept = self._places.get(model)
        if kept is not None and kept[0] == data_version:
            return kept[1]
        collection = await self.features(model, simulator)
        geometries = {feature["id"]: feature["geometry"] for feature in collection["features"]}
        places = await asyncio.to_thread(Places, geometries)
        self._places[model] = (data_version, places)
        return places

    async def polygons(self, overrides: Sequence[Override]) -> dict[str, Mapping[str, Any]]:
        """The polygon of every area that the overrides name, as far as there is one."""
        ids = {override.where["area"] for override in overrides if "area" in override.where}
        found = {area_id: await self._broker.store.get(area_id) for area_id in sorted(ids)}
        regions = {i: entity.value(self._names.expand(LOCATION)) for i, entity in found.items() if entity}
        return {area_id: region for area_id, region in regions.items() if is_region(region)}

    async def areas(self, places: Places, features: Sequence[str]) -> list[Area]:
        """The city's areas with the features in them; empty where the twin has no areas."""
        facts = {
            entity.id: self._facts(entity)
            async for entity in gather.entities(self._broker, self._names.expand(self._areas.type))
        }
        position = {feature: index for index, feature in enumerate(features)}
        return await asyncio.to_thread(
            lambda: [places.area(i, f, position) for i, f in facts.items() if is_region(f["location"])]
        )

    def _facts(self, entity: Entity) -> dict[str, Any]:
        def value(name: str) -> Any:
            return entity.value(self._names.expand(name))

        indices = (value(name) for name in self._areas.fragility)
        return {
            "location": value(LOCATION),
            "name": value(self._areas.name),
            "population": value(self._areas.population),
            "fragility": next((index for index in indices if index is not None), None),
        }

    def _feature(self, entity: Entity) -> dict[str, Any] | None:
        geometry = entity.value(self._names.expand(LOCATION))
        if not isinstance(geometry, Mapping) or entity.value(self._names.expand(SIMULATED), True) is False:
            return None
        found = {shown: entity.value(self._names.expand(name)) for name, shown in PROPERTIES.items()}
        properties = {name: value for name, value in found.items() if value is not None}
        return {"type": "Feature", "id": entity.id, "geometry": dict(geometry), "properties": properties}


def feature_needs(simulator: type[Simulator]) -> tuple[Need, ...]:
    """The needs whose entities the results refer to: those named, else the first that asks for a location."""
    if simulator.features:
        return tuple(need for need in simulator.needs if need.name in simulator.features)
    for need in simulator.needs:
        if LOCATION in need.attributes and not need.history:
            return (need,)
    raise errors.SettingsInvalid(
        "the model needs no entities with a location", where=f"model {simulator.id}: needs"
    )
