"""How many contracts two twins conclude in a second: two processes, real identities, everything kept on disk.

The provider is a server of its own; the consumer runs here and asks for contracts, some at once. A *short* negotiation
is request, agreement, verification and end (4 messages). One of *three rounds* asks for more, gets the offer as it is
each time, and accepts it at last (10 messages). CPU is of both processes together.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks import processes, tables
from benchmarks.ngsild import RECORDS, circumstances, yardstick
from benchmarks.phases import Effort
from sympolis.app.assembly import open_twin
from sympolis.app.server import run, serving
from sympolis.app.twin import Twin
from sympolis.dataspace.dsp.machines import Act
from sympolis.dataspace.dsp.processes import Negotiation
from sympolis.dataspace.dsp.vocabulary import NegotiationState, Side
from sympolis.settings import Settings
from sympolis.testing.small_city import write_package

DATASET: Final = "urn:sympolis:dataset:areas"
AT_ONCE: Final = 16
TARGET: Final = 50.0
"""Complete negotiations of three rounds in a second, on two cores."""
CALM_US: Final = 17.0
"""CPU microseconds of an empty ASGI application on this machine when nothing else runs."""
_CORES: Final = 2
_ROUNDS: Final = 3
_MESSAGES: Final = {"short": 4, "three rounds": 10}
_OWN = ("--allow-loopback", "--hosts", "*")
Record = dict[str, Any]


def measure(effort: Effort) -> Record:
    """Both kinds of negotiation, a median of runs each."""
    with (
        tempfile.TemporaryDirectory(prefix="negotiating-") as folder,
        _provider(Path(folder)) as (address, pid),
        yardstick() as beside,
    ):
        phases = run(_measured(Path(folder), address, pid, effort, beside))
    return {**circumstances(effort), "at_once": AT_ONCE, "phases": phases}


def keep(record: Record) -> None:
    """Write the record where the table finds it."""
    (RECORDS / "negotiating.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def records() -> Record | None:
    """What was kept."""
    path = RECORDS / "negotiating.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def table(record: Record) -> str:
    """The figures as a table; *calm* is what an empty application costs where nothing else runs, applied to ours."""
    rows = [_row(name, found) for name, found in record["phases"].items()]
    head = [
        "negotiation",
        "CPU-ms of both twins",
        "calm",
        "target",
        "calm, a message",
        "a second, as measured",
        "on two calm cores",
        "an empty ASGI application",
    ]
    busy = f"at a load of {record['load']:.0f} on {record['cores']} cores"
    told = f"\nMeasured on {record['date']} {busy}: the rate as measured is that of the machine as it was.\n"
    return tables.table(head, rows, right=range(1, len(head))) + told


def _row(name: str, found: Record) -> list[str]:
    calm = found["cpu_ms"] * CALM_US / found["yardstick_us"]
    return [
        f"{name} ({_MESSAGES[name]} messages)",
        f"{found['cpu_ms']:.1f}",
        f"{calm:.1f}",
        f"{_CORES * 1000 / TARGET:.0f}" if name == "three rounds" else "",
        f"{calm / _MESSAGES[name]:.2f}",
        f"{found['per_s']:.0f}",
        f"{_CORES * 1000 / calm:.0f}",
        f"{found['yardstick_us'] / 1000:.3f}",
    ]


async def _measured(folder: Path, provider: str, pid: int, effort: Effort, beside: Any) -> dict[str, Any]:
    settings = Settings(
        city=str(write_package(folder / "consumer")),
        port=0,
        data=folder / "data-b",
        allow_loopback=True,
        hosts=("*",),
    )
    phases = {}
    async with serving(settings, open_twin) as twin:
        await twin.coordinator.run_all()
        partner = await _befriended(twin, provider)
        offer = (await twin.federation.dsp.market.dataset(partner, f"{provider}/dsp", DATASET))["hasPolicy"][
            0
        ]  # type: ignore[union-attr]
        for name in _MESSAGES:
            found = [
                await _run(twin, partner, provider, offer, name, pid, effort) for _ in range(effort.runs)
            ]
            per_s, cpu_ms = (statistics.median(one[index] for one in found) for index in (0, 1))
            phases[name] = {"per_s": per_s, "cpu_ms": cpu_ms, "yardstick_us": await asyncio.to_thread(beside)}
            sys.stderr.write(f"{name}: {phases[name]}\n")
    return phases


async def _run(
    twin: Twin, partner: str, provider: str, offer: Any, name: str, pid: int, effort: Effort
) -> tuple[float, float]:
    """Negotiations a second and CPU milliseconds of each."""
    desk = twin.federation.dsp  # type: ignore[union-attr]
    wanted = offer
    if name != "short":
        wanted = {**offer, "permission": [*offer["permission"], {"action": "sell"}]}
        desk.negotiations._judges[Side.CONSUMER, NegotiationState.OFFERED.value] = _insisting
    begin, cpu = time.perf_counter(), time.process_time() + processes.cpu_s(pid)
    done = 0

    async def worker() -> None:
        nonlocal done
        while time.perf_counter() - begin < effort.seconds:
            process = desk.negotiations.request(partner, f"{provider}/dsp", DATASET, wanted)
            found = await desk.negotiations.wait(process.id, lambda one: one.is_over, 60)
            if found.state != NegotiationState.FINALIZED:
                raise RuntimeError(f"{found.state}: {found.why}")
            done += 1

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    wall = time.perf_counter() - begin
    spent = time.process_time() + processes.cpu_s(pid) - cpu
    return done / wall, spent / done * 1000


def _insisting(process: Negotiation) -> tuple[Act | None, str]:
    """A consumer who asks for more until the third offer."""
    asked = sum(step.act is Act.REQUEST for step in process.steps)
    return (Act.REQUEST if asked < _ROUNDS else Act.ACCEPT), ""


async def _befriended(twin: Twin, provider: str) -> str:
    """Both become partners of each other; the provider's id."""
    assert twin.federation is not None
    made = await asyncio.to_thread(_posted, f"{provider}/api/federation/invitations", {"note": "benchmark"})
    partner = await twin.federation.partners.add(provider, invitation=made["invitation"])
    return str(partner.id)


def _posted(url: str, document: Any) -> Any:
    request = urllib.request.Request(url, json.dumps(document).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@contextmanager
def _provider(folder: Path) -> Iterator[tuple[str, int]]:
    """A server with the small city, where every dataset is offered to everybody: its address and process."""
    package = write_package(folder / "provider")
    (package / "policies").mkdir(exist_ok=True)
    (package / "policies" / "release.toml").write_text('[public]\nlicences = ["CC0-1.0"]\n', "utf-8")
    command = [sys.executable, "-m", "sympolis", "serve", "--city", str(package), "--port", "0", "--data"]
    with subprocess.Popen(
        [*command, str(folder / "data-a"), *_OWN],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[1], process.pid
        finally:
            process.terminate()
