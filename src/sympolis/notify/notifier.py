"""One ``Notifier`` for all endpoints: HTTP at hand, MQTT loaded when the first such endpoint is served."""

from __future__ import annotations

from sympolis.context.subscriptions.notice import Notice
from sympolis.context.subscriptions.sending import Notifier
from sympolis.egress import Guard
from sympolis.notify.http import HttpNotifier


class EndpointNotifier:
    """See ``Notifier``. Goes out only as far as ``guard`` permits."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._http = HttpNotifier(guard)
        self._mqtt: Notifier | None = None

    async def send(self, notice: Notice) -> None:
        """See ``Notifier.send``."""
        if notice.endpoint.uri.startswith("mqtt"):
            await self._mqtt_notifier().send(notice)
        else:
            await self._http.send(notice)

    async def close(self) -> None:
        """See ``Notifier.close``."""
        await self._http.close()
        if self._mqtt is not None:
            await self._mqtt.close()

    def _mqtt_notifier(self) -> Notifier:
        if self._mqtt is None:
            from sympolis.notify.mqtt import MqttNotifier

            self._mqtt = MqttNotifier(self._guard)
        return self._mqtt
