"""How sources are heard: MQTT through the guard with acknowledgement by hand, HTTP by hooks of our own address."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sympolis.acquisition.hooks import Calling, Hooks
from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.listening import Feed, Heard, Opens, Wish
from sympolis.domain.errors import Forbidden, SettingsInvalid, SourceFailed
from sympolis.egress.guard import Guard
from sympolis.egress.http import HttpClient
from sympolis.egress.mqtt import MqttServer, open_client
from sympolis.plugins.listening import Answered, Call, Message, Topics

if TYPE_CHECKING:
    import aiomqtt

_MOST_UNACKNOWLEDGED: Final = 500
"""What the broker may send before we acknowledge (MQTT 5, Receive Maximum): the bound of the buffer for QoS 1."""
_MOST_WAITING: Final = 10_000
"""Messages of QoS 0 beyond this are dropped."""
_KEPT_FOR_S: Final = 7 * 86_400
"""How long the broker keeps what comes while the twin is away."""
_MOST_BYTES: Final = 1 << 20


def feeds(guard: Guard, hooks: Hooks, name: str) -> Opens:
    """The port ``acquisition.listening.Opens``. ``name`` tells this twin from others at a broker."""

    def opens(planned: PlannedSource, wish: Wish) -> AbstractAsyncContextManager[Feed]:
        if isinstance(wish, Topics):
            return _mqtt(guard, planned, wish, f"{name}-{planned.source.id}")
        return hooks.open(planned, wish)

    return opens


def twin_name(city: str, folder: Path) -> str:
    """The same after a restart, another for another twin of the same city."""
    return f"sympolis-{city}-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"


def caller(client: HttpClient) -> Calling:
    """The port ``acquisition.hooks.Calling`` over this client."""

    async def ask(call: Call, *, timeout_s: float) -> Answered:
        try:
            answer = await client.request(
                call.method,
                call.url,
                headers=call.headers.items(),
                body=call.body,
                timeout_s=timeout_s,
                most_bytes=_MOST_BYTES,
            )
        except Forbidden as problem:
            raise SourceFailed(problem.message, where=call.url, hint=problem.hint) from problem
        except (OSError, ValueError, KeyError) as problem:  # TimeoutError is an OSError
            raise SourceFailed(f"cannot be asked: {problem}", where=call.url) from problem
        return Answered(answer.status, answer.body)

    return ask


@asynccontextmanager
async def _mqtt(guard: Guard, planned: PlannedSource, topics: Topics, name: str) -> AsyncIterator[Feed]:
    url = topics.url or str(planned.origin.url)
    try:
        server = MqttServer.at(
            url, user=topics.user or None, password=topics.password or None, version=topics.version
        )
        client = await open_client(guard, server, name, **_session(topics.version))
    except (Forbidden, SettingsInvalid) as problem:
        raise SourceFailed(problem.message, where=url, hint=problem.hint) from problem
    except OSError as problem:
        raise SourceFailed(f"has no address: {problem}", where=url) from problem
    from aiomqtt import MqttError

    try:
        raw: Any = client._client
        raw.manual_ack_set(True)
        async with client:
            await client.subscribe([(topic, topics.qos) for topic in topics.topics])
            yield _MqttFeed(client, raw)
    except MqttError as problem:
        raise SourceFailed(f"the MQTT broker: {problem}", where=url) from problem


def _session(version: str) -> dict[str, Any]:
    """A session that outlives the connection, so that the broker keeps what comes while we are away."""
    common = {"max_queued_incoming_messages": _MOST_WAITING}
    if version != "5":
        return {**common, "clean_session": False}
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = _KEPT_FOR_S
    properties.ReceiveMaximum = _MOST_UNACKNOWLEDGED
    return {**common, "clean_start": False, "properties": properties}


class _MqttFeed:
    """See ``Feed``."""

    def __init__(self, client: aiomqtt.Client, raw: Any) -> None:
        self._messages = client.messages
        self._raw = raw

    async def next(self) -> Heard:
        """See ``Feed``."""
        from aiomqtt import MqttError

        try:
            found = await anext(aiter(self._messages))
        except MqttError as problem:
            raise SourceFailed(f"the connection is gone: {problem}", where="mqtt") from problem
        payload = found.payload if isinstance(found.payload, bytes) else str(found.payload or "").encode()
        message = Message(str(found.topic), payload, datetime.now(UTC))
        return Heard(message, self._acknowledging(found.mid, found.qos))

    def waiting(self) -> int:
        """See ``Feed``."""
        return len(self._messages)

    def _acknowledging(self, message_id: int, qos: int) -> Callable[[], Any]:
        async def acknowledge() -> None:
            if qos:
                self._raw.ack(message_id, qos)

        return acknowledge
