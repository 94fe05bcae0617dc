"""An allocation stated so that a planner can read it: options with their effect and cost, and what may not be exceeded.

An *option* is one amount of one measure at one place, with the gain and the costs that a run of the model gave for it
alone. Options at different places are assumed to add up; the choice as a whole is therefore run afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_CHOSEN = 50
"""As many departures as a scenario may have."""
FRONT_BUDGETS = (0.25, 0.5, 0.75, 1.0)
"""Shares of the budget for which the front is drawn."""
FRONT_SHARES = (0.0, 0.4, 0.5, 0.6, 0.8)
"""Least shares of the gain that go to those worst off, for which the front is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """``amount`` of ``measure`` at ``place``: ``gain`` in the objective's unit, ``costs`` by indicator.

    ``worst_off``: whether its gain goes to the part of the city that equity is about.
    """

    lever: int
    place: str
    measure: str
    amount: int | float
    gain: float
    costs: Mapping[str, float]
    worst_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a choice must keep to.

    ``budget``: the most of each cost indicator. ``totals``: the most of each measure's amount over all places.
    ``most_places``: places with any measure. ``least_share``: of the gain, to those worst off (0..1).
    ``weight``: a gain of theirs counts ``1 + weight`` when choosing.
    """

    budget: Mapping[str, float] = field(default_factory=dict)
    totals: Mapping[str, float] = field(default_factory=dict)
    most_places: int = MOST_CHOSEN
    least_share: float = 0.0
    weight: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which options to take (positions), with what they give and cost together."""

    options: tuple[int, ...]
    gain: float
    costs: Mapping[str, float]
    worst_off_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPoint:
    """One point of the front: what it was asked to keep to, and what came out."""

    budget_share: float
    least_share: float
    choice: Choice
