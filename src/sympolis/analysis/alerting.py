"""When to warn: rules over a daily series, with the level that is reached and for how long it holds.

A rule looks at the newest days of a series: where each of the last ``days`` reaches a band, that band's severity is the
alert's. Figures that are too old warn of nothing. Severity, urgency and certainty are the words of CAP 1.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

SEVERITIES = ("Minor", "Moderate", "Severe", "Extreme")
MOST_DAYS = 14


@dataclass(frozen=True, slots=True)
class Band:
    """From ``at_least`` on, this severity."""

    severity: str
    at_least: float


@dataclass(frozen=True, slots=True)
class Reached:
    """The severity reached on ``day``, the value then, and how many days in a row have reached it."""

    severity: str
    at_least: float
    day: date
    value: float
    run_days: int


def reached(
    values: Mapping[date, float], bands: Sequence[Band], *, on: date, days: int, max_age_days: int
) -> Reached | None:
    """The highest band that the newest ``days`` days, up to ``on``, all reach; None where there is none.

    A missing day ends a run. A newest day more than ``max_age_days`` before ``on`` counts as no data.
    """
    known = [day for day in values if day <= on]
    if not known or (on - max(known)).days > max_age_days:
        return None
    newest = max(known)
    for band in sorted(bands, key=lambda one: -one.at_least):
        run = _run(values, newest, band.at_least)
        if run >= days:
            return Reached(band.severity, band.at_least, newest, values[newest], run)
    return None


def _run(values: Mapping[date, float], newest: date, at_least: float) -> int:
    """Days in a row up to ``newest`` that reach ``at_least``."""
    count, day = 0, newest
    while values.get(day, float("-inf")) >= at_least:
        count, day = count + 1, day - timedelta(days=1)
    return count
