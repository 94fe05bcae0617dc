"""Whether those who spoke are like those who live here: shares with intervals, and no verdict where there is none.

Each person counts once, and only those who said it of themselves. The interval of a share is Wilson's (1927, JASA 22:
209-212) at 90 %, which holds for few people and for shares near 0 and 1. People are compared with the population group
by group; with many groups some will differ by chance, one in ten even where nobody stayed away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

Z_90: Final = 1.6448536269514722
"""The 95 % quantile of the normal distribution: 90 % lie within."""
FEWEST: Final = 10
"""People below which nothing is said of how they compare."""


@dataclass(frozen=True, slots=True)
class Group:
    """Part of the population: ``population`` people live in it."""

    id: str
    title: str | Mapping[str, str]
    population: float


@dataclass(frozen=True, slots=True)
class Compared:
    """A group among those who spoke: shares in 0..1, ``interval`` at 90 %."""

    id: str
    title: str | Mapping[str, str]
    voices: int
    share: float
    interval: tuple[float, float]
    population: float
    population_share: float
    verdict: str
    """``more``, ``fewer``, ``no clear difference``, or ``too few to tell``."""


def wilson(count: int, total: int, *, z: float = Z_90) -> tuple[float, float]:
    """The interval of a share of ``count`` in ``total``; (0, 1) of nobody."""
    if total == 0:
        return 0.0, 1.0
    share, square = count / total, z * z
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = z / (1 + square / total) * sqrt(share * (1 - share) / total + square / (4 * total * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def compared(voices: Mapping[str, int], groups: Sequence[Group]) -> list[Compared]:
    """Every group, as it is among those who spoke and among those who live here.

    ``voices``: group → people who said that they belong to it; others than ``groups`` do not count.
    """
    total = sum(voices.get(one.id, 0) for one in groups)
    everybody = sum(one.population for one in groups)
    return [_one(group, voices.get(group.id, 0), total, everybody) for group in groups if everybody > 0]


def _one(group: Group, count: int, total: int, everybody: float) -> Compared:
    interval = wilson(count, total)
    share = group.population / everybody
    return Compared(
        id=group.id,
        title=group.title,
        voices=count,
        share=count / total if total else 0.0,
        interval=interval,
        population=group.population,
        population_share=share,
        verdict=_verdict(interval, share, total),
    )


def _verdict(interval: tuple[float, float], share: float, total: int) -> str:
    if total < FEWEST:
        return "too few to tell"
    if share < interval[0]:
        return "more"
    return "fewer" if share > interval[1] else "no clear difference"
