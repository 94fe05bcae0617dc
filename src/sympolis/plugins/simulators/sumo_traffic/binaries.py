"""Finds and runs SUMO's programs, so that no other module knows where they live or how they fail.

The wheel ``eclipse-sumo`` brings ``sumo`` and ``netconvert`` as plain executables. They run as child processes:
their 230 MB of native libraries never meet pyarrow's in one process (they clash), a crash is an exit code, and
cancelling is ending a process.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from sympolis.domain.errors import ModelFailed

TICK_S = 0.2
"""How often a running program is looked at: for progress, and to end it when asked to."""
_LAST_LINES = 12


def find_binary(name: str) -> Path:
    """The path of one of SUMO's programs. Raises ``ModelFailed`` if SUMO is not installed."""
    home = _home()
    inside = home / "bin" / name if home else None
    if inside and inside.exists():
        return inside
    found = shutil.which(name)
    if found is None:
        raise ModelFailed(f"SUMO's program {name} was not found", hint="pip install 'sympolis[traffic]'")
    return Path(found)


def _home() -> Path | None:
    """The installed wheel's folder, without importing it: importing changes the environment of this process."""
    spec = importlib.util.find_spec("sumo")
    if spec and spec.origin:
        return Path(spec.origin).parent
    given = os.environ.get("SUMO_HOME")
    return Path(given) if given else None


def run_binary(
    name: str, arguments: Sequence[str], folder: Path, on_tick: Callable[[], None] | None = None
) -> None:
    """Run one of SUMO's programs in ``folder`` to its end.

    ``on_tick`` is called every ``TICK_S`` seconds; if it raises (``Cancelled``), the program is ended.
    Raises ``ModelFailed`` with the program's own words if it does not succeed.
    """
    command = [str(find_binary(name)), *arguments]
    log = folder / f"{name}.log"
    with log.open("wb") as said, _start(command, folder, said) as process:
        try:
            _watch(process, on_tick or _nothing)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        reason = _reason(log.read_text(encoding="utf-8", errors="replace"))
        raise ModelFailed(f"{name} stopped with code {process.returncode}: {reason}")


def _start(command: list[str], folder: Path, said: IO[bytes]) -> subprocess.Popen[bytes]:
    """Fixed program, arguments made by this package, no shell."""
    return subprocess.Popen(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT, env=_environment())  # noqa: S603


def _environment() -> dict[str, str]:
    home = _home()
    if home is None:
        return {**os.environ, "LC_ALL": "C"}
    return {**os.environ, "LC_ALL": "C", "SUMO_HOME": str(home), "PROJ_DATA": str(home / "data" / "proj")}


def _watch(process: subprocess.Popen[bytes], on_tick: Callable[[], None]) -> None:
    while True:
        try:
            process.wait(TICK_S)
            return
        except subprocess.TimeoutExpired:
            on_tick()


def _nothing() -> None:
    pass


def _reason(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("Error")]
    return " | ".join(errors[:3] or lines[-_LAST_LINES:]) or "no message"
