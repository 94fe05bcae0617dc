"""`sympolis bench`: the project's own measurements, from a checkout of its sources."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import typer

from sympolis.cli.output import reports_errors
from sympolis.domain import errors

ROOT = Path(__file__).parents[3]


@reports_errors
def bench(context: typer.Context) -> None:
    """Measure the twin and the broker, as `python -m benchmarks` does; options are passed on to it."""
    if not (ROOT / "benchmarks" / "__main__.py").exists():
        raise errors.NotImplementedHere(
            "the benchmarks come with the sources, not with the package",
            where="bench",
            hint="run it in a checkout of the project",
        )
    done = subprocess.run([sys.executable, "-m", "benchmarks", *context.args], cwd=ROOT, check=False)  # noqa: S603
    raise typer.Exit(done.returncode)
