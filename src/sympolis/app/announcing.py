"""Where SensorThings' observations are published: one MQTT broker, through the guard."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from uuid import uuid4

from sympolis.domain.errors import DeliveryFailed
from sympolis.egress.guard import Guard
from sympolis.egress.mqtt import TIMEOUT_S, MqttServer, open_client


class MqttPublisher:
    """Publishes to ``mqtt[s]://host[:port]`` with QoS 0; connects anew after a failure."""

    def __init__(self, guard: Guard, url: str) -> None:
        self._guard = guard
        self._server = MqttServer.at(url)
        self._client: Any = None

    async def publish(self, topic: str, message: bytes) -> None:
        """See ``api.sensorthings.announcing.Publish``."""
        from aiomqtt import MqttError

        try:
            async with asyncio.timeout(TIMEOUT_S):
                if self._client is None:
                    client = await open_client(self._guard, self._server, f"sympolis-sta-{uuid4().hex[:12]}")
                    self._client = await client.__aenter__()
                await self._client.publish(topic, message)
        except (TimeoutError, OSError, MqttError) as problem:
            await self.close()
            raise DeliveryFailed(
                f"the MQTT broker did not take it: {problem}", where="sensorthings_mqtt"
            ) from problem

    async def close(self) -> None:
        """Leave the broker."""
        from aiomqtt import MqttError

        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(MqttError, OSError):
                await client.__aexit__(None, None, None)
