"""A twin in its own process, to be measured from outside."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import processes


@dataclass(frozen=True)
class Started:
    """A server that is ready, what it cost to get there, and a way to ask it things."""

    pid: int
    address: str
    wall_s: float
    cpu_s: float

    def connection(self) -> http.client.HTTPConnection:
        """A keep-alive connection."""
        parts = urlsplit(self.address)
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)


@contextmanager
def demo(data: Path, *, city: str = "bologna") -> Iterator[Started]:
    """`sympolis demo` of a city until it says it is ready."""
    command = [
        sys.executable,
        "-m",
        "sympolis",
        "demo",
        city,
        "--no-open",
        "--port",
        "0",
        "--data",
        str(data),
    ]
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield _ready(process, begin)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _ready(process: subprocess.Popen[str], begin: float) -> Started:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready "):
            wall = time.perf_counter() - begin
            return Started(process.pid, line.split()[1], wall, processes.cpu_s(process.pid))
    raise RuntimeError(f"the demo ended with {process.wait()}")


def city_link(connection: http.client.HTTPConnection) -> str:
    """The Link header that lets requests use the city's short names."""
    context = f"http://{connection.host}:{connection.port}/contexts/bologna.jsonld"
    return f'<{context}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'


def cpu_us_per_request(server: Started, path: str, *, count: int = 2000) -> float:
    """CPU microseconds the server spends on one GET of ``path``, over ``count`` keep-alive requests."""
    connection = server.connection()
    _ask(connection, path, 50)
    before = processes.cpu_s(server.pid)
    _ask(connection, path, count)
    after = processes.cpu_s(server.pid)
    connection.close()
    return (after - before) / count * 1e6


def _ask(connection: http.client.HTTPConnection, path: str, count: int) -> None:
    headers = {"Accept": "application/json", "Link": city_link(connection)}
    for _ in range(count):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {body[:300]!r}")
