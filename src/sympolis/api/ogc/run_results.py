"""OGC API – EDR over what models gave: a collection for each model, an instance of it for each finished run.

Instances are the standard's word for several versions of the same data (OGC 19-086r6, section 8.2.8), which is what
runs are: the same fields of the same places under other assumptions. Answers are CoverageJSON; the same figures are
NGSI-LD entities (``SimulationRun``) and, over OGC API – Processes, GeoJSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sympolis.api.http import GEO_JSON, JSON, Reply, Request, json_reply
from sympolis.api.negotiation import preferred
from sympolis.api.ogc import coverage_json
from sympolis.api.ogc import feature_coverages as coverages
from sympolis.api.ogc.environmental_data import BBOX, COORDS, F, read_shape
from sympolis.api.ogc.feature_coverages import Column, Placed
from sympolis.api.ogc.items import read_bbox
from sympolis.api.ogc.links import ROOT, link, segment
from sympolis.api.ogc.process_descriptions import words
from sympolis.api.parameters import Parameter
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import OBJECT, several, structure
from sympolis.context import gated
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean
from sympolis.later import later

if TYPE_CHECKING:
    import shapely

    from sympolis.orchestration.desk import Desk
else:
    shapely = later("shapely")

Json = dict[str, Any]

PREFIX: Final = "results-"
"""What the id of such a collection begins with."""
CONFORMANCE: Final = tuple(
    f"http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/{name}"
    for name in ("instances", "locations", "edr-geojson")
)
NAMES = Parameter(
    name="parameter-name",
    text="Fields, by comma; `_low` and `_high` are the ends of the interval.",
    max_length=1024,
)
_RUN: Final = "SimulationRun"
_QUERIES: Final = ("area", "cube", "locations")
_MOST_INSTANCES: Final = 100
_MOST_VALUES: Final = 400_000
_TAG: Final = "OGC API EDR"
_TEXT: Final = "OGC 19-086r6, section 8.2.8."


class RunResults:
    """Handlers of instances and their queries."""

    prefix = PREFIX

    def __init__(self, desk: Desk, terms: Terms) -> None:
        self._desk = desk
        self._terms = terms

    async def describe_all(self, base: str) -> list[Json]:
        """A collection for each model that has a finished run; none for those who may not see runs."""
        if not gated.shows((self._terms.expand(_RUN),)):
            return []
        models = list(
            dict.fromkeys(one["model"] for one in await self._desk.runs() if one["status"] == "done")
        )
        return [await self._described(model, base) for model in sorted(models)]

    async def describe(self, collection_id: str, base: str) -> Json:
        """One of them. Raises ``NotFound``."""
        found = [one for one in await self.describe_all(base) if one["id"] == collection_id]
        if not found:
            hint = "see /ogc/collections"
            raise errors.NotFound(f"there is no collection {collection_id}", where="collectionId", hint=hint)
        return found[0]

    async def instances(self, request: Request) -> Reply:
        """The finished runs of a model, newest first."""
        model, base = await self._model(request), request.base_url
        runs = [
            one for one in await self._desk.runs() if one["model"] == model["id"] and one["status"] == "done"
        ]
        own = f"{base}{ROOT}/collections/{segment(PREFIX + model['id'])}/instances"
        found = [self._instance(one, model, base) for one in runs[:_MOST_INSTANCES]]
        return json_reply({"instances": found, "links": [link(own, "self", JSON, "Its runs")]})

    async def instance(self, request: Request) -> Reply:
        """One run."""
        run, model = await self._run(request)
        return json_reply(self._instance(run, model, request.base_url))

    async def area(self, request: Request) -> Reply:
        """The features that a polygon meets."""
        shape = read_shape(COORDS.raw(request) or "", ("Polygon", "MultiPolygon"))
        return await self._answered(request, lambda where: where.touching(shape), "coords")

    async def cube(self, request: Request) -> Reply:
        """The features that a box meets."""
        asked = read_bbox(BBOX.raw(request) or "")
        assert asked is not None
        box = shapely.geometry.shape(asked.geometry)
        return await self._answered(request, lambda where: where.touching(box), "bbox")

    async def locations(self, request: Request) -> Reply:
        """The places of a run's results, as GeoJSON."""
        run, model = await self._run(request)
        there = set((await self._desk.results(run["id"]))["features"])
        features = await self._desk.model_features(model["id"])
        chosen = [one for one in features["features"] if one["id"] in there]
        return json_reply({"type": "FeatureCollection", "features": chosen}, media=GEO_JSON)

    async def location(self, request: Request) -> Reply:
        """One place."""
        name = request.arguments["locationId"]
        return await self._answered(request, lambda where: where.named(name), "locationId")

    # --- parts

    async def _answered(self, request: Request, choose: Any, where: str) -> Reply:
        if F.raw(request) is None:
            preferred(request.header(b"accept"), (coverage_json.MEDIA, JSON))
        run, model = await self._run(request)
        results = await self._desk.results(run["id"])
        chosen = _columns(request, results)
        all_places = coverages.placed(results, await self._desk.model_features(model["id"]))
        places: Placed = choose(all_places)
        if not places.ids:
            raise errors.NotFound("the results have nothing there", where=where)
        if len(places.ids) * len(results["hours"]) * len(chosen) > _MOST_VALUES:
            hint = "ask a smaller area, or for fewer fields with parameter-name"
            raise errors.TooManyResults(f"more than {_MOST_VALUES} values", where=where, hint=hint)
        document = coverages.coverage(results, places, chosen, hourly=model["hours_matter"])
        document["sympolis:run"] = {
            name: run[name] for name in ("id", "model", "model_version", "members", "seed")
        }
        return json_reply(document, media=coverage_json.MEDIA)

    async def _model(self, request: Request) -> Json:
        collection_id = request.arguments["collectionId"]
        if not collection_id.startswith(PREFIX):
            raise errors.NotFound(
                "this collection has no instances", where="collectionId", hint=f"{PREFIX}… have"
            )
        return await self._desk.model(collection_id.removeprefix(PREFIX))

    async def _run(self, request: Request) -> tuple[Json, Json]:
        model, run_id = await self._model(request), request.arguments["instanceId"]
        run = await self._desk.run(run_id)
        if run["model"] != model["id"] or run["status"] != "done":
            raise errors.NotFound(f"{run_id} is no finished run of {model['id']}", where="instanceId")
        return run, model

    async def _described(self, model_id: str, base: str) -> Json:
        model = await self._desk.model(model_id)
        own = f"{base}{ROOT}/collections/{segment(PREFIX + model_id)}"
        return {
            "id": PREFIX + model_id,
            "title": f"Results: {words(model['title'])}",
            "description": words(model["description"]),
            "crs": ["OGC:CRS84"],
            "output_formats": ["CoverageJSON"],
            "parameter_names": _parameters(model),
            "data_queries": {"instances": {"link": link(f"{own}/instances", "data", JSON, "Its runs")}},
            "links": [
                link(own, "self", JSON, "This collection"),
                link(f"{own}/instances", "data", JSON, "Its runs"),
            ],
        }

    def _instance(self, run: Json, model: Json, base: str) -> Json:
        own = f"{base}{ROOT}/collections/{segment(PREFIX + model['id'])}/instances/{segment(run['id'])}"
        queries = {
            name: {"link": link(f"{own}/{name}", "data", _media(name), f"Ask by {name}")} for name in _QUERIES
        }
        return {
            "id": run["id"],
            "title": words(run["scenario_title"]),
            "crs": ["OGC:CRS84"],
            "output_formats": ["CoverageJSON"],
            "parameter_names": _parameters(model),
            "data_queries": queries,
            "links": [
                link(own, "self", JSON, "This run's results"),
                link(f"{base}/api/runs/{segment(run['id'])}", "alternate", JSON, "The run with its lineage"),
            ],
        }


def _media(query: str) -> str:
    return GEO_JSON if query == "locations" else coverage_json.MEDIA


def _parameters(model: Json) -> Json:
    fields = {one["name"]: one for one in model["fields"]}
    return {name: coverages.parameter(one) for name, one in coverages.columns(fields).items()}


def _columns(request: Request, results: Json) -> list[Column]:
    known, asked = coverages.columns(results["fields"]), NAMES.raw(request)
    if asked is None:
        return list(known.values())
    for name in asked.split(","):
        if name not in known:
            hint = did_you_mean(name, known)
            raise errors.InvalidRequest("the results have no such field", where="parameter-name", hint=hint)
    return [known[name] for name in dict.fromkeys(asked.split(","))]


def operations(results: RunResults) -> tuple[Operation, ...]:
    """The routes."""
    path = f"{ROOT}/collections/{{collectionId}}/instances"
    one = f"{path}/{{instanceId}}"
    listed = structure({"instances": several(OBJECT), "links": several(OBJECT)}, required=("instances",))
    asked = (NAMES, F)
    return (
        _get(path, results.instances, "getInstances", "The runs of a model", JSON, listed),
        _get(one, results.instance, "getInstance", "A run", JSON),
        _get(f"{one}/area", results.area, "getInstanceArea", "What a run gave in an area", "", OBJECT, COORDS, *asked),
        _get(f"{one}/cube", results.cube, "getInstanceCube", "What a run gave in a box", "", OBJECT, BBOX, *asked),
        _get(f"{one}/locations", results.locations, "getInstanceLocations", "Where a run's results are", GEO_JSON),
        _get(f"{one}/locations/{{locationId}}", results.location, "getInstanceLocation", "What a run gave at a place",
             "", OBJECT, *asked),
    )  # fmt: skip


_TEXTS: Final = {
    "collectionId": f"{PREFIX}MODEL.",
    "instanceId": "A finished run's id.",
    "locationId": "The id of a place, an entity of the twin.",
}


def _get(
    path: str, handle: Any, name: str, title: str, media: str, schema: Any = OBJECT, *parameters: Parameter
) -> Operation:
    return Operation(
        method="GET",
        path=path,
        handle=handle,
        name=name,
        title=title,
        tag=_TAG,
        text=_TEXT,
        parameters=parameters,
        later=("z", "crs", "datetime") if parameters else (),
        path_texts={key: text for key, text in _TEXTS.items() if f"{{{key}}}" in path},
        answers={200: Answer(title + ".", {media or coverage_json.MEDIA: schema})},
    )
