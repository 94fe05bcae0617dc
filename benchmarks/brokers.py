"""Brokers to be measured: `sympolis broker` in a process of its own, over each of the stores."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks import processes

STORES = ("embedded", "postgresql", "memory")


@dataclass(frozen=True)
class Running:
    """A broker that is ready. ``pids`` are the roots of all that serves it, a database server among them."""

    address: str
    pids: tuple[int, ...]
    ready_s: float
    ready_cpu_s: float

    def cpu_s(self) -> float:
        """CPU seconds spent so far."""
        return sum(map(processes.cpu_s, self.pids))

    def resident_mb(self) -> float:
        """Memory of the broker alone: a database server's is mostly shared, and counted elsewhere."""
        return processes.resident_mb(self.pids[0])

    def memory(self) -> dict[str, float]:
        """That memory, in all and by what it is, in MB."""
        return {"mb": self.resident_mb(), **processes.resident_by_kind_mb(self.pids[0])}

    def settle(self, patience_s: float = 900) -> None:
        """Return when it has nothing to do any more: less than a tenth of a core for a second."""
        end = time.monotonic() + patience_s
        before = self.cpu_s()
        while time.monotonic() < end:
            time.sleep(1)
            now = self.cpu_s()
            if now - before < 0.1:
                return
            before = now

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request on a connection of its own. Raises ``RuntimeError`` where it fails."""
        parts = urlsplit(self.address)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=300)
        payload = None if body is None else json.dumps(body)
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        connection.request(method, path, payload, headers)
        answer = connection.getresponse()
        found = answer.read()
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {found[:300]!r}")
        return json.loads(found) if found else None


@contextmanager
def running(store: str, kept: Path | None = None) -> Iterator[Running]:
    """A broker over an empty store of this kind, or over what is ``kept`` in a folder and stays there."""
    with tempfile.TemporaryDirectory(prefix="sympolis-bench-") as made, _database(store) as (setting, more):
        folder = kept or Path(made)
        command = [sys.executable, "-m", "sympolis", "broker", "--port", "0", "--allow-loopback"]
        command += ["--temporal-page-size", "100000"]
        command += ["--data", str(folder / "data"), "--store", setting]
        begin = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=_as_installed()
        )
        try:
            yield _ready(process, begin, more)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _as_installed() -> dict[str, str]:
    """The environment, in which Python keeps what it has compiled, as it does where a program is installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _ready(process: subprocess.Popen[str], begin: float, more: tuple[int, ...]) -> Running:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready "):
            took = time.perf_counter() - begin
            return Running(line.split()[1], (process.pid, *more), took, processes.cpu_s(process.pid))
    raise RuntimeError(f"the broker ended with {process.wait()}")


@contextmanager
def _database(store: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    if store != "postgresql":
        yield store, ()
        return
    from sympolis.testing.postgres import PrivateServer

    server = PrivateServer()  # flushes to disk, as one in use does
    server.create()
    try:
        yield server.url, (int((server.data / "postmaster.pid").read_text().split()[0]),)
    finally:
        server.remove()
