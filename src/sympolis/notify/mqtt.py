"""Notifications by MQTT (GS CIM 009, clause 7.2): ``mqtt[s]://[user[:password]@]host[:port]/topic``.

The message is ``{"metadata": …, "body": …}``: the headers that HTTP would have had, and the Notification. One
connection per broker and user is kept open. Needs the extra ``mqtt`` (aiomqtt).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import msgspec

from sympolis.context.subscriptions.notice import Notice
from sympolis.domain.errors import DeliveryFailed, DeliveryRefused, Forbidden
from sympolis.egress import Guard
from sympolis.egress.mqtt import PORTS, TIMEOUT_S, MqttServer, open_client

try:
    import aiomqtt
except ImportError:  # pragma: no cover - the extra is not installed
    aiomqtt = None  # type: ignore[assignment]


class MqttNotifier:
    """See ``Notifier``: with QoS 1 and 2 the broker's receipt is the delivery, with QoS 0 the sending is."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._clients: dict[MqttServer, Any] = {}
        self._locks: dict[MqttServer, asyncio.Lock] = {}

    async def send(self, notice: Notice) -> None:
        """See ``Notifier.send``."""
        if aiomqtt is None:
            raise DeliveryRefused(
                "this server cannot speak MQTT", where="aiomqtt", hint="install sympolis[mqtt]"
            )
        broker, topic = _target(notice)
        qos = int(dict(notice.endpoint.notifier_info).get("MQTT-QoS", "0"))
        try:
            async with asyncio.timeout(notice.endpoint.timeout_s or TIMEOUT_S):
                client = await self._client(broker)
                await client.publish(topic, _message(notice), qos=qos)
        except Forbidden as problem:
            raise DeliveryRefused(problem.message, where=problem.where, hint=problem.hint) from problem
        except (TimeoutError, OSError, aiomqtt.MqttError) as problem:
            await self._drop(broker)
            raise DeliveryFailed(f"the MQTT broker did not take it: {problem}") from problem

    async def close(self) -> None:
        """See ``Notifier.close``."""
        for broker in list(self._clients):
            await self._drop(broker)

    async def _client(self, broker: MqttServer) -> Any:
        async with self._locks.setdefault(broker, asyncio.Lock()):
            if broker not in self._clients:
                client = await open_client(self._guard, broker, f"sympolis-{uuid4().hex[:12]}")
                await client.__aenter__()
                self._clients[broker] = client
            return self._clients[broker]

    async def _drop(self, broker: MqttServer) -> None:
        client = self._clients.pop(broker, None)
        if client is not None:
            with contextlib.suppress(aiomqtt.MqttError, OSError):  # it may be gone already
                await client.__aexit__(None, None, None)


def _target(notice: Notice) -> tuple[MqttServer, str]:
    parts = urlsplit(notice.endpoint.uri)
    info = dict(notice.endpoint.notifier_info)
    broker = MqttServer(
        host=parts.hostname or "",
        port=parts.port or PORTS[parts.scheme],
        tls=parts.scheme == "mqtts",
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        version="5" if info.get("MQTT-Version", "mqtt5.0") == "mqtt5.0" else "3.1.1",
    )
    return broker, unquote(parts.path[1:])


def _message(notice: Notice) -> bytes:
    metadata = {"Content-Type": notice.media, **dict(notice.headers)}
    return msgspec.json.encode({"metadata": metadata, "body": msgspec.Raw(notice.body)})
