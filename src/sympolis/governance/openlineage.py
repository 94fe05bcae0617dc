"""Runs as OpenLineage events, for the lineage tools that data teams already have (OpenLineage 2-0-2).

Pure: runs as the twin's own API gives them go in, events come out. A run has two events: START, and COMPLETE, FAIL or
ABORT. The twin itself is the producer: its address stands in every event. Datasets are named by where they live: a
delivery under its portal's address, entities under the twin's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

Json = Mapping[str, Any]

_SPEC: Final = "https://openlineage.io/spec/"
_SCHEMA: Final = _SPEC + "2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS: Final = {
    "dataSource": "1-0-1/DatasourceDatasetFacet",
    "documentation": "1-1-0/DocumentationDatasetFacet",
    "ownership": "1-0-1/OwnershipDatasetFacet",
    "version": "1-0-1/DatasetVersionDatasetFacet",
    "inputStatistics": "1-0-0/InputStatisticsInputDatasetFacet",
    "outputStatistics": "1-0-2/OutputStatisticsOutputDatasetFacet",
    "errorMessage": "1-0-1/ErrorMessageRunFacet",
    "jobType": "2-0-4/JobTypeJobFacet",
    "processing_engine": "1-1-1/ProcessingEngineRunFacet",
}
_ENDS: Final = {"done": "COMPLETE", "failed": "FAIL", "cancelled": "ABORT"}


def source_events(source: Json, twin: str) -> Iterator[dict[str, Any]]:
    """The events of every kept run of a source (``GET /api/sources/{id}``); ``twin`` is the twin's address."""
    for run in source.get("runs", ()):
        yield from _events(
            run,
            job=_job(twin, f"source.{source['id']}", "INGEST"),
            inputs=[_delivery(source, run, twin)],
            outputs=[_entities(source, run, twin)],
        )


def model_events(run: Json, model: Json, sources: Iterable[Json], twin: str) -> Iterator[dict[str, Any]]:
    """The events of a model's run (``GET /api/runs/{id}``), with what it read of the sources that its model needs."""
    needed = {need["type"] for need in model.get("needs", ())}
    inputs = [
        _dataset(
            twin, source["entity_type"], {"version": {"datasetVersion": source["last_run"]["data_version"]}}
        )
        for source in sources
        if source["entity_type"] in needed and source.get("last_run")
    ]
    engine = {"name": model["id"], "version": str(run.get("model_version") or model.get("version"))}
    yield from _events(
        run,
        job=_job(twin, f"model.{model['id']}.{run.get('scenario') or 'baseline'}", "MODEL"),
        inputs=inputs,
        outputs=[_dataset(twin, f"SimulationRun.{run['id']}", {})],
        facets={"processing_engine": engine},
    )


def _events(
    run: Json,
    *,
    job: Json,
    inputs: list[dict[str, Any]],
    outputs: list[dict[str, Any]],
    facets: Mapping[str, Json] | None = None,
) -> Iterator[dict[str, Any]]:
    """START, and the end where there is one. What was written is known only at the end."""
    if run.get("started_at") is None:
        return
    twin = job["namespace"]
    own = {"runId": str(uuid5(NAMESPACE_URL, f"{twin}/{run['id']}"))}
    yield _event("START", run["started_at"], {**own, "facets": _facets(twin, facets or {})}, job, inputs, [])
    if run.get("finished_at") is None:
        return
    ended = dict(facets or {})
    if run.get("error"):
        ended["errorMessage"] = {"message": _message(run["error"]), "programmingLanguage": "PYTHON"}
    kind = _ENDS.get(str(run.get("state") or run.get("status")), "OTHER")
    yield _event(kind, run["finished_at"], {**own, "facets": _facets(twin, ended)}, job, inputs, outputs)


def _event(
    kind: str, at: Any, run: Json, job: Json, inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "eventType": kind,
        "eventTime": at.isoformat() if isinstance(at, datetime) else at,
        "producer": job["namespace"],
        "schemaURL": _SCHEMA,
        "run": run,
        "job": job,
        "inputs": inputs,
        "outputs": outputs,
    }


def _job(twin: str, name: str, kind: str) -> dict[str, Any]:
    job_type = {"processingType": "BATCH", "integration": "SYMPOLIS", "jobType": kind}
    return {"namespace": twin, "name": name, "facets": _facets(twin, {"jobType": job_type})}


def _delivery(source: Json, run: Json, twin: str) -> dict[str, Any]:
    """What was read: named by its address at the portal, as OpenLineage names files."""
    address = urlsplit(source["url"])
    facets = {
        "dataSource": {"name": source["id"], "uri": source["url"]},
        "ownership": {"owners": [{"name": source["owner"], "type": "OWNER"}]},
        "documentation": {"description": _plain(source["title"])},
    }
    return {
        "namespace": f"{address.scheme}://{address.netloc}",
        "name": address.path or "/",
        "facets": _facets(twin, facets),
        "inputFacets": _facets(twin, {"inputStatistics": {"rowCount": run["read"]}}),
    }


def _entities(source: Json, run: Json, twin: str) -> dict[str, Any]:
    facets = {"version": {"datasetVersion": run["data_version"]}} if run.get("data_version") else {}
    return {
        **_dataset(twin, source["entity_type"], facets),
        "outputFacets": _facets(twin, {"outputStatistics": {"rowCount": run["accepted"]}}),
    }


def _dataset(twin: str, name: str, facets: Mapping[str, Json]) -> dict[str, Any]:
    return {"namespace": twin, "name": name, "facets": _facets(twin, facets)}


def _facets(twin: str, facets: Mapping[str, Json]) -> dict[str, Any]:
    return {
        name: {"_producer": twin, "_schemaURL": _facet_schema(name), **facet}
        for name, facet in facets.items()
    }


def _facet_schema(name: str) -> str:
    version, _, title = _FACETS[name].partition("/")
    return f"{_SPEC}facets/{version}/{title}.json#/$defs/{title}"


def _message(error: Any) -> str:
    return _plain(error.get("message", error)) if isinstance(error, Mapping) else str(error)


def _plain(text: Any) -> str:
    """A text by language as one text, English first."""
    if not isinstance(text, Mapping):
        return str(text)
    return str(text.get("en") or next(iter(text.values()), ""))
