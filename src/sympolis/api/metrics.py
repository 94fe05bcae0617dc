"""Counters in Prometheus' text format: a handful of dictionaries, cheap enough for every request."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from sympolis.context.store import StoreStatus

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_STATM = Path("/proc/self/statm")


class Metrics:
    """Requests and seconds by method, route and status; accepted writes; what the process costs."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self._requests: dict[tuple[str, str, int], int] = defaultdict(int)
        self._seconds: dict[tuple[str, str], float] = defaultdict(float)
        self.open_streams = 0

    @property
    def uptime_s(self) -> float:
        """Seconds since the API was made."""
        return time.monotonic() - self.started

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note one answered request; ``route`` is the template, so that ids do not become labels."""
        method = method if method in _METHODS else "OTHER"
        self._requests[method, route, status] += 1
        self._seconds[method, route] += seconds

    def render(self, store: StoreStatus | None, gauges: Mapping[str, tuple[str, float]] | None = None) -> str:
        """The exposition text; ``gauges`` are further ones: help and value by name."""
        lines = [*self._request_lines(), *self._process_lines(), *_store_lines(store)]
        for name, (text, value) in (gauges or {}).items():
            lines += _figure(name, "gauge", text, value)
        return "\n".join([*lines, ""])

    def _request_lines(self) -> list[str]:
        counts = [
            f'sympolis_http_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
            for (method, route, status), count in sorted(self._requests.items())
        ]
        sums = [
            f'sympolis_http_request_seconds_sum{{method="{method}",route="{route}"}} {seconds:.6f}'
            for (method, route), seconds in sorted(self._seconds.items())
        ]
        return [
            *_head("sympolis_http_requests_total", "counter", "Answered requests."),
            *counts,
            *_head("sympolis_http_request_seconds_sum", "counter", "Seconds from request to last byte."),
            *sums,
        ]

    def _process_lines(self) -> list[str]:
        return [
            *_figure("process_cpu_seconds_total", "counter", "CPU time of the server.", time.process_time()),
            *_figure("process_resident_memory_bytes", "gauge", "Resident memory.", resident_bytes()),
            *_figure("sympolis_uptime_seconds", "gauge", "Seconds since the start.", self.uptime_s),
            *_figure("sympolis_open_streams", "gauge", "Event streams being followed.", self.open_streams),
        ]


def resident_bytes() -> int:
    """Memory of this process now; 0 where the system does not tell."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _store_lines(store: StoreStatus | None) -> list[str]:
    if store is None:
        return []
    return [
        *_figure("sympolis_change_position", "counter", "Newest number of the change log.", store.position),
        *_figure("sympolis_entities", "gauge", "Entities in the context.", store.entities),
        *_figure("sympolis_observations", "gauge", "Observations in the history.", store.observations),
    ]


def _figure(name: str, kind: str, text: str, value: float) -> list[str]:
    return [*_head(name, kind, text), f"{name} {value}"]


def _head(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
