"""A subscriber that hangs and one that is gone take nothing from the others, while changes come by the hundred."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path

from sympolis.app import open_broker
from sympolis.settings import Settings
from sympolis.testing.asgi_client import exchange
from sympolis.testing.receivers import receiver

ROOT = "/ngsi-ld/v1"
CHANGES = 200
DEAD = "http://127.0.0.1:9/"


def subscription(name: str, uri: str) -> dict[str, object]:
    return {
        "id": f"urn:flood:{name}",
        "type": "Subscription",
        "entities": [{"type": "T"}],
        "watchedAttributes": ["count"],
        "notification": {"endpoint": {"uri": uri, "timeout": 1000}},
    }


async def _within(work: Awaitable[object], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        await work


def test_the_one_that_listens_hears_every_change_in_order(tmp_path: Path) -> None:
    async def run() -> None:
        broker = await open_broker(Settings(data=tmp_path, allow_loopback=True))

        async def send(method: str, path: str, json: object) -> None:
            answer = await exchange(broker.asgi, method, ROOT + path, json=json)
            assert answer.status in (201, 204), answer.body

        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        hanging = await asyncio.start_server(hang, "127.0.0.1", 0)
        address = f"http://127.0.0.1:{hanging.sockets[0].getsockname()[1]}/"
        async with receiver() as listening:
            for name, uri in (("hangs", address), ("gone", DEAD), ("listens", listening.url)):
                await send("POST", "/subscriptions", subscription(name, uri))
            count = {"type": "Property", "value": 0}
            await send("POST", "/entities", {"id": "urn:flood:1", "type": "T", "count": count})
            for value in range(1, CHANGES):
                await send("PATCH", "/entities/urn:flood:1/attrs/count", {"value": value})

            heard: list[int] = []

            async def listen() -> None:
                while not heard or heard[-1] < CHANGES - 1:
                    told = await listening.next()
                    heard.extend(one["count"]["value"] for one in told.json["data"])

            await _within(listen())
            assert heard == list(range(CHANGES))
            await _within(broker.close())
        hanging.close()

    asyncio.run(run())
