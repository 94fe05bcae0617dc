"""Numbers that may be questioned: a value with its unit, its interval and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval [low, high] holding ``level`` of the plausible values (0.9 = 90 %)."""

    low: float
    high: float
    level: float = 0.9

    def contains(self, value: float) -> bool:
        """Whether ``value`` lies inside, ends included."""
        return self.low <= value <= self.high


class Direction(StrEnum):
    """Which way is better for an indicator; NEUTRAL where neither is."""

    LOWER = "lower"
    HIGHER = "higher"
    NEUTRAL = "neutral"


class Verdict(StrEnum):
    """The plain word for a change (ui.md, principle 2)."""

    LIKELY_BETTER = "likely better"
    LIKELY_WORSE = "likely worse"
    LIKELY_HIGHER = "likely higher"
    LIKELY_LOWER = "likely lower"
    NO_CLEAR_CHANGE = "no clear change"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A result of a model: middle value, unit (UCUM-style text) and interval."""

    value: float
    unit: str
    interval: Interval


def verdict(change: Interval, direction: Direction) -> Verdict:
    """The word for a change whose plausible values are ``change``: no clear change if it includes zero."""
    if change.contains(0.0):
        return Verdict.NO_CLEAR_CHANGE
    risen = change.low > 0
    if direction is Direction.NEUTRAL:
        return Verdict.LIKELY_HIGHER if risen else Verdict.LIKELY_LOWER
    better = risen == (direction is Direction.HIGHER)
    return Verdict.LIKELY_BETTER if better else Verdict.LIKELY_WORSE
