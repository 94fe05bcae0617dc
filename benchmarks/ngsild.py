"""The context broker over one store at one size: every phase, as a record that the tables are made from."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import brokers, load, shared
from benchmarks.phases import Bench, Effort
from sympolis import __version__

RECORDS = Path(__file__).parent / "measured"
_YARDSTICK = Path(__file__).with_name("yardstick.py")

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Again:
    """To measure ``phases`` (all: none named) over what is kept in ``folder``; filled where there is nothing yet."""

    folder: Path
    phases: frozenset[str] = frozenset()


def measure_again(store: str, count: int, effort: Effort, again: Again) -> None:
    """Tell figures over a store that was filled before: to be compared with each other, not with a table's."""
    with brokers.running(store, again.folder) as broker, yardstick() as beside:
        bench = Bench(broker, count, effort, kept=True)
        for name, figures in bench.phases(again.phases):
            figures["yardstick_us"] = beside()
            _tell(store, count, name, figures)


def measure(store: str, count: int, effort: Effort, *, with_shared: bool = True) -> Record:
    """Everything about this store at this size, told on stderr as it goes."""
    record: Record = {"store": store, "entities": count, **circumstances(effort), "phases": {}}
    with brokers.running(store):
        pass  # the first start of all compiles the program; who installs it has that behind him
    with brokers.running(store) as broker, yardstick() as beside:
        record["ready_s"], record["ready_cpu_s"] = broker.ready_s, broker.ready_cpu_s
        record["rest_mb"] = broker.resident_mb()
        for name, figures in Bench(broker, count, effort).phases():
            if "cpu_ms" in figures:
                figures["yardstick_us"] = beside()
            record["phases"][name] = figures
            _tell(store, count, name, figures)
    if with_shared and (program := shared.find()):
        with brokers.running(store) as broker:
            record["shared"] = shared.measure(program, broker, count, effort.seconds, effort.runs)
            for name, figures in record["shared"].items():
                _tell(store, count, f"shared {name}", figures)
    return record


@contextmanager
def yardstick() -> Iterator[Callable[[], float]]:
    """Measures CPU microseconds of an empty ASGI application per request, now and here: the machine's mood."""
    process = subprocess.Popen([sys.executable, str(_YARDSTICK)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    server = brokers.Running(address, (process.pid,), 0, 0)

    def measured() -> float:
        before = server.cpu_s()
        found = load.run(address, [load.request("GET", "/")], 1)
        return (server.cpu_s() - before) / found.requests * 1e6

    try:
        yield measured
    finally:
        process.terminate()
        process.wait(timeout=30)


def keep(record: Record) -> None:
    """Write the record where the tables find it, in place of an older one of the same store and size."""
    RECORDS.mkdir(exist_ok=True)
    path = RECORDS / f"ngsild-{record['store']}-{record['entities']}.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def records() -> list[Record]:
    """What was kept, smaller before larger."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in RECORDS.glob("ngsild-*.json")]
    return sorted(found, key=lambda one: (brokers.STORES.index(one["store"]), one["entities"]))


def circumstances(effort: Effort) -> Record:
    """When, where and how something was measured."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": _commit(),
        "version": __version__,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "seconds": effort.seconds,
        "runs": effort.runs,
    }


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    found = subprocess.run(command, capture_output=True, text=True, check=False, cwd=RECORDS.parent)
    return found.stdout.strip()


def _tell(store: str, count: int, name: str, figures: dict[str, Any]) -> None:
    shown = {key: value for key, value in figures.items() if isinstance(value, int | float | str)}
    short = ", ".join(
        f"{key} {value:,.3f}" if isinstance(value, float) else f"{key} {value}"
        for key, value in shown.items()
    )
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {store} {count:,} {name}: {short}\n")
