"""Fixtures that several suites share: above all one real Bologna twin for the whole session."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest

ROOT = Path(__file__).parent.parent

# The same examples each time, however slow the machine: a suite that fails now and then is believed by nobody. Whoever
# looks for new counterexamples runs `pytest --hypothesis-profile=explore`.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("explore", deadline=None)
hypothesis.settings.load_profile("steady")


@dataclass(frozen=True)
class TwinServer:
    """A running `sympolis demo`: its address, its data folder and its process."""

    address: str
    data: Path
    process: subprocess.Popen[str]

    def get(self, path: str) -> Any:
        """The JSON at ``path``."""
        with urllib.request.urlopen(self.address + path, timeout=60) as answer:
            return json.load(answer)


def start_demo(data: Path, *arguments: str) -> TwinServer:
    """Start the demo on a free port and wait until it says it is ready."""
    command = [
        sys.executable,
        "-m",
        "sympolis",
        "demo",
        "bologna",
        "--no-open",
        "--port",
        "0",
        "--data",
        data.name,  # relative, as a person gives it
    ]
    log = (data.parent / f"{data.name}.log").open("w")
    process = subprocess.Popen(
        [*command, *arguments],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        cwd=data.parent,
        env=clean_environment(),
    )
    log.close()
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready "):
            return TwinServer(line.split()[1], data, process)
    raise AssertionError(f"the demo ended with {process.wait()}:\n{Path(log.name).read_text()}")


def clean_environment() -> dict[str, str]:
    """The environment without settings of this machine's user, and without colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SYMPOLIS_")}
    return {**kept, "NO_COLOR": "1", "COLUMNS": "200"}


def stop(server: TwinServer) -> int:
    """Ask the server to stop; its exit code."""
    server.process.send_signal(signal.SIGTERM)
    code = server.process.wait(timeout=30)
    if server.process.stdout is not None:
        server.process.stdout.close()
    return code


@pytest.fixture(scope="session")
def seeded_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a Bologna twin after its first start: ingested, calibrated, baseline run. Copy, never use."""
    server = start_demo(tmp_path_factory.mktemp("seed") / "data")
    assert stop(server) == 0
    return server.data


@pytest.fixture(scope="session")
def twin_server(seeded_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwinServer]:
    """One running Bologna twin for the whole session; tests may add to it, not break it."""
    server = start_demo(copied(seeded_data, tmp_path_factory.mktemp("demo") / "data"))
    yield server
    stop(server)


def copied(data: Path, to: Path) -> Path:
    """A twin of one's own: a copy of a stopped twin's data folder."""
    shutil.copytree(data, to)
    return to
