"""Connections to MQTT brokers, through the guard: to the very address that was checked, certificates by name.

For notifications and for sources that are heard. Needs the extra ``mqtt`` (aiomqtt), loaded when first used.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sympolis.domain.errors import SettingsInvalid
from sympolis.egress.guard import Guard

if TYPE_CHECKING:
    import aiomqtt

PORTS = {"mqtt": 1883, "mqtts": 8883}
TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class MqttServer:
    """A broker, and who connects to it. ``version`` is ``5`` or ``3.1.1``."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    version: str = "5"

    @classmethod
    def at(cls, url: str, **more: Any) -> MqttServer:
        """The broker at ``mqtt[s]://host[:port]``. Raises ``SettingsInvalid``."""
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            hint = "write mqtt://broker.city.example or mqtts://…"
            raise SettingsInvalid("is not the address of an MQTT broker", where=url, hint=hint)
        return cls(parts.hostname, parts.port or PORTS[parts.scheme], parts.scheme == "mqtts", **more)


async def open_client(guard: Guard, server: MqttServer, identifier: str, **more: Any) -> aiomqtt.Client:
    """A client, not connected yet (``async with`` it). Raises ``Forbidden``, ``OSError`` or ``SettingsInvalid``."""
    try:
        import aiomqtt
    except ImportError as problem:
        raise SettingsInvalid(
            "this server cannot speak MQTT", where="aiomqtt", hint="install sympolis[mqtt]"
        ) from problem
    [address, *_] = await guard.addresses(server.host, server.port)
    five = server.version == "5"
    return aiomqtt.Client(
        address,
        server.port,
        username=server.user,
        password=server.password,
        identifier=identifier,
        protocol=aiomqtt.ProtocolVersion.V5 if five else aiomqtt.ProtocolVersion.V311,
        tls_context=_NamedContext.of(server.host) if server.tls else None,
        timeout=TIMEOUT_S,
        **more,
    )


class _NamedContext(ssl.SSLContext):
    """Checks certificates against a name, whatever address the connection was made to."""

    name: str

    @classmethod
    def of(cls, name: str) -> _NamedContext:
        """A context with this machine's certificates."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.load_default_certs()
        context.name = name
        return context

    def wrap_socket(self, *arguments: Any, **more: Any) -> ssl.SSLSocket:
        """See ``ssl.SSLContext``."""
        return super().wrap_socket(*arguments, **{**more, "server_hostname": self.name})
