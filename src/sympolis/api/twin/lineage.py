"""Where a figure comes from: gathers what the twin knows about it and lets ``governance.lineage`` draw the graph."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from sympolis.api.http import JSON, LD_JSON, Reply, Request, json_reply
from sympolis.api.negotiation import preferred
from sympolis.api.parameters import LIMIT, OFFSET
from sympolis.api.parts import ApiParts
from sympolis.api.reading import check_listed, is_listed
from sympolis.context.broker import Broker
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.entity import Entity
from sympolis.governance import lineage, openlineage
from sympolis.governance.lineage import Graph
from sympolis.governance.provenance import prov_document

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator
    from sympolis.orchestration.desk import Desk

_PROVIDED_BY = "providedBy"
_RUN_TYPE = "SimulationRun"
_SOURCE_PREFIXES = ("source:", "dataset:")


class LineagePages:
    """Handlers of ``/api/lineage/{id}`` and ``/api/lineage/{run}/indicators/{name}``."""

    def __init__(self, parts: ApiParts, coordinator: Coordinator, desk: Desk, terms: Terms) -> None:
        self._broker: Broker = parts.broker
        self._coordinator = coordinator
        self._desk = desk
        self._terms = terms

    async def get(self, request: Request) -> Reply:
        """The graph behind a run, a source, its dataset or an entity. Raises ``NotFound``."""
        wanted = request.arguments["id"]
        run, slash, name = wanted.partition("/indicators/")
        graph = await self._of_indicator(run, name) if slash else await self._of(wanted)
        return _reply(graph, request)

    async def indicator(self, request: Request) -> Reply:
        """The graph behind one figure of a run. Raises ``NotFound``."""
        graph = await self._of_indicator(request.arguments["run"], request.arguments["name"])
        return _reply(graph, request)

    async def events(self, request: Request) -> Reply:
        """What ran, as OpenLineage events in the order of their times, newest last."""
        sources, models = self._sources(), {one["id"]: one for one in await self._desk.models()}
        found = [event for source in sources for event in openlineage.source_events(source, request.base_url)]
        for run in await self._desk.runs():
            model = models.get(run["model"])
            if model is not None:
                found += openlineage.model_events(run, model, sources, request.base_url)
        found.sort(key=lambda event: datetime.fromisoformat(event["eventTime"]))
        first = OFFSET.of(request)
        return json_reply({"total": len(found), "events": found[first : first + LIMIT.of(request)]})

    async def _of(self, wanted: str) -> Graph:
        if wanted.startswith("urn:") or "://" in wanted:
            return await self._of_entity(wanted)
        if wanted.startswith("run-"):
            return await self._of_run(wanted)
        for prefix in _SOURCE_PREFIXES:
            wanted = wanted.removeprefix(prefix)
        check_listed(wanted)
        return lineage.of_source(self._coordinator.source(wanted))

    async def _of_run(self, run_id: str) -> Graph:
        run = await self._desk.run(run_id)
        model = await self._desk.model(run["model"])
        graph = lineage.of_run(run, model, self._sources(), _calibration(run, model))
        before = [await self._of_run(other) for other in dict.fromkeys(run["upstream"].values())]
        return lineage.fed(graph, before) if before else graph

    async def _of_indicator(self, run_id: str, name: str) -> Graph:
        found = lineage.of_indicator(await self._of_run(run_id), name)
        if found is None:
            raise errors.NotFound(f"run {run_id} has no indicator {name}", where="name")
        return found

    async def _of_entity(self, entity_id: str) -> Graph:
        entity = await self._broker.retrieve(entity_id)
        if self._terms.expand(_RUN_TYPE) in entity.types:
            return await self._of_run(entity.id.rpartition(":")[2])
        title = entity.value(self._terms.expand("name"), entity.id)
        return lineage.of_entity(entity.id, title, self._provided_by(entity), self._sources())

    def _provided_by(self, entity: Entity) -> dict[str, list[str]]:
        provided_by = self._terms.expand(_PROVIDED_BY)
        found: dict[str, list[str]] = defaultdict(list)
        for name, instance in entity.instances():
            for origin in instance.attributes.get(provided_by, ()):
                source = str(origin.value).rpartition(":")[2]
                short = self._terms.compact(name)
                if short not in found[source]:
                    found[source].append(short)
        return dict(found)

    def _sources(self) -> list[dict[str, Any]]:
        statuses = self._coordinator.sources()
        named = [one.planned.source.id for one in statuses]
        return [self._coordinator.source(one) for one in named if is_listed(one)]


def _reply(graph: Graph, request: Request) -> Reply:
    """As the twin's own JSON, or in the words of PROV-O for who asks for JSON-LD."""
    if preferred(request.header(b"accept"), (JSON, LD_JSON)) == LD_JSON:
        return json_reply(prov_document(graph, request.base_url), media=LD_JSON, headers=_VARIES)
    return json_reply(graph.to_json(), headers=_VARIES)


_VARIES = ((b"vary", b"accept"),)


def _calibration(run: dict[str, Any], model: dict[str, Any]) -> dict[str, Any] | None:
    """The calibration that the run was made with; its figures alone, if the model has been fitted anew since."""
    known = run.get("calibration_id")
    if not known:
        return None
    latest = model.get("calibration")
    if latest and latest["id"] == known:
        return cast("dict[str, Any]", latest)
    return {"id": known, "figures": run.get("calibration")}
