"""``alerts/<id>.toml``: which daily figure warns from which value on, and what people should then do."""

# ruff: noqa: RUF009 - option() declares an immutable field, like dataclasses.field
from __future__ import annotations

from dataclasses import dataclass

from sympolis.acquisition.mapping import TERM
from sympolis.acquisition.source import IDENTIFIER
from sympolis.analysis.alerting import MOST_DAYS, SEVERITIES
from sympolis.domain.reading import Texts, option

CATEGORIES = (
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class BandPlan:
    """From this value on, this severity (``[[bands]]``)."""

    severity: str = option(choices=SEVERITIES)
    at_least: float


@dataclass(frozen=True, kw_only=True)
class AlertPlan:
    """A rule by which the city warns (``alerts/<id>.toml``)."""

    id: str = option(pattern=IDENTIFIER)
    entity_type: str = option(pattern=TERM)
    attribute: str = option(pattern=TERM)
    """A daily figure with history; the entity with the newest one counts."""
    unit: str = ""
    """As people read it."""
    bands: tuple[BandPlan, ...]
    days: int = option(1, minimum=1, maximum=MOST_DAYS)
    """So many days in a row must reach a band."""
    max_age_days: int = option(2, minimum=0, maximum=31)
    """A figure older than this warns of nothing."""
    holds_hours: int = option(24, minimum=1, maximum=240)
    """How long an alert holds after the end of the day that it is about."""
    category: str = option("Met", choices=CATEGORIES)
    """The category of CAP 1.2."""
    source: str = ""
    """Where the thresholds come from."""
    source_texts: Texts = option({})
    """The same in the reader's language, where one is not enough."""
    title: Texts
    instruction: Texts = option({})
    """What people should do."""
