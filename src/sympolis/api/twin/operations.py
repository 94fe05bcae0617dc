"""The routes of the twin's own API with their documentation."""

from __future__ import annotations

from typing import Any

from sympolis.api.http import EVENT_STREAM, GEO_JSON, LD_JSON
from sympolis.api.offering import Offering
from sympolis.api.parameters import LIMIT, OFFSET
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import BOOLEAN, OBJECT, TEXT, TEXTS, Schema, reference, several, structure
from sympolis.api.twin import anomalies, changes, fairness, map, origins, quality, runs
from sympolis.api.twin.alerts import operations as alert_routes
from sympolis.api.twin.atlas import operations as atlas_routes
from sympolis.api.twin.city import CityPages
from sympolis.api.twin.compositions import operations as composition_routes
from sympolis.api.twin.dashboards import operations as dashboard_routes
from sympolis.api.twin.data_models import operations as data_model_routes
from sympolis.api.twin.datasets import LIST_PARAMETERS, Datasets
from sympolis.api.twin.deposits import DepositPages
from sympolis.api.twin.diagnosis import operations as diagnosis_routes
from sympolis.api.twin.forecasts import operations as forecast_routes
from sympolis.api.twin.handovers import LANGUAGE, MEDIA, NAME, SENDER, WORKBOOK, HandoverPages
from sympolis.api.twin.insight import Insight
from sympolis.api.twin.joint import operations as joint_routes
from sympolis.api.twin.layers import Layers
from sympolis.api.twin.learned import operations as learned_routes
from sympolis.api.twin.lineage import LineagePages
from sympolis.api.twin.map import MapPages
from sympolis.api.twin.master_data import operations as master_data_routes
from sympolis.api.twin.mediation import operations as mediation_routes
from sympolis.api.twin.messages import Messages
from sympolis.api.twin.plans import operations as plan_routes
from sympolis.api.twin.proposals import operations as proposal_routes
from sympolis.api.twin.recommendations import operations as recommendation_routes
from sympolis.api.twin.retention import RetentionPages
from sympolis.api.twin.reviews import operations as review_routes
from sympolis.api.twin.runs import Runs
from sympolis.api.twin.scenarios import STATUS, Models, Scenarios
from sympolis.api.twin.sensitivity import Sensitivity
from sympolis.api.twin.series import ObservedSeries
from sympolis.api.twin.services import operations as service_routes
from sympolis.api.twin.sources import Sources
from sympolis.api.twin.stories import operations as story_routes
from sympolis.api.twin.tilesets import operations as tileset_routes
from sympolis.api.twin.worklist import operations as worklist_routes
from sympolis.api.type_index import TypeIndex
from sympolis.api.vocabulary import city_terms
from sympolis.city.shown import Shown
from sympolis.context.terms import Terms
from sympolis.domain import bills

_JSON = "application/json"
_AS_LONG_AS_IT_TAKES = 0.0
_DRAFT = Body(
    reference("ScenarioDraft"),
    example={
        "title": {"en": "A quieter Via Saffi"},
        "model": "traffic",
        "overrides": [{"measure": "limit_speed", "where": {"area": "…"}, "parameters": {"speed_kmh": 30}}],
        "window": {"start_hour": 8, "end_hour": 9},
        "base": "baseline",
    },
)


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes that these parts can answer: without a city only the change log."""
    terms = city_terms(parts)
    routes = changes.operations(parts) + _of_the_city(parts, terms) + _of_the_data(parts, terms)
    routes += data_model_routes(parts.data_models, parts.coordinator)
    routes += master_data_routes(parts.masterdata, parts.registered) + mediation_routes(parts, terms)
    routes += _of_the_analysis(parts, terms) + _of_the_views(parts, terms)
    if parts.coordinator is not None and parts.desk is not None:
        routes += _lineage_routes(LineagePages(parts, parts.coordinator, parts.desk, terms))
    return routes


def _of_the_city(parts: ApiParts, terms: Terms) -> tuple[Operation, ...]:
    """The city itself: its map, what it warns of, the stories it tells."""
    if parts.city is None:
        return ()
    index, shown = TypeIndex(parts.broker), parts.shown or Shown(parts.city)
    layers = Layers(parts.city, parts.broker, terms, index)
    observed = ObservedSeries(parts.city, parts.broker, terms, layers, index)
    routes = _city_routes(CityPages(parts, shown)) + _map_routes(MapPages(layers, observed))
    routes += tileset_routes(parts, parts.city, layers, terms, index)
    return routes + alert_routes(shown, parts.broker, terms) + story_routes(shown)


def _of_the_data(parts: ApiParts, terms: Terms) -> tuple[Operation, ...]:
    """Sources, what they deliver, and what is made of it."""
    if parts.coordinator is None:
        return ()
    routes = _source_routes(Sources(parts.coordinator, parts.listeners))
    routes += quality.operations(parts.coordinator) + origins.operations(parts, parts.coordinator, terms)
    routes += anomalies.operations(parts, parts.coordinator, terms)
    routes += diagnosis_routes(parts, parts.coordinator, terms)
    if parts.hooks is not None:
        routes += _message_routes(Messages(parts.hooks))
    routes += proposal_routes(parts.proposer)
    if parts.deposits is not None:
        routes += _deposit_routes(DepositPages(parts.deposits))
    if parts.retention is not None:
        routes += _retention_routes(RetentionPages(parts.retention))
    if parts.handovers is not None:
        routes += _handover_routes(HandoverPages(parts.handovers))
    if parts.city is not None:
        routes += _dataset_routes(Datasets(Offering(parts, parts.city, parts.coordinator)))
        routes += fairness.operations(parts, parts.city, parts.coordinator, terms)
    return routes


def _of_the_analysis(parts: ApiParts, terms: Terms) -> tuple[Operation, ...]:
    """Models, scenarios, services, and their runs."""
    desk = parts.desk
    if desk is None:
        return ()
    routes = service_routes(desk) + recommendation_routes(desk) + joint_routes(desk.joint)
    if parts.city is not None:
        routes += worklist_routes(desk, parts.city)
    asked = parts.governed if parts.access is not None else None
    routes += _model_routes(Models(desk)) + _scenario_routes(Scenarios(desk, asked))
    routes += review_routes(desk.reviews, asked, parts.governed)
    routes += learned_routes(desk.learned, parts.governed)
    routes += _sensitivity_routes(Sensitivity(desk)) + forecast_routes(desk.forecasts, terms)
    return routes + _run_routes(Runs(desk, parts.settings.keep_alive_s)) + _insight_routes(Insight(desk))


def _of_the_views(parts: ApiParts, terms: Terms) -> tuple[Operation, ...]:
    """What the city put together for people: plans, dashboards, atlases."""
    routes: tuple[Operation, ...] = ()
    if parts.plans is not None and parts.plans.plans:
        routes += plan_routes(parts.plans)
    if parts.dashboards is not None:
        routes += dashboard_routes(parts.dashboards, terms)
    routes += composition_routes(parts)
    if parts.atlases is not None:
        routes += atlas_routes(parts.atlases, terms)
    return routes


def _gives(
    schema: Schema, text: str = "The answer.", *, media: str = _JSON, status: int = 200
) -> dict[int, Answer]:
    return {status: Answer(text, {media: schema})}


def _operation(
    method: str, path: str, handle: Any, name: str, title: str, tag: str, **more: Any
) -> Operation:
    return Operation(method=method, path=path, handle=handle, name=name, title=title, tag=tag, **more)


def _city_routes(handlers: CityPages) -> tuple[Operation, ...]:
    return (
        _operation(
            "GET", "/api/city", handlers.describe, "getCity", "The city and how far its start has come", "City",
            answers=_gives(reference("City")),
        ),
        _operation(
            "GET", "/contexts/{name}", handlers.context, "getContext", "The city's JSON-LD @context", "City",
            answers=_gives(OBJECT, "The context document.", media=LD_JSON),
            path_texts={"name": "The document's file name; see `context` in /api/city."},
        ),
    )  # fmt: skip


def _map_routes(handlers: MapPages) -> tuple[Operation, ...]:
    layer = {"layer": "A layer's id."}
    return (
        _operation(
            "GET", "/api/map/layers", handlers.layers, "listLayers", "The map's layers", "Map",
            answers=_gives(several(reference("Layer"))),
        ),
        _operation(
            "GET", "/api/map/layers/{layer}", handlers.layer, "getLayer", "A layer as GeoJSON", "Map",
            path_texts=layer,
            answers=_gives(reference("FeatureCollection"), media=GEO_JSON) | {304: Answer("Unchanged.")},
        ),
        _operation(
            "GET", "/api/map/series/{layer}", handlers.series, "getSeries", "A field of a feature over time", "Map",
            path_texts=layer, parameters=(map.FEATURE, map.FIELD, map.FROM, map.TO, map.PERIOD),
            answers=_gives(reference("Series")),
        ),
        _operation(
            "GET", "/api/map/profile/{layer}", handlers.profile, "getProfile", "A field's mean weekday", "Map",
            text="Mean of each local hour, Monday to Friday, over the newest quarter of a year.",
            path_texts=layer, parameters=(map.FIELD,), answers=_gives(reference("Profile")),
        ),
    )  # fmt: skip


def _source_routes(handlers: Sources) -> tuple[Operation, ...]:
    ids = {"source": "A source's id.", "row": "A quarantined row's id."}
    run_body = Body(
        structure({"dry_run": BOOLEAN, "retrieve": BOOLEAN, "accept": BOOLEAN}), example={"dry_run": True}
    )
    replay_body = Body(structure({"fields": OBJECT}), example={"fields": {"speed": "30"}})
    return (
        _operation(
            "GET", "/api/sources", handlers.list, "listSources", "Sources and their state", "Sources",
            answers=_gives(several(reference("Source"))),
        ),
        _operation(
            "GET", "/api/sources/{source}", handlers.get, "getSource", "A source in full", "Sources",
            path_texts=ids, answers=_gives(reference("Source")),
        ),
        _operation(
            "POST", "/api/sources/{source}/runs", handlers.run, "runSource", "Run a source now", "Sources",
            path_texts=ids, body=run_body, timeout_s=_AS_LONG_AS_IT_TAKES,
            answers=_gives(reference("SourceRun"), "What became of every row.", status=201),
        ),
        _operation(
            "GET", "/api/sources/{source}/quarantine", handlers.quarantine, "listQuarantine",
            "Rows that did not pass the quality gate", "Sources",
            path_texts=ids, parameters=(LIMIT, OFFSET), answers=_gives(reference("Quarantine")),
        ),
        _operation(
            "POST", "/api/sources/{source}/quarantine/{row}/replay", handlers.replay, "replayRow",
            "Correct a row and let it try again", "Sources",
            path_texts=ids, body=replay_body, answers=_gives(reference("QuarantinedRow")),
        ),
    )  # fmt: skip


def _message_routes(handlers: Messages) -> tuple[Operation, ...]:
    return (
        _operation(
            "POST", "/api/sources/{source}/messages", handlers.receive, "receiveMessage",
            "What a source sends of itself", "Sources",
            text="Only with the token that the source was told in `X-Source-Token`. Answered when it is stored.",
            path_texts={"source": "A source's id."}, body=Body(OBJECT, example={"type": "Notification"}),
            answers={204: Answer("Stored.")},
        ),
    )  # fmt: skip


def _deposit_routes(handlers: DepositPages) -> tuple[Operation, ...]:
    return (
        _operation(
            "POST", "/api/sources/{source}/deliveries", handlers.deposit, "depositDelivery",
            "Send a source's next delivery, to be run at once", "Sources",
            text="For machines, in the source's format; a person's file is better handed over: that examines it.",
            path_texts={"source": "A source's id."},
            body=Body({"type": "string", "format": "binary"}, media=MEDIA), timeout_s=_AS_LONG_AS_IT_TAKES,
            answers=_gives(reference("SourceRun"), "What became of every row.", status=201),
        ),
    )  # fmt: skip


def _retention_routes(handlers: RetentionPages) -> tuple[Operation, ...]:
    return (
        _operation(
            "POST", "/api/sources/{source}/retention", handlers.apply, "applyRetention",
            "Delete what a source keeps no longer", "Sources",
            text="As its `[retention]` says: history, held rows, deliveries. With `dry_run` nothing is deleted.",
            path_texts={"source": "A source's id."}, timeout_s=_AS_LONG_AS_IT_TAKES,
            body=Body(structure({"dry_run": BOOLEAN}), example={"dry_run": True}),
            answers=_gives(OBJECT, "How much was deleted, or would be."),
        ),
    )  # fmt: skip


def _handover_routes(handlers: HandoverPages) -> tuple[Operation, ...]:
    ids = {"source": "A source's id.", "handover": "A handover's id."}
    path = "/api/sources/{source}/handovers"
    file = {"type": "string", "format": "binary"}
    release = Body(structure({"by": TEXT, "accept": BOOLEAN}, required=("by",)), example={"by": "A. Rossi"})
    return (
        _operation(
            "POST", path, handlers.submit, "submitHandover", "Hand a file over, to be examined", "Sources",
            text="Nothing is written to the twin: the answer says which rows are new, changed, missing or refused.",
            path_texts=ids, parameters=(NAME, SENDER, LANGUAGE), body=Body(file, media=MEDIA),
            timeout_s=_AS_LONG_AS_IT_TAKES,
            answers=_gives(reference("Handover"), "What the file would do; see Location.", status=201),
        ),
        _operation(
            "GET", path, handlers.list, "listHandovers", "Files handed over", "Sources",
            path_texts=ids, answers=_gives(several(reference("Handover"))),
        ),
        _operation(
            "GET", path + "/{handover}", handlers.get, "getHandover", "A file handed over", "Sources",
            path_texts=ids, answers=_gives(reference("Handover")),
        ),
        _operation(
            "GET", path + "/{handover}/marked", handlers.marked, "getMarkedCopy",
            "The sender's workbook with the cells marked", "Sources",
            path_texts=ids, answers=_gives(TEXT, "The workbook.", media=WORKBOOK),
        ),
        _operation(
            "POST", path + "/{handover}/release", handlers.release, "releaseHandover",
            "Let a file into the twin", "Sources",
            path_texts=ids, body=release,
            timeout_s=_AS_LONG_AS_IT_TAKES, answers=_gives(reference("Handover")),
        ),
    )  # fmt: skip


def _dataset_routes(handlers: Datasets) -> tuple[Operation, ...]:
    return (
        _operation(
            "GET", "/api/datasets", handlers.list, "listDatasets", "Find datasets", "Datasets",
            text="`facets` counts the values of each facet among all that fit.",
            parameters=LIST_PARAMETERS, answers=_gives(reference("Datasets")),
        ),
        _operation(
            "GET", "/api/datasets/{dataset}", handlers.get, "getDataset", "A dataset and how to use it", "Datasets",
            path_texts={"dataset": "A dataset's id; it is that of its source."},
            answers=_gives(reference("Dataset")),
        ),
    )  # fmt: skip


def _model_routes(handlers: Models) -> tuple[Operation, ...]:
    model = {"model": "A model's id."}
    return (
        _operation(
            "GET", "/api/models", handlers.list, "listModels", "The models of this city", "Models",
            answers=_gives(several(reference("Model"))),
        ),
        _operation(
            "GET", "/api/models/{model}", handlers.get, "getModel", "A model with its calibration", "Models",
            path_texts=model, answers=_gives(reference("Model")),
        ),
        _operation(
            "GET", "/api/models/{model}/features", handlers.features, "getModelFeatures",
            "What its results refer to, as GeoJSON", "Models",
            path_texts=model, answers=_gives(reference("FeatureCollection"), media=GEO_JSON),
        ),
        _operation(
            "GET", "/api/models/{model}/sbom", handlers.bill, "getModelBill",
            "Bill of materials (CycloneDX)", "Models",
            text="The plugin's files, the platform and every distribution that it needs to run, as installed here.",
            path_texts=model, answers=_gives(OBJECT, "CycloneDX 1.6.", media=bills.MEDIA),
        ),
        _operation(
            "POST", "/api/models/{model}/calibration", handlers.calibrate, "calibrateModel",
            "Fit a model to the observations there are", "Models",
            path_texts=model, answers=_gives(reference("CalibrationJob"), "Under way; see Location.", status=202),
        ),
        _operation(
            "POST", "/api/models/{model}/evaluation", handlers.evaluate, "evaluateModel",
            "Judge its calibration on the observations there are", "Models",
            text="A model that cannot judge an old fit is fitted anew and judged where it did not look (`refitted`).",
            path_texts=model, answers=_gives(reference("CalibrationJob"), "Under way; see Location.", status=202),
        ),
        _operation(
            "GET", "/api/models/{model}/calibrations", handlers.calibrations, "listCalibrations",
            "Every calibration, and how it has aged", "Models",
            path_texts=model, answers=_gives(reference("Calibrations")),
        ),
    )  # fmt: skip


def _scenario_routes(handlers: Scenarios) -> tuple[Operation, ...]:
    scenario = {"scenario": "A scenario's id."}
    path = "/api/scenarios/{scenario}"
    return (
        _operation(
            "GET", "/api/scenarios", handlers.list, "listScenarios", "Scenarios", "Scenarios", parameters=(STATUS,),
            text="Who works on scenarios sees their present versions, who only reads those that were approved.",
            answers=_gives(structure({"scenarios": several(reference("Scenario"))}, required=("scenarios",))),
        ),
        _operation(
            "POST", "/api/scenarios", handlers.create, "createScenario", "Keep a new scenario", "Scenarios",
            body=_DRAFT, answers=_gives(reference("Scenario"), "Created; see Location.", status=201),
        ),
        _operation(
            "POST", "/api/scenarios/check", handlers.check, "checkScenario", "Would the model allow it", "Scenarios",
            body=_DRAFT, answers=_gives(reference("ScenarioCheck")),
        ),
        _operation(
            "GET", path, handlers.get, "getScenario", "A scenario", "Scenarios",
            path_texts=scenario, answers=_gives(reference("Scenario")),
        ),
        _operation(
            "PUT", path, handlers.update, "updateScenario", "Change a scenario", "Scenarios",
            text="Needs the current `version`; 409 where someone was quicker or it is being reviewed. What was "
            "approved stays as it was: the change is a new version, a draft.",
            path_texts=scenario, body=_DRAFT, answers=_gives(reference("Scenario")),
        ),
        _operation(
            "DELETE", path, handlers.delete, "deleteScenario", "Delete a scenario", "Scenarios",
            path_texts=scenario, answers={204: Answer("Deleted.")},
        ),
    )  # fmt: skip


def _run_routes(handlers: Runs) -> tuple[Operation, ...]:
    run = {"run": "A run's id.", "scenario": "A scenario's id."}
    runs_schema = structure({"runs": several(reference("Run"))}, required=("runs",))
    return (
        _operation(
            "POST", "/api/scenarios/{scenario}/runs", handlers.start, "startRun", "Run a scenario", "Runs",
            path_texts=run, body=Body(reference("RunRequest"), example={"mode": "interactive", "seed": 1}),
            answers=_gives(reference("Run"), "It was run before.")
            | _gives(reference("Run"), "Queued; see Location.", status=202),
        ),
        _operation(
            "GET", "/api/runs", handlers.list, "listRuns", "Runs, newest first", "Runs",
            parameters=(runs.SCENARIO,), answers=_gives(runs_schema),
        ),
        _operation(
            "GET", "/api/runs/{run}", handlers.get, "getRun", "A run", "Runs",
            path_texts=run, answers=_gives(reference("Run")),
        ),
        _operation(
            "DELETE", "/api/runs/{run}", handlers.cancel, "cancelRun", "Stop a run", "Runs",
            path_texts=run, answers=_gives(reference("Run"), "It will stop.", status=202),
        ),
        _operation(
            "GET", "/api/runs/{run}/events", handlers.events, "followRun", "Follow a run to its end", "Runs",
            path_texts=run, answers=_gives(TEXT, "Events of progress.", media=EVENT_STREAM),
        ),
        _operation(
            "GET", "/api/runs/{run}/results", handlers.results, "getResults", "Results per feature and hour", "Runs",
            path_texts=run, answers=_gives(reference("Results")),
        ),
        _operation(
            "GET", "/api/runs/{run}/results.csv", handlers.results_csv, "getResultsAsCsv",
            "The same as a table", "Runs", path_texts=run, answers=_gives(TEXT, media="text/csv"),
        ),
        _operation(
            "GET", "/api/comparisons", handlers.compare, "compareRuns", "What changes between two runs", "Runs",
            parameters=(runs.BASE, runs.WITH), answers=_gives(reference("Comparison")),
        ),
        _operation(
            "POST", "/api/comparisons", handlers.compare_several, "compareSeveralRuns",
            "What changes between one run and several others", "Runs",
            text="Runs that cannot be compared are in `refused` with the reason.",
            body=Body(
                structure({"base": TEXT, "with": several(TEXT)}, required=("base", "with")),
                example={"base": "run-1", "with": ["run-2", "run-3"]},
            ),
            answers=_gives(
                structure(
                    {"base": TEXT, "comparisons": several(reference("Comparison")), "refused": several(OBJECT)},
                    required=("base", "comparisons", "refused"),
                )
            ),
        ),
    )  # fmt: skip


def _sensitivity_routes(handlers: Sensitivity) -> tuple[Operation, ...]:
    path, run = "/api/runs/{run}/sensitivity", {"run": "A finished run's id."}
    return (
        _operation(
            "POST", path, handlers.start, "analyseRun", "Which input makes this run uncertain", "Runs",
            text="Runs more members, varied input by input (Sobol' indices); `points` rows of each sample.",
            path_texts=run, body=Body(reference("SensitivityRequest"), example={"points": 16}),
            answers=_gives(reference("Sensitivity"), "It was analysed before.")
            | _gives(reference("Sensitivity"), "Under way: ask again.", status=202),
        ),
        _operation(
            "GET", path, handlers.get, "getSensitivity", "What each input explains", "Runs",
            path_texts=run, answers=_gives(reference("Sensitivity")),
        ),
    )  # fmt: skip


def _insight_routes(handlers: Insight) -> tuple[Operation, ...]:
    job = structure({"id": TEXT, "kind": TEXT, "text": TEXTS})
    return (
        _operation(
            "GET", "/api/indicators", handlers.indicators, "listIndicators", "The latest figures", "Insight",
            answers=_gives(several(reference("Indicator"))),
        ),
        _operation(
            "GET", "/api/jobs", handlers.jobs, "listJobs", "Work queued and running", "Insight",
            answers=_gives({"anyOf": [several(OBJECT), OBJECT, job]}),
        ),
    )  # fmt: skip


def _lineage_routes(handlers: LineagePages) -> tuple[Operation, ...]:
    texts = {
        "id": "A run, a source (`source:counts`), an entity or a figure (`run-…/indicators/nox`).",
        "run": "A run's id.",
        "name": "An indicator's name.",
    }
    either = {
        200: Answer(
            "The graph; as JSON-LD in the words of PROV-O.", {_JSON: reference("Lineage"), LD_JSON: OBJECT}
        )
    }
    return (
        _operation(
            "GET", "/api/lineage/events", handlers.events, "listLineageEvents", "What ran, as OpenLineage events",
            "Insight", parameters=(LIMIT, OFFSET), answers=_gives(reference("LineageEvents")),
        ),
        _operation(
            "GET", "/api/lineage/{id}", handlers.get, "getLineage", "Where something comes from", "Insight",
            path_texts=texts, answers=either,
        ),
        _operation(
            "GET", "/api/lineage/{run}/indicators/{name}", handlers.indicator, "getIndicatorLineage",
            "Where a figure comes from", "Insight", path_texts=texts, answers=either,
        ),
    )  # fmt: skip
