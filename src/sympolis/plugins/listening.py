"""The contract of sources that speak up themselves: what a connector says so that the platform may listen for it.

As with fetching, a plugin never opens a connection: it names topics or the calls that ask for messages; the platform
connects through its guard, keeps trying, buffers, and acknowledges a message once what is in it is stored. A message
may therefore come twice.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from sympolis.plugins.connector import Origin, Record


@dataclass(frozen=True, slots=True)
class Message:
    """What came: under which topic ('' where there are none), the bytes, and when (UTC)."""

    topic: str
    payload: bytes
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Messages of the MQTT broker at the origin's address (``mqtt://host[:port]`` or ``mqtts://``)."""

    topics: tuple[str, ...]
    """Topic filters, with ``+`` and ``#``."""
    qos: int = 1
    """0: may be lost; 1: kept by the broker until it is acknowledged, also while the twin is away."""
    user: str = ""
    password: str = field(default="", repr=False)
    version: str = "5"
    """``5`` or ``3.1.1``."""
    url: str = ""
    """The broker, where it is not at the origin's address."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the source."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the source answered to a call."""

    status: int
    body: bytes


Calls = Generator[Call, Answered, None]


@dataclass(frozen=True, slots=True)
class Address:
    """Where the source is to send: the URL, and the header that shows it was asked to."""

    url: str
    header: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Hook:
    """Messages that the source sends to an address of ours once it was asked by ``calls``."""

    calls: Callable[[Address], Calls]
    """Asks, given where to send; made again now and then, so it must not ask twice for the same. Raises
    ``SourceFailed``."""
    again_after_s: float = 600.0


@runtime_checkable
class Listening(Protocol):
    """A connector whose source can speak up itself."""

    def listens(self, origin: Origin, settings: Any) -> Topics | Hook | None:
        """What to listen for; None where these settings only ask for reading. Raises ``SourceFailed``."""
        ...

    def heard(self, message: Message, settings: Any) -> Iterator[Record]:
        """The rows in a message. Never raises for its content: what is no row comes as one with ``faults``."""
        ...
