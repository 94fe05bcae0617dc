"""Whom a dataset, or what a model is fed with, leaves out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import IntegerParameter, Parameter
from sympolis.api.parts import ApiParts
from sympolis.api.reading import check_listed
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import reference
from sympolis.context.codec import LOCATION
from sympolis.context.query import Query, TypeIs
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.entity import Entity

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator
    from sympolis.city.schema import City
    from sympolis.governance.fairness.coverage import Area, Coverage

RADIUS = IntegerParameter(
    name="radius", text="Metres within which residents count as reached.", low=50, high=20_000, default=1000
)
ATTRIBUTE = Parameter(
    name="attribute", text="For figures of areas: the attribute to put against residents.", max_length=200
)
_PAGE: Final = 1000
_MOST_THINGS: Final = 20_000
_GROUPS: Final = {"over-65": "populationOver65", "under-15": "populationUnder15"}
"""Group → attribute of the areas that counts its residents."""


class FairnessPages:
    """Handlers of ``/api/datasets/{dataset}/fairness`` and ``/api/models/{model}/fairness``."""

    def __init__(self, parts: ApiParts, city: City, coordinator: Coordinator, terms: Terms) -> None:
        self._parts = parts
        self._city = city
        self._coordinator = coordinator
        self._terms = terms

    async def dataset(self, request: Request) -> Reply:
        """Who lives within reach of what the dataset describes, or what areas have per resident."""
        dataset = request.arguments["dataset"]
        check_listed(dataset)
        mapping = self._coordinator.planned(dataset).mapping
        areas = await self._areas()
        if mapping.entity_type == self._city.areas.entity_type:
            name = self._figure(dataset, ATTRIBUTE.raw(request))
            found = await self._per_resident(areas, name)
            return json_reply({"dataset": dataset, "attribute": name, **found.to_json()})
        found = await self._reach(areas, mapping.entity_type, RADIUS.of(request))
        return json_reply({"dataset": dataset, "radius_m": RADIUS.of(request), **found.to_json()})

    async def model(self, request: Request) -> Reply:
        """The same for each kind of thing that a model needs; what is flagged stands first."""
        model_id, radius = request.arguments["model"], RADIUS.of(request)
        if self._parts.desk is None:
            raise errors.NotFound("this twin has no models", where="model")
        model = await self._parts.desk.model(model_id)
        areas = await self._areas()
        inputs = [
            {
                "type": need["type"],
                "history": bool(need.get("history")),
                **(await self._reach(areas, need["type"], radius)).to_json(),
            }
            for need in model["needs"]
        ]
        inputs.sort(key=lambda one: (-len(one["flagged"]), one["type"]))
        flagged = sorted({group for one in inputs for group in one["flagged"]})
        return json_reply({"model": model_id, "radius_m": radius, "flagged": flagged, "inputs": inputs})

    def _figure(self, dataset: str, wanted: str | None) -> str:
        numbers = [
            rule.name
            for rule in self._coordinator.planned(dataset).mapping.attributes
            if rule.type in ("integer", "number") and rule.unit is not None
        ]
        if wanted is None and numbers:
            return numbers[0]
        if wanted not in numbers:
            hint = f"figures: {', '.join(numbers) or 'none'}"
            raise errors.InvalidRequest("the dataset has no such figure", where="attribute", hint=hint)
        return wanted

    async def _areas(self) -> list[Area]:
        entities = await self._entities(self._city.areas.entity_type)
        if not entities:
            raise errors.NotFound("the twin knows no areas with residents", where="areas")
        return await asyncio.to_thread(self._shaped, entities)

    def _shaped(self, entities: list[Entity]) -> list[Area]:
        from sympolis.governance.fairness.coverage import Area

        split = self._city.areas
        shapes = self._metres([one.value(LOCATION) for one in entities])
        return [
            Area(
                entity.id,
                str(self._value(entity, split.name) or entity.id),
                shape,
                float(self._value(entity, split.population) or 0),
                {group: float(self._value(entity, name) or 0) for group, name in _GROUPS.items()},
                self._value(entity, split.fragility[0]) if split.fragility else None,
            )
            for entity, shape in zip(entities, shapes, strict=True)
        ]

    def _value(self, entity: Entity, name: str) -> Any:
        return entity.value(self._terms.expand(name))

    def _metres(self, geometries: list[Any]) -> list[Any]:
        """GeoJSON geometries as shapes in the city's own CRS."""
        import shapely
        from pyproj import Transformer
        from shapely.geometry import shape

        project = Transformer.from_crs("EPSG:4326", self._city.facts.crs, always_xy=True).transform
        return [shapely.transform(shape(one), project, interleaved=False) for one in geometries]

    async def _per_resident(self, areas: list[Area], name: str) -> Coverage:
        from sympolis.governance.fairness.coverage import per_resident

        entities = await self._entities(self._city.areas.entity_type)
        amounts = {
            one.id: float(value)
            for one in entities
            if isinstance(value := self._value(one, name), int | float)
        }
        return await asyncio.to_thread(per_resident, areas, amounts)

    async def _reach(self, areas: list[Area], kind: str, radius_m: int) -> Coverage:
        from sympolis.governance.fairness.coverage import reach

        places = [one.value(LOCATION) for one in await self._entities(kind)]
        return await asyncio.to_thread(lambda: reach(areas, self._metres(places), radius_m))

    async def _entities(self, kind: str) -> list[Entity]:
        """Every entity of a type that has a place."""
        found: list[Entity] = []
        wanted = TypeIs(self._terms.expand(kind))
        while len(found) < _MOST_THINGS:
            asked = Query(types=wanted, attributes=(LOCATION,), limit=_PAGE, offset=len(found))
            page = await self._parts.broker.query(asked)
            found += page.entities
            if len(page.entities) < _PAGE:
                return found
        raise errors.TooManyResults(f"more than {_MOST_THINGS} things of the type {kind}", where="dataset")


def operations(parts: ApiParts, city: City, coordinator: Coordinator, terms: Terms) -> tuple[Operation, ...]:
    """The routes."""
    pages = FairnessPages(parts, city, coordinator, terms)
    answers = {200: Answer("Groups and areas, with intervals.", {"application/json": reference("Fairness")})}
    found = (
        Operation(
            method="GET",
            path="/api/datasets/{dataset}/fairness",
            handle=pages.dataset,
            name="getDatasetFairness",
            title="Whom the dataset leaves out",
            tag="Datasets",
            path_texts={"dataset": "A dataset's id; it is that of its source."},
            parameters=(RADIUS, ATTRIBUTE),
            answers=answers,
        ),
    )
    if parts.desk is None:
        return found
    return (
        *found,
        Operation(
            method="GET",
            path="/api/models/{model}/fairness",
            handle=pages.model,
            name="getModelFairness",
            title="Whom the model's inputs leave out",
            tag="Models",
            path_texts={"model": "A model's id."},
            parameters=(RADIUS,),
            answers=answers,
        ),
    )
