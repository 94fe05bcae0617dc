"""A city's twin: its starts, ingest, model and the requests of its map, on Bologna's samples."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks import processes, server

Row = tuple[str, str, str]
"""(what, figure with unit, how it was measured)"""

ENTITIES = "/ngsi-ld/v1/entities"
SERIES = "/ngsi-ld/v1/temporal/entities/{loop}?attrs=intensity"
NEAR = "georel=near;maxDistance==500&geometry=Point&coordinates=%5B11.32,44.494%5D"
SPRING = "timerel=between&timeAt=2024-01-01T00:00:00Z&endTimeAt=2024-05-01T00:00:00Z"
DAILY_MEANS = "options=aggregatedValues&aggrMethods=avg&aggrPeriodDuration=P1D"

REQUESTS = (
    ("get one entity by id", f"{ENTITIES}/{{segment}}"),
    ("get one entity, keyValues", f"{ENTITIES}/{{segment}}?options=keyValues"),
    ("query type and q, 20 entities", f"{ENTITIES}?type=RoadSegment&q=totalLaneNumber%3E2&limit=20"),
    ("query near 500 m, 20 entities", f"{ENTITIES}?type=RoadSegment&limit=20&{NEAR}"),
    ("last 24 values of one series", f"{SERIES}&lastN=24&options=temporalValues"),
    ("daily means of 4 months of one series", f"{SERIES}&{SPRING}&{DAILY_MEANS}"),
)


def measure() -> list[Row]:
    """Every measurement once."""
    with tempfile.TemporaryDirectory(prefix="sympolis-bench-") as folder:
        return [*_starts(Path(folder) / "data")]


def _starts(data: Path) -> Iterator[Row]:
    with server.demo(data) as first:
        yield (
            "first start, to ready",
            f"{first.cpu_s:.1f} CPU-s, {first.wall_s:.1f} s",
            "ingest, calibration and baseline ensemble",
        )
        yield from _ingest(first)
        yield from _model(first)
    with server.demo(data) as later:
        yield "later start, to ready", f"{later.wall_s:.2f} s, {later.cpu_s:.2f} CPU-s", "same data folder"
        yield from _requests(later)
        yield (
            "memory, serving",
            f"{processes.resident_mb(later.pid):.0f} MB",
            "resident, whole process tree, after the requests above",
        )
    with server.demo(data) as rest:
        yield (
            "memory at rest",
            f"{processes.resident_mb(rest.pid):.0f} MB",
            "resident, whole process tree, nothing asked yet",
        )


def _ingest(started: server.Started) -> Iterator[Row]:
    runs = [one["last_run"] for one in _json(started, "/api/sources") if one["last_run"]]
    rows = sum(one["read"] for one in runs)
    points = sum(one["observations"] for one in runs)
    wall = sum(_seconds(one["started_at"], one["finished_at"]) for one in runs)
    yield (
        "ingest",
        f"{rows / wall:,.0f} rows/s",
        f"{rows:,} rows, {points:,} observations in {wall:.1f} s, durable",
    )


def _model(started: server.Started) -> Iterator[Row]:
    [run] = [one for one in _json(started, "/api/runs")["runs"] if one["scenario"] == "baseline"][:1]
    hours = run["window"]["end_hour"] - run["window"]["start_hour"]
    each = run["cost_cpu_s"] / run["members"] / hours
    yield "mesoscopic hour", f"{each:.2f} CPU-s", f"mean of {run['members']} members of the baseline"
    [model] = [one for one in _json(started, "/api/models") if one["id"] == run["model"]]
    yield "calibration", f"{model['calibration']['cost_cpu_s']:.1f} CPU-s", "once per data version"


def _requests(started: server.Started) -> Iterator[Row]:
    names = {"segment": _first(started, "RoadSegment"), "loop": _first(started, "ItemFlowObserved")}
    for title, path in REQUESTS:
        each = server.cpu_us_per_request(started, path.format(**names))
        yield title, f"{each:,.0f} CPU-µs", "one keep-alive connection, HTTP included"


def _first(started: server.Started, type_name: str) -> str:
    [entity] = _json(started, f"/ngsi-ld/v1/entities?type={type_name}&limit=1&options=keyValues")
    return quote(entity["id"], safe="")


def _json(started: server.Started, path: str) -> Any:
    connection = started.connection()
    link = server.city_link(connection)
    connection.request("GET", path, headers={"Accept": "application/json", "Link": link})
    answer = connection.getresponse()
    found = json.loads(answer.read())
    connection.close()
    return found


def _seconds(begin: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
