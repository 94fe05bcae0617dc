"""From figures to the tables of docs/reference/performance.md: nothing in them is written by hand."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import brokers
from sympolis import __version__

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "performance.md"

QUIET_US = 17
"""What the yardstick measures where nothing else runs, in CPU microseconds (docs/decisions/0001)."""

Row = tuple[str, str, str]
"""(what, figure with unit, how it was measured)"""
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the broker's table: where its figure is in a record, its target, and what others need.

    ``shared`` is the same phase's name in ``bench_ngsild.py``. Figures of others are CPU milliseconds per request of
    coraine, a broker in C that keeps everything in memory, measured with that program on the same machine.
    """

    title: str
    phase: str
    figure: str = "cpu_ms"
    target: float | None = None
    shared: str = ""
    coraine: str = ""
    grows: bool = True
    """Whether its cost at a million entities is held against that at ten thousand."""


LINES = (
    Line("get by id", "get_id", target=0.06, shared="get_id", coraine="0.31"),
    Line("get by id, keyValues", "get_id_kv", shared="get_id_kv"),
    Line("create", "create", target=0.10, shared="create", coraine="1.17"),
    Line("PATCH attrs", "patch", target=0.12, shared="patch", coraine="0.75"),
    Line("type + q, limit 20", "type_q", target=0.20, shared="query_type_q", coraine="18"),
    Line("near + type, limit 20", "near", shared="geo_near", coraine="25"),
    Line("near + type + q, limit 20", "near_type_q", target=0.45),
    Line("batch upsert of 100, per entity", "upsert_100", target=0.05, shared="upsert_100"),
    Line("batch upsert of 1,000, per entity", "upsert_1000", target=0.05, shared="upsert_1000"),
    Line("temporal, lastN=20 by id", "temporal_last_20", target=0.12, shared="temporal_id"),
    Line("hourly means of one year, 8,760 values", "year_by_60_minutes", target=15),
    Line("hourly means of one year, 52,560 values", "year_by_10_minutes", target=15),
    Line(
        "notification, p50 from sending the change (ms)", "notify", "p50_ms", target=5, shared="subscription"
    ),
    Line("notifications lost", "notify", "lost", target=0, grows=False),
    Line("memory after all that (MB)", "memory_after", "mb", target=300, grows=False),
)


def of_twin(rows: list[tuple[str, str, str]]) -> str:
    """The table of a city's twin."""
    python = platform.python_version()
    machine = f"{os.cpu_count()} cores, Python {python}, Sympolis {__version__}, {datetime.now(UTC):%Y-%m-%d}"
    return table((machine, "figure", "how"), rows, right=(1,))


def of_broker(records: list[Record]) -> str:
    """The table of the broker: a column for each store and size, one for how the embedded store's cost grows."""
    growth = _growth(records)
    heads = ["CPU-ms of the server per request", "target"]
    heads += [head for record in records for head in (_head(record), "calm")]
    heads += ["1M / 10k, embedded, calm"] if growth else []
    rows = []
    for line in LINES:
        target = "" if line.target is None else f"{line.target:g}"
        cells = [cell for record in records for cell in _cells(record, line)]
        rows.append((line.title, target, *cells, *([growth(line)] if growth else []), line.coraine))
    rows += _circumstances(records, bool(growth))
    return table((*heads, "coraine (C, in memory)"), rows, right=range(1, len(heads) + 1))


def of_shared(records: list[Record]) -> str:
    """The same kinds of request as ``bench_ngsild.py`` measures them; empty where it was not at hand."""
    records = [record for record in records if "shared" in record]
    lines = [line for line in LINES if line.shared]
    rows = [
        (
            line.title,
            "" if line.target is None else f"{line.target:g}",
            *(shown(_shared_value(record, line), _target(record, line)) for record in records),
            line.coraine,
        )
        for line in lines
    ]
    heads = ("bench_ngsild.py", "target", *map(_head, records), "coraine (C, in memory)")
    return table(heads, rows, right=range(1, len(heads))) if records else ""


def put_into_page(name: str, content: str, *, page: Path = PAGE) -> None:
    """Put a table between its marks in a page."""
    begin, end = f"<!-- measured: {name} -->\n", f"<!-- end: {name} -->\n"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise RuntimeError(f"{page.name} has no place for the table {name}")
    page.write_text(before + begin + "\n" + content + "\n" + end + after, encoding="utf-8")


def _cells(record: Record, line: Line) -> tuple[str, str]:
    target = _target(record, line)
    calm = _calm(record, line) if line.figure == "cpu_ms" else None
    return shown(_value(record, line), target), "" if calm is None else shown(calm, target)


def _calm(record: Record, line: Line) -> float | None:
    """The figure as a machine with nothing else to do would have it, judged by the yardstick beside it."""
    value = _value(record, line)
    pace = record["phases"].get(line.phase, {}).get("yardstick_us")
    return value * min(1, QUIET_US / pace) if value is not None and pace else value


def _target(record: Record, line: Line) -> float | None:
    """Targets are those of the embedded store."""
    return line.target if record["store"] == brokers.STORES[0] else None


def _head(record: Record) -> str:
    return f"{record['store']}, {_size(record['entities'])}"


def _size(count: int) -> str:
    return f"{count // 1_000_000}M" if count >= 1_000_000 else f"{count // 1000}k"


def _value(record: Record, line: Line) -> float | None:
    found: float | None = record["phases"].get(line.phase, {}).get(line.figure)
    return found


def _shared_value(record: Record, line: Line) -> float | None:
    phase = record["shared"].get(line.shared, {})
    names = ("cpu_ms_per_req", "cpu_ms_per_entity", "send_to_notify_p50_ms")
    return next((phase[name] for name in names if phase.get(name) is not None), None)


def shown(value: float | None, target: float | None) -> str:
    """A figure, bold where it misses its target."""
    if value is None:
        return "—"
    digits = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    text = f"{value:,.{digits}f}" if value else "0"
    return text if target is None or value <= target else f"**{text}**"


def _growth(records: list[Record]) -> Callable[[Line], str] | None:
    sizes = {record["entities"]: record for record in records if record["store"] == brokers.STORES[0]}
    small, large = sizes.get(10_000), sizes.get(1_000_000)
    if small is None or large is None:
        return None

    def ratio(line: Line) -> str:
        before, after = _calm(small, line), _calm(large, line)
        return shown(after / before, 1.5) if line.grows and before and after else ""

    return ratio


def _circumstances(records: list[Record], growth: bool) -> list[tuple[str, ...]]:
    figures: tuple[tuple[str, str, Callable[[Record], str]], ...] = (
        ("ready after (s)", "1", lambda record: shown(record["ready_s"], 1)),
        ("memory at rest, empty (MB)", "", lambda record: f"{record['rest_mb']:.0f}"),
        ("requests/s, get by id", "", lambda record: _rate(record, "get_id")),
        ("requests/s, type + q", "", lambda record: _rate(record, "type_q")),
        ("requests/s, create", "", lambda record: _rate(record, "create")),
        ("an empty ASGI application, median (0.017 where calm)", "", _pace),
        ("measured on, at", "", lambda record: f"{record['date']}, `{record['commit']}`"),
    )
    more = ("",) * (growth + 1)
    return [
        (title, target, *(cell for record in records for cell in (figure(record), "")), *more)
        for title, target, figure in figures
    ]


def _pace(record: Record) -> str:
    paces = [phase["yardstick_us"] for phase in record["phases"].values() if "yardstick_us" in phase]
    return f"{statistics.median(paces) / 1000:.3f}" if paces else "—"


def _rate(record: Record, phase: str) -> str:
    return f"{record['phases'][phase]['per_s']:,.0f}"


def table(heads: Any, rows: Any, *, right: Any) -> str:
    """Markdown; columns with these numbers stand to the right."""
    marks = ["---:" if number in right else "---" for number in range(len(heads))]
    lines = [heads, marks, *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
