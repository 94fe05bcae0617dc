"""What a context source registration is, once read: names expanded, defaults in place (clauses 5.2.8-5.2.11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sympolis.context.registrations import operations


class Mode(StrEnum):
    """How a source shares with this broker what is registered (clauses 4.3.6.2, 4.3.6.3)."""

    INCLUSIVE = "inclusive"
    AUXILIARY = "auxiliary"
    REDIRECT = "redirect"
    EXCLUSIVE = "exclusive"

    @property
    def proxied(self) -> bool:
        """Whether the broker itself holds nothing of what is registered."""
        return self in (Mode.REDIRECT, Mode.EXCLUSIVE)


@dataclass(frozen=True, slots=True)
class EntityInfo:
    """Entities that a source may have (clause 5.2.8); an ``id`` takes precedence over a pattern."""

    types: tuple[str, ...] = ()
    id: str | None = None
    id_pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Information:
    """Entities and attributes of them (clause 5.2.10); without entities: of any, without names: all."""

    entities: tuple[EntityInfo, ...] = ()
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Interval:
    """A time interval (clause 5.2.11), both ends included; without an end it is open."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Management:
    """How requests to the source are to be made (clause 5.2.34). Times in seconds; None: as the broker likes."""

    local_only: bool = False
    timeout_s: float | None = None
    cooldown_s: float | None = None
    cache_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One registration.

    ``document`` is what the client gave, with names expanded and without ``id``; everything else follows from it.
    ``spaces`` are the geometries by expanded name of the GeoProperty (``location``, ``observationSpace``,
    ``operationSpace``); ``properties`` the client's own members, for filters (``csf``).
    """

    id: str
    document: Mapping[str, Any]
    endpoint: str
    information: tuple[Information, ...]
    created_at: datetime
    modified_at: datetime
    mode: Mode = Mode.INCLUSIVE
    operations: frozenset[str] = operations.DEFAULT
    source_info: tuple[tuple[str, str], ...] = ()
    tenant: str = ""
    alias: str | None = None
    datasets: frozenset[str] = frozenset()
    scopes: tuple[str, ...] = ()
    spaces: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    observation: Interval | None = None
    management_interval: Interval | None = None
    expires_at: datetime | None = None
    management: Management = field(default_factory=Management)
    refresh_s: float | None = None

    @property
    def temporal(self) -> bool:
        """Whether the source gives the temporal evolution of entities rather than their latest state."""
        return self.observation is not None or self.management_interval is not None

    def supports(self, operation: str) -> bool:
        """Whether the source takes this operation (clause 4.20)."""
        return operation in self.operations

    def expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Fared:
    """How requests to a source have fared (read-only members, Table 5.2.9-2)."""

    times_sent: int = 0
    times_failed: int = 0
    last_success: datetime | None = None
    last_failure: datetime | None = None
    failed: bool = False
    """Whether the latest request failed."""
