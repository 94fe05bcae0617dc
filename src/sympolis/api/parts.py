"""What the API needs in order to serve: handed over by the composition root, known here only by their contracts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sympolis.api.http import ASGIApp
from sympolis.context.broker import Broker

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from sympolis.api.twin.ports import City, Coordinator, Desk, Lineage
    from sympolis.context.terms import Contexts


@dataclass(frozen=True, slots=True)
class Readiness:
    """How far the start has come: ``share`` 0..1, ``text`` for people by language."""

    ready: bool = True
    step: str = "ready"
    share: float = 1.0
    text: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """Bounds of what one request may ask, and who may ask.

    ``hosts`` are further names (without port) by which the server may be addressed, ``*`` for any: it then trusts a
    proxy in front; ``origins`` further web origins (``https://map.example``) whose pages may write.
    """

    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    max_body_bytes: int = 32 * 1024 * 1024
    max_batch: int = 10_000
    timeout_s: float = 60.0
    temporal_page_size: int = 100_000
    """Observations in one temporal answer; more gives 206 Partial Content (clause 6.3.10)."""
    keep_alive_s: float = 15.0
    gzip_from_bytes: int = 4096


def _ready() -> Readiness:
    return Readiness()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    """Everything behind the routes. Without a city (a bare broker) the twin's own API is not mounted."""

    broker: Broker
    contexts: Contexts
    city: City | None = None
    coordinator: Coordinator | None = None
    desk: Desk | None = None
    lineage: Lineage | None = None
    """Answers ``GET /api/lineage/{id}``."""
    readiness: Callable[[], Readiness] = _ready
    settings: ApiSettings = ApiSettings()
    site: ASGIApp | None = None
    """Serves the built UI for every path that no API owns."""
    lifespan: Callable[[], AbstractAsyncContextManager[object]] | None = None
    """Entered when the server starts, left when it stops."""
