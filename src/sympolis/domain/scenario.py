"""A what-if: a base plus explicit, checked overrides (architecture, section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ScenarioStatus(StrEnum):
    """A scenario's way to a decision (``decision.review`` has the steps between)."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    SENT_BACK = "sent-back"
    REVIEWED = "reviewed"
    ADOPTED = "adopted"
    WITHDRAWN = "withdrawn"

    @property
    def is_approved(self) -> bool:
        """Whether a second person has found it sound: those who only read see it from here on."""
        return self in (ScenarioStatus.REVIEWED, ScenarioStatus.ADOPTED)


class RunStatus(StrEnum):
    """A run's life."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Override:
    """One departure from the base.

    ``measure`` is a verb phrase the model declares (``close_street``, ``limit_speed``, ``charge_entry`` …);
    ``where`` says on what: ``{"segments": [ids]}``, ``{"area": id}`` or ``{"polygon": GeoJSON}``;
    ``parameters`` are the measure's own, checked by the model.
    """

    measure: str
    where: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Window:
    """The hours of the simulated day, [start, end), local time, whole hours."""

    start_hour: int = 8
    end_hour: int = 9


@dataclass(frozen=True, slots=True)
class Scenario:
    """A question put to a model. ``base`` is another scenario's id, or ``baseline`` for the world as it is."""

    id: str
    title: Mapping[str, str]
    question: Mapping[str, str]
    simulator: str
    overrides: tuple[Override, ...] = ()
    window: Window = Window()
    base: str = "baseline"
    author: str = ""
    status: ScenarioStatus = ScenarioStatus.DRAFT
    version: int = 1
    created_at: datetime | None = None
    modified_at: datetime | None = None
