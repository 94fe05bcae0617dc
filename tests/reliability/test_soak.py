"""Many days of mixed work in seconds: what the process holds at the end is what it held after the first hour.

Counted are things, not seconds: objects, threads, open files, tasks, and what the caches remember. Clients name
something new with every request, because that is what lets a server grow.
"""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sympolis.app import open_broker
from sympolis.app.standalone import StandaloneBroker
from sympolis.settings import Settings
from sympolis.testing.asgi_client import exchange

ROOT = "/ngsi-ld/v1"
ROUND = 30
ROUNDS = 12
WORDS = 40
"""Names of types and attributes: a store remembers each that it has ever seen."""
LD = {"content-type": "application/ld+json"}


def one_round(number: int) -> Iterator[tuple[str, str, Any, dict[str, str]]]:
    """Requests that leave as many things as there were before: new ids, new contexts, a usual vocabulary."""
    key = f"urn:soak:{number}"
    context = {"speed": "https://soak.example/speed", f"n{number}": f"https://soak.example/{number}"}
    number %= WORDS
    entity = {"id": key, "type": f"T{number}", "speed": {"type": "Property", "value": number}}
    yield "POST", "/entities", {**entity, "@context": context}, LD
    yield "GET", f"/entities/{key}?options=sysAttrs", None, {}
    yield "PATCH", f"/entities/{key}/attrs", {f"a{number}": {"type": "Property", "value": 1}}, {}
    yield "GET", f"/entities?type=T{number}&q=a{number}=={number}", None, {}
    yield "GET", f"/entities?type=T{number}&q=(((", None, {}
    yield "GET", f"/temporal/entities/{key}?timerel=after&timeAt=2020-01-01T00:00:00Z", None, {}
    subscription = {
        "id": key,
        "type": "Subscription",
        "entities": [{"type": f"T{number}"}],
        "notification": {"endpoint": {"uri": "http://127.0.0.1:9/"}},
        "@context": [context, {"x": "https://soak.example/x"}],
    }
    yield "POST", "/subscriptions", subscription, LD
    yield "PATCH", f"/entities/{key}/attrs", {"speed": {"type": "Property", "value": -1}}, {}
    yield "GET", f"/entities/{key}", None, {"ngsild-tenant": f"absent{number}"}
    yield "GET", f"/unheard/{number}", None, {}
    yield "POST", "/entities", {"id": number}, {}
    yield "DELETE", f"/subscriptions/{key}", None, {}
    yield "DELETE", f"/entities/{key}", None, {}
    yield "DELETE", f"/temporal/entities/{key}", None, {}


def counted(broker: StandaloneBroker) -> dict[str, int]:
    """What there is."""
    gc.collect()
    return {
        "threads": threading.active_count(),
        "files": sum(1 for _ in Path("/proc/self/fd").iterdir()),
        "tasks": len(asyncio.all_tasks(broker_loop(broker))),
        "implicit contexts": len(broker.ground.library.list()),
        **broker.ground.contexts.weight(),
    }


def broker_loop(broker: Any) -> asyncio.AbstractEventLoop:
    """The loop that the broker runs on."""
    found: asyncio.AbstractEventLoop = broker.loop
    return found


def test_nothing_grows(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("ERROR")  # each notification that is refused would be told, and kept
    with asyncio.Runner() as runner:
        broker: Any = runner.run(open_broker(Settings(data=tmp_path)))
        broker.loop = runner.get_loop()

        async def work(first: int) -> None:
            for number in range(first, first + ROUND):
                for method, path, json, headers in one_round(number):
                    answer = await exchange(broker.asgi, method, ROOT + path, json=json, headers=headers)
                    assert answer.status < 500, (method, path, answer.body)

        def rounds(first: int, count: int) -> None:
            for turn in range(first, first + count):
                runner.run(work(turn * ROUND))

        rounds(0, 5)
        before, objects = counted(broker), len(gc.get_objects())
        rounds(5, ROUNDS - 5)
        after, grown = counted(broker), len(gc.get_objects()) - objects
        for what, limit in (
            ("threads", 2),
            ("files", 2),
            ("tasks", 2),
            ("implicit contexts", 300),
            ("resolved", 130),
        ):
            assert after[what] <= before[what] + limit, what
        assert after["resolved_weight"] <= 32 * 1024 * 1024
        assert grown < ROUND * (ROUNDS - 5), "less than one object stays for each round of 14 requests"
        runner.run(broker.close())
