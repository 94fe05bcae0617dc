"""The ordered change log: every accepted change has one place in it.

Subscriptions, the live UI, LDES, lineage and caches resume from a number in this log (architecture, section 6).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sympolis.domain.entity import AttributeKind, Entity
from sympolis.domain.records import Record


class ChangeKind(StrEnum):
    """What happened to the entity."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Change:
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
    before: Entity | None = field(default=None, compare=False, repr=False)
    after: Entity | None = field(default=None, compare=False, repr=False)
    """The states around the change, where somebody was interested (``Store.keep_states``); both None otherwise."""


class Observation(Record, frozen=True):
    """One historical instance of an attribute: a point of a series (clause 4.5.6)."""

    entity_id: str
    types: tuple[str, ...]
    name: str
    """The attribute's expanded IRI."""
    at: datetime
    """``observedAt``; where a source gives none, the time of acceptance."""
    value: object
    unit_code: str | None = None
    dataset_id: str | None = None
    kind: AttributeKind = AttributeKind.PROPERTY


class Outcome(Record, frozen=True):
    """What a store answers for one write: the change it logged, or the error that refused it.

    ``change`` is None and ``error`` is None where the write altered nothing.
    """

    entity_id: str
    change: Change | None = None
    error: Exception | None = None
    entity: Entity | None = None
