"""Runs of the engine as jobs (OGC 18-062r2, section 7.12), and their results as features.

A job's id is its run's id; where the results were asked for as a document, ``.document`` follows, so that a job means
the same after a restart of the server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sympolis.api.http import GEO_JSON, JSON
from sympolis.api.ogc.links import ROOT, link, segment
from sympolis.api.ogc.process_descriptions import RESULT, words
from sympolis.api.process_ids import MODEL, SERVICE

Json = dict[str, Any]

_RESULTS = "http://www.opengis.net/def/rel/ogc/1.0/results"
STATUS: Mapping[str, str] = {
    "queued": "accepted",
    "running": "running",
    "done": "successful",
    "failed": "failed",
    "cancelled": "dismissed",
}
"""The word of the standard for each state of a run."""
_PROVENANCE: Final = (
    *("id", "service", "model", "model_version", "mode", "members", "seed", "window", "data_version", "key"),
    *("parameters", "calibration", "calibration_id", "warnings", "cost_cpu_s", "lineage"),
)
"""What a run says of how its figures came about: whoever takes a result takes it along."""


def process_of(run: Json) -> str:
    """The process that a run is an execution of."""
    return f"{SERVICE}{run['service']}" if run["service"] else f"{MODEL}{run['model']}"


def status_info(job_id: str, run: Json, base: str) -> Json:
    """``statusInfo.yaml``."""
    own = f"{base}{ROOT}/jobs/{segment(job_id)}"
    status = STATUS[run["status"]]
    links = [
        link(own, "self", JSON, "This job"),
        link(f"{base}/api/runs/{segment(run['id'])}", "alternate", JSON, "The run with its lineage"),
    ]
    if status == "successful":
        links.append(link(f"{own}/results", _RESULTS, JSON, "Its results"))
        coverage = f"{base}{ROOT}/collections/results-{segment(run['model'])}/instances/{segment(run['id'])}"
        links.append(link(coverage, "alternate", JSON, "Its results as coverages"))
    times = {
        "created": run["queued_at"],
        "started": run["started_at"],
        "finished": run["finished_at"],
        "updated": run["finished_at"] or run["started_at"] or run["queued_at"],
    }
    return {
        "jobID": job_id,
        "processID": process_of(run),
        "type": "process",
        "status": status,
        "message": run["error"]["detail"] if run["error"] else words(run["progress"]["text"]),
        "progress": round(100 * run["progress"]["share"]),
        **{name: at for name, at in times.items() if at is not None},
        "links": links,
    }


def result(run: Json, results: Json, features: Json, compared: Json | None) -> Json:
    """A run's result as a FeatureCollection (RFC 7946, section 6.1 allows the members beside ``features``).

    Each feature of each hour carries every field's mean, low and high end of its 90 % interval.
    """
    shapes = {one["id"]: one for one in features["features"]}
    collection: Json = {
        "type": "FeatureCollection",
        "features": list(_features(results, shapes)),
        "run": run["id"],
        "indicators": {
            one["name"]: {"value": one["value"], "unit": one["unit"], "interval": one["interval"]}
            for one in run["indicators"]
        },
        "fields": {
            name: {"title": one["title"], "unit": one["unit"]} for name, one in results["fields"].items()
        },
    }
    collection["provenance"] = {name: run[name] for name in _PROVENANCE}
    if compared is not None:
        collection["text"] = compared["text"]
        collection["changes"] = {
            one["name"]: {"verdict": one["verdict"], **one["change"]} for one in compared["indicators"]
        }
    return collection


def _features(results: Json, shapes: Mapping[str, Json]) -> Iterator[Json]:
    several = len(results["hours"]) > 1
    for row, hour in enumerate(results["hours"]):
        for place, name in enumerate(results["features"]):
            shape = shapes.get(name, {"geometry": None, "properties": {}})
            values = {
                key: value
                for field, table in results["fields"].items()
                for key, value in _values(field, table, row, place)
            }
            yield {
                "type": "Feature",
                "id": f"{name}@{hour}" if several else name,
                "geometry": shape["geometry"],
                "properties": {**shape["properties"], "entity": name, "hour": hour, **values},
            }


def _values(field: str, table: Json, row: int, place: int) -> Iterator[tuple[str, Any]]:
    yield field, table["mean"][row][place]
    yield f"{field}_low", table["low"][row][place]
    yield f"{field}_high", table["high"][row][place]


def as_document(collection: Json) -> Json:
    """``results.yaml``: every output by its name, each with its media type."""
    return {RESULT: {"value": collection, "mediaType": GEO_JSON}}
