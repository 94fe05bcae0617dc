"""Asking a server many things at once: by wrk where it is installed, else by a client of our own.

Requests are prepared beforehand, so that both engines send the same bytes and making them costs the measurement
nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CONNECTIONS = 16
NUMBER = "@@@@@@@@"
"""Where this stands in a request, both engines put a number that no other request of the run has."""

_SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of it."""

    requests: int
    failures: int
    seconds: float
    p50_ms: float
    p99_ms: float


def request(method: str, path: str, body: Any = None) -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Accept: application/json"]
    payload = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(payload)}"]
    return "\r\n".join((*lines, "", "")).encode() + payload


def run(address: str, requests: list[bytes], seconds: float, *, first: int = 0) -> Answered:
    """Send these, over and over, for so long; ``first`` is the first of the numbers to be filled in."""
    if shutil.which("wrk"):
        return _wrk(address, requests, seconds, first)
    return asyncio.run(_own(address, requests, seconds, first))


def _wrk(address: str, requests: list[bytes], seconds: float, first: int) -> Answered:
    with tempfile.NamedTemporaryFile(suffix=".requests") as file:
        file.writelines(b"%d\n%b" % (len(one), one) for one in requests)
        file.flush()
        found = subprocess.run(
            ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "--timeout", "30s", "-s", str(_SCRIPT), address],
            env={**os.environ, "REQUESTS": file.name, "FIRST": str(first)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    [line] = [line for line in found.stdout.splitlines() if line.startswith("{")]
    return Answered(**json.loads(line))


async def _own(address: str, requests: list[bytes], seconds: float, first: int) -> Answered:
    parts, numbers, waits, failures = urlsplit(address), count(first), [], 0
    begin = time.perf_counter()

    async def client() -> None:
        nonlocal failures
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 26)
        while time.perf_counter() - begin < seconds:
            number = next(numbers)
            chosen = requests[number % len(requests)].replace(NUMBER.encode(), b"%08d" % number)
            sent = time.perf_counter()
            writer.write(chosen)
            failures += await _status(reader) >= 300
            waits.append((time.perf_counter() - sent) * 1000)
        writer.close()

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    waits.sort()
    took = time.perf_counter() - begin
    return Answered(len(waits), failures, took, waits[len(waits) // 2], waits[len(waits) * 99 // 100])


async def _status(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = head.partition("content-length: ")[2].partition("\r\n")[0]
    await reader.readexactly(int(length or 0))
    return int(head.split()[1])
