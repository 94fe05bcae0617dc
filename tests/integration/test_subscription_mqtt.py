"""Notifications by MQTT, to a real mosquitto on a free port (clause 7.2)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiomqtt
import msgspec
import pytest

from sympolis.context.subscriptions.notice import Notice
from sympolis.context.subscriptions.subscription import Endpoint
from sympolis.domain.errors import DeliveryFailed, DeliveryRefused
from sympolis.egress import EgressPolicy, Guard
from sympolis.notify import EndpointNotifier

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
BODY = b'{"id":"urn:ngsi-ld:Notification:1","data":[]}'

if MOSQUITTO is None and os.environ.get("SYMPOLIS_REQUIRE_MOSQUITTO") != "1":
    pytest.skip("mosquitto is not installed", allow_module_level=True)


class Broker:
    """A mosquitto that wants a password."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (folder / "users").write_text("")
        mosquitto_passwd = shutil.which("mosquitto_passwd") or "mosquitto_passwd"
        subprocess.run(
            [mosquitto_passwd, "-b", str(folder / "users"), "city", "s3c:ret"],
            check=True,
            capture_output=True,
        )
        (folder / "users").chmod(0o600)
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {folder / 'users'}\n"
            f"user {os.environ.get('USER') or 'root'}\n"
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert MOSQUITTO is not None
        self.process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self.folder / "mosquitto.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(10_000):
            assert self.process.poll() is None, "mosquitto did not start"
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
                return
        raise AssertionError("mosquitto does not listen")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=10)

    def notice(self, *, qos: int = 1, version: str = "mqtt5.0", secret: str = "s3c%3Aret") -> Notice:
        info = (("MQTT-QoS", str(qos)), ("MQTT-Version", version))
        uri = f"mqtt://city:{secret}@127.0.0.1:{self.port}/city/notify"
        headers = (("Link", "<c>"), ("X-Key", "v"))
        return Notice(Endpoint(uri, notifier_info=info, timeout_s=5.0), "application/json", headers, BODY)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    found = Broker(tmp_path)
    found.start()
    yield found
    found.stop()


@contextlib.asynccontextmanager
async def listening(broker: Broker) -> AsyncIterator[Any]:
    async with aiomqtt.Client("127.0.0.1", broker.port, username="city", password="s3c:ret") as client:
        await client.subscribe("city/#", qos=2)
        yield client


def notifier() -> EndpointNotifier:
    return EndpointNotifier(Guard(EgressPolicy(allow_loopback=True)))


@pytest.mark.parametrize("version", ["mqtt3.1.1", "mqtt5.0"])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_the_message_carries_metadata_and_body(broker: Broker, qos: int, version: str) -> None:
    async def scene() -> None:
        sender = notifier()
        async with asyncio.timeout(20), listening(broker) as client:
            for _ in range(3):
                await sender.send(broker.notice(qos=qos, version=version))
                message = await anext(client.messages)
                assert (message.topic.value, message.qos, message.retain) == ("city/notify", qos, False)
                assert msgspec.json.decode(message.payload) == {
                    "metadata": {"Content-Type": "application/json", "Link": "<c>", "X-Key": "v"},
                    "body": msgspec.json.decode(BODY),
                }
        await sender.close()

    asyncio.run(scene())


def test_a_broker_that_went_away_is_called_again_when_it_is_back(broker: Broker) -> None:
    async def scene() -> None:
        sender = notifier()
        async with asyncio.timeout(40):
            await sender.send(broker.notice())
            await asyncio.to_thread(broker.stop)
            with pytest.raises(DeliveryFailed):
                await sender.send(broker.notice())
            await asyncio.to_thread(broker.start)
            async with listening(broker) as client:
                await sender.send(broker.notice())
                assert (await anext(client.messages)).topic.value == "city/notify"
        await sender.close()

    asyncio.run(scene())


def test_a_wrong_password_is_a_failure_and_a_private_address_a_refusal(broker: Broker) -> None:
    async def scene() -> None:
        sender = notifier()
        with pytest.raises(DeliveryFailed):
            await sender.send(broker.notice(secret="wrong"))
        await sender.close()
        outside = EndpointNotifier(Guard())
        with pytest.raises(DeliveryRefused):
            await outside.send(broker.notice())
        await outside.close()

    asyncio.run(scene())
