"""What a context broker is asked all day, each kind by itself: CPU of the whole server per request."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from benchmarks import entities, load
from benchmarks.brokers import Running
from sympolis.testing.receivers import Received, receiver

API = "/ngsi-ld/v1"
ENTITIES = f"{API}/entities"
SUBSCRIPTIONS = f"{API}/subscriptions"
_PREPARED = 5000
_SERIES = 200
"""Stations whose history is longer than a point: those that are asked for their last values."""
_HOURS_OF_A_YEAR = 365 * 24
_AT_ONCE = 5000

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: ``seconds`` per run and ``runs`` per phase, of which the median counts."""

    seconds: float = 4
    runs: int = 3
    notifications: int = 200


class Bench:
    """One broker, filled with ``count`` stations and asked for everything.

    ``kept``: it may have been filled and asked before, so nothing that is sent now should be what was sent then.
    """

    def __init__(self, broker: Running, count: int, effort: Effort, *, kept: bool = False) -> None:
        self._broker = broker
        self._count = count
        self._effort = effort
        self._kept = kept
        self._chance = random.Random() if kept else random.Random(7)
        self._now = datetime.now(UTC).replace(microsecond=0)
        self._created = int(time.time() * 1000) % 90_000_000 if kept else 0

    def phases(self, only: Collection[str] = ()) -> Iterator[tuple[str, Figures]]:
        """Every phase (or ``only`` these) with its figures, in an order in which none disturbs the next."""
        if not (self._kept and self._is_filled()):
            yield "fill", self._fill()
        for name, measured in self._all().items():
            if not only or name in only:
                yield name, measured()

    def _all(self) -> dict[str, Callable[[], Figures]]:
        return {
            "memory": self._broker.memory,
            **{name: partial(self._measured, prepare) for name, prepare in self._hot().items()},
            **{f"upsert_{size}": partial(self._upserts, size) for size in (100, 1000)},
            "temporal_last_20": self._lasts,
            **{f"year_by_{minutes}_minutes": partial(self._year, minutes) for minutes in (60, 10)},
            "notify": lambda: asyncio.run(self._notify()),
            "memory_after": self._broker.memory,
        }

    def _is_filled(self) -> bool:
        page = self._broker.ask("GET", f"{ENTITIES}?type={entities.TYPE}&limit=1")
        return bool(page)

    def _hot(self) -> dict[str, Callable[[], bytes]]:
        return {
            "get_id": lambda: load.request("GET", f"{ENTITIES}/{self._any_id()}"),
            "get_id_kv": lambda: load.request("GET", f"{ENTITIES}/{self._any_id()}?options=keyValues"),
            "type_q": lambda: load.request(
                "GET", f"{ENTITIES}?type={entities.TYPE}&{self._values()}&limit=20"
            ),
            "near": lambda: load.request("GET", f"{ENTITIES}?type={entities.TYPE}&{self._near()}&limit=20"),
            "near_type_q": lambda: load.request(
                "GET", f"{ENTITIES}?type={entities.TYPE}&{self._near()}&{self._values()}&limit=20"
            ),
            "patch": self._patch,
            "create": self._create,
        }

    # --- requests

    def _any_id(self) -> str:
        return entities.entity_id(self._chance.randrange(self._count))

    def _values(self) -> str:
        return (
            f"q=PM10%3E{self._chance.uniform(60, 98):.1f}%3Btemperature%3C{self._chance.uniform(0, 35):.1f}"
        )

    def _near(self) -> str:
        longitude, latitude = entities.place(self._chance)
        point = f"%5B{longitude:.5f},{latitude:.5f}%5D"
        return f"georel=near%3BmaxDistance==500&geometry=Point&coordinates={point}"

    def _patch(self) -> bytes:
        value = entities.observed(round(self._chance.uniform(0, 200), 1), "GQ", self._later())
        return load.request("PATCH", f"{ENTITIES}/{self._any_id()}/attrs", {"NO2": value})

    def _create(self) -> bytes:
        return load.request("POST", ENTITIES, entities.entity(f"new-{load.NUMBER}", self._chance, self._now))

    def _last_20(self) -> bytes:
        station = entities.entity_id(self._chance.randrange(_SERIES))
        after = "timerel=after&timeAt=2020-01-01T00:00:00Z"
        return load.request("GET", f"{API}/temporal/entities/{station}?{after}&attrs=NO2&lastN=20")

    def _later(self) -> datetime:
        return self._now + timedelta(seconds=self._chance.randrange(86_400))

    # --- measuring

    def _measured(self, prepare: Callable[[], bytes]) -> Figures:
        self._one_run(prepare, 1)  # indexes and caches come with the first requests,
        self._broker.settle()  # and are filled between them
        runs = [self._one_run(prepare, self._effort.seconds) for _ in range(self._effort.runs)]
        return {name: statistics.median(run[name] for run in runs) for name in runs[0]}

    def _one_run(self, prepare: Callable[[], bytes], seconds: float) -> Figures:
        requests = [prepare() for _ in range(_PREPARED)]
        before = self._broker.cpu_s()
        found = load.run(self._broker.address, requests, seconds, first=self._created)
        spent = self._broker.cpu_s() - before
        self._created += found.requests + load.CONNECTIONS  # some were sent whose answer no one waited for
        return {
            "cpu_ms": spent / found.requests * 1000,
            "per_s": found.requests / found.seconds,
            "p50_ms": found.p50_ms,
            "p99_ms": found.p99_ms,
            "failures": found.failures,
        }

    def _timed(self, requests: list[tuple[str, str, Any]], units: int) -> Figures:
        """CPU per unit and units per second of these requests, one after the other."""
        before, begin = self._broker.cpu_s(), time.perf_counter()
        for method, path, body in requests:
            self._broker.ask(method, path, body)
        took, spent = time.perf_counter() - begin, self._broker.cpu_s() - before
        return {"cpu_ms": spent / units * 1000, "per_s": units / took}

    def _batch(self, numbers: list[int]) -> tuple[str, str, Any]:
        documents = [entities.entity(number, self._chance, self._later()) for number in numbers]
        return "POST", f"{API}/entityOperations/upsert", documents

    def _fill(self) -> Figures:
        before, took, begin = self._broker.cpu_s(), 0.0, 0
        for begin in range(0, self._count, 500):
            request = self._batch(list(range(begin, min(begin + 500, self._count))))
            started = time.perf_counter()
            self._broker.ask(*request)
            took += time.perf_counter() - started
        return {
            "cpu_ms": (self._broker.cpu_s() - before) / self._count * 1000,
            "per_s": self._count / took,
        }

    def _upserts(self, size: int) -> Figures:
        batches = max(5, 4000 // size)
        requests = [
            self._batch(self._chance.sample(range(self._count), min(size, self._count)))
            for _ in range(batches)
        ]
        return self._timed(requests, batches * min(size, self._count))

    def _lasts(self) -> Figures:
        self._lengthen_histories()
        return self._measured(self._last_20)

    def _lengthen_histories(self) -> None:
        hour = timedelta(hours=1)  # the newest values, as anybody asks for: not in an archived month
        points = entities.series(100, hour, self._chance, begin=self._now - 100 * hour)
        for number in range(_SERIES):
            self._broker.ask(
                "POST", f"{API}/temporal/entities/{entities.entity_id(number)}/attrs", {"NO2": points}
            )

    def _year(self, minutes: int) -> Figures:
        """Hourly means of a year in which there was a value every so many minutes: 8,760 rows."""
        station = entities.entity(f"every-{minutes}-minutes-{self._created}", self._chance, self._now)
        self._broker.ask("POST", ENTITIES, station)
        points = entities.series(_HOURS_OF_A_YEAR * 60 // minutes, timedelta(minutes=minutes), self._chance)
        path = f"{API}/temporal/entities/{station['id']}"
        for begin in range(0, len(points), _AT_ONCE):
            self._broker.ask("POST", f"{path}/attrs", {"NO2": points[begin : begin + _AT_ONCE]})
        range_ = "timerel=between&timeAt=2025-01-01T00:00:00Z&endTimeAt=2026-01-01T00:00:00Z"
        means = "options=aggregatedValues&aggrMethods=avg&aggrPeriodDuration=PT1H"
        asked = ("GET", f"{path}?{range_}&attrs=NO2&{means}", None)
        rows = len(self._broker.ask(*asked)["NO2"]["avg"])
        if rows != _HOURS_OF_A_YEAR:
            raise RuntimeError(f"expected {_HOURS_OF_A_YEAR} hours, found {rows}")
        return self._timed([asked] * 20, 20)

    async def _notify(self) -> Figures:
        """From sending a change to the arrival of its notification, 20 ms between two; how many never came."""
        sent: dict[float, float] = {}
        arrived: dict[float, float] = {}
        complete = asyncio.Event()

        def note(received: Received) -> bytes:
            now = time.perf_counter()
            for station in received.json["data"]:
                arrived.setdefault(station["PM25"]["value"], now)
            if len(arrived) == self._effort.notifications:
                complete.set()
            return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

        async with receiver() as there:
            there.answer = note
            subscription = _subscription(there.url)
            await asyncio.to_thread(self._broker.ask, "POST", SUBSCRIPTIONS, subscription)
            for value in range(1000, 1000 + self._effort.notifications):
                change = {"PM25": entities.observed(value, "GQ", self._later())}
                path = f"{ENTITIES}/{self._any_id()}/attrs"
                sent[value] = time.perf_counter()
                await asyncio.to_thread(self._broker.ask, "PATCH", path, change)
                await asyncio.sleep(0.02)
            with suppress(TimeoutError):
                await asyncio.wait_for(complete.wait(), timeout=10)
            await asyncio.to_thread(self._broker.ask, "DELETE", f"{SUBSCRIPTIONS}/{subscription['id']}")
        waits = sorted((arrived[value] - sent[value]) * 1000 for value in arrived)
        return {
            "p50_ms": statistics.median(waits),
            "p99_ms": waits[len(waits) * 99 // 100],
            "lost": len(sent) - len(arrived),
        }


def _subscription(uri: str) -> dict[str, Any]:
    return {
        "id": "urn:ngsi-ld:Subscription:bench",
        "type": "Subscription",
        "entities": [{"type": entities.TYPE}],
        "watchedAttributes": ["PM25"],
        "notification": {"endpoint": {"uri": uri, "accept": "application/json"}},
    }
