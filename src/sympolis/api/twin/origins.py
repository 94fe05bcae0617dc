"""From a number on the map to the row in the delivery; and what would miss a source that stops."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sympolis.acquisition.tracing import Wanted
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import Parameter, TimeParameter
from sympolis.api.parts import ApiParts
from sympolis.api.reading import check_listed
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import reference
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.entity import Entity
from sympolis.governance.impact import impact_of

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator

ENTITY = Parameter(name="entity", text="The entity's id, such as a feature of the map.", required=True)
ATTRIBUTE = Parameter(
    name="attribute", text="Short name of the attribute, such as `intensity`.", required=True, max_length=200
)
AT = TimeParameter(name="at", text="When it was observed; without it the current value.")


class Origins:
    """Handlers of ``/api/lineage/value``, of rows of deliveries and of ``/api/sources/{source}/impact``."""

    def __init__(self, parts: ApiParts, coordinator: Coordinator, terms: Terms) -> None:
        self._parts = parts
        self._coordinator = coordinator
        self._terms = terms

    async def value(self, request: Request) -> Reply:
        """The row that a value came from. Raises ``NotFound``."""
        entity = await self._parts.broker.retrieve(ENTITY.raw(request) or "")
        short = ATTRIBUTE.raw(request) or ""
        name, at = self._terms.expand(short), AT.of(request)
        current = entity.attribute(name)
        if current is None:
            raise errors.NotFound(f"{entity.id} has no {short}", where="attribute")
        at = at or current.observed_at
        wanted = Wanted(entity=entity.id, attribute=name, at=at)
        for source in self._givers(entity, name):
            check_listed(source)
            trace = await self._coordinator.trace(source, wanted)
            if trace is not None:
                return json_reply(
                    {**self._traced(source, short, at, trace), "value": trace.row.value(wanted)}
                )
        raise errors.NotFound(
            f"no kept delivery has a row for this {short}",
            where="at",
            hint="it may come from a delivery that is no longer kept, from a model, or from a person",
        )

    def _givers(self, entity: Entity, name: str) -> list[str]:
        """Sources that can have given the attribute: the one that the value names first."""
        instance = entity.attribute(name)
        origins = instance.attributes.get(self._terms.expand("providedBy"), ()) if instance else ()
        named = [str(one.value).rpartition(":")[2] for one in origins]
        kinds = {self._terms.compact(kind) for kind in entity.types}
        known = [one.planned for one in self._coordinator.sources()]
        others = [one.source.id for one in known if one.mapping.entity_type in kinds]
        there = {one.source.id for one in known}
        return [one for one in dict.fromkeys([*named, *others]) if one in there]

    def _traced(self, source: str, short: str, at: datetime | None, trace: Any) -> dict[str, Any]:
        planned = self._coordinator.planned(source)
        number = trace.row.record.number
        return {
            "attribute": short,
            "at": at,
            "source": source,
            "delivery": trace.delivery,
            "mapping": {"id": planned.mapping.id, "version": planned.mapping.version},
            "row": trace.row.to_json(self._coordinator.names(source)),
            "link": f"/api/sources/{quote(source)}/deliveries/{quote(trace.delivery['id'])}/rows/{number}",
            "portal": planned.source.url,
        }

    async def row(self, request: Request) -> Reply:
        """One row of a delivery. Raises ``NotFound``."""
        source, delivery = request.arguments["source"], request.arguments["delivery"]
        trace = await self._coordinator.row(source, delivery, _number(request.arguments["row"]))
        shown = trace.row.to_json(self._coordinator.names(source))
        return json_reply({"source": source, "delivery": trace.delivery, "row": shown})

    async def impact(self, request: Request) -> Reply:
        """What would miss the source. Raises ``NotFound``."""
        source = self._coordinator.source(request.arguments["source"])
        sources = [self._coordinator.source(one.planned.source.id) for one in self._coordinator.sources()]
        desk, city = self._parts.desk, self._parts.city
        models, scenarios = (
            ([], []) if desk is None else await asyncio.gather(desk.models(), desk.scenarios())
        )
        found = impact_of(
            source,
            sources,
            models=models,
            scenarios=scenarios,
            layers=[] if city is None else [_layer(one) for one in city.layers],
            figures=[]
            if city is None
            else [{"id": one.name, "title": one.title, "source": one.source} for one in city.figures],
        )
        return json_reply(found.to_json())


def _layer(layer: Any) -> dict[str, Any]:
    return {
        "id": layer.id,
        "title": layer.title,
        "entity_type": layer.entity_type,
        "source": layer.source,
        "fields": [one.name for one in layer.fields],
    }


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise errors.InvalidRequest("expected a row number from 1", where="row")
    return int(text)


def operations(parts: ApiParts, coordinator: Coordinator, terms: Terms) -> tuple[Operation, ...]:
    """The routes."""
    pages = Origins(parts, coordinator, terms)
    texts = {
        "source": "A source's id.",
        "delivery": "A delivery's id; `sample` is the package's own.",
        "row": "The row's number, from 1, as the source counts.",
    }

    def gives(name: str, text: str) -> dict[int, Answer]:
        return {200: Answer(text, {"application/json": reference(name)})}

    return (
        Operation(
            method="GET",
            path="/api/lineage/value",
            handle=pages.value,
            name="getValueOrigin",
            title="The row that a value came from",
            tag="Insight",
            parameters=(ENTITY, ATTRIBUTE, AT),
            answers=gives("ValueOrigin", "The row with its delivery and the mapping."),
        ),
        Operation(
            method="GET",
            path="/api/sources/{source}/deliveries/{delivery}/rows/{row}",
            handle=pages.row,
            name="getDeliveryRow",
            title="A row of a delivery as it came, and what the mapping makes of it",
            tag="Sources",
            path_texts=texts,
            answers=gives("DeliveryRow", "The row."),
        ),
        Operation(
            method="GET",
            path="/api/sources/{source}/impact",
            handle=pages.impact,
            name="getSourceImpact",
            title="What breaks if the source stops",
            tag="Sources",
            path_texts=texts,
            answers=gives("SourceImpact", "What would miss it."),
        ),
    )
