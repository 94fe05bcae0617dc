"""What a subscription is, once read: names expanded, queries parsed, defaults in place (clauses 5.2.12-5.2.15)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sympolis.context.conformance import Edition
from sympolis.context.linked import Join
from sympolis.context.projection import WHOLE, Projection
from sympolis.context.query import AllOf, AnyOf, GeoQuery, LinkedTerm, Selector, Term
from sympolis.context.rendering import Form


class Trigger(StrEnum):
    """What must happen for a notification (``notificationTrigger``)."""

    ENTITY_CREATED = "entityCreated"
    ENTITY_UPDATED = "entityUpdated"
    ENTITY_DELETED = "entityDeleted"
    ATTRIBUTE_CREATED = "attributeCreated"
    ATTRIBUTE_UPDATED = "attributeUpdated"
    ATTRIBUTE_DELETED = "attributeDeleted"


DEFAULT_TRIGGERS = (Trigger.ATTRIBUTE_CREATED, Trigger.ATTRIBUTE_UPDATED)


class Status(StrEnum):
    """Where a subscription stands (read-only ``status``)."""

    ACTIVE = "active"
    PAUSED = "paused"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where notifications go (clause 5.2.15). Times in seconds; headers and MQTT settings as (key, value)."""

    uri: str
    accept: str = "application/json"
    receiver_info: tuple[tuple[str, str], ...] = ()
    notifier_info: tuple[tuple[str, str], ...] = ()
    timeout_s: float | None = None
    cooldown_s: float = 0.0

    @property
    def body_is_json(self) -> bool:
        """Whether GeoJSON names its @context in a Link rather than in its body (``Prefer: body=json``)."""
        return any(
            key.lower() == "prefer" and value.replace(" ", "") == "body=json"
            for key, value in self.receiver_info
        )


@dataclass(frozen=True, slots=True)
class NotificationShape:
    """How entities are shown in notifications (clause 5.2.14)."""

    form: Form = Form.NORMALIZED
    sys_attrs: bool = False
    show_changes: bool = False
    projection: Projection = WHOLE
    lang: str | None = None
    join: Join | None = None

    @property
    def pick(self) -> frozenset[str]:
        """The members shown, expanded; empty: all."""
        return self.projection.pick


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One subscription.

    ``document`` is what the client asked for, with types and attribute names expanded; ``names`` are the terms that
    its ``q`` uses; ``context`` the @context for its notifications. These three are enough to build it again without
    asking anyone. ``since`` is the number of the last change that it does not concern.
    """

    id: str
    document: Mapping[str, Any]
    names: Mapping[str, str]
    context: Any
    endpoint: Endpoint
    created_at: datetime
    modified_at: datetime
    since: int = 0
    selectors: tuple[Selector, ...] = ()
    watched: frozenset[str] = frozenset()
    triggers: frozenset[Trigger] = frozenset(DEFAULT_TRIGGERS)
    q: AnyOf | AllOf | Term | LinkedTerm | None = None
    geo: GeoQuery | None = None
    scope: AnyOf | AllOf | str | None = None
    datasets: frozenset[str] = frozenset()
    """Instances shown: dataset ids, ``@none`` for the default one; empty: all."""
    shape: NotificationShape = field(default_factory=NotificationShape)
    interval_s: float | None = None
    throttling_s: float = 0.0
    active: bool = True
    expires_at: datetime | None = None
    edition: Edition | None = None
    """Of the standard, in which to tell; None: the newest."""

    def status(self, now: datetime) -> Status:
        """Where it stands at ``now`` (clause 5.2.12)."""
        if self.expires_at is not None and self.expires_at <= now:
            return Status.EXPIRED
        return Status.ACTIVE if self.active else Status.PAUSED


@dataclass(frozen=True, slots=True)
class Record:
    """How its notifications have fared (read-only members of clause 5.2.14)."""

    times_sent: int = 0
    times_failed: int = 0
    last_notification: datetime | None = None
    last_success: datetime | None = None
    last_failure: datetime | None = None
    failed: bool = False
    """Whether the latest attempt failed."""
