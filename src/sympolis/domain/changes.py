"""The ordered change log: every accepted change has one place in it.

Subscriptions, the live UI, LDES, lineage and caches resume from a number in this log (architecture, section 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.records import Record


class ChangeKind(StrEnum):
    """What happened to the entity."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


class Change(Record, frozen=True, eq=False, gc=False):
    """One accepted change of one entity.

    ``number`` grows by one with each change of a tenant and is never reused; ``attributes`` names (as expanded
    IRIs) what was created, updated or deleted; ``cause`` says who did it:
    ``request:<id>``, ``source:<id>``, ``run:<id>``.
    """

    number: int
    at: datetime
    kind: ChangeKind
    entity_id: str
    types: tuple[str, ...]
    attributes: tuple[str, ...]
    cause: str
    before: Entity | None = None
    after: Entity | None = None
    """The states around the change, where somebody was interested (``Store.keep_states``); both None otherwise.

    Changes are equal without them."""

    def _line(self) -> tuple[object, ...]:
        names = (self.types, self.attributes)
        return (self.number, self.at, self.kind, self.entity_id, *names, self.cause)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Change) and self._line() == other._line()

    def __hash__(self) -> int:
        return hash(self._line())


class TimeKind(StrEnum):
    """Which of its times an instance of an attribute stands under in its series (clauses 4.5.6–4.5.8)."""

    OBSERVED = "observedAt"
    RECORDED = "createdAt"
    """It has no ``observedAt``: it says what was written, and when."""
    DELETED = "deletedAt"
    """It says that the attribute was deleted; its value is the NGSI-LD Null."""


class Observation(Record, frozen=True, gc=False):
    """One historical instance of an attribute: a point of a series (clause 4.5.6).

    A series has at most one instance per ``time`` and ``at``. A store adds ``created_at`` where it is not given, and
    keeps it when a later statement about the same time replaces the content.
    """

    entity_id: str
    types: tuple[str, ...]
    name: str
    """The attribute's expanded IRI."""
    at: datetime
    """``observedAt``, unless ``time`` says otherwise."""
    value: object
    unit_code: str | None = None
    dataset_id: str | None = None
    kind: AttributeKind = AttributeKind.PROPERTY
    time: TimeKind = TimeKind.OBSERVED
    attributes: Mapping[str, tuple[Attribute, ...]] = {}
    """Its sub-attributes."""
    members: Mapping[str, Any] = {}
    """Further standard members, as in ``Attribute``."""
    created_at: datetime | None = None
    """When it entered the history."""
    modified_at: datetime | None = None
    """When its content was last replaced; None: never."""
    instance_id: str | None = None
    """Its ``instanceId`` where that is not the one that follows from its series and its time."""


class Outcome(Record, frozen=True):
    """What a store answers for one write: the change it logged, or the error that refused it.

    ``change`` is None and ``error`` is None where the write altered nothing.
    """

    entity_id: str
    change: Change | None = None
    error: Exception | None = None
    entity: Entity | None = None
