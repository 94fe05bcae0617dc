"""The workload that other brokers were measured with, where it is at hand: ``bench_ngsild.py`` beside the project.

It is not part of the project; ``BENCH_NGSILD`` names another place. Where it is missing, its table is left as
it is, and that is said.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.brokers import Running

MOST = 100_000
"""It makes all its batches before it sends the first: a million entities would be a gigabyte of them."""
_PLACE = Path(__file__).parents[2] / "shared" / "bench" / "bench_ngsild.py"


def find() -> Path | None:
    """Where the program is, if anywhere."""
    place = Path(os.environ.get("BENCH_NGSILD", _PLACE))
    return place if place.is_file() else None


def measure(program: Path, broker: Running, count: int, seconds: float, runs: int) -> dict[str, Any]:
    """Its phases, as it reports them. The entities it makes go away again."""
    found = subprocess.run(
        [
            sys.executable, str(program), "--base", broker.address, "--seed", str(count),
            "--pids", ",".join(map(str, broker.pids)), "--secs", f"{seconds:.0f}", "--reps", str(runs),
            "--max-total", str(900 + count // 500),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    report = json.loads(found.stdout)
    if "fatal" in report:
        raise RuntimeError(report["fatal"])
    phases: dict[str, Any] = report["phases"]
    return phases
