"""How an asset does, by what it did: nobody gives stars, runs are counted.

The success share is over the newest runs, with the interval that so few runs leave (Wilson 1927, doi
10.1080/01621459.1927.10502953): three of three is not the same as three hundred of three hundred.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from sympolis.dataspace.discovery import reading

_Z: Final = 1.959964
"""Of 95 %."""
MOST_RUNS: Final = 500


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured: ``success`` with its 95 % interval, the median duration [s] of what succeeded, and the figure
    by which the model was held against what had been observed (``score``)."""

    runs: int
    succeeded: int
    success: float
    low: float
    high: float
    median_s: float | None = None
    score: dict[str, Any] | None = None


def rate(runs: Iterable[tuple[bool, float | None]], *, score: dict[str, Any] | None = None) -> Rating | None:
    """The rating of runs that ended: whether they succeeded, and in how many seconds. None where there is nothing."""
    ended = list(runs)[:MOST_RUNS]
    if not ended:
        return (
            None
            if score is None
            else Rating(runs=0, succeeded=0, success=0.0, low=0.0, high=1.0, score=score)
        )
    good = sum(succeeded for succeeded, _ in ended)
    low, high = wilson(good, len(ended))
    took = [seconds for succeeded, seconds in ended if succeeded and seconds is not None]
    return Rating(
        runs=len(ended),
        succeeded=good,
        success=good / len(ended),
        low=low,
        high=high,
        median_s=statistics.median(took) if took else None,
        score=score,
    )


def wilson(good: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share."""
    share, square = good / of, _Z * _Z / of
    middle = (share + square / 2) / (1 + square)
    half = _Z / (1 + square) * math.sqrt(share * (1 - share) / of + square / (4 * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def read_rating(given: Any) -> Rating | None:
    """What a partner says of its own runs; None for what cannot be."""
    if not isinstance(given, dict):
        return None
    runs, good = reading.number(given.get("runs")), reading.number(given.get("succeeded"))
    if runs is None or good is None or not 0 <= good <= runs <= 1e9:
        return None
    low, high = wilson(int(good), int(runs)) if runs >= 1 else (0.0, 1.0)
    took, score = reading.number(given.get("median_s")), given.get("score")
    return Rating(
        runs=int(runs),
        succeeded=int(good),
        success=good / runs if runs else 0.0,
        low=low,
        high=high,
        median_s=None if took is None else max(0.0, took),
        score=_score(score) if isinstance(score, dict) else None,
    )


def _score(given: dict[str, Any]) -> dict[str, Any] | None:
    value = reading.number(given.get("value"))
    if value is None:
        return None
    return {
        "name": reading.text(given.get("name"), 60),
        "value": value,
        "unit": reading.text(given.get("unit"), 20),
        "split": reading.text(given.get("split"), 40),
    }
