"""What a federation costs as it grows: up to fifty twins in one process, everything real but the wire between them.

One twin, the hub, has one, five, … partners. Measured at each size: reading all their catalogues anew, the matrix of
services and cities, and a query that includes every partner's entities under contract. CPU is of all twins together;
``partner`` is the share of one partner's answer, asked once more on its own. ``projection`` carries the figures on.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from benchmarks import projection, tables
from benchmarks.ngsild import RECORDS, circumstances, yardstick
from benchmarks.phases import Effort
from benchmarks.processes import PAGE_BYTES
from sympolis.plugins import loader
from sympolis.testing.offering import simulators_with_toy, write_offering
from sympolis.testing.trading import AREAS, TradingTwin, Wire, befriend, open_trading_twin

SIZES: Final = (1, 5, 10, 25, 49)
PAGE: Final = Path(__file__).parents[1] / "docs" / "explanation" / "scale.md"
QUERY: Final = (
    "/ngsi-ld/v1/entities?type=https%3A%2F%2Fsmallville.example%2Fterms%2FStatisticalArea&limit=100"
)
WHOLE: Final = 25
"""Partners whose catalogues are all there within the patience of a crawl, on one machine that is busy otherwise."""
_TIMES: Final = 30
_ANEW: Final = 3
Record = dict[str, Any]


def measure(effort: Effort, sizes: tuple[int, ...] = SIZES, times: int = _TIMES) -> Record:
    """All sizes, the smallest first: partners are added, never taken away."""
    with tempfile.TemporaryDirectory(prefix="federation-") as folder, yardstick() as beside:
        known, registry = loader.simulators, simulators_with_toy()
        loader.simulators = lambda: registry  # type: ignore[assignment]
        try:
            found = asyncio.run(_measured(Path(folder), sizes, times, beside))
        finally:
            loader.simulators = known
    return {**circumstances(effort), **found}


def keep(record: Record) -> None:
    """Write the record where the table finds it."""
    (RECORDS / "federation.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def records() -> Record | None:
    """What was kept."""
    path = RECORDS / "federation.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else None


async def _measured(folder: Path, sizes: tuple[int, ...], times: int, beside: Any) -> Record:
    wire, before = Wire(), _resident_mb()
    write_offering(folder / "hub")
    hub = await open_trading_twin(folder, "hub", wire)
    twins, rows, opening = [hub], [], []
    try:
        for size in sizes:
            while len(twins) <= size:
                opening.append(await _cpu_ms(lambda: _join(folder, hub, twins, wire)))
            rows.append(await _at(hub, wire, size, times))
            rows[-1]["yardstick_us"] = await asyncio.to_thread(beside)
            sys.stderr.write(f"{rows[-1]}\n")
        return {
            "rows": rows,
            "opening_cpu_ms": statistics.median(opening),
            "resident_mb": (_resident_mb() - before) / len(twins),
        }
    finally:
        for one in twins:
            await one.twin.close()


async def _join(folder: Path, hub: TradingTwin, twins: list[TradingTwin], wire: Wire) -> None:
    """One more twin: opened, its data read, a partner of the hub, its areas part of the hub's queries by contract."""
    write_offering(folder / f"twin{len(twins)}")
    one = await open_trading_twin(folder, f"twin{len(twins)}", wire)
    twins.append(one)
    await befriend(one, hub)
    agreed = await _posted(hub, "negotiations?wait_s=20", {"partner": one.id, "dataset": AREAS})
    asked = {"agreement": agreed["agreement"], "format": "NGSI-LD-PULL", "take": False}
    transfer = await _posted(hub, "transfers?wait_s=20", asked)
    await _posted(hub, "links", {"transfer": transfer["id"]})


async def _at(hub: TradingTwin, wire: Wire, size: int, times: int) -> Record:
    anew = [await _cpu_ms(lambda: _whole(hub, "/api/federation/catalogue?limit=1")) for _ in range(_ANEW)]
    matrix = [await _cpu_ms(lambda: _whole(hub, "/api/federation/matrix")) for _ in range(_ANEW)]
    walls, wire.sent[:] = [], []
    begin = time.process_time()
    for _ in range(times):
        started = time.perf_counter()
        answer = await hub.ask("GET", QUERY)
        walls.append((time.perf_counter() - started) * 1000)
        assert answer.status == 200 and answer.header("ngsild-warning") is None, answer.body[:300]
    query = (time.process_time() - begin) * 1000 / times
    walls.sort()
    letters = [one for one in wire.sent if "/ngsi-ld/v1/entities" in one.url]
    assert len(letters) >= size * times, "every partner is asked"
    return {
        "partners": size,
        "crawl_cpu_ms": statistics.median(anew),
        "matrix_cpu_ms": statistics.median(matrix),
        "query_cpu_ms": query,
        "query_p50_ms": walls[len(walls) // 2],
        "query_p99_ms": walls[min(len(walls) - 1, int(len(walls) * 0.99))],
        "partner_cpu_ms": await _alone(wire, letters[-1]),
    }


async def _alone(wire: Wire, letter: Any) -> float:
    """What one partner's answer costs that partner."""
    begin = time.process_time()
    for _ in range(_TIMES):
        await wire.again(letter)
    return (time.process_time() - begin) * 1000 / _TIMES


async def _cpu_ms(work: Callable[[], Awaitable[Any]]) -> float:
    begin = time.process_time()
    await work()
    return (time.process_time() - begin) * 1000


async def _got(twin: TradingTwin, path: str) -> Any:
    answer = await twin.ask("GET", path)
    assert answer.status == 200, answer.body[:300]
    return answer.json


async def _whole(twin: TradingTwin, path: str) -> None:
    """Ask anew, and wait for those who had not answered when patience ended: their work counts, too."""
    joint = "&" if "?" in path else "?"
    found = await _got(twin, f"{path}{joint}anew=true")
    while found["partial"]:
        await asyncio.sleep(0.05)
        found = await _got(twin, path)


async def _posted(twin: TradingTwin, path: str, document: Any) -> Any:
    answer = await twin.ask("POST", f"/api/federation/{quote(path, safe='?=/')}", document)
    assert answer.status in (200, 201), answer.body[:300]
    return answer.json


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES / 1e6


# --- tables


def table(record: Record) -> str:
    """CPU-ms as measured, and (calm) as on the quiet machine; the times of queries are this machine's own."""
    head = ["partners", "catalogues, CPU-ms", "calm", "matrix, calm CPU-ms", "query, CPU-ms", "calm",
            "one partner's share, calm", "query p50, ms", "query p99, ms"]  # fmt: skip
    rows = []
    for one in record["rows"]:
        calm = tables.QUIET_US / one["yardstick_us"]
        rows.append(
            [
                str(one["partners"]),
                f"{one['crawl_cpu_ms']:.0f}",
                f"{one['crawl_cpu_ms'] * calm:.0f}",
                f"{one['matrix_cpu_ms'] * calm:.0f}",
                f"{one['query_cpu_ms']:.1f}",
                f"{one['query_cpu_ms'] * calm:.1f}",
                f"{one['partner_cpu_ms'] * calm:.2f}",
                f"{one['query_p50_ms']:.0f}",
                f"{one['query_p99_ms']:.0f}",
            ]
        )
    told = (
        f"\nMeasured on {record['date']} at a load of {record['load']:.0f} on {record['cores']} cores. A light twin"
        f" takes {record['resident_mb']:.0f} MB in one process with the others, and {record['opening_cpu_ms']:.0f}"
        " CPU-ms (as measured) to be opened, read its data, join and conclude its contract.\n"
    )
    return tables.table(head, rows, right=range(len(head))) + told


def costs(record: Record) -> projection.Costs:
    """The figures that the projection starts from: calm CPU-ms, by straight lines through the sizes."""
    rows = [(one, tables.QUIET_US / one["yardstick_us"]) for one in record["rows"]]

    def slope(name: str) -> tuple[float, float]:
        points = [(float(one["partners"]), float(one[name]) * calm) for one, calm in rows]
        if len(points) == 1:
            return points[0][1] / points[0][0], 0.0
        found = statistics.linear_regression([x for x, _ in points], [y for _, y in points])
        return max(found.slope, 0.0), max(found.intercept, 0.0)

    query = slope("query_cpu_ms")
    rows = [(one, calm) for one, calm in rows if one["partners"] <= WHOLE]
    crawl = slope("crawl_cpu_ms")
    partner = statistics.median(float(one["partner_cpu_ms"]) * calm for one, calm in rows)
    return projection.Costs(
        crawl_ms=crawl[0], query_ms=max(query[0] - partner, 0.0), query_own_ms=query[1], answer_ms=partner
    )


def publish(record: Record) -> None:
    """Both tables into the page on scale."""
    for name, text in (("federation", table(record)), ("projection", projection.table(costs(record)))):
        sys.stdout.write(text + "\n")
        tables.put_into_page(name, text, page=PAGE)
