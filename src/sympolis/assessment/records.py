"""What people add to the evidence, as it is kept: answers, plans, tasks taken on, pictures of the state at a moment."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from sympolis.assessment.checklists import Said
from sympolis.assessment.indicators import Reported
from sympolis.assessment.questionnaire.scoring import Answer


class Moment(StrEnum):
    """What a snapshot is for."""

    BASELINE = "baseline"
    INTERIM = "interim"
    FINAL = "final"


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A task somebody took on; ``due`` is a date (ISO 8601)."""

    who: str
    due: str = ""
    note: str = ""


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that people said about one twin."""

    answers: dict[str, Answer] = {}
    planned: dict[str, str] = {}
    """The level planned for each MIM."""
    tasks: dict[str, Taken] = {}
    said: dict[str, dict[str, Said]] = {}
    """By checklist and item."""
    reported: dict[str, Reported] = {}
    """By indicator."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The state at a moment: what a trend is made of. Never changed afterwards."""

    id: str
    moment: Moment
    at: str
    by: str
    note: str = ""
    questionnaire: str
    average: float
    band: Mapping[str, str]
    scores: Mapping[str, int | None]
    mims: Mapping[str, str]
    checks: Mapping[str, bool]
    indicators: Mapping[str, float | None] = {}
    checklists: Mapping[str, Mapping[str, str]] = {}
    """By checklist, the answer to each item."""
