"""New observations reach a real mosquitto on the topics of SensorThings, once each, also after it was away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from tests.integration.test_listening_mqtt import Mosquitto

from sympolis.api.sensorthings.announcing import Announcer
from sympolis.app.announcing import MqttPublisher
from sympolis.context.broker import Broker
from sympolis.context.terms import core_terms
from sympolis.domain import errors
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.egress.guard import EgressPolicy, Guard
from sympolis.settings import Settings
from sympolis.stores.memory import MemoryStore

BASE = "https://uri.etsi.org/ngsi-ld/default-context/"
START = datetime(2024, 5, 1, tzinfo=UTC)
TOPIC = "v1.1/Datastreams('urn:ngsi-ld:Station:1~no2')/Observations"


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    server = Mosquitto(tmp_path)
    server.start()
    try:
        yield server
    finally:
        server.stop()


async def measure(broker: Broker, hour: int, value: Any) -> None:
    one = Attribute(AttributeKind.PROPERTY, value, observed_at=START + timedelta(hours=hour))
    name = Attribute(AttributeKind.PROPERTY, f"written {hour}")
    entity = Entity(
        "urn:ngsi-ld:Station:1", (f"{BASE}Station",), {f"{BASE}no2": (one,), f"{BASE}name": (name,)}
    )
    await broker.upsert([entity], update=True)


@asynccontextmanager
async def announcing(broker: Broker, port: int) -> Any:
    publisher = MqttPublisher(Guard(EgressPolicy(allow_loopback=True)), f"mqtt://127.0.0.1:{port}")
    stopped = asyncio.Event()
    announcer = Announcer(broker, core_terms(), publisher.publish, pause_s=0.01)
    task = asyncio.create_task(announcer.run(stopped))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await publisher.close()


def test_each_new_observation_is_published_once(mosquitto: Mosquitto) -> None:
    async def scenario() -> list[tuple[str, Any]]:
        broker, heard = Broker(MemoryStore()), []
        await measure(broker, 0, 1.0)
        async with aiomqtt.Client("127.0.0.1", mosquitto.port) as client, announcing(broker, mosquitto.port):
            await client.subscribe(TOPIC)
            await asyncio.sleep(0)
            for hour, value in ((1, 2.5), (1, 2.5), (0, 9.0), (2, "high"), (3, 4.0)):
                await measure(broker, hour, value)
            async for message in client.messages:
                heard.append((str(message.topic), json.loads(message.payload)))
                if heard[-1][1]["result"] == 4.0:
                    break
        await broker.store.close()
        return heard

    heard = asyncio.run(asyncio.wait_for(scenario(), 30))
    assert {topic for topic, _ in heard} == {TOPIC}
    results = [document["result"] for _, document in heard]
    assert results == sorted(set(results), key=results.index) and results[-1] == 4.0 and 9.0 not in results
    assert heard[-1][1]["phenomenonTime"] == "2024-05-01T03:00:00Z"
    assert heard[-1][1]["@iot.id"] == "urn:ngsi-ld:Station:1~no2~2024-05-01T03:00:00Z"


def test_it_goes_on_when_the_broker_comes_back(mosquitto: Mosquitto) -> None:
    async def scenario() -> float:
        broker = Broker(MemoryStore())
        async with announcing(broker, mosquitto.port):
            await measure(broker, 0, 1.0)
            mosquitto.stop()
            await measure(broker, 1, 2.0)
            mosquitto.start()
            async with aiomqtt.Client("127.0.0.1", mosquitto.port) as client:
                await client.subscribe(TOPIC)
                hour = 2
                while True:
                    await measure(broker, hour, float(hour))
                    try:
                        async with asyncio.timeout(0.2):
                            message = await anext(aiter(client.messages))
                    except TimeoutError:
                        hour += 1
                        continue
                    await broker.store.close()
                    return float(json.loads(message.payload)["result"])

    assert asyncio.run(asyncio.wait_for(scenario(), 60)) >= 2.0


def test_not_where_people_have_to_say_who_they_are() -> None:
    with pytest.raises(errors.SettingsInvalid, match="sensorthings_mqtt"):
        Settings(sensorthings_mqtt="mqtt://127.0.0.1", identity="required")
