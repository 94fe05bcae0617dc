"""Finds and runs SUMO's programs, so that no other module knows where they live or how they fail.

The wheel ``eclipse-sumo`` brings ``sumo`` and ``netconvert`` as plain executables. They run as child processes:
their 230 MB of native libraries never meet pyarrow's in one process (they clash), a crash is an exit code, and
cancelling is ending a process.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from sympolis.domain.errors import ModelFailed

_STEP = re.compile(r"Step #(\d+)")
_LAST_LINES = 12
_CHUNK = 4096


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
    name: str, arguments: Sequence[str], folder: Path, on_step: Callable[[int], None] | None = None
) -> None:
    """Run one of SUMO's programs in ``folder`` to its end.

    ``on_step`` is called with the simulated second as the program reports it; if it raises (``Cancelled``), the
    program is ended. Raises ``ModelFailed`` with the program's own words if it does not succeed.
    """
    command = [str(find_binary(name)), *arguments]
    with subprocess.Popen(  # noqa: S603 - fixed program, arguments made by this package, no shell
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=_environment()
    ) as process:
        try:
            said = _listen(process, on_step)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise ModelFailed(f"{name} stopped with code {process.returncode}: {_reason(said)}", where=str(folder))


def _environment() -> dict[str, str]:
    home = _home()
    return {**os.environ, "LC_ALL": "C", **({"SUMO_HOME": str(home)} if home else {})}


def _listen(process: subprocess.Popen[bytes], on_step: Callable[[int], None] | None) -> str:
    """Everything the program says, telling ``on_step`` of the steps on the way (they come with carriage returns)."""
    assert process.stdout is not None
    said: list[str] = []
    while chunk := os.read(process.stdout.fileno(), _CHUNK):
        text = chunk.decode("utf-8", "replace")
        steps = _STEP.findall(text)
        if steps and on_step:
            on_step(int(steps[-1]))
        said.append(text)
    return "".join(said)


def _reason(said: str) -> str:
    lines = [line.strip() for line in said.replace("\r", "\n").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("Error")]
    return " | ".join(errors[:3] or lines[-_LAST_LINES:]) or "no message"
