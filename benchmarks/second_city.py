"""The second city's start, and what a request of its dashboard costs over HTTP: budgets that its issue names."""

from __future__ import annotations

import json
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import processes, server

CITY = "leipzig"
DASHBOARD = "/api/dashboards/energy-transition"
REQUESTS = (
    ("dashboard, a request", DASHBOARD),
    ("dashboard at an earlier key date", f"{DASHBOARD}?date=2022-06-01"),
    ("comparison with other municipalities", f"{DASHBOARD}/peers?keys=14612000,11000000"),
)
ASKED = 300
SETTLED_S, PATIENCE_S = 3.0, 180.0
"""Behind a ready server baselines are worked out: done once its processes cost next to nothing for so long."""

Row = tuple[str, str, str]
"""(what, figure with unit, how it was measured)"""


def measure() -> list[Row]:
    """Every measurement once, over an empty folder."""
    with tempfile.TemporaryDirectory(prefix="sympolis-bench-") as folder:
        return [*_starts(Path(folder) / "data")]


def _starts(data: Path) -> Iterator[Row]:
    with server.demo(data, city=CITY) as first:
        load = Path("/proc/loadavg").read_text().split()[0]
        wall = f"{first.wall_s:.0f} s on the clock at a load of {load}"
        yield "first start, to ready", f"{first.cpu_s:.1f} CPU-s", f"{wall}; budget 90 CPU-s"
        _settle(first)
        yield (
            "the same, with all that is worked out behind it",
            f"{processes.cpu_s(first.pid):.1f} CPU-s",
            "all sources, outlines, calibrations, baselines",
        )
        yield from _requests(first)
    with server.demo(data, city=CITY) as later:
        yield "later start, to ready", f"{later.cpu_s:.1f} CPU-s", f"same data folder; {later.wall_s:.1f} s"


def _settle(started: server.Started) -> None:
    """Wait until nothing is worked out any more."""
    until, before = time.monotonic() + PATIENCE_S, processes.cpu_s(started.pid)
    while time.monotonic() < until:
        time.sleep(SETTLED_S)
        spent = processes.cpu_s(started.pid)
        if spent - before < 0.1 * SETTLED_S:
            return
        before = spent


def _requests(started: server.Started) -> Iterator[Row]:
    for title, path in REQUESTS:
        cpu_ms = server.cpu_us_per_request(started, path, count=ASKED) / 1000
        median, slowest = _clock_ms(started, path)
        yield (
            title,
            f"{cpu_ms:.2f} CPU-ms",
            f"answered after {median:.1f} ms, 99 of 100 within {slowest:.0f} ms",
        )


def _clock_ms(started: server.Started, path: str) -> tuple[float, float]:
    """Median and 99th percentile, one request after the other over one connection."""
    connection, found = started.connection(), []
    for _ in range(ASKED):
        begin = time.perf_counter()
        connection.request("GET", path, headers={"Accept": "application/json"})
        json.loads(connection.getresponse().read())
        found.append(1000 * (time.perf_counter() - begin))
    connection.close()
    return statistics.median(found), statistics.quantiles(found, n=100)[-1]


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    place = f"{platform.python_implementation()} {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"
    lines = [f"| {place} | figure | how |", "|---|---:|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
