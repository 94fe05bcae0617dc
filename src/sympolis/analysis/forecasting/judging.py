"""What is published: a forecast that beats the seasonal-naive one clearly and whose intervals hold what they say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

LEAST_SKILL: Final = 0.15
COVERAGE_TOLERANCE: Final = 0.05
"""Of intervals of 90 % those are taken that held between 85 % and 95 % of the values."""
LEAST_VALUES: Final = 200
_ROUNDING: Final = 1e-9
"""0.90 - 0.85 is more than 0.05 for a computer."""
DRIFT_ERROR: Final = 1.5
"""Times the error that the evaluation said, which make drift …"""
DRIFT_COVERAGE: Final = 0.15
"""… as does a coverage this far below the level."""
_DRIFT_VALUES: Final = 48

PUBLISHED: Final = "published"
WITHHELD: Final = "withheld"


def reasons_against(figures: Mapping[str, Any] | None, level: float, *, silent: bool) -> list[str]:
    """Why a forecast is withheld: ``silent``, ``few_values``, ``skill``, ``coverage``; nothing: it is published."""
    if silent:
        return ["silent"]
    if figures is None or figures["n"] < LEAST_VALUES:
        return ["few_values"]
    found = []
    if not figures["skill"] >= LEAST_SKILL:
        found.append("skill")
    if not abs(figures["coverage"] - level) <= COVERAGE_TOLERANCE + _ROUNDING:
        found.append("coverage")
    return found


def has_drifted(recent: Mapping[str, Any], evaluated: Mapping[str, Any], level: float) -> bool:
    """Whether the newest errors are outside what the evaluation said: then models learn anew before it is time.

    Both are ``metrics.figures``; too few new values say nothing.
    """
    if recent["n"] < _DRIFT_VALUES or math.isnan(recent["mae"]):
        return False
    worse = recent["mae"] > DRIFT_ERROR * evaluated["mae"]
    return bool(worse or recent["coverage"] < level - DRIFT_COVERAGE)
